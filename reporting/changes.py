"""What a revision says otherwise than the one before it: stations' days and judgements, and the rates. Pure.

Both sides are plain figures as `data_file` makes them, so that a frozen report is compared by its own file.
"""

import hashlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from reporting.headline import decimal
from reporting.month_lines import Change

WHOLE = "city"
_DAYS = {"running": "running", "stopped": "stopped", "unknown": "unknown", "excluded": "excluded_days",
         "countable": "countable_days"}  # fmt: skip
_RATES = {"rate_strict": "by_number_strict", "rate_lenient": "by_number_lenient"}
_encoder = msgspec.json.Encoder(order="deterministic")


class _Said(NamedTuple):
    """What is said of a subject: its name for people, and exact values by `Change.what`."""

    name: str
    values: dict[str, str]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs: the city first, then counties and stations by code; empty if nothing does."""
    old, new = _said(before), _said(after)
    found: list[Change] = []
    for place in sorted(old.keys() | new.keys()):
        found += _differences(place[1], old.get(place), new.get(place))
    return found


def figures_sha256(figures: Mapping[str, Any]) -> str:
    """The same for figures without a change between them, and for no others."""
    said = [[*place, values.values] for place, values in sorted(_said(figures).items())]
    return hashlib.sha256(_encoder.encode(said)).hexdigest()


def _said(figures: Mapping[str, Any]) -> dict[tuple[int, str], _Said]:
    """By rank of the kind of subject, and its code."""
    said = {(0, WHOLE): _Said("", _rates(figures["whole"]["rate"]))}
    for county in figures["counties"]:
        if county["code"]:
            said[1, county["code"]] = _Said(county["name"], _rates(county["rate"]))
    for line in figures["stations"]:
        month = line["month"]
        values = {what: str(month[field]) for what, field in _DAYS.items()}
        said[2, month["facility"]["id"]] = _Said(
            line["address"]["name"], {"verdict": month["judgement"], **values}
        )
    return said


def _rates(rate: Mapping[str, Any]) -> dict[str, str]:
    return {what: rate[field] or "" for what, field in _RATES.items()}


def _differences(code: str, old: _Said | None, new: _Said | None) -> Iterator[Change]:
    if old is None or new is None:
        there = new or old
        assert there is not None  # noqa: S101 - the place is of one of them
        what, key = ("added", "after") if old is None else ("removed", "before")
        told = there.values.get("verdict") or _shown(there.values.get("rate_strict", ""))
        yield Change(code, there.name, what, **{"before": "", "after": "", key: told})
        return
    for what, value in new.values.items():
        if value != old.values[what]:
            yield Change(code, new.name, what, _shown(old.values[what]), _shown(value))


def _shown(value: str) -> str:
    """A rate with six digits; anything else as it is."""
    return decimal(Fraction(value)) or "" if "/" in value else value
