"""Images and containers by buildah and podman, which need no daemon; in a store of their own."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from services.compose import ROOT

PREFIX = "localhost/"
BASE = f"{PREFIX}vitalake-base"
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
TRUST = "/etc/ssl/certs/ca-certificates.crt"
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Containers:
    """Builds and runs; ``store`` keeps images and layers from one run of the tests to the next."""

    store: Path

    @cached_property
    def _storage(self) -> tuple[str, ...]:
        self.store.mkdir(parents=True, exist_ok=True)
        where = ("--root", str(self.store / "root"), "--runroot", str(self.store / "run"))
        overlay = (*where, "--storage-driver", "overlay")
        works = (
            subprocess.run(["podman", *overlay, "images"], capture_output=True, check=False).returncode == 0
        )
        return overlay if works else (*where, "--storage-driver", "vfs")

    def podman(self, *arguments: str, timeout_s: float = 600) -> Done:
        """Run podman; yield what came of it."""
        command = ["podman", *self._storage, "--runtime", "runc", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s)

    def must(self, *arguments: str) -> str:
        """Run podman, which must succeed; yield what it printed."""
        done = self.podman(*arguments)
        assert done.returncode == 0, f"podman {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def build(self, tag: str, dockerfile: Path, context: Path, *arguments: str) -> None:
        """Build an image."""
        storage = [
            "buildah",
            *self._storage,
            "bud",
            "--isolation",
            "chroot",
            "--format",
            "docker",
            "--layers",
        ]
        command = [*storage, "--file", str(dockerfile), "--tag", f"{PREFIX}{tag}", *arguments, str(context)]
        built = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert built.returncode == 0, built.stdout[-4000:]

    def tidy(self) -> None:
        """Remove what building leaves behind; the tagged images stay."""
        subprocess.run(["buildah", *self._storage, "rm", "--all"], capture_output=True, check=False)
        self.podman("image", "prune", "--force")

    def base(self) -> str:
        """Yield the image of a small Debian with Python, made of its packages: nothing is pulled."""
        if self.podman("image", "exists", BASE).returncode != 0:
            with tempfile.TemporaryDirectory(dir=self.store) as scratch:
                self._make_base(Path(scratch))
        return BASE

    def _make_base(self, context: Path) -> None:
        packages = "--include=python3,python3-venv"
        made = ["debootstrap", "--variant=minbase", packages, "bookworm", str(context / "root")]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        # Whom this machine trusts: a network may have an authority of its own.
        shutil.copy(ssl.get_default_verify_paths().cafile or TRUST, context / "trust.crt")
        trust = " ".join(f"{name}={TRUST}" for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"))
        lines = ("FROM scratch", "COPY root /", f"COPY trust.crt {TRUST}", f"ENV {trust}")
        (context / "Dockerfile").write_text("\n".join(lines) + "\n")
        self.build(BASE.removeprefix(PREFIX), context / "Dockerfile", context)

    def run(self, image: str, *command: str, options: Sequence[str] = ()) -> Done:
        """Run a command in a container without a network, to its end."""
        return self.podman("run", "--rm", "--network", "none", *LIMITS, *options, PREFIX + image, *command)


@dataclass
class Project:
    """The services of a compose file, run one by one on one loopback network that nothing else shares."""

    containers: Containers
    services: Mapping[str, Any]
    base: str
    started: list[str] = field(default_factory=list)

    def build(self) -> None:
        """Build each image as the file says."""
        for service in {service["image"]: service for service in self.services.values()}.values():
            says = service["build"]
            arguments = [f"--target={says['target']}", f"--build-arg=BASE={says['args']['BASE']}"]
            self.containers.build(service["image"], ROOT / says["dockerfile"], ROOT, *arguments)

    def up(self, name: str) -> None:
        """Start a service, those first that it depends on, and wait until it is healthy."""
        if name in self.started:
            return
        for other in self.services[name].get("depends_on", {}):
            self.up(other)
        service = self.services[name]
        self.started.append(name)
        image = PREFIX + service["image"]
        options = [*self._network(name), *LIMITS, *container_options(service)]
        self.containers.must(
            "run", "--detach", "--name", _named(name), *options, image, *service.get("command", ())
        )
        if "healthcheck" in service:
            self._await_health(name, service["healthcheck"])

    def _network(self, name: str) -> list[str]:
        """Yield the options by which each service finds the others by name, and nothing else."""
        first = self.started[0]
        hosts = self.containers.store / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {' '.join(self.services)}\n")
        network = "none" if name == first else f"container:{_named(first)}"
        return ["--network", network, "--no-hosts", f"--volume={hosts}:/etc/hosts:ro"]

    def _await_health(self, name: str, check: Mapping[str, Any]) -> None:
        kind, *command = check["test"]
        probe = ["sh", "-c", *command] if kind == "CMD-SHELL" else command
        wait_for(
            lambda: self.runs(name) and self.try_in(name, *probe).returncode == 0, 300, lambda: self.log(name)
        )

    def try_in(self, name: str, *command: str) -> Done:
        """Run a command in a service's container; yield what came of it."""
        return self.containers.podman("exec", _named(name), *command)

    def runs(self, name: str) -> bool:
        """Tell whether a service still runs; one that ended is an error."""
        state = self.containers.must("inspect", "--format", "{{.State.Status}}", _named(name)).strip()
        assert state == "running", f"{name} is {state}\n{self.log(name)}"
        return True

    def log(self, name: str) -> str:
        """Yield the end of what a service said."""
        done = self.containers.podman("logs", "--tail", "60", _named(name))
        return f"{name} said:\n{done.stdout}{done.stderr}"

    def stop(self, name: str) -> int:
        """Stop a service as Compose does; yield its exit code."""
        grace_s = self.services[name]["stop_grace_period"].removesuffix("s")
        self.containers.must("stop", "--time", grace_s, _named(name))
        return int(self.containers.must("inspect", "--format", "{{.State.ExitCode}}", _named(name)))

    def down(self) -> None:
        """Remove the containers and what they kept."""
        for name in reversed(self.services):
            self.containers.podman("rm", "--force", "--ignore", "--time", "5", _named(name))
        volumes = {
            mount.partition(":")[0] for each in self.services.values() for mount in each.get("volumes", ())
        }
        for volume in volumes:
            self.containers.podman("volume", "rm", "--force", _named(volume))


def container_options(service: Mapping[str, Any]) -> list[str]:
    """Yield podman's options for what a service says."""
    options = [f"--env={name}={value}" for name, value in service.get("environment", {}).items()]
    options += [f"--volume={_named(mount)}" for mount in service.get("volumes", ())]
    options += [f"--tmpfs={place}" for place in service.get("tmpfs", ())]
    options += [f"--cap-drop={capability}" for capability in service.get("cap_drop", ())]
    options += [f"--security-opt={option.partition(':')[0]}" for option in service.get("security_opt", ())]
    return [*options, "--read-only"] if service.get("read_only") else options


def wait_for(holds: Any, seconds: float, what: Any) -> None:
    """Wait until something holds; fail where it doesn't in time, with what there is to say."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain\n{what()}"
        time.sleep(1)


def _named(name: str) -> str:
    return f"vitalake-test-{name}"
