"""deploy/docker/compose.yaml as it is read."""

import yaml
from debian import CHECKOUT

DOCKER = CHECKOUT / "deploy" / "docker"
COMPOSE = DOCKER / "compose.yaml"

# Those that answer with --listen.
JOBS = ("speed", "batch")


def services():
    """Its services by name."""
    return yaml.safe_load(COMPOSE.read_text())["services"]
