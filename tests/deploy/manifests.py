"""deploy/kubernetes as kustomize puts it together."""

import base64
import os
import shutil
import subprocess

import yaml
from debian import CHECKOUT
from documents import block_with

MANIFESTS = CHECKOUT / "deploy" / "kubernetes"
KUBECTL = CHECKOUT / ".deps" / "venv" / "bin" / "kubectl"
WORKLOADS = ("StatefulSet", "Deployment", "Job")

# What the documents tell to create is printed instead: there is no cluster.
PRINT = f'case "$*" in *" create secret "*) echo ---; exec {KUBECTL} "$@" --dry-run=client -o yaml ;; esac'

FOLDER = block_with("mkdir deploy/kubernetes/production", "sh", document="docs/deployment.md")
KUSTOMIZATION = block_with("kind: Kustomization", "yaml", document="docs/deployment.md")
SECRETS = block_with("antenna-owner", "sh", document="docs/deployment.md")
KAFKA_SECRET = block_with("antenna-kafka", "sh", document="docs/deployment.md")


def run(commands, folder):
    """Runs commands of the documents in a folder, with the programs there; returns what they print."""
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def kustomize(folder):
    """The objects that `kubectl apply -k` would send."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


class Objects:
    """The objects of a folder that is made as the documents say."""

    def __init__(self, folder, base, openshift, settings=None):
        """`base` is the folder that it builds upon, `settings` the text of another antenna.ini."""
        shutil.copytree(MANIFESTS, folder / "deploy" / "kubernetes", ignore=shutil.ignore_patterns("production"))
        (folder / "database.pem").touch()
        run(FOLDER, folder)
        own = folder / "deploy" / "kubernetes" / "production"
        own_text = KUSTOMIZATION.replace("../base", f"../{base}") + "components: [../openshift]\n" * openshift
        (own / "kustomization.yaml").write_text(own_text)
        if settings:
            (own / "antenna.ini").write_text(settings)
        self.all = kustomize(own)
        self.workloads = [one for one in self.all if one["kind"] in WORKLOADS]
        self.layers = [one for one in self.workloads if one["kind"] != "Job"]

    def one(self, kind, name):
        """The object of a kind whose name begins so."""
        (found,) = [one for one in self.all if one["kind"] == kind and one["metadata"]["name"].startswith(name)]
        return found


def labels_of(workload):
    """The labels of its pods."""
    return workload["spec"]["template"]["metadata"]["labels"]


def pod_of(workload):
    """The specification of its pods."""
    return workload["spec"]["template"]["spec"]


def container_of(workload):
    """The one container of each."""
    (container,) = pod_of(workload)["containers"]
    return container


def sources_of(workload):
    """What its settings are projected from: (kind, name, items)."""
    for volume in pod_of(workload)["volumes"]:
        for source in volume.get("projected", {}).get("sources", ()):
            ((kind, value),) = source.items()
            yield kind, value["name"], value.get("items")


def secrets(folder, files):
    """The Secrets that the documents' commands create in a folder with files {name: text}: {name: {key: bytes}}."""
    folder.mkdir()
    (folder / "kubectl").write_text(f"#!/bin/sh\n{PRINT}\n")
    (folder / "kubectl").chmod(0o755)
    for name, text in files.items():
        (folder / name).write_text(text)
    printed = run(SECRETS + KAFKA_SECRET, folder)
    found = [one for one in yaml.safe_load_all(printed) if one]
    assert {one["metadata"]["namespace"] for one in found} == {"antenna"}
    return {
        one["metadata"]["name"]: {key: base64.b64decode(value) for key, value in one["data"].items()} for one in found
    }
