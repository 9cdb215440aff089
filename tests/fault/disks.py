"""Disks for a case's archive, and what keeps them from taking anything: files that fill them, and errors."""

import contextlib
import pathlib
import subprocess

SIZE = 256 << 20


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


class FailingDisk:
    """An ext4 in a file, which Linux turns read-only at an error and which loses what was not synced by then."""

    def __init__(self, image, place):
        """Makes it. Raises CalledProcessError."""
        self.place = place
        self._image = image
        with open(image, "wb") as file:
            file.truncate(SIZE)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)

    def mount(self):
        """Raises CalledProcessError where it cannot be done."""
        options = ["-o", "loop,errors=remount-ro"]
        subprocess.run(["mount", *options, self._image, self.place], check=True, capture_output=True)

    def fail(self):
        """Tells Linux of an error, as a device does that answers with one."""
        find = ["findmnt", "-no", "SOURCE", self.place]
        device = subprocess.run(find, check=True, capture_output=True, text=True).stdout.strip()
        pathlib.Path("/sys/fs/ext4", pathlib.Path(device).name, "trigger_fs_error").write_text("1")

    def unmount(self):
        subprocess.run(["umount", self.place], check=True)
