"""Files that fill a disk."""

import contextlib


def fill_bytes(disk):
    """Leaves no byte free; returns what takes them."""
    path = disk / "filler"
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
    return [path]


def fill_inodes(disk):
    """Leaves no file to be made; returns those that take their places."""
    paths = []
    with contextlib.suppress(OSError):
        while True:
            path = disk / f"filler-{len(paths)}"
            path.touch()
            paths.append(path)
    return paths


@contextlib.contextmanager
def full(disk, fill=fill_bytes):
    """Nothing more can be written to the disk."""
    fillers = fill(disk)
    try:
        yield
    finally:
        for filler in fillers:
            filler.unlink()
