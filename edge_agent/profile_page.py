"""A meter profile as a page for people, and as data for machines."""

from collections.abc import Iterable

import msgspec

from edge_agent.plan import plan_blocks
from edge_agent.profile import Alarm, ByteOrder, Cell, Profile, Value
from edge_agent.terminal import table
from telemetry.quantities import BY_NAME


def as_data(profile: Profile) -> dict[str, object]:
    """What a machine wants to know to configure a meter of this model."""
    return {
        "name": profile.name,
        "kind": profile.kind,
        "maker": profile.maker,
        "model": profile.model,
        "confidence": profile.confidence,
        "source": profile.source,
        "notes": profile.notes,
        "lines": [
            {key: each for key, each in msgspec.structs.asdict(line).items() if key != "alternative"}
            for line in profile.line.tries()
        ],
        "quantities": list(profile.quantity),
        "alarms": {key: alarm.text for key, alarm in profile.alarm.items()},
        "parameters": {
            key: {"help": each.help, "default": each.default, "choices": list(each.choices)}
            for key, each in profile.parameters.items()
        },
        "requests": [
            {"function": block.function, "address": block.address, "registers": block.size}
            for block in plan_blocks(profile)
        ],
    }


def page(profile: Profile) -> str:
    """Everything a profile holds, for a terminal."""
    factory, *others = [str(line) for line in profile.line.tries()]
    sections = [
        f"{profile.name}: {profile.maker} {profile.model} ({profile.kind}, confidence {profile.confidence})",
        "\n".join(
            table(
                [
                    ("source", profile.source),
                    ("line", factory + (f"; also {'; '.join(others)}" if others else "")),
                    ("requests", ", ".join(_request(block) for block in plan_blocks(profile))),
                ]
            )
        ),
        _section("parameters", _parameters(profile)),
        _section("quantities", [_quantity(profile, *each) for each in profile.quantity.items()]),
        _section("alarms", [_alarm(profile, *each) for each in profile.alarm.items()]),
        _section("recognised by", _recognised(profile)),
        profile.notes,
    ]
    return "\n\n".join(each for each in sections if each)


def _request(block: tuple[int, int, int]) -> str:
    function, address, size = block
    return f"FC{function:02} 0x{address:04X} x {size}"


def _parameters(profile: Profile) -> Iterable[tuple[str, ...]]:
    for key, each in profile.parameters.items():
        choices = f"; one of {', '.join(each.choices)}" if each.choices else ""
        default = "no default" if each.default is None else each.default
        yield key, f"{each.help}{choices} [{default}]"


def _quantity(profile: Profile, name: str, value: Value) -> tuple[str, ...]:
    order = profile.request.order
    cells = [_cell(part, order) + (f" x {part.factor:g}" if part.factor != 1 else "") for part in value.parts]
    factors = [f"{value.scale:g}"] if value.scale != 1 else []
    factors += ["unit at " + _cell(value.unit, order)] if value.unit else []
    factors += value.times
    low, high = value.plausible
    function = value.function or profile.request.function
    return (
        *(name, f"FC{function:02}", " + ".join(cells), "".join(f"x {each} " for each in factors).strip()),
        f"{low:g} to {high:g} {BY_NAME[name].unit}".strip(),
    )


def _alarm(profile: Profile, key: str, alarm: Alarm) -> tuple[str, ...]:
    if alarm.bits is not None:
        rule = f"bits 0x{alarm.bits:04X}"
    elif alarm.values:
        rule = "is " + " or ".join(f"0x{each:04X}" for each in alarm.values)
    else:
        rule = "is not " + " nor ".join(f"0x{each:04X}" for each in alarm.ok)
    spoils = f"spoils {', '.join(alarm.spoils)}" if alarm.spoils else ""
    return key, _cell(alarm, profile.request.order), rule, alarm.text, spoils


def _recognised(profile: Profile) -> Iterable[tuple[str, ...]]:
    for each in profile.identity:
        yield _cell(each, profile.request.order), f"is 0x{each.equals:04X}"
    for name, (low, high) in profile.probe.items():
        yield name, f"{low:g} to {high:g} {BY_NAME[name].unit}".strip()


def _cell(cell: Cell, order: ByteOrder) -> str:
    return f"0x{cell.address:04X} {cell.type} {cell.order or order}"


def _section(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = table(rows, indent="  ")
    return "\n".join([title, *lines]) if lines else ""
