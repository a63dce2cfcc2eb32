"""The agent's archive on an aarch64 Debian 12 that was made from nothing: `make test-arm64`."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chain import AGENT, STATION, Chain
from clean_root import AS_ROOT, CleanRoot, clean_root, unpacked
from servers import Mosquitto, wait_until
from wheels_at_hand import ROOT

from simulator.meters import SimulatedStation

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[CleanRoot]:
    """A Debian of its own; making it the first time takes some minutes and the mirror of apt."""
    asked = subprocess.run([AS_ROOT], capture_output=True, text=True, check=False)
    command = [*asked.stdout.split(), ROOT / "scripts/debian-root", "arm64"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(made.stderr.strip())
    system = Path(made.stdout.split()[-1])
    with clean_root(tmp_path, system=system, has_network=True) as clean:
        yield clean


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The archive as `make bundle-agent` builds it, and the seconds that took."""
    begun = time.monotonic()
    built = subprocess.run(
        [ROOT / "scripts/bundle", "agent", "-o", tmp_path_factory.mktemp("dist")],
        check=True,
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHON=sys.executable),
    )
    return ROOT / built.stdout.split()[0], time.monotonic() - begun


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_nothing_is_missing_for_any_python(
    archive: tuple[Path, float], machine: str, version: str, tmp_path: Path
) -> None:
    wheels = unpacked(archive[0], tmp_path / "unpacked") / "wheels"
    platforms = [f"--platform=manylinux_2_{glibc}_{machine}" for glibc in (28, 17)]
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--ignore-installed"]
    command += ["--no-index", "--find-links", wheels, "--only-binary=:all:", "--target", tmp_path / "target"]
    command += ["--implementation=cp", f"--python-version={version}", *platforms, "qingliu[edge]"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Would install" in done.stdout


def test_the_archive_makes_a_watched_station_of_a_bare_aarch64(
    root: CleanRoot,
    archive: tuple[Path, float],
    tmp_path: Path,
    mosquitto: Mosquitto,
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures: dict[str, float | str] = {
        "archive built, s": archive[1],
        "archive, MB": archive[0].stat().st_size / 1e6,
    }
    bundle = unpacked(archive[0], root.given / "agent")
    assert root.said("uname", "-m") == "aarch64"

    begun = time.monotonic()
    script = f"/media/given/{bundle.relative_to(root.given)}/install.sh"
    done = root.run("sh", script, without_network=True, environment={"LANG": "zh_CN.UTF-8"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "接下来在站点" in done.stdout
    figures["installed under emulation, s"] = time.monotonic() - begun
    figures["program on disk, MB"] = float(root.said("du", "-sm", "/opt/qingliu").split()[0])
    figures["python"] = root.said("/opt/qingliu/current/bin/python", "-VV")
    assert "chint-dtsu666" in root.said("qingliu", "agent", "profiles", user="qingliu")
    root.said(
        "/opt/qingliu/current/bin/python", "-c", "import cryptography.hazmat.bindings._rust, tomlkit, serial"
    )

    with (
        SimulatedStation() as station,
        Chain(tmp_path, line=station.port, broker_port=mosquitto.port) as chain,
    ):
        chain.start("collector")
        Path(station.port).chmod(0o666)  # a real line belongs to dialout
        settings = AGENT.format(
            station=STATION, port=station.port, broker_port=mosquitto.port, folder="/var/lib/qingliu-agent"
        )
        root.write("/etc/qingliu/agent.toml", settings)
        begun = time.monotonic()
        root.said("systemctl", "start", "qingliu-agent.service")
        for kind in ("power", "flow"):
            wait_until(
                lambda kind=kind: (
                    chain.rows("history", f"SELECT count(*) FROM {kind} WHERE q = 0")[0:1] >= [(5,)]
                ),
                f"five readings of the {kind} meter are in the history",
                120,
            )
        figures["five readings of each meter stored after, s"] = time.monotonic() - begun
        again = root.run("sh", script, without_network=True)
        assert "already; nothing to do" in again.stdout, again.stderr
        root.said("systemctl", "is-active", "qingliu-agent.service")
        root.said("sh", "/opt/qingliu/current/release/install.sh", "--uninstall", "--purge", "--yes")
    with capsys.disabled():
        for name, figure in figures.items():
            shown = f"{figure:.1f}" if isinstance(figure, float) else figure
            sys.stdout.write(f"\n{name:<45} {shown}")
