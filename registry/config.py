"""`centre.toml`: the settings of everything that runs at the centre."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from registry.alarm_settings import AlarmSettings
from registry.console_settings import ConsoleSettings
from registry.identity_settings import IdentitySettings
from registry.notify_settings import NotifySettings
from service.mqtt import Mqtt
from service.settings import Fault, file_faults, load

DEFAULT_PATH = Path("/etc/qingliu/centre.toml")
PATH_VARIABLE = "QINGLIU_CONFIG"


class Centre(msgspec.Struct, kw_only=True, frozen=True):
    """Who runs the centre, and where."""

    name: str = "农村生活污水处理设施监管中心"
    timezone: Annotated[str, msgspec.Meta(description="civil days are counted here")] = "Asia/Shanghai"
    language: Literal["zh-CN", "en"] = "zh-CN"


class RegistrySettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where the relational store is."""

    url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(sqlite|postgresql\+psycopg)://",
            extra={"rule": "must be an SQLAlchemy URL of sqlite or postgresql+psycopg", "secret": True},
            examples=["sqlite:////var/lib/qingliu/registry.db"],
        ),
    ] = "sqlite:////var/lib/qingliu/registry.db"


class HistorySettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where the time series are."""

    backend: Literal["embedded", "influxdb"] = "embedded"
    path: Annotated[str, msgspec.Meta(description="embedded only")] = "/var/lib/qingliu/history.db"
    url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?\Z",
            description="of the InfluxDB server, without user, password or question mark",
            extra={"rule": "must be an http or https address without a user in it", "secret": True},
            examples=["http://127.0.0.1:8086"],
        ),
    ] = "http://127.0.0.1:8086"
    org: Annotated[str, msgspec.Meta(description="InfluxDB 2 only")] = ""
    bucket: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[^\s/?#&%]+(/[^\s/?#&%]+)?\Z",
            description="bucket or database; for 1.8 also database/retention policy",
            extra={"rule": "must be a bucket, a database or database/retention"},
            examples=["qingliu"],
        ),
    ] = "qingliu"
    token_file: Annotated[str, msgspec.Meta(description="file that holds the token")] = ""
    username: Annotated[str, msgspec.Meta(description="instead of a token: 1.8, or a proxy's password")] = ""
    password_file: Annotated[str, msgspec.Meta(description="file that holds the password")] = ""
    raw_days: Annotated[int, msgspec.Meta(ge=31, description="days that raw readings are kept")] = 400

    def faults(self) -> Iterable[Fault]:
        """Name what joins several keys and does not fit."""
        if self.backend != "influxdb":
            return
        if self.token_file and self.username:
            yield Fault("history", "token_file and username exclude each other", remedy="Give one of them.")
        if self.username and not self.password_file:
            yield Fault("history.password_file", "is required with username", remedy="Name the file.")
        if ":" in self.username:
            yield Fault("history.username", "must have no colon", self.username, "Choose another name.")
        for key in ("token_file", "password_file"):
            yield from file_faults(f"history.{key}", getattr(self, key))


class CollectorSettings(msgspec.Struct, kw_only=True, frozen=True):
    """What the collector accepts."""

    accept_unknown_stations: bool = False
    shared_group: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9_-]*\Z",
            extra={"rule": "must be letters, digits, - or _"},
            examples=["collectors"],
        ),
    ] = ""
    metrics_host: Annotated[str, msgspec.Meta(description="where the collector's own numbers are served")] = (
        "127.0.0.1"
    )
    metrics_port: Annotated[
        int, msgspec.Meta(ge=0, le=65535, description="its port; 0: the console's /metrics alone has them")
    ] = 0


Seconds = Annotated[int, msgspec.Meta(gt=0)]


class AlertingSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The thresholds of DESIGN section 5; a station's overrides go before them."""

    round_s: Annotated[Seconds, msgspec.Meta(description="a round of all stations")] = 300
    offline_after_s: Annotated[Seconds, msgspec.Meta(description="silence that means offline, at least")] = (
        1_800
    )
    stop_window_s: Annotated[
        Seconds, msgspec.Meta(description="no energy and no effluent so long: stopped")
    ] = 14_400
    idle_window_s: Annotated[Seconds, msgspec.Meta(description="energy but no effluent so long: idling")] = (
        86_400
    )
    low_load_window_s: Annotated[Seconds, msgspec.Meta(description="energy far below the usual so long")] = (
        86_400
    )
    effluent_share: Annotated[
        float, msgspec.Meta(gt=0, lt=1, description="share of the usual effluent that counts as none")
    ] = 0.02
    small_idle_window_s: Annotated[Seconds, msgspec.Meta(description="the same below 20 t/d")] = 172_800
    learn_s: Annotated[Seconds, msgspec.Meta(description="a new station is unknown so long")] = 86_400
    stop_floor_kwh_per_day: Annotated[
        float, msgspec.Meta(gt=0, description="energy below which nothing is treated, while no baseline is")
    ] = 0.5
    coverage: Annotated[
        float, msgspec.Meta(gt=0, le=1, description="share of a window that must be known to judge it")
    ] = 0.75
    raise_after_s: Annotated[
        int, msgspec.Meta(ge=0, description="a state must stand so long before it rings")
    ] = 0
    clear_after_s: Annotated[
        int, msgspec.Meta(ge=0, description="and be gone so long before the alarm returns to normal")
    ] = 600
    holidays_file: Annotated[
        str,
        msgspec.Meta(
            description="CSV of festivals (name,first,last); empty: those that come with the program"
        ),
    ] = ""

    def faults(self) -> Iterable[Fault]:
        """Name a calendar that cannot be there."""
        yield from file_faults("alerting.holidays_file", self.holidays_file)


class ReportingSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where the monthly reports lie, and when they are drafted and frozen."""

    path: Annotated[str, msgspec.Meta(description="folder of the report files")] = "/var/lib/qingliu/reports"
    draft_hour: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=23,
            description="hour of the 1st from which last month's report is drafted, and of the 12th when it "
            "is frozen",
        ),
    ] = 2
    targets_file: Annotated[
        str, msgspec.Meta(description="CSV of the plan's targets by county; empty: none")
    ] = ""

    def faults(self) -> Iterable[Fault]:
        """Name a file of targets that cannot be there."""
        yield from file_faults("reporting.targets_file", self.targets_file)


class CentreSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The whole file."""

    mqtt: Mqtt
    centre: Centre = Centre()
    registry: RegistrySettings = RegistrySettings()
    history: HistorySettings = HistorySettings()
    collector: CollectorSettings = CollectorSettings()
    alerting: AlertingSettings = AlertingSettings()
    alarms: AlarmSettings = AlarmSettings()
    reporting: ReportingSettings = ReportingSettings()
    console: ConsoleSettings = ConsoleSettings()
    notify: NotifySettings = NotifySettings()
    identity: IdentitySettings = IdentitySettings()

    @property
    def zone(self) -> ZoneInfo:
        """The centre's time zone."""
        return ZoneInfo(self.centre.timezone)


def centre_path(given: Path | None) -> Path:
    """The settings file in force: the one named, else that of $QINGLIU_CONFIG, else the usual one."""
    return given or Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def load_centre(path: Path | None) -> CentreSettings:
    """Read the settings file in force, see `centre_path`.

    Raises:
        SettingsError: with every fault of the file.
    """
    return load(centre_path(path), CentreSettings, _faults)


def _faults(settings: CentreSettings) -> Iterable[Fault]:
    yield from settings.mqtt.faults()
    if not _is_url(settings.registry.url):
        example = "postgresql+psycopg://user:password@127.0.0.1:5432/qingliu"
        yield Fault("registry.url", "cannot be read as an URL", remedy=f'Write for example "{example}".')
    if settings.centre.timezone not in available_timezones():
        yield Fault(
            "centre.timezone", "unknown time zone", settings.centre.timezone, 'Write "Asia/Shanghai".'
        )
    yield from settings.history.faults()
    yield from settings.alerting.faults()
    yield from settings.alarms.faults()
    yield from settings.reporting.faults()
    yield from settings.notify.faults()
    yield from settings.console.faults()


def _is_url(text: str) -> bool:
    try:
        make_url(text)
    except (ArgumentError, ValueError):
        return False
    return True
