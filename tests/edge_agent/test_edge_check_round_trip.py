"""Login, hello and the centre's answer, beside a running agent that must not notice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from chain import Chain
from edge_centre import STATION, Centre, agent
from edge_check import codes, config, last, seen
from servers import Mosquitto, wait_until

from service.process import now_ms

Say = Callable[[Centre, dict], None]


@contextmanager
def centre_that(say: Say, port: int) -> Iterator[Centre]:
    """A centre that answers in a thread of its own."""
    centre, done = Centre(port), threading.Event()
    centre.answer = lambda batch: say(centre, batch)

    def serve() -> None:
        while not done.is_set():
            centre.connection.step(0.02)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield centre
    finally:
        done.set()
        thread.join()
        centre.connection.close()


def well(centre: Centre, batch: dict) -> None:
    centre.store(batch)


def answered(say: Say, mosquitto: Mosquitto, tmp_path, **more) -> list:
    with centre_that(say, mosquitto.port):
        return seen(config(tmp_path, broker=mosquitto.port), "login", "round_trip", **more)


def test_the_whole_way(mosquitto: Mosquitto, tmp_path):
    found = answered(well, mosquitto, tmp_path)
    assert codes(found) == ["login ok logged_in", "round_trip ok answered"]
    assert abs(found[1].figures["difference_s"]) < 5
    assert found[1].text == (
        f"the centre answered in {found[1].figures['ms']} ms, clocks differ by "
        f"{found[1].figures['difference_s']:+.1f} s"
    )


@pytest.mark.parametrize(
    ("ack", "state", "code", "text"),
    [
        (
            {"hold": "unknown_station"},
            "fail",
            "unknown_station",
            f"the centre does not know {STATION} yet",
        ),
        ({"hold": "clock"}, "fail", "clock_refused", "the centre says that this box's clock is wrong (+0 s)"),
        ({"hold": "holiday"}, "fail", "held", "the centre takes no readings (holiday)"),
    ],
)
def test_a_centre_that_holds_us(ack, state, code, text, mosquitto: Mosquitto, tmp_path):
    def hold(centre: Centre, batch: dict) -> None:
        centre.say(outbox=batch["outbox"], sent=batch["sent"], **ack)

    found = answered(hold, mosquitto, tmp_path)
    assert last(found) == (state, code, text.replace("+0", f"{found[-1].figures['difference_s']:+.0f}"))
    assert found[-1].remedy


def test_a_centre_of_another_time(mosquitto: Mosquitto, tmp_path):
    def ahead(centre: Centre, batch: dict) -> None:
        centre.say(outbox=batch["outbox"], sent=batch["sent"], now=now_ms() + 7_200_000)

    found = answered(ahead, mosquitto, tmp_path)
    assert last(found)[:2] == ("warn", "clocks_differ")
    assert abs(found[-1].figures["difference_s"] - 7200) < 5


def test_answers_to_others_and_rubbish_are_passed_over(mosquitto: Mosquitto, tmp_path):
    def confuse(centre: Centre, batch: dict) -> None:
        centre.say_bytes(b"\xff{")
        centre.say(outbox="00000000", sent=batch["sent"], hold="clock")
        centre.say(error="not_json")
        centre.store(batch)

    assert last(answered(confuse, mosquitto, tmp_path))[:2] == ("ok", "answered")


def test_a_broker_without_a_collector(mosquitto: Mosquitto, tmp_path):
    found = seen(config(tmp_path, broker=mosquitto.port), "round_trip", timeout_s=0.3)
    assert last(found) == (
        "fail",
        "no_ack",
        "the broker takes our message, but no collector answers (0.3 s)",
    )


def test_a_running_agent_beside_it_stays_connected_and_hears_nothing_wrong(mosquitto: Mosquitto, tmp_path):
    (tmp_path / "box").mkdir()
    with centre_that(well, mosquitto.port) as centre, agent(tmp_path / "box", mosquitto.port) as station:
        station.thread.start()
        wait_until(lambda: centre.hellos and station.uplink.link.acked_ms, "the agent was greeted")
        connected_ms, statuses = station.uplink.link.connected_ms, len(centre.statuses)
        found = seen(config(tmp_path, broker=mosquitto.port), "round_trip")
        assert last(found)[:2] == ("ok", "answered")
        station.take(1)
        station.uplink.hurry()
        wait_until(lambda: not station.outbox.backlog(), "its readings still get through")
        assert station.uplink.link.connected_ms == connected_ms
        assert station.uplink.link.lost_ms is None
        assert not station.conditions.current()
        assert all(status["online"] for status in centre.statuses[statuses:])
        checked = [batch["outbox"] for batch in centre.hellos if batch["outbox"] != station.outbox.id]
    assert len(checked) == 1


def test_a_real_collector_and_a_station_that_it_does_not_know(mosquitto: Mosquitto, tmp_path):
    (tmp_path / "centre").mkdir()
    with Chain(tmp_path / "centre", line="/dev/null", broker_port=mosquitto.port) as chain:
        chain.start("collector")
        path = config(tmp_path, broker=mosquitto.port)
        wait_until(
            lambda: last(seen(path, "round_trip", timeout_s=1))[:2] == ("ok", "answered"), "it answers"
        )
        path.write_text(path.read_text().replace(STATION, "410882-0099"))
        found = seen(path, "round_trip")
    assert last(found) == ("fail", "unknown_station", "the centre does not know 410882-0099 yet")


def test_a_broker_that_dies_meanwhile(mosquitto: Mosquitto, tmp_path):
    found = []
    begun: list[str] = []

    def begin(label: str) -> None:
        begun.append(label)
        if label == "round trip":
            mosquitto.kill()

    found = seen(config(tmp_path, broker=mosquitto.port), "login", "round_trip", on_begin=begin)
    assert begun == ["login", "round trip"]
    assert (found[1].state, found[1].code) in {("fail", "broken"), ("fail", "closed")}
