"""From counts of what was heard to remarks that an installer can act on. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from edge_agent.commissioning.findings import FoundUnit, LineSettings, Remark
from edge_agent.commissioning.tally import Tally

Tallies = Mapping[LineSettings, Tally]

SLOW_S = 0.4
"""A unit that takes longer needs a `timeout_s` above the usual half second."""
_ECHO_SHARE = 0.8
_MOST_TRAILS = 3
_AGAIN = 3
"""As often as an id that answers garbage is asked."""


def echoes(tallies: Tallies) -> bool:
    """Whether the adapter repeats what it sends: nearly all that was heard began with the question."""
    echoed, plain = _echoed(tallies), sum(each.plain for each in tallies.values())
    return echoed > 0 and echoed >= _ECHO_SHARE * (echoed + plain)


def trails(tallies: Tallies, units: Sequence[FoundUnit]) -> list[tuple[LineSettings, int]]:
    """Ids that answer garbage whenever they are asked, and are found nowhere: perhaps in another parity.

    Where many do, it is the line.
    """
    found = {unit.unit_id for unit in units}
    return [
        (line, unit_id)
        for line, tally in tallies.items()
        if len(tally.garbled) <= _MOST_TRAILS
        for unit_id, times in tally.garbled.items()
        if times >= _AGAIN and unit_id not in found and not tally.answered[unit_id]
    ]


def diagnose(tallies: Tallies, units: Sequence[FoundUnit]) -> tuple[Remark, ...]:
    """What is wrong with the line, or worth knowing, the most important first."""
    remarks: list[Remark] = []
    if echoes(tallies):
        remarks.append(Remark("echo", times=_echoed(tallies)))
    remarks += _duplicates(tallies, units)
    remarks += (
        Remark("dlt645", line, times=times, detail=address)
        for line, tally in tallies.items()
        for address, times in tally.addresses.items()
    )
    remarks += (
        Remark("foreign_master", line, times=tally.foreign)
        for line, tally in tallies.items()
        if tally.foreign
    )
    remarks += _junk(tallies, units, {each.unit_id for each in remarks if each.code == "duplicate"})
    remarks += (
        Remark("slow", unit.line, unit.unit_id, detail=f"{unit.delay_s:.2f}")
        for unit in units
        if unit.delay_s > SLOW_S
    )
    if tallies and not units and all(tally.is_silent for tally in tallies.values()):
        remarks.append(Remark("silence", times=sum(tally.asked for tally in tallies.values())))
    return tuple(remarks)


def _echoed(tallies: Tallies) -> int:
    return sum(each.echoed for each in tallies.values())


def _duplicates(tallies: Tallies, units: Sequence[FoundUnit]) -> Iterator[Remark]:
    """Ids that several meters share.

    Either two whole answers came to one question, or one id alone is garbled every time where the rest is
    clean; a meter of another setting that is found in its own gives garbage too, and is none.
    """
    told = set()
    for unit_id, times in Counter(unit.unit_id for unit in units).items():
        if times > 1:
            told.add(unit_id)
            yield Remark("duplicate", unit_id=unit_id, times=times)
    found = {(unit.line, unit.unit_id) for unit in units}
    elsewhere = {unit.unit_id for unit in units}
    for line, tally in tallies.items():
        doubled = set(tally.doubled)
        alone = _alone(tally)
        if alone is not None and ((line, alone) in found or alone not in elsewhere):
            doubled.add(alone)
        for unit_id in sorted(doubled - told):
            told.add(unit_id)
            times = tally.doubled[unit_id] + tally.garbled[unit_id]
            yield Remark("duplicate", line, unit_id, times)


def _alone(tally: Tally) -> int | None:
    """The one id that is garbled every time; the end of its garbage may be heard once more after it."""
    often = [unit_id for unit_id, times in tally.garbled.items() if times >= _AGAIN]
    if len(often) != 1 or tally.junk - tally.garbled[often[0]] > 1:
        return None
    were_others_asked = tally.asked > tally.garbled[often[0]]
    return often[0] if were_others_asked else None


def _junk(tallies: Tallies, units: Sequence[FoundUnit], explained: set[int | None]) -> Iterator[Remark]:
    """Octets without a frame: beside good answers they are noise, without any the line itself is wrong.

    Who answered once, but not when asked again patiently, is noise, too. Where others are found, a setting
    that brought garbage only is nothing to tell: meters answer so to a question in the wrong speed.
    """
    found = {(unit.line, unit.unit_id) for unit in units}
    elsewhere = {unit.unit_id for unit in units}
    times = {
        line: tally.unasked
        + sum(
            count
            for unit_id, count in tally.garbled.items()
            if unit_id not in explained and ((line, unit_id) in found or unit_id not in elsewhere)
        )
        for line, tally in tallies.items()
        if not tally.addresses and _alone(tally) not in explained - {None}
    }
    junk = {line: count for line, count in times.items() if count}
    if not units:
        yield from (
            Remark("noise", line, unit_id, times)
            for line, tally in tallies.items()
            for unit_id, times in tally.answered.items()
            if unit_id not in explained
        )
        if any(tally.addresses or tally.foreign for tally in tallies.values()):
            return
        swept = {line for line, tally in tallies.items() if tally.asked >= _AGAIN}
        if len(junk) > 1 and swept <= junk.keys():
            yield Remark("no_frames", times=sum(junk.values()))
        else:
            yield from (Remark("no_frames", line, times=count) for line, count in junk.items())
        return
    lines = {unit.line for unit in units}
    yield from (Remark("noise", line, times=count) for line, count in junk.items() if line in lines)
