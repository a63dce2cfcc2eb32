"""Which profiles fit a unit that answers: asks for what they need, and judges what it shows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from edge_agent.commissioning.findings import Candidate, Evidence
from edge_agent.commissioning.plausibility import identity_cells, judge
from edge_agent.listener import BusError
from edge_agent.meter import Line
from edge_agent.plan import Block, plan_blocks
from edge_agent.profile import Profile
from telemetry.quantities import LEVEL_BY_KIND, TOTAL_BY_KIND

LEAST_POINTS = 8
"""Less is found in too many meters: a number of some kind where a flow or a total should be."""
SURE_POINTS = 16
"""From here on it is hardly chance; below, the installer should look at the meter's plate."""
FAR_POINTS = 8
"""A candidate so far below the best is 256 times less likely, and not told."""
SECOND_LOOK_S = 1.0
"""Between two looks at a counter."""

_STEADY_POINTS, _MOVING_POINTS = 1, 4
"""Half of what moves does not fall; a counter that rises as fast as the flow or the power says is one."""
_FASTEST, _SLOWEST = 8.0, 0.3
"""How the rise may differ from what the flow says: the looks are further apart than the pause."""
_WORTH_A_LOOK = LEAST_POINTS - _MOVING_POINTS
_BUSY = (5, 6)
_BUSY_PAUSE_S = 0.2
_SILENT_BLOCKS = 2
"""A unit silent so often is silent wherever it has nothing, and is not asked a second time."""
_HOPELESS_BLOCKS = 2

ENOUGH_POINTS = 30
"""No other map fits as well by chance: nothing is asked for the rest, which is judged by what is known."""

_Outcome = Literal["known", "refused", "silent"]


class _Fit(NamedTuple):
    """A profile that nothing contradicts."""

    profile: Profile
    points: float
    evidence: tuple[Evidence, ...]
    values: dict[str, float]


def recognise(
    line: Line, unit_id: int, profiles: Sequence[Profile], *, pause: Callable[[float], None]
) -> tuple[Candidate, ...]:
    """Find the profiles that fit a unit, the likeliest first; nothing if none does.

    Args:
        line: where the unit answers, with a patient time-out.
        unit_id: the unit.
        profiles: what it may be.
        pause: waits so many seconds; once, between two looks at the counters.

    Raises:
        BusError: the port is gone. A unit that is silent or refuses only has fewer candidates.
    """
    asked = _Asked(line, unit_id, pause)
    found: list[_Fit] = []
    for profile in profiles:
        is_enough = any(fit.points >= ENOUGH_POINTS for fit in found)
        fit = _fit(asked, profile, [] if is_enough else _blocks(profile))
        found += [fit] if fit else []
    fits = _near_the_best(found, _WORTH_A_LOOK)
    counting = [fit for fit in fits if fit.values.get(TOTAL_BY_KIND[fit.profile.kind], 0.0) > 0]
    if counting:
        pause(SECOND_LOOK_S)
        again = _Asked(line, unit_id, pause)
        fits = [seen for fit in fits if (seen := _seen_again(again, fit) if fit in counting else fit)]
    return tuple(
        Candidate(
            fit.profile.name,
            f"{fit.profile.maker} {fit.profile.model}",
            fit.profile.kind,
            round(fit.points),
            fit.evidence,
            fit.values,
        )
        for fit in _near_the_best(fits, LEAST_POINTS)
    )


class _Asked:
    """What a unit was asked once, and what it said: no block is asked twice, whoever needs it."""

    def __init__(self, line: Line, unit_id: int, pause: Callable[[float], None]) -> None:
        self.registers: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._line = line
        self._unit_id = unit_id
        self._pause = pause
        self._failed: dict[Block, _Outcome] = {}

    def ask(self, block: Block) -> _Outcome:
        """Ask for a block, if it is not known yet."""
        known = self.registers[block.function]
        if all(address in known for address in range(block.address, block.end)):
            return "known"
        if block in self._failed:
            return self._failed[block]
        try:
            known.update(enumerate(self._read(block), block.address))
        except BusError as error:
            if error.why == "port_gone":
                raise
            self._failed[block] = "refused" if error.why == "device_exception" else "silent"
            return self._failed[block]
        return "known"

    def _read(self, block: Block) -> list[int]:
        """Ask once more after noise, or if the unit is busy."""
        try:
            return self._line.read(self._unit_id, *block)
        except BusError as error:
            if error.why == "port_gone" or not self._is_worth_another(error):
                raise
        return self._line.read(self._unit_id, *block)

    def _is_worth_another(self, error: BusError) -> bool:
        if error.why == "device_exception":
            if error.exception_code in _BUSY:
                self._pause(_BUSY_PAUSE_S)
            return error.exception_code in _BUSY
        silent = sum(outcome == "silent" for outcome in self._failed.values())
        return error.why != "no_response" or silent < _SILENT_BLOCKS


def _fit(asked: _Asked, profile: Profile, waiting: list[Block]) -> _Fit | None:
    """Ask for the blocks as long as it may be that profile; what was asked for others tells too."""
    refusals = 0
    while (verdict := judge(profile, asked.registers)) is not None:
        if not waiting or (refusals >= _HOPELESS_BLOCKS and not verdict.bits):
            break
        block = waiting.pop(0)
        outcome = asked.ask(block)
        if outcome == "silent":
            return None
        if outcome == "refused":
            refusals += 1
            waiting = [*_pieces(profile, block), *waiting]
    if verdict is None:
        return None
    return _Fit(profile, verdict.bits, verdict.evidence, verdict.values)


def _seen_again(again: _Asked, fit: _Fit) -> _Fit | None:
    """The same after a second look at the counter; None if it fell, and nothing but the counter tells."""
    total = TOTAL_BY_KIND[fit.profile.kind]
    profile = _only(fit.profile, [total])
    for block in plan_blocks(profile):
        again.ask(block)
    verdict = judge(profile, again.registers)
    if verdict is None or total not in verdict.values:
        return fit
    rise = verdict.values[total] - fit.values[total]
    if rise < 0:
        return fit if "identity" in fit.evidence else None
    due = abs(fit.values.get(LEVEL_BY_KIND[fit.profile.kind], 0.0)) * SECOND_LOOK_S / 3600
    moves = rise > 0 and _SLOWEST * due <= rise <= _FASTEST * due
    points = fit.points + (_MOVING_POINTS if moves else _STEADY_POINTS)
    return fit._replace(points=points, evidence=(*fit.evidence, "counter_steady"))


def _near_the_best(fits: Iterable[_Fit], least: float) -> list[_Fit]:
    """The best first, as long as they are not far behind; of equals the one named first."""
    ranked = sorted(fits, key=lambda fit: -round(fit.points))
    return [fit for fit in ranked if round(fit.points) >= max(least, round(ranked[0].points) - FAR_POINTS)]


def _blocks(profile: Profile) -> list[Block]:
    """All that a profile needs to be judged; what tells most comes first."""
    identity = plan_blocks(msgspec.structs.replace(profile, alarm={}, quantity=identity_cells(profile)), 0)
    probes = plan_blocks(_only(profile, profile.probe), max_gap=0)
    blocks = plan_blocks(profile)
    return identity + sorted(blocks, key=lambda block: not any(_holds(block, probe) for probe in probes))


def _pieces(profile: Profile, block: Block) -> list[Block]:
    """A refused block without its gaps: some meters leave out registers that their sisters have."""
    return [each for each in plan_blocks(profile, max_gap=0) if each != block and _holds(block, each)]


def _holds(block: Block, part: Block) -> bool:
    return block.function == part.function and block.address <= part.address and part.end <= block.end


def _only(profile: Profile, names: Iterable[str]) -> Profile:
    quantity = {name: profile.quantity[name] for name in names}
    return msgspec.structs.replace(profile, quantity=quantity, probe={}, identity=[], alarm={})
