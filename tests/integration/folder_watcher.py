"""A reader of the archive's folders that never rests and knows no list: it counts the rows of each hour."""

import threading

import pyarrow.parquet as pq


class FolderWatcher(threading.Thread):
    """Use it as a context manager; at the end it fails if it ever saw a row twice or not at all.

    A file may vanish between its listing and its opening: then the folder is read again, as every such reader must.
    """

    def __init__(self, root):
        super().__init__(daemon=True)
        self._ended = threading.Event()
        folders = {path.parent for path in (root / "data").rglob("*.parquet")}
        self._wanted = {folder: self._count(folder) for folder in sorted(folders)}
        self.looks = 0
        self.problems = []

    @staticmethod
    def _count(folder):
        while True:
            try:
                return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))
            except FileNotFoundError:
                continue

    def run(self):
        while not self._ended.is_set():
            for folder, wanted in self._wanted.items():
                found = self._count(folder)
                if found != wanted:
                    self.problems.append(f"{folder}: {found} rows instead of {wanted}")
                self.looks += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self._ended.set()
        self.join()
        if kind:
            return
        assert not self.problems, self.problems
        assert self.looks
