"""Real servers that the tests start themselves."""

import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_true, what: str, within_s: float = 20.0, every_s: float = 0.05):
    """Poll a condition that must come true; returns its value."""
    deadline = time.monotonic() + within_s
    while True:
        value = is_true()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within_s} s in vain until {what}")
        time.sleep(every_s)


@dataclass(frozen=True)
class Tls:
    """How a mosquitto speaks TLS, on a port beside its plain one."""

    ca_file: Path
    cert_file: Path
    key_file: Path
    require_certificate: bool = False
    use_identity_as_username: bool = False
    crl_file: Path | None = None

    def lines(self, port: int) -> list[str]:
        words = {True: "true", False: "false"}
        lines = [
            f"listener {port} 127.0.0.1",
            f"cafile {self.ca_file}",
            f"certfile {self.cert_file}",
            f"keyfile {self.key_file}",
            f"require_certificate {words[self.require_certificate]}",
            f"use_identity_as_username {words[self.use_identity_as_username]}",
        ]
        return lines + ([f"crlfile {self.crl_file}"] if self.crl_file else [])


class Mosquitto:
    """A mosquitto without persistence: killing it wipes it.

    Its plain `port` lets everybody in, or those with a password if any are given; `tls_port` is there if TLS
    is, and asks for passwords likewise.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        *,
        tls: Tls | None = None,
        passwords: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.tls_port = free_port()
        self._extra = list(extra)
        self._program = program
        self._folder = folder
        self._tls = tls
        self._passwords = dict(passwords or {})
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)

    def start(self) -> None:
        config = self._folder / "mosquitto.conf"
        config.write_text("\n".join(self._lines()) + "\n")
        environment = os.environ | self._environment
        with (self._folder / "log").open("ab") as log:
            command = [self._program, "-c", str(config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        wait_until(lambda: listens(self.port), "mosquitto listens")
        if self._tls is not None:
            wait_until(lambda: listens(self.tls_port), "mosquitto listens with TLS")

    def log(self) -> str:
        return (self._folder / "log").read_text()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _lines(self) -> list[str]:
        access = ["allow_anonymous true"]
        lines = list(self._extra)
        if self._passwords or self._tls:  # files that only this test's user may read
            lines += ["per_listener_settings true", "user root"]
        if self._passwords:
            access = ["allow_anonymous false", f"password_file {self._password_file()}"]
        lines += [f"listener {self.port} 127.0.0.1", *access]
        if self._tls:
            if self._tls.use_identity_as_username:
                access = ["allow_anonymous false"]
            lines += [*self._tls.lines(self.tls_port), *access]
        return lines

    def _password_file(self) -> Path:
        path = self._folder / "passwords"
        path.touch()
        path.chmod(0o600)
        for name, password in self._passwords.items():
            subprocess.run(["mosquitto_passwd", "-b", str(path), name, password], check=True)
        return path
