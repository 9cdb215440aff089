"""Pictures of figures as SVG, written by hand: bars with their values, and lines over two logarithmic axes."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#1f6f8b", "#e08e45", "#6a9955", "#8b5fbf", "#b04a5a", "#777777", "#c9b037")
WIDTH = 760
LETTER = 7  # at most, of a letter's width
BAR = 18
VALUE_WIDTH = 90


def svg(height, title, parts):
    """The document around some parts."""
    box = f'viewBox="0 0 {WIDTH} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12">'
    ground = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    name = f'<text x="12" y="22" font-size="15" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, ground, name, *parts, "</svg>\n"])


def text(x, y, words, anchor="start"):
    """Some words."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def bars(title, groups, series, form):
    """Horizontal bars: for each group (a text) one of each series (name: values in the order of the groups)."""
    present = [value for values in series.values() for value in values if value]
    if not present:
        return None
    low, high = math.log10(min(present)) - 0.3, math.log10(max(present))
    left = 24 + LETTER * max(map(len, groups))
    room = WIDTH - left - VALUE_WIDTH
    parts, y = [], 40
    for index, group in enumerate(groups):
        parts.append(text(12, y + BAR - 4, group))
        for number, values in enumerate(series.values()):
            if not (value := values[index]):
                continue
            width = max(2, (math.log10(value) - low) / max(high - low, 0.1) * room)
            colour = COLOURS[number % len(COLOURS)]
            parts.append(f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{BAR - 4}" fill="{colour}"/>')
            parts.append(text(left + width + 6, y + BAR - 6, f"{value:{form}}"))
            y += BAR
        y += 10
    return svg(y + 30, title, [*parts, *legend(list(series), y + 14)])


def legend(names, y):
    """Which colour is which."""
    parts, x = [], 12
    for number, name in enumerate(names):
        parts.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(text(x + 17, y, name))
        x += 40 + LETTER * len(name)
    return parts


def lines(title, x_name, series, form):
    """Lines over logarithmic axes: `series` is {name: [(x, y), ...]}; each point has its y beside it."""
    points = [point for line in series.values() for point in line if point[0] and point[1]]
    if not points:
        return None
    height, top, bottom = 360, 50, 300
    xs, ys = ([math.log10(point[axis]) for point in points] for axis in (0, 1))
    # An axis of at least a decade: noise shall not look like growth.
    y_middle, y_half = (max(ys) + min(ys)) / 2, max(0.5, (max(ys) - min(ys)) / 2)

    def place(point):
        x = 60 + (math.log10(point[0]) - min(xs)) / max(max(xs) - min(xs), 0.1) * (WIDTH - 140)
        return x, bottom - (math.log10(point[1]) - y_middle + y_half) / (2 * y_half) * (bottom - top)

    parts = [f'<line x1="50" y1="{bottom + 8}" x2="{WIDTH - 60}" y2="{bottom + 8}" stroke="#999"/>']
    parts.append(text(WIDTH / 2, bottom + 40, x_name, "middle"))
    parts += [text(place((x, 1))[0], bottom + 24, f"{x:,}", "middle") for x in sorted({point[0] for point in points})]
    for number, line in enumerate(series.values()):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(point) for point in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), point in zip(places, line, strict=True):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            parts.append(text(x, y - 8, f"{point[1]:{form}}", "middle"))
    return svg(height, title, [*parts, *legend(list(series), height - 4)])
