"""Pictures of a terminal, as SVG that needs no font and nothing from elsewhere."""

import io
import itertools

import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

THEME = TerminalTheme(
    (250, 250, 248),
    (40, 44, 52),
    [
        (40, 44, 52),
        (190, 40, 40),
        (30, 120, 60),
        (150, 110, 0),
        (40, 90, 170),
        (140, 60, 140),
        (0, 120, 130),
        (90, 90, 90),
    ],
)
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
PROMPT = Style(bold=True, color="blue")
LINES_MAX = 500

# pyte calls a colour as the first terminals did.
RICH_NAMES = {"brown": "yellow"}


def style_of(cell):
    """How a cell of the screen looks."""
    color = None if cell.fg == "default" else RICH_NAMES.get(cell.fg, cell.fg)
    return Style(bold=cell.bold, reverse=cell.reverse, color=color)


def screen_of(written, columns):
    """The screen after these bytes, as lines of styled text without blanks at the end."""
    screen = pyte.Screen(columns, LINES_MAX)
    pyte.ByteStream(screen).feed(written)
    lines = []
    for number in range(LINES_MAX):
        row = screen.buffer[number]
        line = Text()
        for style, cells in itertools.groupby((row[column] for column in range(columns)), style_of):
            line.append("".join(cell.data for cell in cells), style)
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def draw(path, lines, columns):
    """Writes a picture of lines of styled text; longer ones are cut off."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    for line in [*lines, Text()]:  # else what is below the last line's letters is cut off
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(path), title="", theme=THEME, code_format=FORMAT, unique_id=path.stem)
