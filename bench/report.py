"""What all measures found, as bench/results/table.md and pictures beside it, made from the JSON files alone."""

import comparison
import results
import targets


def markdown(columns, cells):
    """A Markdown table. Raises ValueError when a row has more or fewer cells than there are columns."""
    if any(len(row) != len(columns) for row in cells):
        raise ValueError(f"the cells do not fit the columns {columns}")
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def section(measure, found):
    """The part of one measure: heading, machine and settings, table, pictures."""
    pictures = measure.plots(found["rows"])
    for name, picture in pictures.items():
        if picture:
            (results.FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    facts = [f"{name}: {found[name]}" for name in ("machine", "versions", "settings")]
    parts = [f"## {found['title']}", "; ".join(facts) + ".", markdown(*measure.table(found["rows"]))]
    parts += [f"![{name}]({name}.svg)" for name, picture in pictures.items() if picture]
    return "\n\n".join(parts)


def write(measures):
    """Writes table.md from what was found by these and earlier runs; returns its path."""
    found = [(measure, results.load(measure.NAME)) for measure in measures]
    parts = ["# What was measured", "Made by `make bench`; what each figure means: [README](../README.md)."]
    parts += [section(measure, result) for measure, result in found if result]
    parts += [
        f"## {comparison.TITLE}",
        markdown(*comparison.table(results.rows_of("speed"), results.rows_of("latency"))),
    ]
    parts += [
        "## Targets",
        "Why a figure misses its target: [README](../README.md#limits-of-the-figures).",
        markdown(*targets.table()),
    ]
    path = results.FOLDER / "table.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path
