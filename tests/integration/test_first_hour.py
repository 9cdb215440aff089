"""Every command of the tutorial, in its order, in one shell, on a demo of its own; tests/browser has its dashboards."""

import pytest
from first_hour import FirstHour, own_demo
from program import BINARY, CHECKOUT

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(BINARY.parent != CHECKOUT / "build", reason="the demo runs what make build has built"),
]


def test_every_command_of_the_first_hour(tmp_path):
    with own_demo() as home:
        FirstHour(tmp_path, home, {"DASHBOARD": "0"}).follow()
        assert not home.exists()
