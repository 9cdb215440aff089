"""Pods of deploy/kubernetes, run as the kubelet runs them, but on this machine's network.

A container sees a root that it cannot write, with the program, this machine's /usr and its volumes, and none of our
files. Its user has no name and no capability.
"""

import os
import shlex

from manifests import container_of, pod_of, sources_of
from program import CHECKOUT
from scraper import Scraper

# What makes an image, and what the kubelet adds: source, target, may it be written.
IMAGE = (
    ("/usr", "/usr", False),
    (CHECKOUT, CHECKOUT, False),
    ("/proc", "/proc", True),
    ("/dev", "/dev", True),
)
UNPRIVILEGED = ("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--pdeathsig=KILL")
LINKS = ("bin", "lib", "lib64", "sbin")


class Pod:
    """One pod of a workload, with the archive of a case as its volume."""

    def __init__(self, case, workload, name, ids, contents):
        """`ids` are its user, its group, and the group of its volumes; contents: {(kind, name): {key: bytes}}."""
        self.container = container_of(workload)
        self._program = case.program
        self._archive = case.root
        self._root = case.folder / name
        self._root.mkdir()
        self._settings = case.folder / f"{name}-settings"
        self._workload = workload
        self._name = name
        self._ids = ids
        self._contents = contents
        self._project()

    def start(self, *words, variables=None):
        """Starts the container's command, or as `kubectl exec` does the words, with more variables."""
        return self._program.start(*(words or self._arguments()), via=self._via(variables or {}))

    def run(self, *words):
        """Runs it to its end."""
        return self.start(*words).wait()

    def probe(self, running, kind):
        """The answer to a probe of the manifest: status and text."""
        probe = self.container[kind]["httpGet"]
        (port,) = self.container["ports"]
        assert probe["port"] == port["name"]
        assert f"--listen=:{port['containerPort']}" in self.container["args"]
        return Scraper(running).get(probe["path"])

    def _arguments(self):
        """Those of the container, with a free port in the place of one that all pods have, each at its own address."""
        return [
            word.replace(":9187", ":0") if word.startswith("--listen=") else word for word in self.container["args"]
        ]

    def _project(self):
        """Writes the settings, as `fsGroup` asks for."""
        self._settings.mkdir()
        (volume,) = [volume["projected"] for volume in pod_of(self._workload)["volumes"] if "projected" in volume]
        for kind, name, items in sources_of(self._workload):
            found = self._contents[kind, name]
            for item in items or [{"key": key, "path": key} for key in found]:
                path = self._settings / item["path"]
                path.write_bytes(found[item["key"]])
                os.chown(path, 0, self._ids[2])
                path.chmod(volume["defaultMode"])

    def _mounts(self):
        """The volumes, as in IMAGE."""
        folders = {"settings": self._settings, "archive": self._archive}
        for mount in self.container["volumeMounts"]:
            yield folders[mount["name"]], mount["mountPath"], not mount.get("readOnly")

    def _value(self, variable):
        """The value of a variable; some are filled in by the kubelet."""
        match variable:
            case {"value": value}:
                return value
            case {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}:
                return self._name
            case {"valueFrom": {"secretKeyRef": {"name": name, "key": key}}}:
                return self._contents["secret", name][key].decode()
        raise AssertionError(variable)

    def _script(self):
        """The commands that make the root, which not even root can write."""
        root = shlex.quote(str(self._root))
        lines = [f"mount -t tmpfs -o mode=755 tmpfs {root}", *(f"ln -s usr/{name} {root}/{name}" for name in LINKS)]
        for source, target, may_write in (*IMAGE, *self._mounts()):
            here, there = shlex.quote(str(source)), shlex.quote(f"{self._root}{target}")
            lines.append(f"mkdir -p {there}" if os.path.isdir(source) else f"touch {there}")
            lines.append(f"mount --rbind {here} {there}")
            lines += [] if may_write else [f"mount -o remount,bind,ro {there}"]
        lines += [f"mount -o remount,ro {root}", f"if touch {root}/file 2>/dev/null; then exit 1; fi"]
        return "\n".join([*lines, f'exec chroot {root} "$@"'])

    def _via(self, variables):
        """The words that run a command in the container."""
        own = {variable["name"]: self._value(variable) for variable in self.container["env"]}
        every = {"PATH": os.defpath, "HOME": "/", "HOSTNAME": self._name}
        assignments = [f"{name}={value}" for name, value in (every | own | variables).items()]
        user, group, volumes = self._ids
        become = ("setpriv", f"--reuid={user}", f"--regid={group}", f"--groups={volumes}", *UNPRIVILEGED)
        return ("unshare", "--mount", "sh", "-ec", self._script(), "sh", "env", "-i", *assignments, *become)


def make_volume(folder, group):
    """An empty file system as the kubelet hands it to a group."""
    folder.mkdir()
    os.chown(folder, 0, group)
    folder.chmod(0o2775)
    return folder
