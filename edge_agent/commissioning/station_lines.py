"""The serial lines of a station, to be scanned: which ones there are, and having one to oneself."""

from collections.abc import Callable
from pathlib import Path

from edge_agent.commissioning.findings import Scan
from edge_agent.commissioning.scan import scan
from edge_agent.commissioning.serial_ports import configured_ports, plugged_ports
from edge_agent.commissioning.sweep import Step, Wanted
from edge_agent.config import OutboxSettings, settings_so_far
from edge_agent.loan import borrowed
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.status_page import control_path


class LineLost(Exception):  # noqa: N818 - a state of the line
    """The running agent took its line back before the scan was done.

    Attributes:
        scan: what was found until then.
    """

    def __init__(self, scan: Scan) -> None:
        super().__init__(f"port {scan.port}: the running agent has taken its line back")
        self.scan = scan


class StationLines:
    """What `agent.toml` says of the lines; where there is no such file, what is plugged in.

    Attributes:
        profiles: all meter models known here.
    """

    def __init__(self, config: Path) -> None:
        """Read the file, which may still lack its meters.

        Raises:
            SettingsError: it is wrong, or a profile is.
        """
        settings = settings_so_far(config)
        folder = Path(settings.profiles.path) if settings and settings.profiles.path else None
        self.profiles = [load_profile(name, folder) for name in profile_names(folder)]
        self._buses = list(settings.bus.values()) if settings else []
        usual = Path(OutboxSettings().path).with_suffix(".sock")
        self._control = control_path(settings) if settings else usual

    def ports(self) -> list[str]:
        """The ports of the file, else those that look like RS-485 adapters; none if nothing is plugged in."""
        return configured_ports(self._buses) or plugged_ports()

    def scan(
        self,
        port: str,
        wanted: Wanted,
        *,
        borrower: str,
        on_step: Callable[[Step], None],
        stop: Callable[[], bool],
        on_wait: Callable[[], None] | None = None,
    ) -> Scan:
        """Scan a line, which a running agent lends meanwhile.

        Args:
            port: device file.
            wanted: what to ask.
            borrower: who scans, for people.
            on_step: told of the progress.
            stop: whether to end early; what was found is the outcome.
            on_wait: called once if the agent must end its round first.

        Raises:
            LineLost: the agent took the line back meanwhile.
            LineNotLentError: the agent does not lend it.
            PortGone: the port cannot be used.
        """
        with borrowed(self._control, port, borrower, on_wait) as lost:
            found = scan(port, wanted, self.profiles, on_step=on_step, stop=lambda: stop() or lost.is_set())
        if lost.is_set() and not stop():
            raise LineLost(found)
        return found
