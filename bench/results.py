"""Figures of several runs, and where they are kept: bench/results/<measure>.json."""

import json
import pathlib
import statistics

FOLDER = pathlib.Path(__file__).resolve().parent / "results"


def median(runs, figure):
    """The median of a figure over runs (dictionaries), or None when they do not have it."""
    values = [run[figure] for run in runs if run.get(figure) is not None]
    return statistics.median(values) if values else None


def spread(runs, figure):
    """How far apart the runs lie: (largest - smallest) / median; 0 of one run."""
    values = [run[figure] for run in runs if run.get(figure) is not None]
    return (max(values) - min(values)) / statistics.median(values) if values and statistics.median(values) else 0


def show(value, form, missing=""):
    """A figure as text, or what stands for a missing one."""
    return missing if value is None else format(value, form)


def with_spread(runs, figure, form, divisor=1):
    """The median and, of several runs, the spread in per cent."""
    value = median(runs, figure)
    if value is None:
        return ""
    text = format(value / divisor, form)
    return f"{text} ±{spread(runs, figure) * 50:.0f}%" if len(runs) > 1 else text


def save(name, title, facts, rows):
    """Writes the rows of a measure with what they were measured on."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({"title": title, **facts, "rows": rows}, indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def load(name):
    """What save() wrote, or None."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def rows_of(name):
    """The rows of a measure; none when it has no results."""
    return (load(name) or {"rows": []})["rows"]


def find(name, **wanted):
    """The row of a measure that has these values. Raises LookupError when there is none with runs."""
    for row in rows_of(name):
        if wanted.items() <= row.items() and row["runs"]:
            return row
    raise LookupError(f"bench/results/{name}.json has no row with {wanted}: run make bench ARGS='--measures {name}'")
