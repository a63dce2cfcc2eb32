"""`qingliu demo` as a real process, with everything it starts."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing

import psutil
import pytest
from playwright.sync_api import sync_playwright
from servers import free_port, wait_until

from simulator.city import city

COUNT = 5
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update",
                  "--disable-sync"]  # fmt: skip
LIVE = [station for station in city(time.time(), COUNT) if station.is_live]
STATIONS = [station.id for station in LIVE]
CHILDREN = {"broker", "collector", "alerting", "console", "reporting", "city",
            *(f"meters-{s}" for s in STATIONS), *(f"agent-{s}" for s in STATIONS)}  # fmt: skip


class Demo:
    """A running demo; whatever still lives at the end is killed."""

    def __init__(self, folder, port, past_days=2):
        command = [
            sys.executable,
            "-m",
            "qingliu",
            "demo",
            "--json",
            "--port",
            str(port),
            "--data",
            str(folder),
            "--stations",
            str(COUNT),
            "--past-days",
            str(past_days),
        ]
        self.folder = folder
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = ""

    def announced(self):
        told = json.loads(self.process.stdout.readline())
        assert told["data"] == str(self.folder)
        self.address = told["address"]
        return self.address

    def page(self, path):
        with urllib.request.urlopen(self.address.rstrip("/") + path, timeout=10) as answer:
            return answer.read().decode()

    def is_well(self):
        try:
            return json.loads(self.page("/health"))["status"] == "ok"
        except urllib.error.HTTPError:  # 503 until every part has reported
            return False

    def children(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def counters(self):
        """Energy and volume of each station in the order they were read."""
        found = {}
        with closing(sqlite3.connect(self.folder / "history.db", timeout=10)) as database:
            for station in STATIONS:
                for table, column in (("power", "energy_kwh"), ("flow", "volume_m3")):
                    query = f"SELECT {column} FROM {table} WHERE station = ? AND q = 0 ORDER BY t"
                    found[station, table] = [value for (value,) in database.execute(query, (station,))]
        return found

    def has_read_since(self, before):
        return all(len(values) > len(before.get(name, ())) for name, values in self.counters().items())

    def ended(self, within_s=10):
        before = self.process.poll() is None and self.children()
        out, errors = self.process.communicate(timeout=within_s)
        _, alive = psutil.wait_procs(before or [], 5)
        assert alive == []
        return self.process.returncode, out, errors

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            left = self.children()
            self.process.kill()
            psutil.wait_procs(left, 10)
        self.process.communicate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


def look_at(address, chromium):
    """Open the pages as somebody at the desk would; returns what each says, and what went wrong."""
    told, texts = [], {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(locale="zh-CN")
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("console", lambda message: told.append(message.text))
        for path in ("", "stations", f"stations/{STATIONS[0]}", "alarms", "reports"):
            answer = page.goto(address + path)
            texts[path] = (answer.status, page.locator("main").inner_text())
        browser.close()
    return texts, told


def test_it_shows_both_stations_alive_and_ends_clean(folder, chromium):
    port = free_port()
    with Demo(folder, port) as demo:
        assert demo.announced() == f"http://127.0.0.1:{port}/"
        assert len(demo.children()) >= len(CHILDREN)
        assert {path.stem for path in (folder / "log").iterdir()} == CHILDREN
        wait_until(lambda: demo.has_read_since({}), "both stations deliver", 40)
        wait_until(demo.is_well, "all is well", 40)
        listed = demo.page("/stations?lang=zh-CN")
        for station in LIVE:
            assert station.id in listed
            assert station.name in listed
            shown = demo.page(f"/stations/{station.id}?lang=en")
            for word in ("power-1", "flow-1", "kWh", "m³/h"):
                assert word in shown

        texts, told = look_at(demo.address, chromium)
        assert told == []
        assert {status for status, _ in texts.values()} == {200}
        assert "90 %" in texts[""][1]
        for county in {station.county_name for station in city(time.time(), COUNT)}:
            assert county in texts[""][1]
        assert "日判定" in texts[f"stations/{STATIONS[0]}"][1]

        refused = subprocess.run(
            [sys.executable, "-m", "qingliu", "demo", "--port", "0", "--data", str(folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == (
            f"{folder}: another demo runs in this folder. Stop it, or name another with --data.\n"
        )
        demo.process.send_signal(signal.SIGINT)
        assert demo.ended() == (0, "", "")
    left = {path.name for path in folder.iterdir() if path.is_file()}
    assert left == {"centre.toml", "city.json", "history.db", "registry.db", "stations.csv"}
    assert not [path for path in folder.rglob("*") if path.is_socket() or path.is_symlink()]
    logs = {path.name: path.read_text() for path in (folder / "log").iterdir()}
    assert [name for name, text in logs.items() if "Traceback" in text] == []


def test_it_goes_on_in_its_folder_and_ends_when_a_child_dies(folder):
    with closing(socket.socket()) as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with Demo(folder, port) as demo:
            before = demo.counters()
            address = demo.announced()
            assert address != f"http://127.0.0.1:{port}/"
            assert port < int(address.rstrip("/").rpartition(":")[2]) < port + 20
            wait_until(lambda: demo.has_read_since(before), "both deliver again", 40)
            for values in demo.counters().values():
                assert values == sorted(values)
            alerting = next(each for each in demo.children() if "alerting" in each.cmdline())
            alerting.kill()
            code, out, errors = demo.ended(20)
    lines = errors.splitlines()
    assert (code, out, len(lines)) == (1, "", 2)
    taken = address.rstrip("/").rpartition(":")[2]
    assert lines[0] == f"port {port} is busy, taking {taken}"
    assert lines[1].startswith("alerting ended by itself (exit code -9): ")
    assert lines[1].endswith(f". See {folder}/log/alerting.log.")


def test_a_signal_during_the_start_leaves_nothing(tmp_path):
    with Demo(tmp_path, 0) as demo:
        wait_until((tmp_path / "log" / "broker.log").exists, "the first child is started", 40)
        demo.process.send_signal(signal.SIGTERM)
        assert demo.ended() == (0, "", "")


def test_places_that_cannot_be_used_are_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for data, said in (
        (tmp_path / "file", "File exists"),
        (tmp_path / "file" / "x", "Not a directory"),
    ):
        with Demo(data, 0) as demo:
            assert demo.ended() == (1, "", f"{data}: {said}. Name another folder with --data.\n")


@pytest.mark.soak
def test_a_live_station_that_is_stopped_rings_within_three_minutes_and_clears(tmp_path):
    def switched(word):
        command = [sys.executable, "-m", "qingliu", "simulate", word, STATIONS[0], "--data", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    def on_list(list_, end):
        _, _, found = demo.page("/alarms?lang=en").partition(f'id="{list_}"')
        return STATIONS[0] in found.partition(f'id="{end}"')[0]

    def rings():
        return on_list("active", "past")

    def acknowledge():
        command = [sys.executable, "-m", "qingliu", "alerting"]
        config = ["--config", str(tmp_path / "centre.toml")]
        shown = subprocess.run(
            [*command, "list", "--station", STATIONS[0], "--json", *config],
            capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
        for alarm in json.loads(shown.stdout):
            subprocess.run([*command, "ack", str(alarm["id"]), *config], check=True, timeout=30)

    with Demo(tmp_path, 0) as demo:
        demo.announced()
        wait_until(demo.is_well, "all is well", 60)
        assert not rings()
        assert "treatment stopped" in switched("stop")
        wait_until(rings, "the alarm is on the page", 180, 1)
        acknowledge()
        assert "treatment started" in switched("start")
        wait_until(lambda: not rings(), "the alarm has cleared", 180, 1)
        demo.process.send_signal(signal.SIGINT)
        assert demo.ended() == (0, "", "")
