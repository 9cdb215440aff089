"""A reader of the archive that never rests: it opens each file as soon as it can be seen."""

import threading

import readers

PAUSE_SECONDS = 0.005


class Watcher(threading.Thread):
    """Use it as a context manager; at the end it fails if any file was not complete when it appeared, or changed."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self._root = root
        self._ended = threading.Event()
        self.sizes = {}
        self.problems = []

    def run(self):
        while not self._ended.wait(PAUSE_SECONDS):
            self._look()

    def _look(self):
        for place in readers.list_files(self._root):
            if place in self.sizes:
                continue
            path = self._root / "data" / place
            try:
                self.sizes[place] = path.stat().st_size
                assert readers.read_file(path), "is empty"
            except Exception as problem:  # whatever a reader stumbles over
                self.problems.append(f"{place}: {problem}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self._ended.set()
        self.join()
        if kind:
            return
        assert not self.problems, self.problems
        for place, size in self.sizes.items():
            assert (self._root / "data" / place).stat().st_size == size, f"{place} has changed"
