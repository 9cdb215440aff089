"""Runs a program to its end and writes what it used as JSON; a program of its own, so that its memory is not counted.

usage: meter.py <result.json> <program> [<argument>...]

Linux counts the memory of a process from before it became another program: what a large harness starts would never
seem smaller than the harness. This one is small, imports little, and starts its program by fork.
"""

import json
import os
import sys
import time


def main():
    """Runs it; returns its exit code."""
    result, *command = sys.argv[1:]
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    used = {
        "wall": time.monotonic() - begin,
        "cpu": usage.ru_utime + usage.ru_stime,  # of the program and of those that it waited for
        "memory": usage.ru_maxrss * 1024,  # of the largest process among them
    }
    with open(result, "w", encoding="utf-8") as file:
        json.dump(used, file)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
