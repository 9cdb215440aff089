"""`python -m stack start|stop|status --home FOLDER`: the servers of the demo."""

import argparse
import json
import pathlib
import shutil
import sys

from stack import Kafka, Postgres, ServerError


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="stack", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument("--home", type=pathlib.Path, required=True, help="folder of the servers' data and logs")
    parser.add_argument("--kafka-port", type=int, help="default: a free one")
    parser.add_argument("--postgres-port", type=int, help="default: a free one")
    parser.add_argument("--remove", action="store_true", help="with stop: delete the folder")
    return parser.parse_args()


def describe(kafka, postgres):
    """Where the servers are, for scripts."""
    return {
        "kafka": kafka.address,
        "postgres": postgres.address,
        "jdbc": postgres.jdbc_uri(),
        "user": postgres.user,
        "password_file": str(postgres.password_file),
    }


def main():
    """Runs the action; returns the exit code."""
    arguments = parse_arguments()
    kafka = Kafka(arguments.home, arguments.kafka_port)
    postgres = Postgres(arguments.home, arguments.postgres_port)
    if arguments.action == "start":
        postgres.start()
        kafka.start()
        addresses = json.dumps(describe(kafka, postgres), indent=2)
        (arguments.home / "addresses.json").write_text(addresses + "\n")
        print(addresses)
    elif arguments.action == "stop":
        kafka.stop()
        postgres.stop()
        if arguments.remove:
            shutil.rmtree(arguments.home, ignore_errors=True)
    else:
        for server in (kafka, postgres):
            print(f"{server.name}: {'runs on ' + server.address if server.is_running() else 'does not run'}")
        return 0 if kafka.is_running() and postgres.is_running() else 1
    return 0


try:
    sys.exit(main())
except ServerError as error:
    print(f"stack: {error}", file=sys.stderr)
    sys.exit(1)
