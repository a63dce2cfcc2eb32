"""The parts of a large city's further stations: drawn by chance from what village stations are like."""

from simulator.cast import BEFORE_LAST, LAST, Moment, Role, Since, Span
from simulator.chance import fraction
from simulator.places import COUNTIES, OUTAGE_TOWN

TROUBLED_SHARE = 0.06
_SITES = tuple(
    (county.code, town)
    for county in COUNTIES.values()
    for town, name in enumerate(county.towns)
    if (county.code, name) != OUTAGE_TOWN and name != "演示镇"
)
_VILLAGE_PROCESSES = ("A2O", "A2O", "A2O", "AO", "AO", "contact_oxidation", "contact_oxidation", "SBR", "MBR")
_EXTENSIVE_PROCESSES = ("biofilter", "wetland", "pond")
_DESIGNS_M3_PER_DAY = (10, 12, 15, 20, 20, 25, 30, 30, 40, 50, 60, 80, 100)
_WORKS_M3_PER_DAY = (200, 300, 500)
_WORKS_SHARE = 0.04
_EXTENSIVE_SHARE = 0.12
_EXTENSIVE_M3_PER_DAY = (40, 60, 80, 100)
"""Below these a wetland's lift pump hardly differs from nothing."""
_TROUBLES: tuple[Span | Since, ...] = (
    Span("stop", Moment(BEFORE_LAST, 6, 17), Moment(BEFORE_LAST, 14, 8)),
    Span("stop", Moment(LAST, 9, 12), Moment(LAST, 17, 9)),
    Span("stop", Moment(LAST, 18, 20), Moment(LAST, 25, 7)),
    Since("stop", 30, (23.5, 10.0)),
    Since("box_dead", 3, (14.5, 21.5)),
    Span("stop", Moment(BEFORE_LAST, 15, 15), Moment(BEFORE_LAST, 26, 11)),
)


def further_role(number: int) -> Role:
    """Draw the part of a station beyond the cast; each number has its own, whatever the city's size."""

    def draw(what: str) -> float:
        return fraction(number, "crowd", what)

    if draw("kind") < _WORKS_SHARE:
        process, design_m3_per_day = "A2O", _WORKS_M3_PER_DAY[int(draw("design") * len(_WORKS_M3_PER_DAY))]
    elif draw("kind") < _WORKS_SHARE + _EXTENSIVE_SHARE:
        process = _EXTENSIVE_PROCESSES[int(draw("process") * len(_EXTENSIVE_PROCESSES))]
        design_m3_per_day = _EXTENSIVE_M3_PER_DAY[int(draw("design") * len(_EXTENSIVE_M3_PER_DAY))]
    else:
        process = _VILLAGE_PROCESSES[int(draw("process") * len(_VILLAGE_PROCESSES))]
        design_m3_per_day = _DESIGNS_M3_PER_DAY[int(draw("design") * len(_DESIGNS_M3_PER_DAY))]
    is_troubled = draw("trouble") < TROUBLED_SHARE
    trouble = _TROUBLES[int(draw("which") * len(_TROUBLES))]
    county, town = _SITES[int(draw("site") * len(_SITES))]
    load = round(0.4 + 0.35 * draw("load"), 2)
    return Role(county, town, process, design_m3_per_day, load, (trouble,) if is_troubled else ())
