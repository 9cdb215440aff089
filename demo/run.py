"""`make demo`: the whole architecture on this machine, and proof that its totals are right."""

import datetime
import os
import signal
import sys
import time

import show
from stack import ServerError
from sums import compare
from world import HOME, USERS, World

HOURS_BACK = 2
MESSAGES_PER_SECOND = 10
# Some of everything that goes wrong with antennas. Three hours have 108 malformed messages: of one reason 100 are kept
# in a minute, and who sends some more by hand in that minute shall find them.
FAULTS = ["--late", "0.02", "--duplicate", "0.01", "--malformed", "0.001", "--future", "0.001"]
# Live, the antennas go on sending some of what is no event.
LIVE_FAULTS = ["--malformed", "0.02"]
CATCH_UP_SECONDS = 120
POLL_SECONDS = 0.1
LATE_EVENTS = 500

# The exit code of `antenna verify` when something differs.
DIFFERENCE = 4

# DASHBOARD=0 leaves Superset out.
WITH_DASHBOARD = os.environ.get("DASHBOARD", "1") != "0"


class Wrong(Exception):
    """The sums differ."""


class NoDashboards(Exception):
    """Superset could not be set up or started; all else runs."""


def wait_until(condition, what, process):
    """Polls until the condition holds. Raises ServerError when the process ends first or it takes too long."""
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while not condition():
        if not process.is_running():
            raise ServerError(f"{process.name} ended; {process.log_tail()}")
        if time.monotonic() > deadline:
            raise ServerError(f"{what} took longer than {CATCH_UP_SECONDS} s; {process.log_tail()}")
        time.sleep(POLL_SECONDS)


def number(connection, statement, *values):
    """The one number that a statement returns, 0 for NULL."""
    return connection.execute(statement, values).fetchone()[0] or 0


def simulate_past(world, now):
    """Sends the last hours, with the ledger of what must come of them; returns the number of messages."""
    begin = now.replace(minute=0, second=0) - datetime.timedelta(hours=HOURS_BACK)
    count = int((now - begin).total_seconds()) * MESSAGES_PER_SECOND
    period = ["--from", f"{begin:%Y-%m-%dT%H:%M:%SZ}", "--to", f"{now:%Y-%m-%dT%H:%M:%SZ}"]
    users = ["--users", USERS]
    world.simulate(*users, *period, "--count", str(count), "--rate", "max", *FAULTS, "--ledger", world.ledger)
    return count


def start_live(world, connection):
    """Lets the antennas go on at the clock's pace and waits for their first bytes."""
    before = number(connection, "SELECT sum(records_totalled) FROM antenna.progress")
    antennas = world.antennas("--users", USERS, "--rate", MESSAGES_PER_SECOND, "--seed", 2, *LIVE_FAULTS)
    antennas.start()
    wait_until(
        lambda: number(connection, "SELECT sum(records_totalled) FROM antenna.progress") > before,
        "the first live message",
        antennas,
    )


def wait_until_over(world, connection):
    """Waits until a user is over the quota in the running hour."""
    wait_until(
        lambda: number(connection, "SELECT count(*) FROM antenna.quota_now WHERE exceeded"),
        "a user over the quota",
        world.speed,
    )


def wait_until_sealed(world, connection, hour):
    """Waits until all partitions are archived past the begin of an hour."""
    statement = "SELECT count(*) FROM antenna.hour_state WHERE state = 'open' AND hour < %s"
    wait_until(lambda: number(connection, statement, hour) == 0, "sealing the complete hours", world.speed)


def send_late_events(world, connection, this_hour):
    """Sends events of the hour before the last, long after its batch run, and waits until they are archived."""
    begin = this_hour - datetime.timedelta(hours=2)
    period = ["--from", f"{begin:%Y-%m-%dT%H:%M:%SZ}", "--to", f"{begin:%Y-%m-%dT%H}:59:59Z"]
    before = number(connection, "SELECT sum(records_archived) FROM antenna.progress")
    world.simulate("--users", USERS, *period, "--count", LATE_EVENTS, "--rate", "max", "--ledger", world.late_ledger)
    wait_until(
        lambda: number(connection, "SELECT sum(records_archived) FROM antenna.progress") == before + LATE_EVENTS,
        "archiving the late events",
        world.speed,
    )


def show_both_layers(world, connection, this_hour):
    """The batch layer, what late events do to it, and the proof that everything agrees."""
    show.step("Batch layer: each complete hour")
    wait_until_sealed(world, connection, this_hour)
    world.batch_pending()

    show.step("Late events: they come hours after the batch run of their hour, and make it dirty")
    send_late_events(world, connection, this_hour)
    world.verify(this_hour, code=DIFFERENCE)
    print("\nThe batch layer runs the changed hour again:")
    world.batch_pending()

    show.step("Every byte accounted for")
    world.verify(this_hour)
    comparison = compare(connection, [world.ledger, world.late_ledger], world.archive / "data", this_hour)
    show.show_sums(comparison)
    if comparison.differences:
        raise Wrong(f"{len(comparison.differences)} totals differ from the ledger, see above")


def demonstrate(world):
    """All steps in order. Raises ServerError, Wrong and NoDashboards."""
    show.step("Kafka, PostgreSQL and a mail server")
    world.postgres.start()
    world.kafka.start()
    world.mail.start()
    world.write_settings()
    print(f"PostgreSQL on {world.postgres.address}, Kafka on {world.kafka.address}, mail on {world.mail.address}")

    show.step("Provisioning: tables and users")
    world.provision()

    if WITH_DASHBOARD:
        print("Superset is being prepared meanwhile", flush=True)
        world.dashboard.start()

    show.step(f"Antennas: the last {HOURS_BACK} hours, with late, doubled, malformed and misdated messages")
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    this_hour = now.replace(minute=0, second=0, tzinfo=None)
    count = simulate_past(world, now)

    show.step("Speed layer: window totals and the archive, as a service")
    print("$ antenna " + " ".join(world.speed.command[1:]), flush=True)
    world.speed.start()
    with world.connect() as connection:
        wait_until(
            lambda: number(connection, "SELECT sum(archive_offset) FROM antenna.progress") >= count,
            "reading what the antennas sent",
            world.speed,
        )
        show.show_speed(connection)
        show_both_layers(world, connection, this_hour)
        show.step("What the layers know, with the antennas live again and the batch layer as a service")
        world.batch.start()
        start_live(world, connection)
        show.show_findings(connection, world.archive / "data", this_hour)
        show.step("Notices: a mail to each user over 80 % and 100 % of the quota in this hour")
        wait_until_over(world, connection)
    world.notify()
    show.step("The doctor looks for whatever would stop the jobs")
    world.doctor()
    if WITH_DASHBOARD:
        finish_dashboard(world)


def finish_dashboard(world):
    """Waits until the dashboards are ready. Raises NoDashboards."""
    show.step("Dashboards, which go on showing it")
    if world.dashboard.is_running():
        print("waiting for Superset, which takes some minutes the first time", flush=True)
    if world.dashboard.wait():
        raise NoDashboards(
            f"could not show dashboards (make demo DASHBOARD=0 does without): {world.dashboard.log_tail()}"
        )
    show.show_dashboards(world.superset_url())


def interrupt(*_):
    """SIGTERM ends the demo as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """Runs the demo; returns the exit code."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        world = World()
        if world.is_running():
            print(f"a demo is running in {HOME}: stopping it and beginning anew")
        world.stop()
        world = World()
    except ServerError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    code = 0
    try:
        demonstrate(world)
    except NoDashboards as error:
        print(f"demo: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\ninterrupted: stopping what was started", file=sys.stderr)
        world.stop()
        return 130
    except Wrong as error:
        print(f"demo: {error}. Everything is left running for a look; make demo-stop ends it", file=sys.stderr)
        return 4
    except ServerError as error:
        print(f"demo: {error}\nstopping what was started", file=sys.stderr)
        world.stop()
        return 1
    show.step("It goes on: everything that was started runs until make demo-stop")
    print(world.describe())
    return code


if __name__ == "__main__":
    sys.exit(main())
