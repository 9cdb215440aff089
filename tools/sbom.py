"""Prints what this checkout is made from and with, from the pins, as CycloneDX 1.6 JSON; the same for the same pins.

scope: required is part of a built antenna, optional is what the dashboards and the Spark engine run on, excluded is for
builds, tests and benchmarks. Debian packages have no version here: they are those of the system. Exit code 1 names what
lacks a licence.
"""

import base64
import json
import pathlib
import re
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
PINS = ROOT / "third_party"
DEBIAN = {"distro": "debian-12"}

# What a package contains that is built into antenna, by the package's version, which is pinned.
CONTAINED = {"npm/@confluentinc/kafka-javascript@1.10.1": ("github/confluentinc/librdkafka", "2.15.1")}

PYTHON = {"python": "excluded", "superset": "optional", "spark": "optional", "peers": "excluded"}
JARS = {"maven": "excluded", "jdbc": "excluded", "versions": "excluded", "spark": "optional", "peers": "excluded"}


class SbomError(Exception):
    """The pins and what is told of them do not fit together."""


def read_licences():
    """{type/name: SPDX expression}."""
    lines = [line.split("#")[0].split(None, 1) for line in (PINS / "licences.txt").read_text().splitlines()]
    return {line[0]: line[1].strip() for line in lines if line}


def npm_parts():
    """(key, version, scope, hashes) of what the lock file of npm names."""
    for path, entry in json.loads((PINS / "npm/package-lock.json").read_text())["packages"].items():
        if not path:
            continue
        key = f"npm/{path.removeprefix('node_modules/')}"
        algorithm, _, digest = entry["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        yield key, entry["version"], "required", [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": content}]
        contained = CONTAINED.get(f"{key}@{entry['version']}")
        if contained:
            yield *contained, "required", []
        elif any(known.startswith(f"{key}@") for known in CONTAINED):
            raise SbomError(f"{key} has another version: correct CONTAINED in tools/sbom.py")


def go_parts():
    """The same of Go's modules, whose hashes are Go's own."""
    for name, version in re.findall(r"^require (\S+) (\S+)$", (PINS / "go/go.mod").read_text(), re.MULTILINE):
        yield f"golang/{name}", version, "required", []


def python_parts():
    """The same of Python's; several files may be had of each, so that no hash is told."""
    for folder, scope in PYTHON.items():
        for path in sorted((PINS / folder).glob("*.txt")):
            for name, version in re.findall(r"^([\w.-]+)(?:\[.*?\])?==([^\s;]+)", path.read_text(), re.MULTILINE):
                yield f"pypi/{re.sub(r'[-_.]+', '-', name).lower()}", version, scope, []


def jar_parts(licences):
    """The same of Java's, whose groups the list of licences knows."""
    keys = {key.rpartition("/")[2]: key for key in licences if key.startswith("maven/")}
    for folder, scope in JARS.items():
        for line in (PINS / folder / "SHA256SUMS").read_text().splitlines():
            digest, jar = line.split()
            name, version = re.fullmatch(r"(?:.+/)?(.+?)-(\d+(?:\.\w+)+(?:-\d+(?:\.\d+)*)?)\.jar", jar).groups()
            hashes = [{"alg": "SHA-256", "content": digest}]
            yield keys.get(name, f"maven/{name}"), version, scope, hashes


def debian_parts():
    """The same of Debian's; the libraries that building needs are linked."""
    for path in sorted((PINS / "debian").glob("*.txt")):
        for name in re.findall(r"^([a-z][\w.+-]*)", path.read_text(), re.MULTILINE):
            linked = path.stem == "build" and name.endswith("-dev")
            yield f"deb/debian/{name}", None, "required" if linked else "excluded", []


def purl_of(key, version):
    """The package URL."""
    path = "/".join(urllib.parse.quote(part, safe="+") for part in key.split("/"))
    qualifiers = f"?{urllib.parse.urlencode(DEBIAN)}" if key.startswith("deb/") else ""
    return f"pkg:{path}{f'@{version}' if version else ''}{qualifiers}"


def component_of(part, licences):
    """A component of CycloneDX."""
    key, version, scope, hashes = part
    if key not in licences:
        raise SbomError(f"{key} has no licence in third_party/licences.txt: look it up and add a line")
    component = {
        "type": "library",
        "bom-ref": purl_of(key, version),
        "name": key.partition("/")[2],
        "version": version,
        "scope": scope,
        "hashes": hashes,
        "licenses": [{"expression": licences[key]}],
        "purl": purl_of(key, version),
    }
    return {name: value for name, value in component.items() if value}


def read_parts(licences):
    """All parts by package URL; one that is pinned twice has the gravest of its scopes."""
    parts = {}
    order = ["required", "optional", "excluded"]
    for part in [*npm_parts(), *go_parts(), *python_parts(), *jar_parts(licences), *debian_parts()]:
        former = parts.setdefault(purl_of(*part[:2]), part)
        if order.index(part[2]) < order.index(former[2]):
            parts[purl_of(*part[:2])] = part
    unused = set(licences) - {part[0] for part in parts.values()}
    if unused:
        raise SbomError(f"third_party/licences.txt names what is not pinned: {', '.join(sorted(unused))}")
    return [parts[purl] for purl in sorted(parts)]


def main():
    """Prints it; returns the exit code."""
    version = re.search(r"project\(antenna VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    licences = read_licences()
    try:
        components = [component_of(part, licences) for part in read_parts(licences)]
    except SbomError as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "antenna", "version": version}},
        "components": components,
    }
    print(json.dumps(bom, indent=1))
    return 0


sys.exit(main())
