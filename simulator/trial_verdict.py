"""What energy and effluent of a day say by the rule of the operating rate (DESIGN section 6). Pure."""

from typing import NamedTuple

from simulator.trial_plants import WITHOUT_BLOWER
from simulator.trial_station import TrialStation
from simulator.trial_truth import LOW_SHARE

_FLOOR_SHARE = 0.05
_UNLEARNT_FLOOR_KWH = 0.5
_EFFLUENT_SHARE = 0.02
_LOW_EFFLUENT_SHARE = 0.5
MARGINS = (0.85, 1.0, 1.15)
"""A verdict is clear if it holds with all limits so much lower and higher."""


class Use(NamedTuple):
    """What the motors used and what was let go, per day."""

    motor_kwh: float
    volume_m3: float


class Limits(NamedTuple):
    """What a day is held against.

    Attributes:
        usual: of the station.
        margin: factor on all limits.
        is_floor_learnt: the stop floor is a part of the usual, else it is not less than 0.5 kWh.
    """

    usual: Use
    margin: float = 1.0
    is_floor_learnt: bool = True

    @property
    def low_kwh(self) -> float:
        """Energy below which the load is low."""
        return self.margin * LOW_SHARE * self.usual.motor_kwh

    @property
    def floor_kwh(self) -> float:
        """Energy below which nothing is treated."""
        share_kwh = self.margin * _FLOOR_SHARE * self.usual.motor_kwh
        return share_kwh if self.is_floor_learnt else max(share_kwh, min(_UNLEARNT_FLOOR_KWH, self.low_kwh))


def all_limits(*usuals: Use) -> list[Limits]:
    """All that a clear verdict holds with."""
    return [
        Limits(usual, margin, is_floor_learnt)
        for usual in usuals
        for margin in MARGINS
        for is_floor_learnt in (True, False)
    ]


def verdict(station: TrialStation, use: Use, limits: Limits, *, idles: bool) -> str:
    """The verdict on a day.

    Args:
        station: whose day.
        use: of the day.
        limits: what it is held against.
        idles: no effluent for longer than the idling limit, at the day's end.
    """
    has_flow = "flow" in station.box.meters
    effluent = use.volume_m3 / (limits.margin * limits.usual.volume_m3)
    if "power" not in station.box.meters:
        return "running" if effluent > _EFFLUENT_SHARE else "stopped"
    if station.plant.process in WITHOUT_BLOWER and has_flow and effluent > _EFFLUENT_SHARE:
        return "running"
    if use.motor_kwh <= limits.floor_kwh:
        return "stopped"
    if use.motor_kwh < limits.low_kwh:
        return "stopped" if has_flow and effluent > _LOW_EFFLUENT_SHARE else "running"
    return "stopped" if idles else "running"
