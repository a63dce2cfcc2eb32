"""Thresholds given as words, such as `stop_window_s=21600`. Pure."""

import tomllib
from collections.abc import Iterable
from typing import Any

import msgspec

from registry.config import AlertingSettings
from service.settings import Fault, SettingsError


def settings_with(words: Iterable[str]) -> AlertingSettings:
    """The settings of alerting with some keys changed.

    Raises:
        SettingsError: a word is no `key=value`, or the key or the value cannot be.
    """
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in AlertingSettings.__struct_fields__:
            known = ", ".join(AlertingSettings.__struct_fields__)
            faults.append(
                Fault(key, f"must be KEY=VALUE with one of {known}", word, "See docs/detection.md.")
            )
            continue
        try:
            given[key] = tomllib.loads(f"value = {value}")["value"]
        except (ValueError, RecursionError):  # no TOML; or thousands of digits, or of brackets
            given[key] = value
    if not faults:
        for key, value in given.items():
            try:
                msgspec.convert({key: value}, AlertingSettings)
            except msgspec.ValidationError as error:
                rule = str(error).split(" - at")[0]
                faults.append(Fault(key, rule, str(value)[:60], "See docs/detection.md."))
    if faults:
        raise SettingsError("--params", faults)
    return msgspec.convert(given, AlertingSettings)
