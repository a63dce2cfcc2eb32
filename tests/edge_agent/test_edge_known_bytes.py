"""Every shipped profile against known bytes: `known_bytes/NAME.toml` holds registers and what they mean."""

import tomllib
from pathlib import Path

import pytest

from edge_agent.decode import decode
from edge_agent.plan import plan_blocks
from edge_agent.profile_file import SHIPPED, factors, load_profile, profile_names

FOLDER = Path(__file__).parent / "known_bytes"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['what']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


def registers_of(case: dict) -> dict[int, dict[int, int]]:
    """Function to address to word, as the case writes them down."""
    return {
        int(function): {
            int(start, 0) + place: int(word, 16)
            for start, words in rows.items()
            for place, word in enumerate(words.split())
        }
        for function, rows in case["registers"].items()
    }


@pytest.mark.parametrize(("name", "case"), CASES)
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
    cases = [case for each, case in (param.values for param in CASES) if each == name]
    assert len(cases) >= 3
    assert {quantity for case in cases for quantity in case["values"]} == set(profile.quantity)
    assert {alarm for case in cases for alarm in case.get("alarms", [])} == set(profile.alarm)


def test_no_case_is_of_a_profile_that_is_not_there():
    assert {path.stem for path in FOLDER.glob("*.toml")} <= {path.stem for path in SHIPPED.glob("*.toml")}
