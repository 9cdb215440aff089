"""`make demo-stop`: ends what the demo left running and removes its folder."""

import sys

from stack import ServerError
from world import HOME, World


def main():
    """Stops everything; returns the exit code."""
    if not HOME.exists():
        print("no demo is there")
        return 0
    try:
        World().stop()
    except ServerError as error:
        print(f"demo-stop: {error}", file=sys.stderr)
        return 1
    print(f"stopped; {HOME} is removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
