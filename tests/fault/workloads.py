"""What runs while a fault is made: one command, again and again in one world, so that each run recovers from the last.

A workload's `prepare()` makes the world, `next()` gives the arguments of a run that has something to do, `check()` says
what a run must have done that ends with 0, and `settle()` runs once more without a fault and says what must be found.
"""

import datetime
import itertools
import json

import events
import readers
from case import QUICK_GROUP
from faults import NAMED
from oracle import expect
from traces import in_files, in_tables

HOUR = datetime.datetime(2022, 2, 20, 9)
SMALL_FILES = ("--roll-rows", "100", "--commit-interval", "10ms")


class Speed:
    """The speed layer reads what has come since, in several rolls of two hours."""

    def __init__(self, case):
        self.case = case
        self._seeds = itertools.count(1)

    def prepare(self):
        self.case.prepare()

    def next(self):
        self.case.produce(events.draw(300, seed=next(self._seeds)))
        return self.case.speed_arguments("--until-end", *QUICK_GROUP, *NAMED, *SMALL_FILES)

    def check(self):
        offsets = "SELECT partition, totals_offset, archive_offset FROM antenna.progress WHERE totals_offset > 0"
        ends = self.case.ends().items()
        assert sorted(self.case.query(offsets)) == sorted((partition, end, end) for partition, end in ends)

    def settle(self):
        self.case.speed(*NAMED)


class Batch(Speed):
    """The batch layer runs an hour that has changed."""

    options = ()

    def next(self):
        self.case.produce(events.draw(300, seed=next(self._seeds), seconds=3600))
        self.case.speed(*NAMED, *SMALL_FILES)
        return self.case.batch_arguments(HOUR, *self.options)

    def check(self):
        self.case.check_batch(expect(self.case.messages()), HOUR)

    def settle(self):
        super().settle()
        self.case.batch(HOUR, *self.options)
        self.check()


class Compaction(Batch):
    """It does, and merges the hour's small files."""

    options = ("--compact",)


class Rebuild(Batch):
    """The window totals of an hour are rebuilt, of which some were edited, lost and invented."""

    def next(self):
        super().next()
        edits = "UPDATE bytes SET value = value + 1; DELETE FROM bytes WHERE id = 'SKYPE'"
        invented = f"INSERT INTO bytes VALUES ('{HOUR}', 'zzz', 7, 'user_bytes_total') ON CONFLICT DO NOTHING"
        self.case.execute(f"{edits}; {invented}")
        hour = f"{HOUR.isoformat()}Z"
        return ("rebuild", *self.case.login, "--storage-path", self.case.root / "data", "--from", hour)

    def check(self):
        expected = expect(self.case.messages())
        self.case.check_totals(expected)

    def settle(self):
        Speed.settle(self)
        result = self.case.program.run(*self.next())
        assert result.code == 0, result.err
        self.check()


class Prune(Batch):
    """What is old of an hour is removed, after late events were added to its hourly totals."""

    def next(self):
        super().next()
        self.case.batch("-", "--pending")
        storage = ("--storage-path", self.case.root / "data")
        return ("prune", *self.case.login, *storage, "--totals-older-than", "30d", "--archive-older-than", "30d")

    def check(self):
        super().check()
        assert self.case.totals() == {}

    def settle(self):
        Speed.settle(self)
        result = self.case.program.run(*self.next())
        assert result.code == 0, result.err
        self.check()
        assert readers.list_files(self.case.root) == []
        self.case.check_nothing_left()
        self.case.verify("--deep")


class Forget(Batch):
    """A user is erased who has new events in each run, valid ones and a rejected one."""

    user = "ada-1815"

    def next(self):
        seed = next(self._seeds)
        message = json.dumps({"id": self.user, "bytes": "x"}).encode()
        self.case.produce(
            [*events.draw(200, seed=seed), events.encode(events.BEGIN + seed, user_id=self.user), message]
        )
        self.case.speed(*NAMED, *SMALL_FILES)
        self.case.batch("-", "--pending")
        storage = ("--storage-path", self.case.root / "data")
        return ("forget", *storage, *self.case.login, self.user)

    def check(self):
        assert not in_tables(self.case, self.user)
        assert not in_files(self.case.root, self.user)

    def settle(self):
        Speed.settle(self)
        result = self.case.program.run(*self.next())
        assert result.code == 0, result.err
        self.check()
        self.case.check_nothing_left()
        self.case.verify("--deep")


class Provision(Speed):
    """The tables are made anew."""

    def prepare(self):
        self.case.create_topic()

    def next(self):
        self.case.execute("DROP SCHEMA IF EXISTS antenna CASCADE")
        self.case.execute("DROP TABLE IF EXISTS bytes, bytes_hourly, user_metadata, user_quota_limit")
        return ("provision", *self.case.login)

    def check(self):
        assert self.case.totals() == {}

    def settle(self):
        self.case.provision()
        self.case.produce(events.draw(300))
        super().settle()
