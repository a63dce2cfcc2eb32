"""Which stations fell silent together."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from alerting.area import Outage, Place, Silence, belongs, needed, outages
from registry.alarm_settings import AlarmSettings

SETTINGS = AlarmSettings()
MINUTE_MS = 60_000
A, B = Place("410823", "甲镇"), Place("410823", "乙镇")
WINDOW_MS = SETTINGS.area_window_s * 1000


def places(count, place=A, prefix="a"):
    return {f"{prefix}{number:04}": place for number in range(count)}


def silent(stations, minute=0.0):
    return [Silence(each, int(minute * MINUTE_MS)) for each in stations]


def test_thirty_percent_of_a_county_and_at_least_five_are_an_area_event():
    county = places(20) | places(20, B, "b")
    assert outages(silent(list(county)[:11]), county, AlarmSettings(town_share=1.0)) == []
    found = outages(silent(list(county)[:12]), county, SETTINGS)
    assert [(each.place, len(each.silences), each.of) for each in found] == [(Place("410823"), 12, 40)]
    few = places(12)
    assert outages(silent(list(few)[:4]), few, AlarmSettings(town_share=1.0)) == []
    assert len(outages(silent(list(few)[:5]), few, AlarmSettings(town_share=1.0))) == 1


def test_sixty_percent_of_a_town_and_at_least_three_are_one_unless_the_county_is():
    county = places(5) | places(95, B, "b")
    assert outages(silent(list(county)[:2]), county, SETTINGS) == []
    found = outages(silent(list(county)[:3]), county, SETTINGS)
    assert [(each.place, len(each.silences), each.of) for each in found] == [(A, 3, 5)]
    both = silent([*list(county)[:3], *list(county)[5:33]])
    assert [each.place for each in outages(both, county, SETTINGS)] == [Place("410823")]


def test_a_share_of_a_round_number_is_not_lost_to_floats():
    assert [needed(0.3, 10), needed(0.3, 20), needed(0.6, 5), needed(0.1, 30)] == [3, 6, 3, 3]
    assert needed(0.3, 11) == 4


def test_they_must_begin_within_a_quarter_of_an_hour_and_those_that_follow_belong_to_it():
    county = places(10)
    names = list(county)
    town_free = AlarmSettings(town_share=1.0)
    spread = [Silence(name, number * 4 * MINUTE_MS) for number, name in enumerate(names[:5])]
    assert outages(spread, county, town_free) == []
    close = [Silence(name, number * 3 * MINUTE_MS) for number, name in enumerate(names[:5])]
    late = Silence(names[5], 27 * MINUTE_MS)
    later = Silence(names[6], 43 * MINUTE_MS)
    (found,) = outages([later, late, *close], county, town_free)
    assert found.silences == [*close, late]
    assert belongs(later, 0, 28 * MINUTE_MS, WINDOW_MS)
    assert not belongs(later, 0, 27 * MINUTE_MS, WINDOW_MS)
    assert belongs(Silence("x", -15 * MINUTE_MS), 0, 0, WINDOW_MS)


def test_stations_without_a_place_do_not_count_and_a_town_without_a_name_is_none():
    county = places(6, Place("410823"))
    assert outages(silent(["stranger"] * 9), county, SETTINGS) == []
    assert [each.place for each in outages(silent(county), county, SETTINGS)] == [Place("410823")]


def test_the_subject_of_a_place_names_it():
    assert [Place.of(each.subject) for each in (A, Place("410823"))] == [A, Place("410823")]


@given(
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 200)), max_size=40, unique_by=lambda each: each[0]),
    st.integers(0, 2),
)
def test_no_station_is_in_two_outages_and_every_outage_is_large_enough(starts, towns):
    names = [f"s{number}" for number in range(60)]
    county = {
        name: Place(f"41082{number % 2}", f"镇{number % 6}" if towns else "")
        for number, name in enumerate(names)
    }
    silences = [Silence(names[number], minute * MINUTE_MS) for number, minute in starts]
    found = outages(silences, county, SETTINGS)
    told = Counter(each.station for outage in found for each in outage.silences)
    assert set(told.values()) <= {1}
    for outage in found:
        assert isinstance(outage, Outage)
        inside = [each for each in silences if each in outage.silences]
        assert len(inside) == len(outage.silences) >= (3 if outage.place.town else 5)
        share = SETTINGS.town_share if outage.place.town else SETTINGS.county_share
        densest = max(
            sum(0 <= other.start_ms - each.start_ms <= WINDOW_MS for other in outage.silences)
            for each in outage.silences
        )
        assert densest >= share * outage.of
    again = outages(list(reversed(silences)), county, SETTINGS)
    assert again == found
