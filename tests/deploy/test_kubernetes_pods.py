"""The containers of the manifests for Kubernetes, run with their arguments, variables, volumes and users."""

import re
import subprocess

import events
import pytest
from manifests import MANIFESTS, Objects, pod_of, secrets
from oracle import expect
from pods import Pod, make_volume
from test_config import SERVICE_LINKS
from waiting import wait_until

pytestmark = [pytest.mark.share, pytest.mark.timeout(120)]

# User, group and the group of the volumes: those of the image, and such as OpenShift gives to a namespace.
IMAGE, OPENSHIFT = (10001, 10001, 10001), (1000680000, 0, 1000680000)

# A member of the group that was killed is noticed soon, and nothing waits longer than a test may. The text ends as an
# editor ends it: with a line end.
KAFKA_PROPERTIES = "session.timeout.ms=2000\n"
HASTE = {"[speed]": "roll-age = 200ms", "[batch]": "interval = 200ms"}


def settings(case):
    """Those of the base with the addresses and the owner of the case, and with haste."""
    text = (MANIFESTS / "base" / "antenna.ini").read_text()
    uri, owner, _ = case.login
    for pattern, own in (
        ("kafka-server = .*", f"kafka-server = {case.kafka.address}"),
        ("topic = .*", f"topic = {case.topic}"),
        ("jdbc-uri = .*", f"jdbc-uri = {uri}"),
        ("jdbc-user = owner", f"jdbc-user = {owner}"),
    ):
        text, count = re.subn(f"(?m)^{pattern}$", own, text)
        assert count == 1, pattern
    return text + "".join(f"{section}\n{line}\n" for section, line in HASTE.items())


class Cluster:
    """The pods of a variant, with a volume for the archive."""

    def __init__(self, case, base, openshift):
        self._case = case
        self._objects = Objects(case.folder / "kubernetes", base, openshift, settings(case))
        self._ids = OPENSHIFT if openshift else IMAGE
        groups = {pod_of(workload)["securityContext"].get("fsGroup") for workload in self._objects.workloads}
        assert groups == {None if openshift else IMAGE[2]}
        case.root = make_volume(case.folder / "volume", self._ids[2])
        files = {"owner.password": case.postgres.password, "kafka-properties": KAFKA_PROPERTIES}
        made = secrets(case.folder / "secrets", files)
        config = self._objects.one("ConfigMap", "antenna")
        texts = {name: text.encode() for name, text in config["data"].items()}
        self._contents = {("secret", name): data for name, data in made.items()}
        self._contents["configMap", config["metadata"]["name"]] = texts

    def pods(self, kind):
        """The pods of a workload."""
        workload = self._objects.one(kind, "antenna")
        for number in range(workload["spec"].get("replicas", 1)):
            name = f"{workload['metadata']['name']}-{number}"
            yield Pod(self._case, workload, name, self._ids, self._contents)


def wait_until_ready(pod, running):
    """As the kubelet does."""
    assert pod.probe(running, "startupProbe")[0] == 200
    wait_until(lambda: pod.probe(running, "readinessProbe") == (200, "ok\n"), f"ready: {running.err}")
    assert pod.probe(running, "livenessProbe")[0] == 200


@pytest.mark.parametrize("base,openshift", [("base", False), ("several-nodes", True)])
def test_both_layers_work_in_their_pods(case, base, openshift):
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    cluster = Cluster(case, base, openshift)
    case.create_topic()
    (provision,), speed, (batch,) = map(list, map(cluster.pods, ("Job", "StatefulSet", "Deployment")))
    speed[0].run().fails("ANT-P004")
    assert provision.run().code == 0
    batch.run().fails("ANT-A002")

    case.produce([*events.draw(300), b"nonsense"])
    jobs = [(pod, pod.start(variables=SERVICE_LINKS)) for pod in speed]
    for pod, running in jobs:
        wait_until_ready(pod, running)
    jobs.append((batch, batch.start(variables=SERVICE_LINKS)))
    wait_until_ready(*jobs[-1])
    hourly = dict(expect(case.messages()).hourly)
    wait_until(lambda: case.totals("bytes_hourly") == hourly, "all hours are processed")

    assert batch.run("status").code == 0
    assert speed[0].run("doctor").code == 0
    wait_until(lambda: batch.run("verify").code == 0, "both layers agree")
    for _, running in jobs:
        running.terminate()
    case.check_layers()
