"""Every shipped profile against images of every shipped meter, and against what is no meter at all."""

import random
import struct
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_bytes import CASES, first_cases
from meter_image import ELSEWHERE, MeterImage, image_of

from edge_agent.commissioning.findings import FoundUnit, LineSettings
from edge_agent.commissioning.magnitude import code_bits, magnitude_bits
from edge_agent.commissioning.recognise import SECOND_LOOK_S, SURE_POINTS, recognise
from edge_agent.listener import BusError
from edge_agent.profile_file import load_profile, profile_names

PROFILES = [load_profile(name) for name in profile_names()]
FIRST = dict(first_cases())


def seen(meter, profiles=PROFILES, pause=lambda _seconds: None):
    return recognise(meter, 7, profiles, pause=pause)


def is_clear(candidates):
    return FoundUnit(7, LineSettings(9600), 0.1, candidates).is_clear


def running(name, **more):
    return MeterImage(image_of(name, FIRST[name]), **more)


def put_float(meter, function, address, number):
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    meter.image[function] |= {address: high, address + 1: low}


@pytest.mark.parametrize("is_one_memory", [False, True])
@pytest.mark.parametrize("name", profile_names())
def test_every_meter_is_recognised_as_itself(name, is_one_memory):
    for elsewhere in ELSEWHERE:
        candidates = seen(running(name, elsewhere=elsewhere, is_one_memory=is_one_memory))
        assert (elsewhere, candidates[0].profile) == (elsewhere, name)
        assert is_clear(candidates)
        assert candidates[0].values == pytest.approx(FIRST[name]["values"], rel=1e-9)


@pytest.mark.parametrize("name", profile_names())
def test_no_moment_of_a_meter_is_taken_for_another_one(name):
    moments = [case for each, case in CASES if each == name]
    for case, elsewhere in product(moments, ELSEWHERE):
        best = [each.profile for each in seen(MeterImage(image_of(name, case), elsewhere))][:1]
        assert (case["what"], elsewhere, best) in [(case["what"], elsewhere, each) for each in ([], [name])]


@pytest.mark.parametrize("name", [profile.name for profile in PROFILES if profile.kind == "power"])
def test_a_power_meter_at_work_is_sure(name):
    [best, *_] = seen(running(name))
    assert best.points >= SURE_POINTS
    assert {"mains", "power_agrees", "counter_steady"} <= set(best.evidence)


def test_two_profiles_of_one_converter_tie():
    image = image_of("krohne-ifc300", FIRST["krohne-ifc300"])
    image[4] |= {20 + place: image[4][28 + place] for place in range(4)}
    candidates = seen(MeterImage(image))
    assert {each.profile for each in candidates} == {"krohne-ifc300", "krohne-ifc300-counter1"}
    assert not is_clear(candidates)


@pytest.mark.parametrize("name", ["abb-b23", "schneider-iem3155", "siemens-mag6000", "endress-promag"])
def test_a_model_that_calls_itself_otherwise_is_another_one(name):
    image = image_of(name, FIRST[name])
    cell = load_profile(name).identity[0]
    image[3][cell.address] ^= 1
    assert [each.profile for each in seen(MeterImage(image))] == []


@pytest.mark.parametrize("order", ["CDAB", "BADC", "DCBA"])
@pytest.mark.parametrize("name", ["chint-dtsu666", "eastron-sdm630", "janitza-umg96rm", "schneider-iem3155"])
def test_another_byte_order_loses(name, order):
    profile = load_profile(name)
    turned = msgspec.structs.replace(
        profile, name="turned", identity=[], request=msgspec.structs.replace(profile.request, order=order)
    )
    image = image_of(name, FIRST[name])
    assert [each.profile for each in seen(MeterImage(image), [turned, profile])] == [name]


@pytest.mark.parametrize("word", [0, 0xFFFF, 0x7FFF, 0x8000, 1, 0x0101, 2301])
def test_registers_all_alike_are_no_meter(word):
    class Alike:
        def read(self, _unit_id, _function, _address, count):
            return [word] * count

    assert seen(Alike()) == ()


def test_a_unit_that_refuses_all_or_is_silent_is_no_known_meter():
    refusing, silent = MeterImage({3: {}, 4: {}}), MeterImage({3: {}, 4: {}}, "silent")
    assert seen(refusing) == seen(silent) == ()
    assert len(silent.asked) <= len(PROFILES) + 2
    assert len(refusing.asked) <= 2 * len(PROFILES)


def test_dead_and_unwired_phases_are_no_reproach():
    meter = running("chint-dtsu666")
    for phase in (1, 2):
        put_float(meter, 3, 0x2006 + 2 * phase, (0.0, 413.0)[phase - 1])  # nothing, and 41.3 V induced
        put_float(meter, 3, 0x200C + 2 * phase, 0.0)
    assert seen(meter)[0].profile == "chint-dtsu666"


def test_a_weak_village_line_is_recognised_by_its_frequency():
    meter = running("chint-dtsu666")
    for phase in range(3):
        put_float(meter, 3, 0x2006 + 2 * phase, 1870.0)
    [best] = seen(meter)
    assert (best.profile, best.values["voltage_l1_v"]) == ("chint-dtsu666", 187.0)


@pytest.mark.parametrize(
    ("name", "function", "address", "words", "why"),
    [
        ("chint-dtsu666", 3, 0x2044, (0, 0), "a voltage without a frequency"),
        ("chint-dtsu666", 3, 0x200C, (0, 5), "a small whole number where a float should be"),
        ("chint-dtsu666", 3, 0x202A, (0x4500, 0), "a power factor of 2"),
        ("microsensor-mfe600", 3, 0x0D, (0x0800,), "neither 0 nor 1"),
        ("microsensor-mfe600", 3, 0x02, (77,), "a unit that is not in the table"),
        ("microsensor-mfe600", 3, 0x03, (0x7000, 0), "more than its part of the total can hold"),
        ("tuf-2000m", 3, 10, (0, 0x4264), "a fraction of 57"),
    ],
)
def test_one_contradiction_is_enough(name, function, address, words, why):
    meter = running(name)
    meter.image[function] |= dict(enumerate(words, address))
    assert seen(meter) == (), why


def test_a_frequency_without_a_voltage_is_none():
    meter = running("chint-dtsu666")
    for phase in range(3):
        put_float(meter, 3, 0x2006 + 2 * phase, 0.0)
    assert seen(meter) == ()


def test_small_whole_numbers_say_little():
    assert magnitude_bits("u16", 2, (1, 3), 1) <= code_bits(2) == 3
    assert magnitude_bits("u16", 4990, (4900, 5100), 1) > 7
    assert code_bits(0) == magnitude_bits("u16", 0, (0, 9), 1) == magnitude_bits("f32", 0, (-1, 1), 1e-4) == 0


def test_a_total_in_litres_tells_no_less():
    [litres] = [case for name, case in CASES if (name, case["what"]) == ("tuf-2000m", "a total in litres")]
    [in_litres], [in_m3] = seen(MeterImage(image_of("tuf-2000m", litres))), seen(running("tuf-2000m"))
    assert in_m3.points <= in_litres.points < SURE_POINTS


def test_power_that_does_not_agree_says_nothing_and_costs_nothing():
    right, other = running("acrel-dtsd1352"), running("acrel-dtsd1352")
    other.image[3][0x16B] *= 4
    (first,), (second,) = seen(right), seen(other)
    assert "power_agrees" in first.evidence
    assert "power_agrees" not in second.evidence
    assert 0 < second.points < first.points


@pytest.mark.parametrize("pump", ["running", "stopped"])
def test_a_flow_meter_is_known_by_what_it_holds(pump):
    meter = running("microsensor-mfe600")
    if pump == "stopped":
        put_float(meter, 3, 0, 0.0)
    [best] = seen(meter)
    assert (best.profile, best.points < SURE_POINTS) == ("microsensor-mfe600", True)
    assert best.evidence == ("unit_known", "in_range", "counter_steady")


class Counting:
    """Puts another total into the meter while the scan waits."""

    def __init__(self, meter, address, number):
        self.pauses = []
        self._change = lambda: put_float(meter, 3, address, number)

    def __call__(self, seconds):
        self.pauses.append(seconds)
        self._change()


def test_a_counter_that_falls_is_none():
    meter = running("chint-dtsu666")
    pause = Counting(meter, 0x101E, 20411.0)
    assert seen(meter, pause=pause) == ()
    assert pause.pauses == [SECOND_LOOK_S]


def test_a_counter_that_falls_does_not_outweigh_the_makers_number():
    meter = running("siemens-mag6000")
    before = seen(running("siemens-mag6000"))[0]

    def pause(_seconds):
        meter.image[3][3015] -= 1

    after = seen(meter, pause=pause)[0]
    assert after.profile == before.profile
    assert after.points < before.points
    assert "counter_steady" not in after.evidence


def test_a_counter_that_rises_as_the_flow_says_tells_more_than_one_that_stands():
    standing = seen(running("tuf-2000m"))[0]
    meter = running("tuf-2000m")

    def pause(_seconds):  # 12.5 m3/h are 3.5 L in a second
        low, high = struct.unpack(">HH", struct.pack(">f", 0.2535))[::-1]
        meter.image[3] |= {10: low, 11: high}

    moving = seen(meter, pause=pause)[0]
    assert moving.profile == standing.profile == "tuf-2000m"
    assert moving.points > standing.points


@pytest.mark.parametrize("name", profile_names())
def test_no_block_is_asked_twice_but_for_the_second_look(name):
    meter = running(name)
    looked_at = []
    seen(meter, pause=lambda _seconds: looked_at.append(len(meter.asked)))
    [first_look] = looked_at
    assert len(set(meter.asked[:first_look])) == first_look
    assert len(meter.asked) - first_look <= 2


def test_what_is_sure_spares_the_other_questions():
    meter = running("abb-b23")
    seen(meter)
    assert len(meter.asked) <= 6


def test_one_answer_lost_in_noise_is_asked_again():
    meter = running("chint-dtsu666")
    lost = []

    def fault(question):
        if question[1] == 0x2006 and not lost:
            lost.append(question)
            raise BusError("garbled", "7 bytes but no valid frame")

    meter.fault = fault
    assert seen(meter)[0].profile == "chint-dtsu666"
    assert lost


def test_a_busy_unit_is_asked_again_after_a_pause():
    meter = running("chint-dtsu666")
    busy, pauses = [], []

    def fault(question):
        if question[1] == 0x2006 and not busy:
            busy.append(question)
            raise BusError("device_exception", "busy", 6)

    meter.fault = fault
    assert seen(meter, pause=pauses.append)[0].profile == "chint-dtsu666"
    assert len(pauses) == 2


def test_a_port_that_is_gone_is_said():
    meter = running("chint-dtsu666")

    def fault(_question):
        raise BusError("port_gone", "the adapter is gone")

    meter.fault = fault
    with pytest.raises(BusError, match="adapter is gone"):
        seen(meter)
    assert len(meter.asked) == 1


def test_a_meter_without_the_gaps_is_recognised():
    image = image_of("acrel-dtsd1352", FIRST["acrel-dtsd1352"])
    asked = {0x000A, 0x000B, *range(0x61, 0x67), 0x77, 0x16A, 0x16B, 0x17F}
    image[3] = {address: word for address, word in image[3].items() if address in asked}
    assert [each.profile for each in seen(MeterImage(image))] == ["acrel-dtsd1352"]
    for address in (0x16A, 0x16B, 0x17F):  # as the first of the family
        del image[3][address]
    assert [each.profile for each in seen(MeterImage(image))] == ["acrel-dtsd1352"]


def test_a_parameter_without_a_default_does_not_hinder():
    profile = load_profile("chint-dtsu666")
    ratio = msgspec.structs.replace(profile.parameters["ct"], default=None)
    asking = msgspec.structs.replace(profile, parameters={**profile.parameters, "ct": ratio})
    assert [each.profile for each in seen(running("chint-dtsu666"), [asking])] == ["chint-dtsu666"]


class Chance:
    """Registers drawn by lot: any content alike, or small numbers and zeros as in real meters."""

    def __init__(self, seed, *, mostly_small):
        self._chance = random.Random(seed)
        self._mostly_small = mostly_small
        self._words = {}

    def read(self, _unit_id, function, address, count):
        return [self._word(function, each) for each in range(address, address + count)]

    def _word(self, function, address):
        if (function, address) not in self._words:
            word = self._chance.getrandbits(16)
            if self._mostly_small:
                word = 0 if self._chance.random() < 0.4 else word >> self._chance.randrange(16)
            self._words[function, address] = word
        return self._words[function, address]


@given(st.integers(0, 2**64), st.booleans())
def test_registers_drawn_by_lot_are_never_sure(seed, mostly_small):
    assert all(each.points < SURE_POINTS for each in seen(Chance(seed, mostly_small=mostly_small)))


def test_registers_drawn_by_lot_are_hardly_ever_anything():
    drawn = [Chance(seed, mostly_small=seed % 2 == 0) for seed in range(400)]
    assert sum(bool(seen(each)) for each in drawn) <= 8
