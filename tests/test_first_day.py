"""A complete first day through commands and shipped files alone; `pytest -s` prints its transcript."""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bundles import bundle_of
from clean_root import CleanRoot, clean_root
from first_day import NAME, STATION, USER, Box, Browser, Centre, yesterday_began
from servers import wait_until

from simulator.meters import SimulatedStation
from simulator.parameters import StationParameters

ZONE = "Asia/Shanghai"
AGENT = "/etc/qingliu/agent.toml"
UNIT = "qingliu-agent.service"
STEADY = StationParameters(blower_on_s=1e6, blower_off_s=1)
TOTALS = {"energy_kwh": STEADY.energy_kwh, "volume_m3": STEADY.volume_m3}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[CleanRoot]:
    with clean_root(tmp_path, has_network=True) as made:
        yield made


def digits(text: str, label: str) -> str:
    """The short fingerprint behind a word."""
    found = re.search(rf"{label}\s+((?:[0-9a-f]{{4}} ){{3}}[0-9a-f]{{4}})", text)
    assert found, text
    return found[1]


def said_of_station(desk: Browser) -> str:
    """The station's row of the console's list; empty while there is none."""
    page = desk.page("/stations?lang=zh-CN")
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{STATION}.*?</tr>", page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row[0])) if row else ""


def centre_set_up(centre: Centre, bundle: Path) -> str:
    """The centre: who it is, its broker, its stations, who may log in; what enrolling the station said."""
    centre.configure()
    made = centre.run("stations", "ca", "init")
    centre.run("stations", "ca", "server", "--name", "127.0.0.1", "-o", str(centre.broker_folder))
    centre.start_broker()
    assert "1 station imported" in centre.run("stations", "import", str(centre.folder / "stations.csv"))
    secret = centre.secret("user.password")
    centre.run("console", "add-user", USER, "--role", "admin", "--password-file", secret)
    enrolled = centre.run("stations", "enrol", STATION, "-o", str(bundle))
    assert digits(enrolled, "authority") == digits(made, "fingerprint")
    return enrolled


def box_set_up(box: Box, bundle: Path, port: str) -> str:
    """The box: installed, introduced, its meters found and read, all checked; what enrolling it said."""
    root = box.root
    root.install(bundle_of("agent", root.given / "agent", through_archive=True))
    met = box.run("qingliu", "agent", "enrol", f"/media/given/{bundle.name}")
    Path(port).chmod(0o666)  # a real line belongs to dialout
    known = ("--line", "9600-8N1", "--ids", "1-4", "--no-dlt645")
    box.run("qingliu", "agent", "scan", "--port", port, *known, "--write", "--yes")
    read = json.loads(box.run("qingliu", "agent", "read", "--json", user="qingliu"))
    shown = {name: value for each in read["readings"] for name, value in each["x"].items()}
    assert {name: shown[name] for name in TOTALS} == pytest.approx(TOTALS, rel=1e-4)
    text = root.said("cat", AGENT)
    root.write(AGENT, f"{text}\n[sampling]\ninterval_s = 1\nsend_every_s = 1\n")
    checked = json.loads(box.run("qingliu", "agent", "check", "--json", user="qingliu"))
    states = {each["name"]: each["state"] for each in checked["checks"]}
    assert "fail" not in states.values()
    assert states["round_trip"] == "ok"
    return met


def test_from_an_authority_to_a_report(root: CleanRoot, tmp_path: Path, mosquitto_program: str) -> None:
    begun_ms = round(time.time() * 1000)
    with (
        SimulatedStation(STEADY) as line,
        Centre(tmp_path / "centre", mosquitto_program) as centre,
    ):
        given = root.given / f"{STATION}.tar.gz"
        enrolled = centre_set_up(centre, given)
        centre.serve()
        box = Box(root, centre.transcript)
        met = box_set_up(box, given, line.port)
        for label in ("authority", "certificate"):
            assert digits(met, label) == digits(enrolled, label)

        # it runs as the unit says, and what it kept since yesterday comes with it
        kept = box.fill_outbox(tmp_path / "outbox.db", yesterday_began(begun_ms, ZONE), begun_ms, TOTALS)
        assert kept > 2 * 24 * 4
        box.run("systemctl", "start", UNIT)
        wait_until(lambda: f" as {STATION} " in centre.log("mosquitto"), "the station is let in")
        desk = Browser(centre.ports["console"])
        wait_until(desk.is_served, "the console serves", 30)
        assert NAME not in desk.page("/stations")  # nobody is logged in
        desk.log_in()
        wait_until(lambda: "从未" not in said_of_station(desk), "the station was heard")
        box.run("qingliu", "agent", "status")

        # its treatment stops
        wait_until(lambda: "运行" in said_of_station(desk), "the station is seen to run", 30)
        line.set_running(False)
        alarms = wait_until(lambda: json.loads(centre.asked("alerting", "list", "--json")), "it rings", 40)
        centre.run("alerting", "list")
        assert [(each["station_id"], each["type"]) for each in alarms] == [(STATION, "stopped")]
        assert NAME in desk.page("/alarms")

        # a night passes; the day is judged, and in the report of its month
        centre.was_known_since(yesterday_began(begun_ms, ZONE))
        month = f"{datetime.fromtimestamp(yesterday_began(begun_ms, ZONE) / 1000, ZoneInfo(ZONE)):%Y-%m}"
        verdicts = ("alerting", "verdicts", "list", "--station", STATION, "--json")
        wait_until(
            lambda: [day["verdict"] for day in json.loads(centre.asked(*verdicts))] == ["running"],
            "the day is judged",
        )
        centre.run("report", "month", month, "-o", str(centre.folder))
        workbook, document = (centre.folder / f"operating-rate-{month}.{kind}" for kind in ("xlsx", "pdf"))
        assert workbook.read_bytes().startswith(b"PK")
        assert document.read_bytes().startswith(b"%PDF")
        assert centre.stop("serve") == 0
        assert "Traceback" not in centre.log("serve")
