"""Looks at every part of the centre in turn, and says of each what to do when it is not well."""

from collections.abc import Iterator
from pathlib import Path

from qingliu import doctor_links, doctor_machine, doctor_stores
from qingliu.doctor_finding import Finding
from qingliu.doctor_influxd import influxd
from registry.config import load_centre
from service.settings import SettingsError

MISCONFIGURED = 2


def examine(config: Path, backups: Path, now_ms: int) -> Iterator[Finding]:
    """Look at all parts; without settings there is nothing to look at but these.

    Args:
        config: centre.toml.
        backups: folder of the archives.
        now_ms: the present, ms since the epoch, UTC.
    """
    try:
        settings = load_centre(config)
    except SettingsError as error:
        for line in error.lines():
            yield Finding("configuration", "fail", line)
        return
    yield Finding("configuration", "ok", f"{config}, time zone {settings.centre.timezone}")
    yield from doctor_machine.machine(settings, config, backups, now_ms)
    yield from doctor_stores.registry(settings, now_ms)
    yield doctor_stores.history(settings)
    yield from influxd(settings)
    yield from doctor_links.broker(settings)
    yield doctor_links.console(settings)
    yield from doctor_links.own_certificates(settings, now_ms)


def exit_code(findings: list[Finding]) -> int:
    """0 well, warnings or not; 1 something is broken; 2 the configuration is."""
    broken = {each.part for each in findings if each.state == "fail"}
    if "configuration" in broken:
        return MISCONFIGURED
    return 1 if broken else 0
