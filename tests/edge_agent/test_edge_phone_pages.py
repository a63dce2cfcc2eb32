"""The pages over real connections: what they do to a station, and what they say when something is wrong."""

import json
import re
import tarfile
from contextlib import contextmanager, nullcontext
from io import BytesIO
from threading import Event

import pytest
from certificates import Authority
from edge_phone import METERS, STATION, Visitor, config_in, phone_site, serving
from servers import wait_until

from edge_agent.commissioning.findings import Candidate, FoundUnit, LineSettings, Remark, Scan
from edge_agent.config import load_agent
from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.real_tools import RealTools
from edge_agent.phone.watch import Watch
from edge_agent.port import PortGone
from simulator.meters import SimulatedStation

NINE_SIX = LineSettings(9600)


@pytest.fixture
def line(tmp_path):
    with SimulatedStation(link=tmp_path / "line") as station:
        yield station


def settled(visitor, path, mark):
    return wait_until(
        lambda: (text := visitor.get(path).text) and mark in text and text, f"{path} says {mark}"
    )


def test_live_values_are_polled_and_a_dead_line_is_said(tmp_path):
    config = config_in(tmp_path, tmp_path / "line", METERS)
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        with SimulatedStation(link=tmp_path / "line"):
            page = visitor.get("/live").text
            assert "有效" in page
            assert re.search(r"<dd>2[0-9]{2}\.\d <small>V</small>", page)
        page = settled(visitor, "/live", "缺失")
        assert "串口适配器丢失" in page


def test_the_scan_is_stopped_and_only_one_job_runs(tmp_path, line):
    config = config_in(tmp_path, tmp_path / "line")
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        token = visitor.token()
        assert "没有" not in visitor.get("/meters").text
        form = {"token": token, "port": str(tmp_path / "line")}
        assert visitor.post("/meters/scan", form).place == "/meters"
        visitor.post("/checks/run", {"token": token})
        visitor.post("/meters/stop", {"token": token})
        settled(visitor, "/meters", 'action="/meters/scan"')
        assert "没有串口" in visitor.post("/meters/scan", {"token": token, "port": "/etc/passwd"}).text


def test_meters_are_chosen_and_written_and_wrong_answers_are_said(tmp_path):
    config = config_in(tmp_path, tmp_path / "line")
    cabinet = Cabinet(config, RealTools())
    power = Candidate("chint-dtsu666", "CHINT <DTSU666>", "power", 9, ("mains",), {"voltage_l1_v": 231.0})
    units = (FoundUnit(1, NINE_SIX, 0.03, (power,)), FoundUnit(2, NINE_SIX, 0.4))
    remarks = (Remark("echo", NINE_SIX), Remark("no_frames", LineSettings(19200), times=9))
    cabinet.scans = [
        Scan(str(tmp_path / "line"), units, remarks, echo=True, lines=(NINE_SIX,), asked=64, took_s=9.0)
    ]
    with serving(cabinet) as server:
        visitor = Visitor(server).enter()
        token = visitor.token()
        page = visitor.get("/meters").text
        assert "CHINT &lt;DTSU666&gt;" in page
        assert "适配器有回显" in page
        assert "<details open>" in page  # the wires are worth a look
        mark = re.search(r'name="scan" value="([^"]*)"', page)[1]
        choice = {"token": token, "scan": mark, "unit-0": "chint-dtsu666", "unit-1": ""}
        assert "页面已过期" in visitor.post("/meters/choose", choice | {"scan": "other"}).text
        assert "未选择仪表" in visitor.post("/meters/choose", choice | {"unit-0": "../x"}).text
        assert visitor.post("/meters/choose", choice).place == "/meters/answers"
        answers = visitor.get("/meters/answers").text
        assert 'name="0-ct" value="1"' in answers
        form = {"token": token, "chosen": re.search(r'name="chosen" value="([^"]*)"', answers)[1]}
        assert "页面已过期" in visitor.post("/meters/save", form | {"chosen": "another choice"}).text
        refused = visitor.post("/meters/save", form | {"0-ct": "-3", "0-pt": "1"}).text
        assert "-3" in refused
        assert 'role="alert"' in refused
        assert "[[device]]" not in config.read_text("utf-8")
        assert visitor.post("/meters/save", form | {"0-ct": "100/5", "0-pt": ""}).place == "/meters/saved"
        text = config.read_text("utf-8")
        assert text.startswith("# invented station")
        assert 'id = "power-1"' in text
        assert "ct = 20" in text
        assert "echo = true" in text
        assert "flow-1" not in text
        assert "power-1" in visitor.get("/meters/saved").text


def test_a_bundle_from_the_phone_enrols_the_station(tmp_path):
    authority = Authority(tmp_path / "authority")
    identity = authority.client(STATION)
    mqtt = '[mqtt]\nhost = "centre.example"\nca_file = "ca.crt"\ncert_file = "station.crt"\n'
    mqtt += 'key_file = "station.key"\n'
    files = {
        "agent.toml": f'[station]\nid = "{STATION}"\nname = "北寨村污水处理站"\n{mqtt}'.encode(),
        "ca.crt": authority.ca_file.read_bytes(),
        "station.crt": identity.cert_file.read_bytes(),
        "station.key": identity.key_file.read_bytes(),
    }
    config = tmp_path / "etc" / "agent.toml"
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        assert "站点尚未开通" in visitor.get("/").text
        for wrong in (b"", b"not a bundle", bundle(files)[:-40]):
            assert 'class="message bad"' in visitor.upload("/station/bundle", wrong).text
            assert not config.exists()
        assert "centre.example" in visitor.upload("/station/bundle", bundle(files)).text
        assert STATION in visitor.get("/").text
        assert (config.parent / "station.key").stat().st_mode & 0o777 == 0o600


def bundle(files):
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, octets in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            archive.addfile(member, BytesIO(octets))
    return packed.getvalue()


def test_nothing_is_signed_without_a_name_or_with_a_wrong_number(tmp_path):
    config = config_in(tmp_path, more=METERS)
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        form = {"token": visitor.token(), "item": ["wiring", "closed"]}
        assert "请填写安装人员姓名" in visitor.post("/finish/sign", form).text
        wrong = visitor.post("/finish/sign", form | {"installer": "张三", "display-power-1": "viel"}).text
        assert "必须是数字" in wrong
        assert wrong.count("checked") == 2
        assert visitor.get("/finish/file").place == "/finish"
        assert visitor.post("/finish/sign", form | {"installer": "张三"}).place == "/finish/paper"
        assert visitor.get("/finish/file").headers["Content-Type"].startswith("application/json")
        assert list(tmp_path.glob(f"checklist-{STATION}-*.json"))
    with phone_site(config) as server:  # another visit finds it
        assert "张三" in Visitor(server).enter().get("/finish/paper").text


def test_a_wrong_agent_toml_is_said_on_every_page_and_breaks_none(tmp_path):
    config = config_in(tmp_path, more=METERS + "unit = 3\n[[[")
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        for path in ("/", "/meters", "/live", "/checks", "/station", "/link", "/finish", "/finish/paper"):
            assert visitor.get(path).status == 200, path
        assert "not valid TOML" in visitor.get("/").text
        config.write_text(config.read_text("utf-8").replace("[[[", ""), "utf-8")
        assert "unknown key" in visitor.get("/live").text
        assert "unknown key" in visitor.get("/finish").text


def test_what_was_found_before_outlives_a_start_that_is_refused(tmp_path):
    cabinet = Cabinet(config_in(tmp_path, more=METERS), RealTools())
    scan = Scan("/dev/null", (), (), echo=False, lines=(NINE_SIX,), asked=64, took_s=9.0)
    cabinet.scans = [scan]
    cabinet.checks = ["a line"]
    under_way = Event()
    with serving(cabinet) as server:
        visitor = Visitor(server).enter()
        form = {"token": visitor.token(), "port": "/dev/null"}
        cabinet.jobs.start("checks", lambda _job: under_way.wait(10))
        assert "正在检查，请等待完成" in visitor.post("/meters/scan", form).text
        assert "正在检查，请等待完成" in visitor.post("/checks/run", form).text
        under_way.set()
    assert cabinet.scans == (scan,)
    assert cabinet.checks == ("a line",)


def test_a_look_at_meters_that_are_others_by_now_breaks_no_page(tmp_path):
    config = config_in(tmp_path, more=METERS)
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        assert "power-1" in visitor.get("/live").text
        config.write_text(config.read_text("utf-8").replace("power-1", "power-2"), "utf-8")
        page = visitor.get("/live")
        assert page.status == 200
        assert "power-1" not in page.text


def test_a_look_under_way_while_the_meters_change_is_not_kept(tmp_path):
    watch = Watch(lambda: 0.0)

    @contextmanager
    def lend(_bus):
        yield
        watch.forget()

    agent = load_agent(config_in(tmp_path, more=METERS))
    assert watch.look(agent, lend) is None
    assert watch.look(agent, lambda _bus: nullcontext()).polls


def test_a_display_is_written_down_for_the_meter_that_was_read(tmp_path):
    config = config_in(tmp_path, more=METERS)
    with phone_site(config) as server:
        visitor = Visitor(server).enter()
        [field] = re.findall(r'name="(display-[^"]*)"', visitor.get("/finish").text)
        form = {"token": visitor.token(), "installer": "张三", field: "8412.5"}
        other = METERS.replace("power-1", "power-2").replace("unit_id = 1", "unit_id = 2")
        config_in(tmp_path, more=other + METERS)
        assert visitor.post("/finish/sign", form).place == "/finish/paper"
        meters = json.loads(visitor.get("/finish/file").text)["content"]["checklist"]["meters"]
        assert [(each["id"], each["display"]) for each in meters] == [("power-2", None), ("power-1", 8412.5)]


class OnePortIsGone(RealTools):
    def ports(self, config):
        return ["/dev/gone", "/dev/good"]

    def scan(self, config, port, on_step, stop):
        if port == "/dev/gone":
            raise PortGone("missing", port)
        unit = FoundUnit(7, NINE_SIX, 0.03)
        return Scan(port, (unit,), (), echo=False, lines=(NINE_SIX,), asked=64, took_s=9.0)


def test_a_port_that_is_gone_leaves_the_other_ports_to_be_scanned(tmp_path):
    with serving(Cabinet(config_in(tmp_path), OnePortIsGone())) as server:
        visitor = Visitor(server).enter()
        form = {"token": visitor.token(), "port": ["/dev/gone", "/dev/good"]}
        assert visitor.post("/meters/scan", form).place == "/meters"
        page = settled(visitor, "/meters", 'action="/meters/scan"')
        assert "/dev/gone：没有此设备" in page
        assert "找到 1 台" in page


def test_a_station_without_meters_is_no_fault_at_the_start(tmp_path):
    with phone_site(config_in(tmp_path)) as server:
        assert "agent.toml 暂不可用" not in Visitor(server).enter().get("/").text
