import sqlite3
from contextlib import closing

import msgspec
import pytest
from counting_proxy import CountingProxy
from edge_centre import STATION, Centre, agent, trusted, untrusted
from servers import Mosquitto, free_port, wait_until

from edge_agent import delivery as delivery_module
from edge_agent import link as link_module
from edge_agent import uplink as uplink_module
from edge_agent.meter import Poll, boot_ms
from edge_agent.outbox import OutboxDamagedError
from service import broker as broker_module
from service.process import now_ms

NOW = 1_763_740_805_000


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Waits of a fraction of a second; the rules stay the same."""
    monkeypatch.setattr(uplink_module, "STEP_S", 0.05)
    monkeypatch.setattr(uplink_module, "FIRST_HELLO_AGAIN_MS", 200)
    monkeypatch.setattr(uplink_module, "LONGEST_HELLO_AGAIN_MS", 300)
    monkeypatch.setattr(uplink_module, "FIRST_RECONNECT_S", 0.1)
    monkeypatch.setattr(uplink_module, "FLUSH_MS", 500)
    monkeypatch.setattr(delivery_module, "FIRST_WAIT_MS", 400)
    monkeypatch.setattr(delivery_module, "FIRST_HOLD_MS", 300)


@pytest.fixture
def centre(mosquitto: Mosquitto):
    made = Centre(mosquitto.port)
    yield made
    made.connection.close()


def connections(mosquitto: Mosquitto) -> int:
    """How often the station connected, as the broker tells it."""
    return (mosquitto._folder / "log").read_text().count(f" as {STATION} ")


def with_send_every(settings, seconds: int):
    """The same settings, sending so seldom."""
    sampling = msgspec.structs.replace(settings.sampling, send_every_s=seconds)
    return msgspec.structs.replace(settings, sampling=sampling)


def refused(folder) -> list[tuple]:
    with closing(sqlite3.connect(folder / "outbox.db")) as database:
        return database.execute("SELECT seq, code, text FROM refused ORDER BY seq").fetchall()


def test_hello_first_then_data_and_only_an_ack_empties_the_outbox(tmp_path, mosquitto, centre):
    with agent(tmp_path, mosquitto.port) as station:
        station.take(3)
        station.thread.start()
        centre.until(lambda: centre.data, "data came")
        first, second = centre.batches[:2]
        assert (first["v"], first["outbox"], first["readings"]) == (1, station.outbox.id, [])
        assert abs(first["sent"] - now_ms()) < 5000
        assert [reading["seq"] for reading in second["readings"]] == [1, 2, 3]
        assert station.outbox.backlog() == 3
        centre.say(outbox=station.outbox.id, stored=[[1, 2]])
        centre.until(lambda: station.outbox.backlog() == 1, "two of them left")
        centre.say(outbox=station.outbox.id, refused=[[3, 3, "unknown_quantity", "unknown quantity 'foo'"]])
        centre.until(lambda: station.outbox.backlog() == 0, "the third left")
        assert station.outbox.refused_count() == 1
    assert refused(tmp_path) == [(3, "unknown_quantity", "unknown quantity 'foo'")]


def test_no_data_before_the_clock_is_trusted(tmp_path, mosquitto, centre):
    with agent(tmp_path, mosquitto.port, untrusted()) as station:
        station.take(2, dated=False)
        station.thread.start()
        station.uplink.hurry()
        centre.until(lambda: len(centre.hellos) == 2, "the hello is said again")
        assert centre.hellos[0]["sent"] == 1000
        for payload in ({"outbox": station.outbox.id}, {"outbox": station.outbox.id, "sent": 999}):
            centre.say(**payload)
        centre.say(outbox="00000000", sent=centre.hellos[0]["sent"])
        centre.listen(0.3)
        assert not centre.data
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        assert station.clock.trust == "centre"
        assert all(abs(reading["t"] - now_ms()) < 60_000 for reading in centre.data[0]["readings"])
        assert abs(centre.data[0]["sent"] - now_ms()) < 5000


def test_what_is_not_acknowledged_is_built_anew(tmp_path, mosquitto, centre):
    centre.answer = centre.greet
    with agent(tmp_path, mosquitto.port) as station:
        station.take(5)
        station.thread.start()
        centre.until(lambda: len(centre.data) == 2, "it is sent again")
        first, again = centre.data
        assert first["readings"] == again["readings"]
        assert again["sent"] > first["sent"]
        station.take(1)
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")


def test_at_most_four_batches_and_each_below_64_kb(tmp_path, mosquitto, centre):
    centre.answer = centre.greet
    with agent(tmp_path, mosquitto.port) as station:
        station.take(3000)
        station.thread.start()
        centre.until(lambda: len(centre.data) == 4, "four batches came")
        centre.listen(0.15)
        assert len(centre.data) == 4
        assert centre.seqs() == list(range(1, 1601))
        assert all(payload[0] == 0x78 and len(payload) < 16_000 for payload in centre.payloads[1:])
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")


def test_large_readings_are_split_by_size(tmp_path, mosquitto, centre):
    centre.answer = centre.store
    with agent(tmp_path, mosquitto.port) as station:
        names = {f"{name}_{number}" + "x" * 20: 0.1 for number in range(10) for name in ("a", "b")}
        for start in range(0, 400, 100):
            polls = [_poll(start + number, names) for number in range(100)]
            station.outbox.accept(polls, NOW)
        station.thread.start()
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        assert len(centre.data) > 3  # the centre asserts their size


def _poll(at_ms: int, values: dict[str, float]) -> Poll:
    return Poll("power-1", "power", at_ms, "good", None, values)


def test_newest_first_once_the_backlog_is_an_hour_old(tmp_path, mosquitto, centre):
    centre.answer = centre.greet
    with agent(tmp_path, mosquitto.port) as station:
        station.take(500, age_ms=3 * 3_600_000)
        station.take(10)
        station.thread.start()
        centre.until(lambda: len(centre.data) == 2, "both batches came")
        first = [reading["seq"] for reading in centre.data[0]["readings"]]
        assert first == list(range(111, 511))
        assert sorted(centre.seqs()[:510]) == list(range(1, 511))


def test_a_hold_is_obeyed_shown_and_ended(tmp_path, mosquitto, centre):
    def hold(batch) -> None:
        centre.say(outbox=batch["outbox"], sent=batch["sent"], hold="unknown_station")

    centre.answer = hold
    with agent(tmp_path, mosquitto.port) as station:
        station.take(4)
        station.thread.start()
        centre.until(lambda: station.conditions.current().get("hold"), "the hold is shown")
        assert station.conditions.current()["hold"] == "the centre holds our readings: unknown_station"
        before = len(centre.data)
        centre.listen(0.5)
        assert len(centre.data) - before <= 3
        assert station.outbox.backlog() == 4
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        centre.until(lambda: "hold" not in station.conditions.current(), "the hold is over")


def test_a_hold_for_the_clock_asks_for_the_time_again(tmp_path, mosquitto, centre):
    with agent(tmp_path, mosquitto.port, untrusted()) as station:
        station.take(1, dated=False)
        centre.answer = centre.greet
        station.thread.start()
        centre.until(lambda: centre.data, "data came")
        hellos = len(centre.hellos)
        centre.say(outbox=station.outbox.id, hold="clock")
        centre.until(lambda: len(centre.hellos) > hellos, "it asks again")
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")


def test_errors_lead_to_single_readings_and_the_bad_one_is_set_aside(tmp_path, mosquitto, centre):
    def picky(batch) -> None:
        if any(reading["seq"] == 3 for reading in batch["readings"]):
            centre.say(error="not_json")
        else:
            centre.store(batch)

    centre.answer = picky
    with agent(tmp_path, mosquitto.port) as station:
        station.take(6)
        station.thread.start()
        centre.until(lambda: station.outbox.backlog() == 0, "all have left")
        assert station.outbox.refused_count() == 1
        sizes = [len(batch["readings"]) for batch in centre.data]
        assert sizes[0] == 6
        assert set(sizes[1:9]) == {1}
        station.take(5)
        station.uplink.hurry()
        centre.until(lambda: station.outbox.backlog() == 0, "the next ones too")
        assert [reading["seq"] for reading in centre.data[-1]["readings"]] == [7, 8, 9, 10, 11]
        assert "batch" not in station.conditions.current()
    assert refused(tmp_path) == [(3, "unreadable", "the centre answered not_json three times")]


JUNK = [
    b"", b"\x00\xff", b"null", b"[]", b"{}", b'{"v":2,"now":1}', b'{"v":1}', b'{"v":1,"now":"x"}',
    b'{"v":1,"now":1,"stored":[[1]]}', b'{"v":1,"now":1,"stored":[["1","2"]]}', b"[" * 10_000,
    b'{"v":1,"now":1,"outbox":"00000000","stored":[[0,99]]}', b'{"v":1,"now":1,"stored":[[0,99]]}',
    b'{"v":1,"now":1,"outbox":"OUTBOX","stored":[[500,900]]}', b'{"v":1,"now":1,"outbox":"OUTBOX","stored":[[9,1],[-5,-1]]}',  # noqa: E501
    b'{"v":1,"now":1,"outbox":"OUTBOX","refused":[[100,1000000000,"c","t"]]}',
    b'{"v":1,"now":1e999,"outbox":"OUTBOX","sent":5}', b'{"v":1,"now":%d,"outbox":"OUTBOX","sent":5}' % 10**30,  # noqa: E501
]  # fmt: skip


def test_junk_on_the_ack_topic_harms_nothing(tmp_path, mosquitto, centre):
    centre.answer = centre.greet
    with agent(tmp_path, mosquitto.port) as station:
        station.take(3)
        station.thread.start()
        centre.until(lambda: centre.data, "data came")
        for junk in JUNK:
            centre.say_bytes(junk.replace(b"OUTBOX", station.outbox.id.encode()))
        centre.listen(0.3)
        assert (station.outbox.backlog(), station.outbox.refused_count()) == (3, 0)
        assert "uplink" not in station.conditions.current()
        assert connections(mosquitto) == 1
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")


def test_a_centre_that_tells_an_impossible_time_is_not_believed(tmp_path, mosquitto, centre):
    with agent(tmp_path, mosquitto.port, untrusted()) as station:
        station.take(1, dated=False)
        station.thread.start()
        for now in (10**30, 0, -(10**18), 2**62):
            centre.until(lambda: centre.hellos, "a hello came")
            hello = centre.hellos[-1]
            centre.batches.clear()
            centre.say(outbox=hello["outbox"], sent=hello["sent"], now=now)
            centre.listen(0.1)
            assert station.clock.trust is None
        centre.answer = centre.store
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        assert connections(mosquitto) == 1


def test_a_box_that_knows_the_time_says_hello_once_also_over_a_slow_link(
    tmp_path, mosquitto, monkeypatch, centre
):
    monkeypatch.setattr(
        "edge_agent.clock.LONGEST_ROUND_TRIP_MS", -1
    )  # every answer comes too late to set a clock
    centre.answer = centre.greet
    with agent(tmp_path, mosquitto.port, trusted()) as station:
        station.thread.start()
        centre.until(lambda: centre.hellos, "the hello came")
        centre.listen(1.0)
        assert len(centre.hellos) <= 2
        assert station.clock.trust == "ntp"


def test_the_status_is_retained_and_so_is_the_last_word(tmp_path, mosquitto, centre):
    with agent(tmp_path, mosquitto.port) as station:
        station.take(2)
        station.thread.start()
        centre.until(lambda: centre.statuses, "the status came")
        assert centre.statuses[0] == {"online": True, "backlog": 2}
        station.stop.set()
        station.thread.join(5)
        centre = Centre(mosquitto.port)
        with closing(centre.connection):
            centre.until(lambda: centre.statuses, "the last word is kept")
            assert centre.statuses == [{"online": False, "backlog": 2}]


def test_the_will_says_goodbye_for_a_dead_box(tmp_path, mosquitto, monkeypatch, centre):
    made = []
    real = uplink_module.Connection
    monkeypatch.setattr(uplink_module, "Connection", lambda *a, **k: made.append(real(*a, **k)) or made[-1])
    with agent(tmp_path, mosquitto.port) as station:
        station.thread.start()
        centre.until(lambda: centre.statuses, "the status came")
        made[0]._client._sock.shutdown(2)
        centre.until(lambda: {"online": False, "backlog": 0} in centre.statuses, "the will came")
        centre.until(lambda: centre.statuses[-1] == {"online": True, "backlog": 0}, "it is back")


def test_a_broker_that_is_down_and_comes_up(tmp_path, mosquitto, caplog):
    mosquitto.kill()
    with agent(tmp_path, mosquitto.port) as station:
        station.take(3)
        station.thread.start()
        wait_until(station.conditions.current, "the trouble is shown")
        assert station.conditions.current()["uplink"] == (
            f"broker 127.0.0.1:{mosquitto.port}: nobody listens there (connection refused)"
        )
        for _ in range(2):
            mosquitto.start()
            centre = Centre(mosquitto.port)
            with closing(centre.connection):
                centre.answer = centre.greet
                centre.until(lambda c=centre: c.data, "data came")
                assert centre.batches[0]["readings"] == []
                assert station.outbox.backlog() == 3
            mosquitto.kill()
        mosquitto.start()
        centre = Centre(mosquitto.port)
        with closing(centre.connection):
            centre.answer = centre.store
            centre.until(lambda: station.outbox.backlog() == 0, "all is delivered", 20)
        assert station.conditions.current() == {}
    assert not [each for each in caplog.records if each.exc_info]


def test_the_loop_outlives_what_nobody_foresaw(tmp_path, mosquitto, centre, caplog):
    centre.answer = centre.store
    with agent(tmp_path, mosquitto.port, trusted()) as station:
        real, calls = station.outbox.oldest_t, []

        def broken() -> int | None:
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("nobody foresaw this")
            return real()

        station.outbox.oldest_t = broken
        station.take(2)
        station.thread.start()
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
    assert [each.message for each in caplog.records if each.exc_info] == [
        "uplink: unexpected failure, connecting anew"
    ]


def test_while_it_waits_to_connect_anew_it_is_known_to_live(tmp_path, monkeypatch):
    """Where a hand is needed the waits are longer than the watchdog's patience with one step."""
    monkeypatch.setattr(uplink_module, "FIRST_RECONNECT_S", 3600)
    with agent(tmp_path, free_port()) as station:
        station.thread.start()
        wait_until(lambda: station.uplink.step_ms > boot_ms() + 2_000_000, "it tells when it goes on")
        assert "uplink" in station.conditions.current()


def test_a_centre_that_does_not_answer_is_said(tmp_path, mosquitto, monkeypatch, centre):
    """The broker is well and takes everything; nobody acknowledges."""
    monkeypatch.setattr(link_module, "CENTRE_SILENT_MS", 300)
    with agent(tmp_path, mosquitto.port) as station:
        station.take(1)
        station.thread.start()
        silent = {"centre": "the centre does not answer: does its collector run?"}
        centre.until(lambda: station.conditions.current() == silent, "it is said")
        assert station.uplink.link.acked_ms is None
        centre.answer = centre.store
        centre.until(lambda: not station.conditions.current(), "it is over")
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        link = station.uplink.link
        assert link.acked_ms >= link.connected_ms
        delivery = station.uplink.delivery
        assert (delivery.hold_reason, delivery.outstanding) == (None, 0)


def test_two_boxes_with_one_name_are_recognised(tmp_path, mosquitto, monkeypatch):
    """The broker ends the older connection each time the other one comes."""
    monkeypatch.setattr(uplink_module, "SELDOM_RECONNECT_S", 0.5)
    (tmp_path / "b").mkdir()
    with agent(tmp_path, mosquitto.port) as one, agent(tmp_path / "b", mosquitto.port) as other:
        one.thread.start()
        other.thread.start()
        words = f"broker 127.0.0.1 ended 3 connections in a row: does another box use the station id {STATION} as well?"  # noqa: E501
        wait_until(
            lambda: words in [each.conditions.current().get("uplink") for each in (one, other)], "it is said"
        )


def test_what_waits_at_the_end_is_still_delivered(tmp_path, mosquitto, monkeypatch, centre):
    """Nothing is due for an hour; the end comes first."""
    centre.answer = centre.store
    with agent(tmp_path, mosquitto.port) as station:
        monkeypatch.setattr(
            station.uplink, "_settings", with_send_every(station.uplink._settings, 3600)
        )  # the uplink's own settings are frozen
        station.thread.start()
        centre.until(lambda: centre.hellos and station.uplink.link.acked_ms, "hello")
        station.take(3)
        station.stop.set()
        centre.until(lambda: not station.thread.is_alive(), "it has ended")
        assert station.outbox.backlog() == 0
        centre.until(lambda: centre.statuses[-1]["online"] is False, "goodbye")


def test_an_end_without_a_centre_does_not_wait_for_it(tmp_path, mosquitto, monkeypatch, centre):
    monkeypatch.setattr(uplink_module, "FLUSH_MS", 200)
    with agent(tmp_path, mosquitto.port) as station:
        station.take(3)
        station.thread.start()
        centre.until(lambda: centre.data, "data came")
        station.stop.set()
        centre.until(lambda: not station.thread.is_alive(), "it has ended")
        assert station.outbox.backlog() == 3


def test_a_lost_and_a_doubled_ack_change_nothing(tmp_path, mosquitto, centre):
    answers = []

    def twice_after_once_not(batch):
        if centre.greet(batch):
            return
        answers.append(batch)
        if len(answers) > 1:
            centre.store(batch)
            centre.store(batch)

    centre.answer = twice_after_once_not
    with agent(tmp_path, mosquitto.port) as station:
        station.take(5)
        station.thread.start()
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        station.take(2)
        station.uplink.hurry()
        centre.until(lambda: station.outbox.backlog() == 0, "the others too")
    assert sorted(set(centre.seqs())) == [1, 2, 3, 4, 5, 6, 7]
    assert station.outbox.refused_count() == 0


def test_a_damaged_outbox_ends_the_delivery(tmp_path, mosquitto, monkeypatch, centre):
    with agent(tmp_path, mosquitto.port) as station:

        def damaged() -> int:
            raise OutboxDamagedError("outbox o.db: database disk image is malformed")

        monkeypatch.setattr(station.outbox, "oldest_t", damaged)
        station.thread.start()
        wait_until(lambda: station.fatal, "it is told")
        station.thread.join(5)
        assert station.fatal == ["outbox o.db: database disk image is malformed"]


def test_a_line_that_dies_in_silence_is_given_up(tmp_path, mosquitto, monkeypatch, centre):
    """Half-open: the connection stands, nothing passes any more; a mobile network does that."""
    monkeypatch.setattr(broker_module, "CONFIRM_TIMEOUT_S", 0.5)
    centre.answer = centre.store
    with CountingProxy(mosquitto.port) as proxy, agent(tmp_path, proxy.port) as station:
        station.thread.start()
        centre.until(lambda: station.uplink.link.acked_ms, "hello")
        proxy.stall()
        station.take(3)
        words = f"connection to 127.0.0.1:{proxy.port} lost (no confirmation for 0 s)"
        centre.until(lambda: station.conditions.current().get("uplink") == words, "it is said")
        proxy.forward()
        centre.until(lambda: station.outbox.backlog() == 0, "all is delivered")
        assert proxy.connections >= 2
        station.take(2)
        proxy.cut()
        centre.until(lambda: station.outbox.backlog() == 0, "the rest as well")
    assert sorted(set(centre.seqs())) == [1, 2, 3, 4, 5]
