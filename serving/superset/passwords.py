"""Password files as antenna reads them. Superset's own Python imports this too."""

import codecs
import pathlib


def read_password(path):
    """The first line of a file, blanks included; "" if it is empty. Raises OSError, and ValueError without UTF-8."""
    line = pathlib.Path(path).read_bytes().removeprefix(codecs.BOM_UTF8).split(b"\n")[0]
    return line.removesuffix(b"\r").decode()
