"""The doctor's look at how influxd starts here: may it write behind a torn log? (decision 0022)."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from qingliu.doctor_finding import Finding, judged
from registry.config import CentreSettings

UNIT = "influxdb.service"
UNIT_FOLDERS = (
    Path("/etc/systemd/system"),
    Path("/run/systemd/system"),
    Path("/usr/lib/systemd/system"),
    Path("/lib/systemd/system"),
)
OWN = frozenset({"127.0.0.1", "::1", "localhost"})
REMEDY = (
    "Copy configs/influxdb/qingliu.conf to /etc/systemd/system/influxdb.service.d/, systemctl daemon-reload."
)


def influxd(settings: CentreSettings, folders: Sequence[Path] = UNIT_FOLDERS) -> Iterator[Finding]:
    """Whether its logs are sealed before it starts; nothing is said of one that no unit of ours starts."""
    is_here = settings.history.backend == "influxdb" and urlsplit(settings.history.url).hostname in OWN
    texts = [text for folder in folders for text in _texts(folder)] if is_here else []
    if texts:
        is_sealed = any("seal-wal" in text for text in texts)
        said = (
            "its logs are sealed before it starts" if is_sealed else "a kill and a restart can lose readings"
        )
        yield judged("influxd", f"{UNIT}: {said}", is_well=is_sealed, remedy=REMEDY, otherwise="warn")


def _texts(folder: Path) -> Iterator[str]:
    """The unit and its drop-ins in one folder; a mask or what may not be read says nothing."""
    for path in (folder / UNIT, *sorted((folder / f"{UNIT}.d").glob("*.conf"))):
        with suppress(OSError):
            if path.is_file():
                yield path.read_text(errors="replace")
