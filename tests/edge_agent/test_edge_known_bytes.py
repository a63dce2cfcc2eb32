"""Every shipped profile against known bytes: `known_bytes/NAME.toml` holds registers and what they mean."""

import pytest
from known_bytes import CASES, registers_of

from edge_agent.decode import decode
from edge_agent.plan import plan_blocks
from edge_agent.profile_file import factors, load_profile, profile_names


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case['what']}" for name, case in CASES])
def test_known_bytes_are_known_values(name, case):
    profile = load_profile(name)
    registers = registers_of(case)
    for block in plan_blocks(profile):
        there = registers.get(block.function, {})
        assert all(address in there for address in range(block.address, block.end)), block
    decoded = decode(profile, factors(profile, case.get("parameters", {}), ""), registers)
    assert decoded.values == pytest.approx(case["values"], rel=1e-9, abs=1e-12)
    assert decoded.why == case.get("why")
    assert sorted(decoded.alarms) == sorted(case.get("alarms", []))


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_has_cases_that_show_all_it_can_say(name):
    profile = load_profile(name)
    cases = [case for each, case in CASES if each == name]
    assert len(cases) >= 3
    assert {quantity for case in cases for quantity in case["values"]} == set(profile.quantity)
    assert {alarm for case in cases for alarm in case.get("alarms", [])} == set(profile.alarm)


def test_no_case_is_of_a_profile_that_is_not_there():
    assert {name for name, _ in CASES} <= set(profile_names())
