"""A whole commissioning through the commands, step by step, as an installer goes through it.

The station is simulated and invented; broker and collector are real. Used by the test of the same name and by
the stopwatch of `benchmarks/bench_commissioning.py`.
"""

import io
import json
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from certificates import Authority
from chain import STATION, Chain
from servers import Mosquitto, Tls, wait_until

SKELETON = """\
# {station}: an invented station
[station]
id = "{station}"
name = "示例村污水处理站"

[mqtt]
host = "127.0.0.1"
port = {port}
ca_file = "/etc/qingliu/ca.crt"
cert_file = "/etc/qingliu/station.crt"
key_file = "/etc/qingliu/station.key"

[sampling]
interval_s = 1
send_every_s = 1

[outbox]
path = "{folder}/outbox.db"
"""


class Step(NamedTuple):
    """One step: its name, how long it took, and what the command printed."""

    name: str
    took_s: float
    output: str


def make_bundle(path: Path, authority: Authority, station: str, port: int, folder: Path) -> Path:
    """A one-station bundle as the centre hands it to the installer."""
    identity = authority.client(station, ends=datetime.now(UTC) + timedelta(days=1000))
    members = {
        "agent.toml": SKELETON.format(station=station, port=port, folder=folder).encode(),
        "ca.crt": authority.ca_file.read_bytes(),
        "station.crt": identity.cert_file.read_bytes(),
        "station.key": identity.key_file.read_bytes(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, octets in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(octets), 0o600
            archive.addfile(info, io.BytesIO(octets))
    return path


@contextmanager
def centre(program: str, folder: Path, line: str) -> Iterator[tuple[Chain, Path]]:
    """A centre with mosquitto over TLS with client certificates, and the bundle of its one station."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(folder / "authority")
    server = authority.server("127.0.0.1")
    tls = Tls(authority.ca_file, server.cert_file, server.key_file, require_certificate=True,
              use_identity_as_username=True)  # fmt: skip
    broker = Mosquitto(program, folder / "mosquitto", tls=tls)
    broker.start()
    box = folder / "box"
    box.mkdir()
    try:
        with Chain(folder, line=line, broker_port=broker.port) as chain:
            chain.start("collector")
            yield chain, make_bundle(folder / f"{STATION}.tar.gz", authority, STATION, broker.tls_port, box)
    finally:
        broker.kill()


def commission(bundle: Path, config: Path, port: str, chain: Chain, *scan: str) -> Iterator[Step]:
    """Enrol, scan, read, check, run until the centre has acknowledged; yields each step when it is done."""
    at = ("--config", str(config))
    yield _step("enrol", "enrol", str(bundle), *at)
    yield _step("scan", "scan", "--port", port, "--write", "--yes", *scan, *at)
    yield _step("read", "read", "--json", *at)
    yield _step("check", "check", "--language", "en", *at)
    began_s = time.monotonic()
    command = [sys.executable, "-m", "qingliu", "agent", "run", *at]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as agent:
        try:
            said = wait_until(lambda: _acknowledged(config, chain), "the first ack", within_s=60)
            yield Step("run to first ack", time.monotonic() - began_s, said)
            yield _step("status", "status", "--language", "en", *at)
        finally:
            with suppress(ProcessLookupError):
                agent.send_signal(signal.SIGTERM)
            agent.wait(10)


def _step(name: str, *words: str) -> Step:
    began_s = time.monotonic()
    command = [sys.executable, "-m", "qingliu", "agent", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise AssertionError(f"{name}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return Step(name, time.monotonic() - began_s, done.stdout)


def _acknowledged(config: Path, chain: Chain) -> str:
    """The status once the centre has stored a reading of each meter and said so; empty before."""
    stored = [chain.rows("history", f"SELECT count(*) FROM {kind} WHERE q = 0") for kind in ("power", "flow")]
    if not all(rows and rows[0][0] for rows in stored):
        return ""
    command = [sys.executable, "-m", "qingliu", "agent", "status", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if not done.stdout:
        return ""
    link = json.loads(done.stdout)["link"]
    return done.stdout if link["last_ack_s"] is not None else ""
