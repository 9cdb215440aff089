"""Makes or migrates the metadata of a Superset instance and its user admin; run by Superset's own Python.

usage: prepare.py PASSWORD_FILE
"""

import sys

from passwords import read_password
from superset.cli.main import superset


def main():
    """Runs Superset's own commands in this process: a process for each would load all of Superset each time."""
    password = read_password(sys.argv[1])
    person = ["--firstname", "Antenna", "--lastname", "Admin", "--email", "admin@localhost"]
    for words in (
        ["db", "upgrade"],
        ["init"],
        ["fab", "create-admin", "--username", "admin", *person, "--password", password],
    ):
        superset(words, standalone_mode=False)


main()
