"""The meters that were heard: registered once, with the earliest of all their readings."""

import pytest

from registry.devices import Beginning, note_devices
from registry.tables import Device, Station

A, B = "410882-0001", "410882-0002"


@pytest.fixture(autouse=True)
def entered(registry):
    """Two stations, and a meter of which only its make was entered."""
    with registry.writing() as session:
        session.add_all([Station(id=A), Station(id=B)])
        session.flush()
        session.add(Device(station_id=B, device="flow-1", kind="flow", make="某厂（虚构）"))


def note(registry, **heard):
    with registry.writing() as session:
        note_devices(session, {(A, device): Beginning(*begun) for device, begun in heard.items()})


def found(registry, station=A):
    with registry.reading() as session:
        rows = session.query(Device).filter_by(station_id=station)
        return {row.device: (row.kind, row.first_seen_ms) for row in rows}


def test_an_earlier_reading_is_the_beginning_and_a_later_one_changes_nothing(registry):
    note(registry, power=("power", 50), flow=("flow", 60))
    note(registry, power=("power", 20), flow=("flow", 70))
    assert found(registry) == {"power": ("power", 20), "flow": ("flow", 60)}


def test_a_meter_that_was_only_entered_begins_with_its_first_reading_and_keeps_its_make(registry):
    with registry.writing() as session:
        note_devices(session, {(B, "flow-1"): Beginning("flow", 30)})
        assert session.get_one(Device, (B, "flow-1")).make == "某厂（虚构）"
    assert found(registry, B) == {"flow-1": ("flow", 30)}


def test_a_meter_of_another_kind_keeps_its_beginning(registry):
    note(registry, power=("power", 20))
    note(registry, power=("flow", 90))
    assert found(registry) == {"power": ("flow", 20)}


def test_nothing_is_noted_of_nothing(registry):
    note(registry)
    assert found(registry) == {}
