"""What a silence hid, once late readings or counters on both sides tell it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_station import HOUR, LIMITS, LITTLE, NOW, USUAL, Q, fill, known, own, quarters

from alerting.ledger import Ledger
from alerting.silence import standstills

BEFORE, AFTER = (40, 0.5), (4, 0.5)
WET = (80, 0.8)
WITH_STANDBY = USUAL._replace(standby_kwh=1.0)
"""Its floor is 1.2 kWh a day."""


def hidden(power=(), flow=(), *, silence=(-20, -4), limits=LIMITS, levels=True, **facts):
    """The standstills in a silence, in hours before now."""
    ledger = Ledger()
    fill(ledger.power, quarters(*power), levels=levels)
    fill(ledger.flow, quarters(*flow), levels=levels)
    start_ms, end_ms = (NOW + round(hour * HOUR) for hour in silence)
    found = standstills(known(ledger=ledger, **facts), limits, start_ms, end_ms)
    return [
        (each.state, (each.start_ms - NOW) / HOUR, (each.end_ms - NOW) / HOUR, each.reason) for each in found
    ]


def stood(first, last, state="stopped", reason="stood_while_silent"):
    return (state, first, last, reason)


def test_a_station_that_worked_hides_nothing():
    assert hidden([(60, 0.5)], [WET]) == []
    assert hidden([(60, 0.5), (4, None)], [WET]) == []
    assert hidden() == []


@pytest.mark.parametrize(("hours", "wanted"), [(3.75, []), (4, [stood(-12, -8)])])
def test_a_standstill_takes_as_long_as_a_stop(hours, wanted):
    assert hidden([BEFORE, (hours, 0.0), (12 - hours, 0.5)]) == wanted


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ([(30, 0.5), (12, 0.0), (12, 0.5)], [stood(-20, -12)]),  # it stood before
        ([(40, 0.5), (12, 0.0)], [stood(-12, -4)]),  # it still does
        ([(30, 0.5), (30, 0.0)], [stood(-20, -4)]),
        ([(30, 0.5), (10, 0.0), (21, 0.5)], []),
        ([(30, 0.5), (10, 0.0), (19.25, 0.5)], []),  # less than an hour is not worth telling
        ([(30, 0.5), (10, 0.0), (19, 0.5)], [stood(-20, -19)]),
        ([(40, 0.5), (4, 0.0), (1, 0.5), (4, 0.0), (5, 0.5)], [stood(-14, -10), stood(-9, -5)]),
    ],
)
def test_the_part_that_lies_in_the_silence_is_told(pieces, wanted):
    assert hidden(pieces) == wanted


def test_what_is_not_known_is_no_standstill():
    assert hidden([BEFORE, (3, 0.0), (1, None), (3, 0.0), AFTER]) == []


@pytest.mark.parametrize(("kwh", "wanted"), [(0.1 - LITTLE, 1), (0.1 + LITTLE, 0)])
def test_no_more_than_the_floor_was_used(kwh, wanted):
    assert len(hidden([BEFORE, (4, kwh / 4), (8, 0.5)])) == wanted


@pytest.mark.parametrize(
    ("m3_per_day", "wanted"),
    [(2.0 + 1e-6, "flow_without_power"), (2.0 - 1e-6, "stopped"), (0.0, "stopped")],
)
def test_effluent_went_on_all_the_same(m3_per_day, wanted):
    (found,) = hidden([BEFORE, (8, 0.0), AFTER], [(40, 0.8), (8, m3_per_day / 24), (4, 0.8)])
    assert found[0] == wanted


def test_what_drains_is_no_by_pass():
    (found,) = hidden([BEFORE, (8, 0.0), AFTER], [(42, 0.8), (6, 0.0), (4, 0.8)])
    assert found[0] == "stopped"
    (found,) = hidden([BEFORE, (8, 0.0), AFTER], [(43, 0.8), (5, 0.0), (4, 0.8)])
    assert found[0] == "flow_without_power"


def test_effluent_that_is_not_known_is_not_asked():
    (found,) = hidden([BEFORE, (8, 0.0), AFTER], [(40, 0.8), (8, None), (4, 0.8)])
    assert found[0] == "stopped"


def test_a_wetland_lets_out_water_without_energy():
    pieces = [BEFORE, (8, 0.0), AFTER]
    facts = {"works_without_power": True, "limits": own(stop_window_s=14_400)}
    assert hidden(pieces, [(52, 0.8)], **facts) == []
    assert hidden(pieces, [(40, 0.8), (8, 0.0), (4, 0.8)], **facts) == [stood(-12, -4)]


@pytest.mark.parametrize(
    ("share", "wanted"),
    [(0.0, "power_cut"), (0.49, "power_cut"), (0.51, "stopped"), (1.0, "stopped")],
)
def test_meters_that_counted_not_even_the_standby_load_had_no_mains(share, wanted):
    pieces = [BEFORE, (8, share * 1.0 / 24), AFTER]
    (found,) = hidden(pieces, levels=None, usual=WITH_STANDBY)
    reasons = {"power_cut": "no_mains_in_gap", "stopped": "stood_while_silent"}
    assert found == stood(-12, -4, wanted, reasons[wanted])


def test_meters_that_were_read_meanwhile_had_mains():
    (found,) = hidden([BEFORE, (8, 0.0), AFTER], usual=WITH_STANDBY)
    assert found[0] == "stopped"


@pytest.mark.parametrize(("standby_kwh", "wanted"), [(0.16, "power_cut"), (0.14, "stopped")])
def test_a_standby_load_too_small_to_be_seen_tells_nothing(standby_kwh, wanted):
    """0.05 kWh in 8 h."""
    usual = USUAL._replace(standby_kwh=standby_kwh)
    (found,) = hidden([BEFORE, (8, 0.0), AFTER], levels=None, usual=usual)
    assert found[0] == wanted


@pytest.mark.parametrize(("hours", "wanted"), [(11.75, []), (12, [stood(-16, -4)])])
def test_a_flow_meter_alone(hours, wanted):
    assert hidden(flow=[(40, 0.8), (hours, 0.0), (4, 0.8)]) == wanted


silences = st.tuples(st.integers(-60 * 4, -1), st.integers(1, 200)).map(
    lambda span: (NOW + span[0] * Q, min(NOW, NOW + (span[0] + span[1]) * Q))
)
uses = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([None, 0.0, 0.0, 0.0, 0.005, 0.03, 0.5, 0.9])), max_size=10
)


@given(uses, uses, silences, st.booleans(), st.booleans())
def test_standstills_lie_within_the_silence_and_do_not_overlap(power, flow, silence, has_power, with_standby):
    ledger = Ledger()
    for meter, pieces in ((ledger.power, power), (ledger.flow, flow)):
        fill(meter, quarters(*((count / 4, each) for count, each in pieces)), levels=None)
    facts = known(ledger=ledger, has_power_meter=has_power, usual=WITH_STANDBY if with_standby else USUAL)
    found = standstills(facts, LIMITS, *silence)
    assert all(silence[0] <= each.start_ms < each.end_ms <= silence[1] for each in found)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(found))
    for each in found:
        assert each.end_ms - each.start_ms >= HOUR
        assert each.evidence["coverage"] == pytest.approx(1.0)
        meter = ledger.power if has_power else ledger.flow
        assert max(meter.amounts(each.start_ms, each.end_ms)) <= 0.05 * 0.9
