"""A real mosquitto on the files of `configs/mosquitto`, with identities from the centre's own authority."""

import os
import signal
import subprocess
import tarfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

from servers import free_port, listens, wait_until

from registry.accounts import By
from registry.database import Registry, open_registry
from registry.identity import enrolment
from registry.identity.authority_folder import make_authority
from registry.identity.broker_passwords import change_passwords
from registry.identity.revoking import revoke
from registry.identity.server_folder import write_server
from registry.tables import Station
from service.mqtt import Mqtt
from service.process import now_ms

CONFIGS = Path(__file__).parent.parent / "configs" / "mosquitto"
PASSWORD = "made up for this test"


def placed(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    """All that differs from the files as shipped: the places, the ports, and who the broker runs as."""
    user = "root" if os.geteuid() == 0 else "mosquitto"
    return {
        "/etc/mosquitto/qingliu/": f"{folder}/",
        "/var/lib/mosquitto/": f"{folder}/",
        "\nuser mosquitto\n": f"\nuser {user}\n",
        "\nlistener 8883\n": f"\nlistener {ports['tls']} 127.0.0.1\n",
        "\nlistener 1883 127.0.0.1\n": f"\nlistener {ports['plain']} 127.0.0.1\n",
        "\n# listener 8884\n# protocol": f"\n# listener {ports['password']} 127.0.0.1\n# protocol",
    }


class ShippedBroker:
    """The broker with its authority; `folder` has what /etc/mosquitto/qingliu has."""

    def __init__(self, program: str, folder: Path, *, with_passwords: bool = False) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("tls", "plain", "password")}
        self._program = program
        self._with_passwords = with_passwords
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self.by = By("test", now_ms())
        self.authority = make_authority(folder / "ca", "Centre", b"made up for this test", now_ms(), 7300, 30)
        with closing(self._registry()) as registry, registry.writing() as session:
            made = enrolment.certify_broker(session, self.authority, ["127.0.0.1"], 1095, self.by)
        write_server(folder, made, folder / "ca")
        change_passwords(folder / "passwords", {"collector": PASSWORD})
        (folder / "collector.password").write_text(PASSWORD)

    def start(self) -> None:
        changes = placed(self.folder, self.ports)
        for name in ("mosquitto.conf", "acl"):
            text = (CONFIGS / name).read_text()
            for shipped, here in changes.items() if name == "mosquitto.conf" else ():
                assert shipped in text, shipped
                text = text.replace(shipped, here)
            if self._with_passwords and name == "mosquitto.conf":
                text = uncommented(text, f"listener {self.ports['password']}")
            (self.folder / name).write_text(text)
        with (self.folder / "log").open("ab") as log:
            command = [self._program, "-c", str(self.folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: listens(self.ports["tls"]) and listens(self.ports["plain"]), "mosquitto listens")

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def reload(self) -> None:
        """Have it read its files anew."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
            self._process = None

    def enrol(self, station: str) -> Mqtt:
        """Put a station on the register and enrol it; returns how it reaches the broker."""
        with closing(self._registry()) as registry, registry.writing() as session:
            if session.get(Station, station) is None:
                session.add(Station(id=station, name=f"{station} 站", overrides={}))
            address = ("127.0.0.1", self.ports["tls"])
            made = enrolment.enrol(session, self.authority, station, 1095, address, self.by)
        return self.unpacked(made)

    def unpacked(self, made: enrolment.Enrolment) -> Mqtt:
        """A bundle laid out as a box has it; returns how it reaches the broker."""
        box = self.folder / "boxes" / made.station
        with tarfile.open(fileobj=BytesIO(made.bundle)) as bundle:
            bundle.extractall(box, filter="data")
        return Mqtt(
            host="127.0.0.1",
            port=self.ports["tls"],
            ca_file=str(box / "ca.crt"),
            cert_file=str(box / "station.crt"),
            key_file=str(box / "station.key"),
        )

    def revoke(self, station: str) -> None:
        """Take its certificates back, and give the broker the list."""
        with closing(self._registry()) as registry, registry.writing() as session:
            folder = self.folder / "ca"
            revoke(session, self.authority, folder, 30, By("test", now_ms()), station=station, why="stolen")
        (self.folder / "crl.pem").write_bytes((self.folder / "ca" / "crl.pem").read_bytes())

    @property
    def collector(self) -> Mqtt:
        """How the collector reaches the broker."""
        return Mqtt(
            host="127.0.0.1",
            port=self.ports["plain"],
            tls=False,
            username="collector",
            password_file=str(self.folder / "collector.password"),
        )

    def _registry(self) -> Registry:
        return open_registry(f"sqlite:///{self.folder}/registry.db")


def uncommented(text: str, first: str) -> str:
    """A block of the file that is commented out, put in force."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"# {first}"))
    for number in range(start, len(lines)):
        if not lines[number].startswith("# "):
            break
        lines[number] = lines[number].removeprefix("# ")
    return "\n".join(lines) + "\n"
