"""Profile files: found by name, read, and refused with everything that is wrong in them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from edge_agent.profile import Cell, Parameter, Profile, Value
from service.settings import Fault, SettingsError, load
from telemetry.quantities import NAMES_BY_KIND

SHIPPED = Path(__file__).parent / "profiles"

ADDRESSES = 0x10000


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Read a profile by name, the installer's own folder before the shipped one.

    Raises:
        SettingsError: there is none of that name, or it is wrong.
    """
    for place in (folder, SHIPPED):
        if place is not None and name in _names_in(place):
            return load(place / f"{name}.toml", Profile, lambda profile: _faults(profile, name))
    fault = Fault(name, "there is no such profile", remedy=f"Known are {', '.join(profile_names(folder))}.")
    raise SettingsError("profiles", [fault])


def profile_names(folder: Path | None = None) -> list[str]:
    """The names of all profiles there are."""
    return sorted({name for place in (folder, SHIPPED) if place is not None for name in _names_in(place)})


def _names_in(folder: Path) -> set[str]:
    """The names of a folder's profiles; none of a folder that cannot be looked into."""
    try:
        return {path.stem for path in folder.glob("*.toml")} if folder.is_dir() else set()
    except OSError:
        return set()


def factors(profile: Profile, given: Mapping[str, float | str], path: str) -> dict[str, float]:
    """Turn an installer's answers into factors.

    Raises:
        SettingsError: an answer is missing, unknown or of the wrong kind; `path` says where.
    """
    faults = [
        Fault(f"{path}.{key}", f"profile {profile.name} has no such parameter", remedy=_known(profile))
        for key in given
        if key not in profile.parameters
    ]
    found: dict[str, float] = {}
    for key, parameter in profile.parameters.items():
        factor = parameter.factor(given.get(key))
        if factor is not None:
            found[key] = factor
            continue
        faults.append(Fault(f"{path}.{key}", _rule(parameter), given.get(key), f"It is {parameter.help}."))
    if faults:
        raise SettingsError("", faults)
    return found


def _rule(parameter: Parameter) -> str:
    words = ", ".join(parameter.choices)
    return f"must be one of {words}" if words else "must be a number above 0"


def _known(profile: Profile) -> str:
    return f"It knows {', '.join(profile.parameters)}." if profile.parameters else "It asks for none."


def _faults(profile: Profile, name: str) -> Iterable[Fault]:
    if profile.name != name:
        yield Fault("name", "must be the file's name", profile.name, f'Write name = "{name}".')
    if not profile.quantity:
        yield Fault("quantity", "needs at least one", remedy="Add a [quantity.…] table.")
    for key, parameter in profile.parameters.items():
        if parameter.default is not None and parameter.factor(None) is None:
            rule = (
                f"must be one of {', '.join(parameter.choices)}" if parameter.choices else "must be above 0"
            )
            yield Fault(f"parameters.{key}.default", rule, parameter.default)
    for key, value in profile.quantity.items():
        yield from _quantity_faults(profile, key, value)
    for key, bounds in profile.probe.items():
        yield from _quantity_name_faults(profile, key, f"probe.{key}")
        yield from _bounds_faults(bounds, f"probe.{key}")
    for number, each in enumerate(profile.identity):
        yield from _place_faults([each], f"identity[{number}]", profile.request.max_registers)
    yield from _alarm_faults(profile)


def _quantity_faults(profile: Profile, key: str, value: Value) -> Iterable[Fault]:
    path = f"quantity.{key}"
    if key not in NAMES_BY_KIND[profile.kind]:
        known = ", ".join(NAMES_BY_KIND[profile.kind])
        yield Fault(path, f"no quantity of a {profile.kind} meter", remedy=f"Known are {known}.")
    if (value.address is None) == (not value.part):
        yield Fault(path, "needs either an address or parts", remedy="Give one of the two.")
        return
    yield from _bounds_faults(value.plausible, f"{path}.plausible")
    for word in value.times:
        if word not in profile.parameters:
            yield Fault(f"{path}.times", "names a parameter that is not there", word)
    yield from _place_faults(value.parts, path, profile.request.max_registers)
    if value.unit is not None:
        yield from _place_faults([value.unit], f"{path}.unit", profile.request.max_registers)
        for code in value.unit.table:
            if not code.isdecimal():
                yield Fault(f"{path}.unit.table", "keys must be whole numbers, the register's codes", code)


def _alarm_faults(profile: Profile) -> Iterable[Fault]:
    for key, alarm in profile.alarm.items():
        path = f"alarm.{key}"
        if [alarm.bits is not None, bool(alarm.values), bool(alarm.ok)].count(True) != 1:
            yield Fault(path, "needs one of bits, values and ok", remedy="Say which contents are the alarm.")
        if alarm.type not in ("u16", "u32"):
            yield Fault(f"{path}.type", 'must be "u16" or "u32"', alarm.type)
        for name in alarm.spoils:
            yield from _quantity_name_faults(profile, name, f"{path}.spoils")
        yield from _place_faults([alarm], path, profile.request.max_registers)


def _quantity_name_faults(profile: Profile, name: str, path: str) -> Iterable[Fault]:
    if name not in profile.quantity:
        known = ", ".join(profile.quantity)
        yield Fault(path, "names a quantity that this profile does not have", name, f"It has {known}.")


def _bounds_faults(bounds: tuple[float, float], path: str) -> Iterable[Fault]:
    low, high = bounds
    if not low < high:
        yield Fault(path, "must be [low, high]", list(bounds))


def _place_faults(cells: Iterable[Cell], path: str, max_registers: int) -> Iterable[Fault]:
    """Complain about cells that no request can fetch together."""
    first = min(cell.address for cell in cells)
    end = max(cell.end for cell in cells)
    if end > ADDRESSES:
        yield Fault(path, f"must end at address {ADDRESSES - 1}", end - 1)
    if end - first > max_registers:
        yield Fault(path, f"must fit into one request of {max_registers} registers", end - first)
