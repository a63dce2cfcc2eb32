"""Entries of the quarantine handled in the console: stored again, or thrown away with a reason."""

import re

import pytest
from console_centre import HOUR_MS, NOW_MS, RUNNING
from console_login import Limits, log_in

from registry.quarantine import Entry, put_aside
from registry.tables import Audit, County, Quarantine, Station
from telemetry.batch import encode_batch
from telemetry.reading import Reading

NEW_STATION = "410882-0077"
READING = Reading(t=NOW_MS - HOUR_MS, d="power-1", k="power", x={"active_power_kw": 1.5, "energy_kwh": 7.0})


@pytest.fixture
def waiting(centre):
    """A good batch that came before its station was on the register."""
    batch = encode_batch("0a1b2c3d", NOW_MS - HOUR_MS, [_raw(READING)])
    with centre.registry.writing() as session:
        put_aside(session, [Entry(NOW_MS - HOUR_MS, NEW_STATION, "unknown_station", "not known", batch)])
        return session.query(Quarantine).filter_by(station_id=NEW_STATION).one().id


def _raw(reading):
    import msgspec  # noqa: PLC0415 - only here

    return msgspec.Raw(msgspec.json.encode({"seq": 1, **msgspec.to_builtins(reading)}))


def handle(client, **typed):
    csrf = re.search(r'data-csrf="(\w+)"', client.get("/quarantine").text)[1]
    return client.post("/quarantine/handle", data={"csrf": csrf, **typed})


def ids(centre):
    with centre.registry.reading() as session:
        return {row.id: row.station_id for row in session.query(Quarantine)}


def noted(centre):
    with centre.registry.reading() as session:
        return session.query(Audit).filter(Audit.action.startswith("quarantine.")).order_by(Audit.id).all()


def test_an_entry_is_stored_again_once_its_cause_is_mended(client, centre, waiting):
    answer = handle(client, entry=waiting, action="replay")
    assert "0 entries stored and gone, 1 stay; 0 readings." in answer.text
    assert answer.url.path == f"/quarantine/{waiting}"
    with centre.registry.writing() as session:
        session.add(Station(id=NEW_STATION, county_code="410882"))
    answer = handle(client, entry=waiting, action="replay")
    assert "1 entries stored and gone, 0 stay; 1 readings." in answer.text
    assert waiting not in ids(centre)
    [kept] = centre.history.raw(NEW_STATION, None, NOW_MS - 2 * HOUR_MS, NOW_MS)
    assert kept.x["energy_kwh"] == 7.0
    assert [(row.actor, row.address, row.object, row.after["fate"]) for row in noted(centre)] == [
        ("admin", "testclient", f"quarantine:{waiting}", fate) for fate in ("kept", "replayed")
    ]


def test_entries_are_thrown_away_only_with_a_reason(client, centre):
    some = [number for number, station in ids(centre).items() if station != RUNNING]
    assert "say why" in handle(client, entry=some, action="discard", reason="  ").text
    assert set(some) <= set(ids(centre))
    assert "2 entries were thrown away." in handle(client, entry=some, action="discard", reason="测试").text
    assert list(ids(centre).values()) == [RUNNING]
    rows = noted(centre)
    assert [row.after for row in rows] == [{"removed_because": "测试"}] * 2
    assert {row.before["code"] for row in rows} == {"unknown_station", "not_json"}
    assert "no entry was chosen" in handle(client, entry=some, action="discard", reason="again").text
    assert "no entry was chosen" in handle(client, entry=["x", "-1"], action="replay").text


def test_only_who_may_handles_and_only_what_they_see(client, centre, waiting):
    everything = ids(centre)
    log_in(client, centre.registry, Limits("operator"), NOW_MS)
    assert handle(client, entry=waiting, action="discard", reason="x").status_code == 403
    assert "qingliu collector quarantine" in client.get(f"/quarantine/{waiting}").text
    assert 'name="entry"' not in client.get("/quarantine").text
    with centre.registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
    log_in(client, centre.registry, Limits("manager", ("410823",)), NOW_MS)
    answer = handle(client, entry=list(everything), action="discard", reason="x")
    assert "no entry was chosen" in answer.text
    assert ids(centre) == everything
    assert noted(centre) == []
