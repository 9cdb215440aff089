"""Invented events."""

import json
import random

APPS = ["SKYPE", "FACETIME", "TELEGRAM", "FACEBOOK", "WHATSAPP"]

# 2022-02-20T09:00:00Z: an hour and a month that would be padded if anything were.
BEGIN = 1645347600


def user(number):
    """The id of a user."""
    return f"00000000-0000-0000-0000-{number:012d}"


def antenna(number):
    """The id of an antenna."""
    return f"{number:08d}-1111-1111-1111-111111111111"


def encode(timestamp=BEGIN, *, user_id=None, antenna_id=None, size=100, app="SKYPE", **extra):
    """One message."""
    fields = {"timestamp": timestamp, "id": user_id or user(1), "antenna_id": antenna_id or antenna(1)}
    return json.dumps(fields | {"bytes": size, "app": app} | extra).encode()


def draw(count, *, seed=1, begin=BEGIN, seconds=7200, users=20, antennas=5):
    """So many random messages with event times in no order."""
    dice = random.Random(seed)
    return [
        encode(
            begin + dice.randrange(seconds),
            user_id=user(dice.randrange(users)),
            antenna_id=antenna(dice.randrange(antennas)),
            size=dice.randrange(100000),
            app=dice.choice(APPS),
        )
        for _ in range(count)
    ]
