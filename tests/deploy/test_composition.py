"""The composition: what its services are given, ask and wait for."""

import json
import re

import pytest
from composition import JOBS, question, services

pytestmark = pytest.mark.share


def test_only_the_dashboards_are_published_and_on_loopback():
    published = {name: service["ports"] for name, service in services().items() if service.get("ports")}
    assert published == {"superset": ["127.0.0.1:8088:8088"]}


def test_no_password_is_in_the_files():
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or str(value).startswith("/passwords/"), name


def test_each_image_of_ours_is_built_by_one_service_and_fetched_by_none():
    ours = [service for service in services().values() if service["image"].startswith("antenna")]
    built = [service["image"] for service in ours if "build" in service]
    assert sorted(built) == sorted({service["image"] for service in ours})
    assert all(service["pull_policy"] == "never" for service in ours)


def test_a_service_has_the_passwords_that_it_names_and_no_other():
    for name, service in services().items():
        if name == "passwords":
            continue
        given = {volume.split(":")[1] for volume in service.get("volumes", []) if ":/passwords" in volume}
        text = json.dumps([service.get("environment"), service.get("command")])
        assert given == set(re.findall(r"(/passwords/\w+)/", text)), name


def test_dependencies_of_services_exist():
    for name, service in services().items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services(), f"{name} waits for {other}"
            if how["condition"] == "service_completed_successfully":
                assert services()[other].get("restart", "no") == "no"


def test_the_image_asks_the_jobs_where_they_listen_and_nobody_else():
    for name, service in services().items():
        if service["image"] != "antenna":
            continue
        ports = [word.partition("=")[2] for word in service.get("command", []) if word.startswith("--listen=")]
        if name in JOBS:
            assert [f"http://127.0.0.1:{port}/readyz" for port in ports] == question()[-1:]
            assert "healthcheck" not in service
        else:
            assert not ports
            assert service["healthcheck"] == {"disable": True}


@pytest.mark.parametrize(
    ("name", "code", "missing"),
    [
        ("antennas", "ANT-K001", "kafka:9092"),
        ("provision", "ANT-C005", "/usr/share/antenna/users.csv"),
        ("speed", "ANT-C004", "/passwords/speed/password"),
        ("batch", "ANT-A008", "/var/lib/antenna/data"),
    ],
)
def test_options_of_the_jobs_are_options(program, name, code, missing):
    """The program takes each command line of the composition; what is missing here is what the containers have."""
    service = services()[name]
    variables = {key: str(value) for key, value in service.get("environment", {}).items()}
    program.run(*service["command"], environment=variables).fails(code, missing)
