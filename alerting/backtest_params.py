"""The thresholds of a back-test: from a TOML file, from words such as `stop_window_s=21600`, or from both."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from alerting.parameters import settings_with
from registry.config import AlertingSettings
from service.settings import SettingsError, load


class _File(msgspec.Struct, kw_only=True, frozen=True):
    """The part of a file that is read."""

    alerting: AlertingSettings


def settings_of(words: Sequence[str]) -> AlertingSettings:
    """The settings of alerting with some keys changed; a word's value stands before a file's.

    Args:
        words: `KEY=VALUE`, or the name of a TOML file with a table [alerting], such as a `centre.toml`; of
            several files the last one counts.

    Raises:
        SettingsError: a file or a word cannot be used.
    """
    files = [word for word in words if "=" not in word and word.endswith(".toml")]
    pairs = [word for word in words if word not in files]
    own = settings_with(pairs)
    if not files:
        return own
    settings = [_settings_in(name) for name in files][-1]
    given = {key: getattr(own, key) for key in (pair.partition("=")[0] for pair in pairs)}
    return msgspec.structs.replace(settings, **given)


def _settings_in(name: str) -> AlertingSettings:
    """A file's [alerting]; what else stands in it is for others."""
    try:
        return load(Path(name), _File, lambda file: file.alerting.faults()).alerting
    except SettingsError as error:
        faults = [
            fault
            for fault in error.faults
            if fault.path.startswith("alerting") or fault.rule != "unknown key"
        ]
        if faults:
            raise SettingsError(name, faults) from error
    settings = msgspec.convert(tomllib.loads(Path(name).read_text("utf-8-sig")), _File).alerting
    faults = list(settings.faults())
    if faults:
        raise SettingsError(name, faults)
    return settings
