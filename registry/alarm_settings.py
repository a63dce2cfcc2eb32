"""`[alarms]` of `centre.toml`: when a state rings, and what becomes of an alarm that nobody answers."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from service.settings import Fault

Seconds = Annotated[int, msgspec.Meta(gt=0)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=2)]


class AlarmSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The life of alarms, DESIGN section 5 and ISA-18.2."""

    silence_raise_after_s: Annotated[
        NotNegative,
        msgspec.Meta(description="offline and power_cut stand so long before they ring: area events first"),
    ] = 900
    grace_s: Annotated[
        NotNegative,
        msgspec.Meta(description="silence rings only when the centre has heard for so long without a break"),
    ] = 600
    acknowledge_within_s: Annotated[
        Seconds, msgspec.Meta(description="an alarm above low that nobody acknowledges so long is escalated")
    ] = 7_200
    long_after_s: Annotated[
        Seconds, msgspec.Meta(description="one that lasts so long is escalated and is followed up")
    ] = 86_400
    very_long_after_s: Annotated[
        Seconds, msgspec.Meta(description="one that lasts so long is escalated to the last level")
    ] = 259_200
    follow_up_days: Annotated[
        int, msgspec.Meta(gt=0, description="the O&M company has so many days to mend what is on the list")
    ] = 3
    area_window_s: Annotated[
        Seconds, msgspec.Meta(description="stations that fall silent within this belong together")
    ] = 900
    county_share: Annotated[Share, msgspec.Meta(description="of a county's stations: an area event")] = 0.3
    county_least: Annotated[Count, msgspec.Meta(description="and at least so many")] = 5
    town_share: Annotated[Share, msgspec.Meta(description="of a town's stations: an area event")] = 0.6
    town_least: Annotated[Count, msgspec.Meta(description="and at least so many")] = 3
    large_m3_per_day: Annotated[
        float, msgspec.Meta(gt=0, description="a stop of such a station that lasts is of high severity")
    ] = 100.0
    protected_tags: Annotated[
        list[str], msgspec.Meta(description="likewise of a station with one of these tags")
    ] = msgspec.field(default_factory=lambda: ["南水北调保护区"])

    def faults(self) -> Iterable[Fault]:
        """Name what does not fit together."""
        if self.very_long_after_s <= self.long_after_s:
            yield Fault(
                "alarms.very_long_after_s", "must be longer than long_after_s", self.very_long_after_s,
                "Write for example very_long_after_s = 259200.",
            )  # fmt: skip
