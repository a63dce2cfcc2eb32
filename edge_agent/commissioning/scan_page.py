"""What a scan found, as a page for a small terminal and as data for machines. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from edge_agent.commissioning import wiring_words
from edge_agent.commissioning.findings import FoundUnit, Remark, Scan
from edge_agent.commissioning.recognise import SURE_POINTS
from edge_agent.commissioning.scan_words import WORDS, Words
from edge_agent.language import Language
from edge_agent.terminal import GREEN, PLAIN, YELLOW, printable, table, wrapped
from telemetry.quantities import BY_NAME

MOST_ALTERNATIVES = 3
WIDTH = 76
_DIGITS: dict[str, int] = {"V": 1, "Hz": 1, "kW": 2, "kWh": 1, "m³/h": 2, "m": 3, "m³": 2}
_SHOWN = ("frequency_hz", "active_power_kw", "energy_kwh", "flow_m3h", "level_m", "volume_m3")
_VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")


def page(scan: Scan, language: Language, *, colours: bool) -> str:
    """All that a scan found, what to do about its remarks, and the wiring where it is the likely cause."""
    words = WORDS[language]
    lines = [_headline(scan, words, colours=colours)]
    lines += _units(sorted(scan.units, key=lambda each: (each.unit_id, each.line)), words)
    alike: defaultdict[tuple[object, ...], list[Remark]] = defaultdict(list)
    for remark in scan.remarks:
        alike[remark.code, remark.unit_id, remark.detail].append(remark)
    for remarks in alike.values():
        lines += _remark(remarks, words, colours=colours)
    if not scan.units or any(remark.code in wiring_words.WIRED for remark in scan.remarks):
        lines += ["", *_wiring(language)]
    return "\n".join(lines)


def told(unit: FoundUnit, language: Language) -> str:
    """One line for a unit as soon as it is found."""
    words = WORDS[language]
    said = words.told if unit.candidates else words.told_unknown
    what = words.comma.join(_titles(unit, words))
    return printable(said.format(line=unit.line, unit=unit.unit_id, what=what))


def figures(values: Mapping[str, float]) -> str:
    """What tells most of a meter's values, with their units: `230.1 V  50.0 Hz  1.84 kW  8,412.6 kWh`."""
    voltage = next((name for name in _VOLTAGES if values.get(name)), None)
    names = [*([voltage] if voltage else []), *(name for name in _SHOWN if name in values)]
    return "  ".join(_figure(name, values[name]) for name in names)


def scan_json(scan: Scan) -> dict[str, object]:
    """The same for machines; times in seconds, values in the units of `telemetry.quantities`."""
    return {
        "port": scan.port,
        "echo": scan.echo,
        "took_s": round(scan.took_s, 1),
        "asked": scan.asked,
        "lines": [str(line) for line in scan.lines],
        "units": [_unit_json(unit) for unit in scan.units],
        "remarks": [
            {**remark._asdict(), "line": str(remark.line) if remark.line else None} for remark in scan.remarks
        ],
    }


def _unit_json(unit: FoundUnit) -> dict[str, object]:
    return {
        "unit_id": unit.unit_id,
        **unit.line._asdict(),
        "delay_s": round(unit.delay_s, 3),
        "candidates": [
            {**each._asdict(), "evidence": list(each.evidence), "values": dict(each.values)}
            for each in unit.candidates
        ],
    }


def _headline(scan: Scan, words: Words, *, colours: bool) -> str:
    number = len(scan.units)
    said = words.found_none if not number else words.found_one if number == 1 else words.found
    text = said.format(port=printable(scan.port), number=number, seconds=f"{scan.took_s:.0f}")
    return f"{GREEN if number else YELLOW}{text}{PLAIN}" if colours else text


def _units(units: Sequence[FoundUnit], words: Words) -> Iterator[str]:
    """Where each answers and what it may be, in columns; under each what it shows, and why it is that."""
    rows, under = [], {}
    for unit in units:
        first, *others = _titles(unit, words) or [words.no_profile]
        rows.append((words.unit.format(unit=unit.unit_id), str(unit.line), first))
        rows += [("", "", other) for other in others]
        under[len(rows) - 1] = list(_best(unit, words))
    for place, line in enumerate(table(rows, indent="  ")):
        yield from wrapped(line, WIDTH, hanging="      ")
        yield from under.get(place, [])


def _best(unit: FoundUnit, words: Words) -> Iterator[str]:
    if unit.candidates:
        best = unit.candidates[0]
        evidence = words.comma.join(words.evidence[each] for each in best.evidence)
        yield f"    {figures(best.values)}"
        because = words.because.format(profile=printable(best.profile), evidence=evidence)
        yield from wrapped(f"    {because}", WIDTH, hanging="    ")


def _titles(unit: FoundUnit, words: Words) -> list[str]:
    """What a unit may be; equals are all named, what is behind them a few."""
    titles = []
    for place, each in enumerate(unit.candidates[:MOST_ALTERNATIVES]):
        first = words.looks_like if each.points >= SURE_POINTS else words.perhaps
        said = words.alternative if place else first
        titles.append(said.format(title=unit.title_of(each)))
    return titles


def _remark(remarks: Sequence[Remark], words: Words, *, colours: bool) -> Iterator[str]:
    """One thing that is the matter, with all the settings where it was met, and what to do about it."""
    remark = remarks[0]
    said = words.remarks[remark.code]
    where = list(dict.fromkeys(str(each.line) for each in remarks if each.line))
    if remark.unit_id:
        where.append(words.unit.format(unit=remark.unit_id))
    times = sum(each.times for each in remarks)
    if times > 1:
        where.append(words.times.format(number=f"{times:,}"))
    place = words.place.format(list=words.comma.join(where)) if where else ""
    for line in wrapped(f"! {said.what.format(detail=printable(remark.detail))}{place}", WIDTH, hanging="  "):
        yield f"{YELLOW}{line}{PLAIN}" if colours else line
    yield from wrapped(f"  {said.remedy}", WIDTH, hanging="  ")


def _wiring(language: Language) -> Iterator[str]:
    words = wiring_words.WORDS[language]
    yield words.title
    for advice in words.advice:
        yield from wrapped(f"- {advice}", WIDTH, hanging="  ")


def _figure(name: str, value: float) -> str:
    unit = BY_NAME[name].unit
    return f"{value:,.{_DIGITS.get(unit, 2)}f} {unit}"
