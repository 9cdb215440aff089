"""deploy/docker/compose.yaml as it is read, and what the image asks the jobs."""

import json
import re

import yaml
from debian import CHECKOUT

DOCKER = CHECKOUT / "deploy" / "docker"
COMPOSE = DOCKER / "compose.yaml"
DOCKERFILE = DOCKER / "Dockerfile"

# Those that answer with --listen.
JOBS = ("speed", "batch")


def services():
    """Its services by name."""
    return yaml.safe_load(COMPOSE.read_text())["services"]


def question():
    """The words of the image's health check."""
    return json.loads(re.search(r"(?m)^HEALTHCHECK [^[]*(\[.*\])$", DOCKERFILE.read_text())[1])
