"""What happens to alarms, written down: every step is an event, and some steps are to be told. Pure.

Events are only ever added. They are written together at the end: a county's outage costs few statements.
"""

from typing import Any, NamedTuple

from alerting.states import Rows
from registry.tables import Alarm, AlarmEvent


class Step(NamedTuple):
    """A step of an alarm's life.

    Attributes:
        alarm: whose.
        event: the row that says so.
        tells: it is to be told to people.
        level: to whom: 1 the desk, 2 and 3 those above.
    """

    alarm: Alarm
    event: AlarmEvent
    tells: bool
    level: int


class AlarmBook:
    """The steps of one instant."""

    def __init__(self, rows: Rows, now_ms: int) -> None:
        self.now_ms = now_ms
        self._rows = rows
        self._steps: list[Step] = []

    def open(self, alarm: Alarm) -> None:
        """Keep a new alarm."""
        self._rows.add(alarm)

    def settle(self) -> None:
        """Bring to the store what was changed, before something else takes its place."""
        self._rows.flush()

    def note(
        self,
        alarm: Alarm,
        event: str,
        *,
        actor: str = "",
        note: str = "",
        tells: bool = False,
        level: int = 1,
        **details: Any,  # noqa: ANN401 - what an event's JSON takes
    ) -> None:
        """Note a step."""
        row = AlarmEvent(at_ms=self.now_ms, event=event, actor=actor, note=note, details=details)
        self._steps.append(Step(alarm, row, tells, level))

    def write(self) -> list[Step]:
        """Write down all steps; returns those that are to be told."""
        if not self._steps:
            return []
        self._rows.flush()
        for step in self._steps:
            step.event.alarm_id = step.alarm.id
            self._rows.add(step.event)
        self._rows.flush()
        told = [step for step in self._steps if step.tells]
        self._steps.clear()
        return told
