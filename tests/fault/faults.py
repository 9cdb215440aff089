"""How large the suite is, and the faults that the preloaded library makes: preload.c."""

import dataclasses
import errno
import os
import random

from program import BINARY, CHECKOUT

PRELOAD = CHECKOUT / "build" / "tests" / "fault-preload.so"

# The size of the suite is the number of random kills of the speed layer. Each other kind has a size for a usual run and
# one for a release's, and one in proportion below, between and beyond them.
FAULTS = int(os.environ.get("FAULTS", "10"))
SEED = int(os.environ.get("SEED", "1"))
USUAL_FAULTS = 100
RELEASE_FAULTS = 10_000

# A restart takes up at once what the process before it had, instead of waiting for the group to notice its death.
NAMED = ("--instance-id", "victim")


def times(usual, release):
    """How many faults this run makes of a kind of which a usual run and a release make so many."""
    beyond = max(0, FAULTS - USUAL_FAULTS) / (RELEASE_FAULTS - USUAL_FAULTS)
    return max(1, round(usual * min(1, FAULTS / USUAL_FAULTS) + (release - usual) * beyond))


def rounds(usual, release, size):
    """Splits them into rounds of at most `size`: a list of (seed, faults), for parametrize."""
    total = times(usual, release)
    return [(SEED + i, min(size, total - i * size)) for i in range((total + size - 1) // size)]


def seeds(usual, release):
    """A seed for each of so many faults, for parametrize."""
    return [seed for seed, _ in rounds(usual, release, 1)]


def dice_of(*seed):
    """Randomness that is the same in every run of the same seed."""
    return random.Random(repr((SEED, *seed)))


def choose(dice, count, wanted):
    """So many of the numbers 1 to `count`, or all."""
    return sorted(dice.sample(range(1, count + 1), min(wanted, count)))


@dataclasses.dataclass(frozen=True)
class Fault:
    """A call of libc that fails or waits, or at which the program is killed."""

    call: str
    do: str | int  # "before", "after": is killed there; "hold": waits; or the errno that it fails with
    number: int = 1  # the how manyth call
    times: int = 1  # so many calls in a row fail
    path: str | None = None  # pattern of the file or the peer
    data: str | None = None  # what the sent or received bytes contain
    callers: str | None = None  # the program and the libraries that ask for memory, each between blanks

    def __str__(self):
        do = self.do if isinstance(self.do, str) else errno.errorcode[self.do]
        return "-".join(map(str, filter(None, (self.call, do, self.number, self.path, self.data, self.callers))))


class Injection:
    """A fault for one process, and how far it has come."""

    def __init__(self, folder, fault):
        folder.mkdir(parents=True, exist_ok=True)
        self.fault = fault
        self._count, self._hold = folder / "fault-count", folder / "fault-hold"
        self._count.write_bytes(bytes(8))
        self._hold.touch()

    @property
    def environment(self):
        """What the process needs in its environment."""
        fault = self.fault
        optional = {"FAULT_PATH": fault.path, "FAULT_DATA": fault.data, "FAULT_CALLERS": fault.callers}
        return {
            "LD_PRELOAD": str(PRELOAD),
            "FAULT_PROGRAM": BINARY.name,
            "FAULT_CALL": fault.call,
            "FAULT_DO": str(fault.do),
            "FAULT_NUMBER": str(fault.number),
            "FAULT_TIMES": str(fault.times),
            "FAULT_COUNT": str(self._count),
            "FAULT_HOLD": str(self._hold),
        } | {name: value for name, value in optional.items() if value}

    def release(self):
        """Lets a call that is held go on."""
        self._hold.unlink(missing_ok=True)

    @property
    def count(self):
        """How many calls of the kind there were."""
        return int.from_bytes(self._count.read_bytes(), "little")

    @property
    def happened(self):
        """Whether the fault was made."""
        return self.count >= self.fault.number
