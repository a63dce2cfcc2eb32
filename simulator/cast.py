"""The script of the invented city: the first forty stations in order, and what befalls each of them.

Data only. Days are those of the two finished months, `BEFORE_LAST` and `LAST`, or hours before the demo
began. The order serves small cities: with three stations both months have one that is not normal. Stops
begin and end at hours that leave no doubt about the day: neither does the energy of the first or last day
lie near a limit, nor the length of an outage.
"""

from typing import NamedTuple

from simulator.city_station import EventKind, StopReason
from telemetry.quantities import Kind

BEFORE_LAST, LAST = -2, -1
"""The two finished months, counted from the running one."""


class Moment(NamedTuple):
    """A clock time of a finished month; days up to 28 exist in all of them."""

    month: int
    day: int
    hour: float = 0.0


class Span(NamedTuple):
    """Something that began and ended in the past; an end of None goes on."""

    kind: EventKind
    start: Moment
    end: Moment | None


class Since(NamedTuple):
    """Something that goes on since about so many hours before the demo began.

    Attributes:
        kind: what.
        hours: at least so many.
        barred: clock hours, from and to, at which it must not begin; it then begins at the first of them.
    """

    kind: EventKind
    hours: float
    barred: tuple[float, float]


class Approved(NamedTuple):
    """An approved stop of some days of a month; entered on a day of that month or another one."""

    reason: StopReason
    month: int
    first_day: int
    last_day: int
    entered: Moment


class Role(NamedTuple):
    """A station's part.

    Attributes:
        county: GB/T 2260 code.
        town: its place in the county's list.
        process: one of the contract's.
        design_m3_per_day: design scale.
        load: part of it that flows in, on average.
        happenings: what befalls it.
        approved: its exclusions.
        meters: what its box reads.
        connected: first day with a box; None: from the beginning of the past.
        is_connected: it has a box at all.
        to_sewer: day on which it was connected to the sewer, if it was.
    """

    county: str
    town: int
    process: str
    design_m3_per_day: float
    load: float
    happenings: tuple[Span | Since, ...] = ()
    approved: tuple[Approved, ...] = ()
    meters: tuple[Kind, ...] = ("power", "flow")
    connected: Moment | None = None
    is_connected: bool = True
    to_sewer: Moment | None = None


_MORNING_UNCLEAR = (23.5, 5.0)
"""A stop that begins then leaves the day's energy near the stop floor."""
_EVENING_UNCLEAR = (14.5, 21.5)
"""A silence that begins then leaves a day with about 18 valid hours."""


def _before(day: int, hour: float = 0.0) -> Moment:
    return Moment(BEFORE_LAST, day, hour)


def _last(day: int, hour: float = 0.0) -> Moment:
    return Moment(LAST, day, hour)


_OUTAGE = Span("power_cut", _last(14, 9.75), _last(14, 15.75))

LIVE = (
    Role("410882", 0, "A2O", 20, 0.86),
    Role("410882", 0, "contact_oxidation", 30, 0.87),
)
LIVE_POPULATIONS = (250, 380)

ROLES = (
    Role(
        *("410883", 0, "contact_oxidation", 30, 0.55),
        (
            Span("stop", _before(8, 16), _before(16, 9.5)),
            Span("stop", _last(12, 11), _last(19, 7)),
        ),
    ),
    Role("410823", 1, "A2O", 50, 0.6, (Since("stop", 55, (23.5, 10.0)),)),
    Role("410825", 0, "AO", 40, 0.5),
    Role("410822", 0, "MBR", 20, 0.55, (Since("stop", 9, _MORNING_UNCLEAR),)),
    Role("410821", 0, "A2O", 60, 0.5, (Since("idle", 62, (20.0, 9.0)),)),
    Role("410882", 1, "A2O", 300, 0.65),
    Role("410825", 1, "SBR", 30, 0.5, (Span("under_powered", _last(11), _last(17)),)),
    Role("410883", 1, "contact_oxidation", 40, 0.6, (Since("low_load", 192, (0.0, 0.0)),)),
    Role("410804", 0, "AO", 16, 0.5, (Since("box_dead", 5, _EVENING_UNCLEAR),)),
    Role(
        *("410802", 0, "biofilter", 25, 0.5),
        (Span("stop", _before(9, 8.5), _before(14, 16.5)),),
        (Approved("maintenance", BEFORE_LAST, 9, 14, _before(6)),),
    ),
    Role(
        *("410811", 0, "A2O", 30, 0.7),
        (Span("stop", _last(5, 8.25), _last(10, 17)),),
        (Approved("maintenance", LAST, 5, 10, _last(2)),),
    ),
    Role("410823", 1, "MBR", 10, 0.5, (Span("stop", _before(4, 13.25), _before(14, 8)),)),
    Role("410803", 0, "contact_oxidation", 20, 0.45),
    Role(
        *("410822", 1, "A2O", 15, 0.6),
        (
            Span("stop", _last(4, 14), _last(7, 10)),
            Span("stop", _last(10, 20), _last(14, 6)),
            Span("stop", _last(19, 13), _last(22, 11)),
        ),
    ),
    Role("410821", 1, "AO", 35, 0.55, (Span("mast_down", _before(20, 6.25), _before(24, 15.75)),)),
    Role("410882", 2, "contact_oxidation", 45, 0.5, (Span("idle", _before(17, 11), _before(25, 13)),)),
    Role("410871", 0, "A2O", 25, 0.5, is_connected=False),
    Role("410821", 1, "wetland", 40, 0.6, meters=("flow",)),
    Role("410825", 0, "biofilter", 30, 0.55, (Since("bypass", 24, (23.5, 11.0)),)),
    Role("410823", 0, "A2O", 20, 0.5, (_OUTAGE,)),
    Role("410823", 0, "contact_oxidation", 12, 0.5, (_OUTAGE,)),
    Role("410823", 0, "SBR", 25, 0.55, (_OUTAGE,)),
    Role("410823", 0, "MBR", 50, 0.7, (_OUTAGE,)),
    Role(
        *("410883", 0, "AO", 18, 0.5),
        (
            Span("stop", _before(5, 15), _before(8, 9)),
            Span("stop", _before(13, 12), _before(16, 8)),
            Span("stop", _before(21, 18), _before(24, 7)),
        ),
    ),
    Role("410882", 1, "A2O", 80, 0.55, (Span("box_dead", _last(6, 22.25), _last(18, 3)),)),
    Role("410804", 0, "contact_oxidation", 22, 0.5, (Span("box_dead", _last(0, 22.5), None),)),
    Role(
        *("410822", 0, "pond", 60, 0.5),
        (Span("stop", _before(18, 7), _before(25, 18)),),
        (Approved("season", BEFORE_LAST, 18, 25, _before(12)),),
    ),
    Role(
        *("410825", 1, "wetland", 100, 0.5),
        (Span("stop", _last(16, 7.5), _last(24, 17)),),
        (Approved("season", LAST, 16, 24, _last(9)),),
    ),
    Role("410811", 0, "A2O", 200, 0.6, (Since("power_meter_mute", 7, _EVENING_UNCLEAR),)),
    Role("410803", 0, "biofilter", 30, 0.5, meters=("power",)),
    Role("410883", 1, "contact_oxidation", 16, 0.5, is_connected=False),
    Role("410871", 0, "AO", 45, 0.5, connected=_last(16)),
    Role("410802", 0, "A2O", 12, 0.4, to_sewer=_last(16)),
    Role(
        *("410882", 2, "SBR", 24, 0.5),
        (Span("stop", _before(19, 14), _before(26, 9)),),
        (Approved("maintenance", BEFORE_LAST, 19, 26, _last(13)),),  # closed on the 10th: too late
    ),
    Role("410871", 0, "A2O", 30, 0.5, (Span("stop", _last(7, 22), _last(20, 5.75)),)),
    Role("410822", 1, "contact_oxidation", 55, 0.6, (Span("stop", _last(15, 17), _last(21, 8.25)),)),
    Role("410883", 0, "A2O", 500, 0.55),
    Role(
        *("410811", 0, "MBR", 6, 0.6),
        (
            Span("stop", _before(11, 13), _before(13, 10)),
            Span("stop", _last(22, 12), _last(24, 9)),
        ),
    ),
)
