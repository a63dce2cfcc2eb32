"""What one check finds: language-free as a finding, and for people as a result; pure data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from service.broker_words import CODES as BROKER_CODES
from telemetry.reading import WHYS

Name = Literal[
    "configuration", "port", "meter", "clock", "disk", "dns", "tcp", "tls", "login", "round_trip"
]  # fmt: skip
NAMES: tuple[Name, ...] = get_args(Name)
"""The checks, in their order."""
State = Literal["ok", "warn", "fail", "skipped"]
"""Skipped is what makes no sense after another failure, or here."""
Figure = str | int | float | bool
Figures = Mapping[str, Figure]
NO_FIGURES: Figures = MappingProxyType({})

Code = Literal[
    "skipped",
    "config_fine",
    "config_missing",
    "config_unreadable",
    "config_fault",
    "config_no_meters",
    "secret_open",
    "secret_closed",
    "port_fine",
    "port_missing",
    "port_no_serial",
    "port_forbidden",
    "port_forbidden_to_service",
    "port_console",
    "port_in_use",
    "port_held",
    "port_by_id",
    "meter_good",
    "meter_second_try",
    "meter_alarm",
    "meter_unlent",
    "meter_port_busy",
    "clock_ntp",
    "clock_free",
    "clock_absurd",
    "disk_fine",
    "disk_small",
    "disk_full",
    "disk_read_only",
    "disk_forbidden",
    "disk_forbidden_to_service",
    "disk_no_folder",
    "disk_unreadable",
    "resolved",
    "address",
    "resolver_slow",
    "connected",
    "trusted",
    "trusted_undated",
    "ends_soon",
    "ours_ends_soon",
    "ours_ended",
    "ours_of_other_station",
    "tls_off",
    "tls_off_outside",
    "logged_in",
    "revoked_list_ended",
    "answered",
    "clocks_differ",
    "unknown_station",
    "clock_refused",
    "held",
    "no_ack",
]
"""What a finding says. A silent or implausible meter's code is the contract's `why`, a broker's fault that of
`service.broker_words`."""
CODES: frozenset[str] = frozenset(get_args(Code)) | WHYS | BROKER_CODES


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        name: of the check.
        code: one of `CODES`.
        place: which line or meter, where there are several.
        figures: what there is to say, by name: milliseconds `ms`, instants in ISO 8601, UTC.
        said: words of another room, in the reader's language already.
    """

    name: Name
    state: State
    code: str
    place: str = ""
    figures: Figures = NO_FIGURES
    said: str = ""


class Result(NamedTuple):
    """A finding in the reader's language.

    Attributes:
        text: what was found, one line.
        remedy: what to do, lines; empty if nothing is to do.
        label: what was looked at.
    """

    name: Name
    state: State
    text: str
    remedy: str = ""
    figures: Figures = NO_FIGURES
    code: str = ""
    place: str = ""
    label: str = ""


def skipped(name: Name, cause: Name, place: str = "") -> Finding:
    """A check that makes no sense, for another one failed."""
    return Finding(name, "skipped", "skipped", place, {"cause": cause})
