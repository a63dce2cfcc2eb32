"""Who is in the month: invented stations, and what befalls each of them. Pure; the same seed, the same month.

Plants, meters and truth are those of the trial sets of the simulator, which know nothing of detection.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from simulator.trial_kinds import KINDS
from simulator.trial_plants import box, plant
from simulator.trial_script import Script
from simulator.trial_station import Approved, TrialStation
from simulator.trial_time import DAY_S, HOUR_S, Window, chance_of, civil, midnight

MONTH = date(2026, 9, 1)
_TOWNS = {
    "410821": ("虚构甲镇", "虚构乙镇"),
    "410823": ("虚构丙镇", "虚构丁镇"),
    "410882": ("虚构戊镇", "虚构己镇"),
}
DARK_TOWN = ("410825", "虚构暗镇")
"""Its stations lose their power together."""
_SHARES = {
    "ordinary": 24, "stop": 20, "slow_death": 5, "idling": 5, "town_cut": 6, "link": 9, "link_and_stop": 9,
    "power_mute": 4, "frozen": 4, "reset": 4, "exchange": 4, "planned": 4, "storm": 2,
}  # fmt: skip
"""Stations of each kind in a hundred."""
SMALL = ("stop", "link_and_stop", "idling", "reset", "exchange", "planned", "ordinary", "frozen", "link")
"""Of a small cast, the kinds in their order."""


@dataclass(frozen=True)
class Cast:
    """A month and who is in it.

    Attributes:
        window: of everything, the days that only teach what is usual included.
        first: first day that counts.
        days: so many count.
        stations: all that measure.
        clockless: ids of those whose boxes wake in 1970 and have their time from the centre alone.
        late: the id of one that sends from the beginning and is imported late; empty if there is none.
        seed: of everything that is left to chance.
    """

    window: Window
    first: date
    days: int
    stations: tuple[TrialStation, ...]
    clockless: frozenset[str]
    late: str
    seed: int

    @property
    def first_s(self) -> int:
        """The midnight that begins the month, seconds since the epoch."""
        return midnight(self.first)

    @property
    def end_s(self) -> int:
        """The midnight after its last day."""
        return self.first_s + self.days * DAY_S


def month_cast(stations: int, days: int, learning_days: int, seed: int) -> Cast:
    """So many stations and days; the month begins on the 1st, the learning before it."""
    window = Window(midnight(MONTH - timedelta(days=learning_days)), learning_days + days + 1)
    cut_s = midnight(MONTH) + (0.55 * days) * DAY_S
    made = tuple(
        _station(number, kind, window, days, (cut_s, cut_s + min(7, 6 * days) * HOUR_S), seed)
        for number, kind in enumerate(_kinds(stations))
    )
    return Cast(
        window=window,
        first=MONTH,
        days=days,
        stations=made,
        clockless=frozenset(each.id for each in made[3::10]),
        late=made[-1].id if stations > len(SMALL) else "",
        seed=seed,
    )


def _kinds(stations: int) -> list[str]:
    if stations <= len(SMALL):
        return list(SMALL[:stations])
    total = sum(_SHARES.values())
    kinds = [kind for kind, share in _SHARES.items() for _ in range(round(share * stations / total))]
    return [*kinds[:stations], *["ordinary"] * (stations - len(kinds))]


def _station(
    number: int, name: str, window: Window, days: int, cut: tuple[float, float], seed: int
) -> TrialStation:
    kind, chance = KINDS[name], chance_of(seed, "month", number)
    is_dark = name == "town_cut"
    county = DARK_TOWN[0] if is_dark else sorted(_TOWNS)[number % 3]
    town = DARK_TOWN[1] if is_dark else _TOWNS[county][number // 3 % 2]
    drawn = replace(plant(chance, has_blower=kind.blower), week_end=1.0)
    both = ("power", "flow") if kind.both or chance.random() < 0.7 else None
    read_by = box(chance, drawn, meters=both, often=True)
    sampling_s = {7: 900, 17: 60}.get(number % 20, 300)
    read_by = replace(
        read_by, sampling_s=sampling_s, offset_s=chance.uniform(0, sampling_s - 10), jitter_s=3.0,
        momentary=read_by.momentary or name == "frozen",
    )  # fmt: skip
    begins_s = midnight(MONTH)
    script = Script(Window(begins_s, days), chance)
    kind.script(script)
    approved: tuple[Approved, ...] = ()
    if is_dark:
        script.lay("cut", *cut)
    if name == "planned":
        approved = _planned(script, days)
    happenings = [each for each in script.happenings if each.end_s <= begins_s + days * DAY_S]
    return TrialStation(
        id=f"{county}-{number + 1:04}",
        county=county,
        town=town,
        kind=name,
        columns=(drawn.process, f"{drawn.design_m3_per_day:g}", "", civil(window.start_s).date().isoformat()),
        begins_s=float(window.start_s),
        plant=drawn,
        box=read_by,
        happenings=tuple(sorted(happenings, key=lambda each: each.start_s)),
        approved=approved,
    )


def _planned(script: Script, days: int) -> tuple[Approved, ...]:
    """A stop that was applied for before it began, its days whole."""
    stop = script.add("stop", min(60 * HOUR_S, days * DAY_S / 3))
    if stop is None:
        return ()
    first, last = civil(stop.start_s).date(), civil(stop.end_s).date()
    return (Approved(first, last, max(MONTH, first - timedelta(days=1))),)
