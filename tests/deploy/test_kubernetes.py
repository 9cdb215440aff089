"""The manifests for Kubernetes: its schemas, the rules of the restricted profile, and how the objects fit together."""

import itertools

import kubernetes_validate
import pytest
from manifests import Objects, container_of, labels_of, pod_of, secrets, sources_of

pytestmark = pytest.mark.share

# The oldest version that the documents name, and the newest one whose schemas we have.
VERSIONS = ("1.31", "1.37")

VARIANTS = list(itertools.product(("base", "several-nodes"), (False, True)))


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: f"{variant[0]}{'-openshift' * variant[1]}")
def objects(request, tmp_path_factory):
    return Objects(tmp_path_factory.mktemp("kubernetes") / "kubernetes", *request.param)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_of_kubernetes_know_every_field(objects, version):
    for one in objects.all:
        assert kubernetes_validate.validate(one, version, strict=True) == version


# What the restricted profile demands (kubernetes.io: Pod Security Standards). What it allows, our pods do not ask for.
POD_RULES = {
    "no namespace of the host": lambda pod: not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"},
    "volumes": lambda pod: all(volume.keys() & {"projected", "persistentVolumeClaim"} for volume in pod["volumes"]),
    "not root": lambda pod: pod["securityContext"]["runAsNonRoot"] is True,
    "any user": lambda pod: "runAsUser" not in pod["securityContext"],
    "system calls": lambda pod: pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"},
    "nothing else": lambda pod: (
        pod["securityContext"].keys() <= {"runAsNonRoot", "fsGroup", "fsGroupChangePolicy", "seccompProfile"}
    ),
    "one kind of container": lambda pod: not pod.keys() & {"initContainers", "ephemeralContainers"},
    "no login to the cluster": lambda pod: pod["automountServiceAccountToken"] is False,
    "no variables of services": lambda pod: pod["enableServiceLinks"] is False,
}
CONTAINER_RULES = {
    "security": lambda container: (
        container["securityContext"]
        == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    ),
    "no port of the host": lambda container: not any("hostPort" in port for port in container.get("ports", ())),
    "probes of the pod alone": lambda container: not any("host" in value for value in probes_of(container)),
    "memory": lambda container: "memory" in container["resources"]["limits"],
}


def probes_of(container):
    """What the kubelet asks for."""
    return [value["httpGet"] for name, value in container.items() if name.endswith("Probe")]


@pytest.mark.parametrize("rule", POD_RULES)
def test_pods_keep_the_rules_of_the_restricted_profile(objects, rule):
    assert all(POD_RULES[rule](pod_of(workload)) for workload in objects.workloads)


@pytest.mark.parametrize("rule", CONTAINER_RULES)
def test_containers_keep_the_rules_of_the_restricted_profile(objects, rule):
    assert all(CONTAINER_RULES[rule](container_of(workload)) for workload in objects.workloads)


def test_the_namespace_demands_the_profile(objects):
    assert objects.one("Namespace", "antenna")["metadata"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "restricted"
    }


def test_each_job_has_its_own_passwords_only(objects, tmp_path):
    had = {
        workload["metadata"]["name"]: {name for kind, name, _ in sources_of(workload) if kind == "secret"}
        for workload in objects.workloads
    }
    assert had == {
        "antenna-speed": {"antenna-speed"},
        "antenna-batch": {"antenna-batch"},
        "antenna-provision": {"antenna-owner", "antenna-speed", "antenna-batch", "antenna-reader"},
    }
    made = secrets(tmp_path / "secrets", {"owner.password": "secret\n", "kafka-properties": "sasl.password=secret"})
    assert made.keys() == {*had["antenna-provision"], "antenna-kafka"}
    (reference,) = [
        v["valueFrom"]["secretKeyRef"]
        for w in objects.workloads
        for v in container_of(w)["env"]
        if "secretKeyRef" in v.get("valueFrom", {})
    ]
    assert reference["key"] in made[reference["name"]]


def test_what_selects_pods_finds_them(objects):
    layers, speed = objects.layers, objects.one("StatefulSet", "antenna")
    for selector, wanted in (
        (objects.one("Service", "antenna")["spec"]["selector"], layers),
        (objects.one("NetworkPolicy", "antenna")["spec"]["podSelector"]["matchLabels"], layers),
        (objects.one("PodDisruptionBudget", "antenna-speed")["spec"]["selector"]["matchLabels"], [speed]),
        *((workload["spec"]["selector"]["matchLabels"], [workload]) for workload in layers),
    ):
        found = [workload for workload in objects.workloads if selector.items() <= labels_of(workload).items()]
        assert found == wanted
    assert speed["spec"]["serviceName"] == objects.one("Service", "antenna")["metadata"]["name"]


def test_pods_of_one_disk_are_on_one_node(objects):
    """Or the volume is one that every node mounts."""
    claim = objects.one("PersistentVolumeClaim", "antenna-archive")
    layers = objects.layers
    claims = [
        v["persistentVolumeClaim"]["claimName"] for w in layers for v in pod_of(w)["volumes"] if v["name"] == "archive"
    ]
    assert claims == [claim["metadata"]["name"]] * 2
    assert not any("persistentVolumeClaim" in volume for volume in pod_of(objects.one("Job", "antenna"))["volumes"])
    for workload in layers:
        if claim["spec"]["accessModes"] == ["ReadWriteMany"]:
            assert "affinity" not in pod_of(workload)
            continue
        assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
        (term,) = pod_of(workload)["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        assert all(term["labelSelector"]["matchLabels"].items() <= labels_of(layer).items() for layer in layers)
