"""One reading's whole way through real parts, compared with what stood in the registers."""

import random
import urllib.request
from collections.abc import Sequence

import pytest
from chain import STATION, Chain
from servers import Mosquitto, wait_until

from simulator.meters import SimulatedStation
from simulator.parameters import StationParameters
from simulator.truth import said_dtsu666, said_mfe600
from telemetry.quantities import NAMES_BY_KIND

STEADY = StationParameters(blower_on_s=1e6, blower_off_s=1, energy_kwh=10.0, volume_m3=20.0)
POWER_POLL_BLOCKS = 2


class Registers:
    """What the simulated meters were asked for and served, poll by poll."""

    def __init__(self) -> None:
        self.power: list[dict[int, int]] = []
        self.flow: list[dict[int, int]] = []
        self._blocks = 0

    def __call__(self, unit_id: int, address: int, count: int, registers: Sequence[int]) -> None:
        served = dict(zip(range(address, address + count), registers, strict=True))
        if unit_id == 2:
            self.flow.append(served)
            return
        if self._blocks % POWER_POLL_BLOCKS == 0:
            self.power.append({})
        self._blocks += 1
        self.power[-1].update(served)


def stored(chain: Chain, kind: str) -> list[dict[str, float]]:
    names = NAMES_BY_KIND[kind]
    rows = chain.rows("history", f"SELECT {', '.join(names)} FROM {kind} WHERE q = 0 ORDER BY t")
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows
    ]


def page(chain: Chain, path: str) -> str:
    address = f"http://127.0.0.1:{chain.console_port}{path}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read().decode()


def serves(chain: Chain) -> bool:
    try:
        return bool(page(chain, "/stations"))
    except OSError:
        return False


def test_a_reading_travels_from_the_register_to_the_page(tmp_path, mosquitto: Mosquitto):
    served = Registers()
    with (
        SimulatedStation(STEADY, served=served) as station,
        Chain(tmp_path, line=station.port, broker_port=mosquitto.port) as chain,
    ):
        for room in ("collector", "alerting", "console"):
            chain.start(room)
        wait_until(lambda: "as qingliu-collector" in mosquitto.log(), "the collector listens")
        chain.start("agent")
        wait_until(lambda: len(stored(chain, "flow")) >= 5, "five readings are in the history", 30)

        # register -> reading -> outbox -> broker -> collector -> history
        power, flow = stored(chain, "power"), stored(chain, "flow")
        for got, registers in zip(power, served.power, strict=False):
            said = said_dtsu666(registers)
            assert got == pytest.approx({name: said[name] for name in got}, rel=1e-9)
            assert got.keys() == set(NAMES_BY_KIND["power"])
        for got, registers in zip(flow, served.flow, strict=False):
            assert got == pytest.approx(said_mfe600(registers), rel=1e-9)

        # history -> quarter hour: the counter's difference, spread over the quarter hours it touches
        chain.stop("agent")
        first, last = (
            chain.rows("history", f"SELECT energy_kwh FROM power ORDER BY t {way} LIMIT 1")[0][0]
            for way in ("", "DESC")
        )
        assert last > first
        wait_until(
            lambda: (
                chain.rows("history", "SELECT sum(energy_kwh) FROM quarter_hour")[0][0]
                == pytest.approx(last - first, rel=1e-6)
            ),
            "the quarter hours hold the counter's difference",
        )
        chain.start("agent")

        # quarter hour -> state -> page
        now = "SELECT state FROM state_periods WHERE end_ms IS NULL"
        wait_until(lambda: chain.rows("registry", now) == [("running",)], "the station runs", 30)
        wait_until(lambda: serves(chain), "the console serves", 30)
        assert "北寨村污水处理站" in page(chain, "/stations")
        shown = page(chain, f"/stations/{STATION}?lang=zh-CN")
        assert "运行" in shown
        assert f"{stored(chain, 'power')[-1]['energy_kwh']:.1f}"[:4] in shown

        # a stop rings, and clears when it is over
        station.set_running(False)
        wait_until(lambda: chain.rows("registry", now) == [("stopped",)], "the stop is seen", 40)
        alarms = "SELECT type, cleared_ms IS NULL FROM alarms"
        wait_until(lambda: chain.rows("registry", alarms) == [("stopped", 1)], "the alarm rings")
        assert "停运" in page(chain, "/alarms?lang=zh-CN")
        station.set_running(True)
        wait_until(lambda: chain.rows("registry", alarms) == [("stopped", 0)], "the alarm clears", 40)
        events = chain.rows("registry", "SELECT event FROM alarm_events ORDER BY id")
        assert events == [("raised",), ("returned_to_normal",)]
        for room in ("agent", "collector", "alerting", "console"):
            assert chain.stop(room) == 0, chain.log(room)
        assert "Traceback" not in "".join(map(chain.log, ("agent", "collector", "alerting", "console")))


def accepted(chain: Chain) -> tuple[int, set[tuple[str, int]], set[tuple[str, int]]]:
    """How many readings the outbox ever took, and where they are: in the history, still in the outbox."""
    in_outbox = set(chain.rows("outbox", "SELECT device, t FROM reading"))
    total = chain.rows("outbox", "SELECT seq FROM accepted")
    in_history = set(
        chain.rows("history", "SELECT device, t FROM power UNION ALL SELECT device, t FROM flow")
    )
    return (total[0][0] if total else 0), in_history, in_outbox


def test_kill_9_of_agent_collector_and_broker_loses_and_doubles_nothing(tmp_path, mosquitto: Mosquitto):
    kill_in_turn(
        tmp_path, mosquitto, ("agent", "collector", "broker", "collector", "agent"), random.Random(1)
    )


@pytest.mark.soak
def test_a_hundred_kills_lose_and_double_nothing(tmp_path, mosquitto: Mosquitto):
    chance = random.Random(20261121)
    victims = [chance.choice(("agent", "collector", "broker")) for _ in range(100)]
    kill_in_turn(tmp_path, mosquitto, victims, chance)


def kill_in_turn(tmp_path, mosquitto: Mosquitto, victims: Sequence[str], chance: random.Random) -> None:
    served = Registers()
    with (
        SimulatedStation(STEADY, served=served) as station,
        Chain(tmp_path, line=station.port, broker_port=mosquitto.port) as chain,
    ):
        chain.start("collector")
        wait_until(lambda: "as qingliu-collector" in mosquitto.log(), "the collector listens")
        chain.start("agent")
        for victim in victims:
            before = accepted(chain)[0]
            some = chance.randint(3, 6)
            wait_until(
                lambda b=before, s=some: accepted(chain)[0] >= b + s, "some more readings are accepted", 40
            )
            if victim == "broker":
                mosquitto.kill()
                mosquitto.start()
            else:
                chain.kill(victim)
                chain.start(victim)
        goal = accepted(chain)[0]
        wait_until(lambda: len(accepted(chain)[1]) >= goal, "all of them are in the history", 60)
        assert chain.stop("agent") == 0
        total, in_history, in_outbox = accepted(chain)
        rows = chain.rows("history", "SELECT count(*) FROM power")[0][0]
        rows += chain.rows("history", "SELECT count(*) FROM flow")[0][0]
        assert rows == len(in_history)  # each (device, t) once
        assert len(in_history | in_outbox) == total  # none lost, none invented
        figures = [said_mfe600(registers) for registers in served.flow]
        assert all(pytest.approx(got, rel=1e-9) in figures for got in stored(chain, "flow"))
