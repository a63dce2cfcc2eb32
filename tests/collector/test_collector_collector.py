"""The collector against a real broker, real stores, and stations from outside."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import zlib
from contextlib import closing
from itertools import count

import pytest
from collector_centre import OUTBOX, A, B, Outside, batch, reading
from servers import wait_until

from collector import ingest
from collector.collector import Collector
from registry.config import CentreSettings
from registry.dirty import dirty
from registry.stations import import_csv
from registry.tables import Device, DirtyQuarterHour, Presence, Quarantine, ServiceHealth, Station
from service.broker import BrokerError, Will
from service.process import now_ms
from telemetry.topics import topic

HOUR_MS = 3_600_000


def impatient(centre):
    """The registry's connection fails soon where another holds the lock."""
    with centre.registry._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")


def locked(centre):
    """Somebody else writes the registry until this is closed."""
    database = sqlite3.connect(centre.registry.url.removeprefix("sqlite:///"))
    database.execute("BEGIN IMMEDIATE")
    return database


def test_a_hello_is_answered_with_the_clock_and_its_own_sent(centre, mosquitto):
    centre.register(A)
    with centre.running(), Outside(mosquitto.port) as station:
        before = now_ms()
        station.hello(sent=12_345)
        station.until(lambda: station.acks, "the hello is answered")
        (ack,) = station.acks
        assert (ack.sent, ack.outbox, ack.stored) == (12_345, OUTBOX, [])
        assert before <= ack.now <= now_ms()


def test_nothing_is_acknowledged_before_it_is_written(centre, mosquitto):
    centre.register(A)
    centre.history.is_failing = True
    readings = [reading(n) for n in range(30)]
    with centre.running(), Outside(mosquitto.port) as station:
        for each in readings:
            station.send(each)
        station.until(lambda: centre.history.attempts >= 2, "the write was tried some times")
        assert station.stored() == []
        assert centre.history.stored(A) == []
        centre.history.is_failing = False
        station.until(lambda: len(set(station.stored())) == 30, "all is acknowledged")
    assert len(centre.history.stored(A)) == 30


def test_what_the_store_never_takes_is_refused_with_its_words_and_put_aside(centre, mosquitto):
    """One reading of a batch conflicts with the store; the others are kept and acknowledged."""
    centre.register(A)
    centre.history.unwanted = "power-9"
    readings = [reading(n) for n in range(3)] + [reading(7) | {"d": "power-9"}]
    with centre.running(), Outside(mosquitto.port) as station:
        station.send(*readings)
        station.until(lambda: len(station.stored()) == 3, "three are acknowledged")
        refused = [each for ack in station.acks for each in ack.refused]
    assert [(code, text) for _, _, code, text in refused] == [("store_refuses", "field type conflict")]
    assert len(centre.history.stored(A)) == 3
    [entry] = centre.rows(Quarantine)
    assert (entry.code, entry.text) == ("store_refuses", "field type conflict")


def test_while_the_store_is_down_no_more_is_kept_than_the_bound(centre, mosquitto, monkeypatch):
    """What is dropped was not acknowledged, so the station sends it again."""
    monkeypatch.setattr("collector.collector.MOST_READINGS", 500)
    monkeypatch.setattr("collector.collector.MOST_WAITING_BYTES", 10_000)
    centre.register(A)
    centre.history.is_failing = True
    start = now_ms()
    readings = [reading(n, t=start - n) for n in range(800)]
    with centre.running() as collector, Outside(mosquitto.port) as station:
        messages = collector.figures.messages

        def arrived():
            return messages.total() + len(collector._inbox)  # what waits is not counted yet

        before = arrived()
        station.send(readings[0])
        station.until(lambda: centre.history.attempts, "the first one is being written")
        for number, each in enumerate(readings[1:], start=2):
            station.send(each)
            if number % 100 == 0:  # a broker queues no more than 1,000 messages for a slow client
                station.until(lambda n=number: arrived() >= before + n, "all has come in")
        assert 0 < messages["dropped"] < 800 - 1 - 500
        assert 0 < collector.figures.waiting_bytes <= 10_000
        centre.history.is_failing = False
        kept = 800 - messages["dropped"]
        station.until(lambda: len(set(station.stored())) == kept, "what was kept is acknowledged")
        missing = [each for each in readings if each["seq"] not in station.stored()]
        for first in range(0, len(missing), 50):
            some = missing[first : first + 50]
            station.send(*some)
            station.until(lambda n=some[-1]["seq"]: n in station.stored(), "the rest is acknowledged")
        assert len(set(station.stored())) == len(readings)
    assert sorted(t for _, t in centre.history.stored(A)) == sorted(each["t"] for each in readings)


def test_what_does_not_fit_into_a_lot_waits_for_the_next_one(centre, mosquitto, monkeypatch):
    """And what a station said last still stands, though it waited."""
    monkeypatch.setattr("collector.collector.MOST_READINGS", 10)
    centre.register(A)
    centre.history.is_failing = True
    with centre.running() as collector, Outside(mosquitto.port) as station:
        station.send(reading(0))
        station.until(lambda: centre.history.attempts, "the first one is being written")
        for first in range(1, 60, 6):
            station.send(*(reading(n) for n in range(first, first + 6)))
        station.status(online=False)
        station.until(lambda: collector.figures.waiting_messages == 12, "all has come in")
        assert collector.figures.waiting_bytes > 0
        centre.history.is_failing = False
        station.until(lambda: len(set(station.stored())) == 61, "all is acknowledged")
        station.until(lambda: centre.presence() and not centre.presence().online, "it has gone")
        assert collector.figures.messages["dropped"] == 0
        assert collector.figures.waiting_bytes == 0
    assert len(centre.history.stored(A)) == 61


def test_a_box_gets_its_time_while_the_store_is_down(centre, mosquitto):
    centre.register(A)
    centre.history.is_failing = True
    with centre.running(), Outside(mosquitto.port) as station:
        station.send(reading(1))
        station.until(lambda: centre.history.attempts, "the write fails")
        station.hello(sent=77)
        station.until(lambda: [ack for ack in station.acks if ack.sent == 77], "the hello is answered")
        assert station.stored() == []


def test_a_failure_that_nobody_foresaw_is_survived_and_counted(centre, mosquitto, monkeypatch):
    """Neither in the callback of a message nor while storing does it stop the others."""
    centre.register(A, B)
    real, seen = ingest.take, []

    def spoilt(work, station, payload, **how):
        if station == B and not seen:
            seen.append(station)
            raise RuntimeError("nobody foresaw this")
        real(work, station, payload, **how)

    monkeypatch.setattr("collector.collector.take", spoilt)
    with (
        centre.running(may_log="nobody foresaw|unexpected") as collector,
        Outside(mosquitto.port, A) as one,
        Outside(mosquitto.port, B) as other,
    ):
        other.send(reading(1))
        wait_until(lambda: collector.figures.exceptions == 1, "it has failed")
        one.send(reading(2))
        one.until(lambda: one.stored() == [2], "another station is served")
        other.send(reading(1))
        other.until(lambda: other.stored() == [1], "and the same one, when it sends again")
        centre.history.surprise = KeyError("nobody foresaw this either")
        one.send(reading(3))
        wait_until(lambda: "store" in collector.conditions.current(), "storing has failed")
        assert collector.figures.exceptions == 2
        one.send(reading(3))
        one.until(lambda: 3 in one.stored(), "it is stored when it comes again")
        assert "store" not in collector.conditions.current()


def test_a_resend_overwrites_itself(centre, mosquitto):
    centre.register(A)
    first = reading(1)
    with centre.running(), Outside(mosquitto.port) as station:
        for sends in range(1, 4):
            station.send(first)
            station.until(lambda n=sends: len(station.acks) == n, "it is acknowledged again")
    assert station.stored() == [1, 1, 1]
    assert centre.history.stored(A) == [("power-1", first["t"])]


POISON = {
    "not_json": [b"", b"\x00\xff\xfe", b"{", b"\xf0\x9f"],
    "wrong_version": [b"[]", b'{"v":2}', b"[" * 200_000],
    "malformed": [b'{"v":1,"outbox":"\\u0000","sent":1,"readings":[]}', batch({"t": 1})],
    "bad_zlib": [b"x\x9cnothing", zlib.compress(batch())[:-2]],
    "too_large": [b" " * 1_000_000, zlib.compress(b" " * 50_000_000, 9)],
}


def test_poison_is_answered_and_put_aside_and_hurts_nobody(centre, mosquitto):
    centre.register(A, B)
    numbers = count()
    with centre.running(), Outside(mosquitto.port, A) as hostile, Outside(mosquitto.port, B) as honest:
        for code, payloads in POISON.items():
            for payload in payloads:
                answered = len(hostile.acks)
                hostile.publish(payload)
                hostile.until(lambda n=answered: len(hostile.acks) > n, f"{code} is answered")
                assert (hostile.acks[-1].error, hostile.acks[-1].outbox) == (code, None)
                seq = next(numbers)
                honest.send(reading(seq))
                honest.until(lambda n=seq: n in honest.stored(), "good data flow")
        hostile.publish(b"{}", "reply")
        hostile.send(reading(7))
        hostile.until(lambda: 7 in hostile.stored(), "the hostile one may still be good")
    kept = centre.rows(Quarantine)
    assert {row.code for row in kept} == set(POISON)
    assert sum(row.count for row in kept) == sum(len(payloads) for payloads in POISON.values())
    assert all(row.station_id == A and len(row.payload) <= 4_096 for row in kept)
    assert len(centre.history.stored(B)) == next(numbers)


def test_an_unknown_station_is_held_and_accepted_once_it_is_imported(centre, mosquitto, tmp_path):
    with centre.running() as collector, Outside(mosquitto.port) as station:
        data = reading(1)
        station.send(data)
        station.until(lambda: station.acks, "it is answered")
        assert (station.acks[0].hold, station.acks[0].outbox) == ("unknown_station", OUTBOX)
        assert centre.history.stored(A) == []
        path = tmp_path / "stations.csv"
        path.write_text(f"station\n{A}\n")
        with centre.registry.writing() as session:
            import_csv(session, path)
        centre.clock.ahead_ms += 5_000
        station.until(lambda: A in collector._house.stations, "the register is read again")
        station.send(data)
        station.until(lambda: station.stored() == [1], "it is accepted")
    assert [(row.code, row.count) for row in centre.rows(Quarantine)] == [("unknown_station", 1)]


def test_unknown_stations_are_registered_where_that_is_wanted(centre, mosquitto):
    with centre.running(accept_unknown_stations=True), Outside(mosquitto.port) as station:
        station.send(reading(1))
        station.until(lambda: station.stored() == [1], "it is accepted at once")
    assert {(row.id, row.review) for row in centre.rows(Station)} == {(A, "pending"), ("probe", "pending")}
    assert [row for row in centre.rows(Quarantine) if row.station_id == A] == []


def test_a_registry_that_fails_loses_no_message_of_a_new_station(centre, mosquitto):
    impatient(centre)
    with centre.running(accept_unknown_stations=True), Outside(mosquitto.port) as station:
        with closing(locked(centre)):
            station.send(reading(1))
            conditions = centre.collector.conditions
            station.until(lambda: "store" in conditions.current(), "the trouble is noticed")
            assert station.acks == []
        station.until(lambda: station.stored() == [1], "it is stored without being sent again")


def test_late_readings_are_marked_before_they_are_acknowledged(centre, mosquitto):
    """Else a collector that died in between would leave quarter hours wrong for ever."""
    centre.register(A)
    t = now_ms() - 2 * HOUR_MS
    with centre.running(), Outside(mosquitto.port) as station:
        with closing(locked(centre)):
            station.send(reading(1, t=t), reading(2, t=t + 1), reading(3))
            station.until(lambda: len(centre.history.stored(A)) == 3, "they are in the history")
            assert not station.hears(lambda: station.acks, 0.5)
        station.until(lambda: station.stored() == [1, 2, 3], "they are acknowledged")
        with centre.registry.reading() as session:
            assert dirty(session) == [(A, t - t % 900_000)]


def test_a_box_that_was_dark_at_first_was_there_from_its_earliest_reading(centre, mosquitto):
    """Its newest readings come first; the marks of older ones are never there without the beginning."""
    centre.register(A)
    newest, older, oldest = (now_ms() - hours * HOUR_MS for hours in (1, 30, 50))
    with centre.running(), Outside(mosquitto.port) as station:
        for n, t in enumerate((newest, oldest, older)):
            station.send(reading(n, t))
            station.until(lambda n=n: len(station.stored()) == n + 1, "acknowledged")
            with centre.registry.reading() as session:
                assert session.get_one(Device, (A, "power-1")).first_seen_ms == min((newest, oldest)[: n + 1])
                assert session.query(DirtyQuarterHour).count() == n + 1


def test_a_locked_registry_is_waited_for_and_nothing_is_lost_or_doubled(centre, mosquitto):
    centre.register(A)
    impatient(centre)
    with centre.running() as collector, Outside(mosquitto.port) as station:
        with closing(locked(centre)):
            station.send(reading(1, t=now_ms() - HOUR_MS), reading(2, t=0))
            station.publish(b"poison")
            station.until(lambda: centre.history.attempts >= 2, "it was tried again")
            assert "locked" in collector.conditions.current()["store"]
            assert station.acks == []
        station.until(lambda: len(station.acks) == 2, "both are answered")
        assert station.stored() == [1]
        assert [(seq, code) for ack in station.acks for seq, _, code, _ in ack.refused] == [
            (2, "implausible_time")
        ]
        assert "store" not in collector.conditions.current()
    assert sorted((row.code, row.count) for row in centre.rows(Quarantine)) == [
        ("implausible_time", 1), ("not_json", 1),
    ]  # fmt: skip
    assert len(centre.rows(DirtyQuarterHour)) == 1


def test_retained_statuses_are_heard_at_the_start_but_are_no_sign_of_life(centre, mosquitto):
    centre.register(A, B)
    with Outside(mosquitto.port, A) as one, Outside(mosquitto.port, B) as two:
        one.status(online=True, version="0.1.0", boot="b1", clock="trusted", backlog=7, oldest_unsent=5,
                   disk_free_mb=100, thinned=1, refused=2, devices={"power-1": {"polls": 3}})  # fmt: skip
        two.status(online=False)
        assert not one.hears(lambda: False, 0.1)  # the broker takes them in
        assert not two.hears(lambda: False, 0.1)
    with centre.running():
        wait_until(lambda: centre.presence(A) and centre.presence(B), "presence is written")
    told = centre.presence(A)
    assert (told.online, told.version, told.boot, told.clock) == (True, "0.1.0", "b1", "trusted")
    assert (told.backlog, told.oldest_unsent_ms, told.disk_free_mb) == (7, 5, 100)
    assert (told.thinned, told.refused, told.devices) == (1, 2, {"power-1": {"polls": 3}})
    assert (told.last_seen_ms, told.last_reading_ms) == (None, None)
    assert (centre.presence(B).online, centre.presence(B).last_seen_ms) == (False, None)


def test_the_last_will_makes_a_station_offline(centre, mosquitto):
    centre.register(A)
    will = Will(topic(A, "status"), b'{"online":false}')
    with centre.running():
        with Outside(mosquitto.port, A, will) as station:
            station.status(online=True, version="0.1.0", clock="trusted")
            station.send(reading(1))
            station.until(lambda: (p := centre.presence()) and p.online and p.version, "it is online")
            seen = centre.presence().last_seen_ms
            assert seen is not None
            station.vanish()
            wait_until(lambda: not centre.presence().online, "it is offline")
        told = centre.presence()
        assert told.version == "0.1.0"
        assert told.online_changed_ms >= seen
    assert [(row.device, row.kind) for row in centre.rows(Device)] == [("power-1", "power")]


def test_a_station_that_nobody_hears_is_offline_though_no_last_will_came(centre, mosquitto):
    """A broker that was wiped forgot the will. Who has just begun to listen does not judge."""
    centre.register(A, B)
    with (
        centre.running() as collector,
        Outside(mosquitto.port, A) as silent,
        Outside(mosquitto.port, B) as steady,
    ):
        silent.send(reading(1))
        silent.until(lambda: (p := centre.presence(A)) and p.online, "it is online")
        centre.clock.ahead_ms += 59 * 60_000
        steady.status(online=True)
        steady.until(lambda: centre.presence(B), "the other is heard")
        assert centre.presence(A).online
        centre.clock.ahead_ms += 122 * 60_000
        silent.until(lambda: not centre.presence(A).online, "it is taken for gone")
        assert centre.presence(B).online
        gone_ms = centre.presence(A).online_changed_ms
        silent.send(reading(2))
        silent.until(lambda: centre.presence(A).online, "it is back")
        assert centre.presence(A).online_changed_ms >= gone_ms
        assert collector.figures.exceptions == 0


STATUS_POISON = [
    b"", b"null", b"[]", b"{}", b'{"online":1}', b'{"online":"yes"}', b"\x00", b'{"online":true',
    b'{"online":true,"backlog":1' + b"0" * 400 + b"}", b'{"online":true,"backlog":9007199254740992}',
    b'{"online":true,"backlog":-1}', b'{"online":true,"oldest_unsent":-9007199254740993}',
    b'{"online":true,"uptime_s":1.5}', b'{"online":true,"version":"\\u0000"}',
    b'{"online":true,"boot":"\\ud800"}',
    b'{"online":true,"version":"' + b"v" * 33 + b'"}', b'{"online":true,"clock":"maybe"}',
    b'{"online":true,"devices":{"A":{}}}', b'{"online":true,"devices":{"a":{"polls":true}}}',
    b'{"online":true,"devices":{"a":{"failures":{"\\u0000":1}}}}', b" " * 1_000_000, b"[" * 60_000,
    b'{"online":true,"devices":' + b'{"a":' * 5_000,
]  # fmt: skip


def test_statuses_that_are_none_are_left_alone(centre, mosquitto):
    centre.register(A)
    with (
        centre.running() as collector,
        Outside(mosquitto.port) as station,
        Outside(mosquitto.port, B) as unknown,
    ):
        for payload in STATUS_POISON:
            station.publish(payload, "status")
        unknown.status(online=True, version="x")
        assert not unknown.hears(lambda: False, 0.1)
        wanted = len(STATUS_POISON) - 1  # an empty one is how a retained message is deleted
        station.until(lambda: collector.figures.unreadable["status"] == wanted, "all have been looked at")
        assert centre.presence() is None
        station.status(online=True, version="good", backlog=2**53 - 1, newer={"key": [None]})
        station.until(centre.presence, "a good one is taken")
    assert (centre.presence().version, centre.presence().backlog) == ("good", 2**53 - 1)
    assert [row.station_id for row in centre.rows(Presence)] == [A]


def test_a_broker_that_dies_and_comes_back_wiped_is_connected_to_again(centre, mosquitto):
    centre.register(A)
    with centre.running() as collector:
        with Outside(mosquitto.port) as station:
            station.send(reading(1))
            station.until(lambda: station.stored() == [1], "it works")
        mosquitto.kill()
        wait_until(lambda: "broker" in collector.conditions.current(), "the loss is noticed")
        mosquitto.start()
        wait_until(lambda: "broker" not in collector.conditions.current(), "it is connected again")
        with Outside(mosquitto.port) as station:
            station.send(reading(2))
            station.until(lambda: station.stored() == [2], "it works again")
    assert len(centre.history.stored(A)) == 2


class Losing(Collector):
    """Each of its connections is lost after so many seconds."""

    def _session(self, stop, beat):
        self.now_s += self.held_s.pop(0)
        raise BrokerError("lost", code="broken")


def test_after_a_connection_that_held_it_is_soon_connected_again(centre, mosquitto):
    """Pauses grow while connecting fails; an outage of long ago makes none of them longer."""
    collector = Losing(
        CentreSettings(mqtt=centre.mqtt),
        centre.registry,
        centre.history,
        now_ms,
        "collector",
        lambda: collector.now_s,
    )
    collector.now_s, collector.held_s = 0.0, [0, 0, 0, 0, 0, 0, 3_600, 0, 86_400, 0]
    pauses = []

    class Stop(threading.Event):
        def wait(self, timeout=None):
            pauses.append(timeout)
            if not collector.held_s:
                self.set()

    collector.run(Stop())
    assert pauses == [1, 2, 4, 8, 16, 30, 1, 2, 1, 2]


def test_readings_stored_after_their_connection_was_lost_are_not_answered_over_the_next(centre, mosquitto):
    """The station has sent them again by then, or will; that is answered."""
    centre.register(A)
    centre.history.is_failing = True
    with centre.running() as collector:
        with Outside(mosquitto.port) as station:
            station.send(reading(1))
            station.until(lambda: centre.history.attempts, "it has come in")
        mosquitto.kill()
        wait_until(lambda: "broker" in collector.conditions.current(), "the loss is noticed")
        mosquitto.start()
        wait_until(lambda: "broker" not in collector.conditions.current(), "it is connected again")
        with Outside(mosquitto.port) as station:
            centre.history.is_failing = False
            station.until(lambda: centre.history.stored(A), "it is in the history")
            assert not station.hears(lambda: station.acks, 0.3)
            station.send(reading(1))
            station.until(lambda: station.stored() == [1], "what is sent again is answered")
    assert len(centre.history.stored(A)) == 1


def test_health_is_reported_with_conditions_and_figures(centre, mosquitto):
    centre.register(A)
    with centre.running() as collector, Outside(mosquitto.port) as station:
        station.send(reading(1))
        station.until(station.stored, "it is stored")
        centre.history.is_failing = True
        station.send(reading(2))
        station.until(lambda: "store" in collector.conditions.current(), "the trouble is noticed")
        centre.clock.ahead_ms += 15_000
        station.until(
            lambda: [row for row in centre.rows(ServiceHealth) if row.conditions], "the trouble is reported"
        )
        (row,) = centre.rows(ServiceHealth)
        assert row.conditions == {"store": "history: the disk is full"}
        assert (row.name, row.figures["readings_stored"], row.figures["readings_acknowledged"]) == (
            "collector",
            1,
            1,
        )
        centre.history.is_failing = False
        centre.clock.ahead_ms += 60_000
        station.until(lambda: 2 in station.stored(), "it is stored after all")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_with_0_when_asked(centre, mosquitto, tmp_path, ending):
    centre.register(A)
    config = tmp_path / "centre.toml"
    config.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n'
        f'[registry]\nurl = "{centre.registry.url}"\n[history]\npath = "{tmp_path}/history.db"\n'
    )
    command = [sys.executable, "-m", "qingliu", "collector", "run", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            with Outside(mosquitto.port) as station:
                data = reading(1)

                def acknowledged():
                    station.send(data)
                    return station.hears(station.stored, 0.5)

                wait_until(acknowledged, "it collects", every_s=0)
                station.publish(b"poison")
                station.until(lambda: station.acks[-1].error, "poison is answered")
            process.send_signal(ending)
            out, errors = process.communicate(timeout=15)
        finally:
            process.kill()
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in errors
    words = [sys.executable, "-m", "qingliu", "collector", "quarantine", "list", "--config", str(config)]
    listed = json.loads(subprocess.run([*words, "--json"], check=True, capture_output=True).stdout)
    assert [(row["station_id"], row["code"], row["count"], row["size_bytes"]) for row in listed] == [
        (A, "not_json", 1, 6)
    ]
    plain = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert plain.endswith(f"{listed[0]['text']}\n")
