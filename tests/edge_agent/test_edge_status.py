"""`qingliu agent status`: the document, what is wrong in it, its page, the command on a real socket."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta, timezone
from pathlib import Path
from string import Formatter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from two_meters import TWO_METERS

from edge_agent.config import load_agent
from edge_agent.control import answer
from edge_agent.language import LANGUAGES, language_in
from edge_agent.status_document import (
    LinkState,
    MeterState,
    Moment,
    OutboxState,
    Process,
    Refused,
    StatusDocument,
    document,
    understood,
)
from edge_agent.status_page import NoStatusError, ask_agent, control_path, page
from edge_agent.status_troubles import troubles
from edge_agent.status_words import WORDS, span_in
from service.control_socket import ControlSocket
from telemetry.reading import WHYS

NOW_MS = 1_767_225_600_500  # 2026-01-01T00:00:00.500Z
UP_MS = 900_000_000
DAY_MS = 86_400_000
EN, ZH = WORDS["en"], WORDS["zh-CN"]
BEIJING = timezone(timedelta(hours=8))

PROCESS = Process("410882-0001", "北寨村污水处理站", "0.1.0", 812, UP_MS - 3 * DAY_MS - 4 * 3_600_000)
LINK = LinkState(
    broker="centre.example.cn:8883",
    connected=True,
    since_ms=UP_MS - 7_500_000,
    trouble=None,
    hold=None,
    last_ack_ms=UP_MS - 12_900,
    outstanding=0,
)
OUTBOX = OutboxState(
    id="9f3c21ab",
    backlog=12,
    oldest_t=NOW_MS - 240_000,
    size_mb=3.14159,
    max_mb=256,
    disk_free_mb=11_200,
    thinned=0,
    refused=0,
    last_refused=[],
)
POWER = MeterState(
    id="power-1",
    profile="chint-dtsu666",
    bus="main",
    unit_id=1,
    last_good_ms=UP_MS - 12_000,
    polls=4_561,
    failures={},
    silent=None,
    backing_off=False,
    alarms=[],
)
FLOW = POWER._replace(id="flow-1", profile="microsensor-mfe600", unit_id=2)
MOMENT = Moment(boot_ms=UP_MS, wall_ms=NOW_MS, offset_ms=NOW_MS - UP_MS, trust="ntp")
SILENT = FLOW._replace(
    last_good_ms=UP_MS - 840_000,
    failures={"garbled": 2, "no_response": 12},
    silent="no_response",
    backing_off=True,
)
SILENT_TEXT = "unit 2 is silent: check power, wiring, unit_id, line settings"
REFUSED = Refused(device="flow-1", t=None, code="undated", text="read before a reboot without a clock")


def status(now=MOMENT, *, link=LINK, outbox=OUTBOX, meters=(POWER, FLOW), conditions=None) -> StatusDocument:
    return document(PROCESS, now, link=link, outbox=outbox, meters=meters, conditions=conditions or {})


def said(words=EN, **parts) -> list[tuple[str, str]]:
    return [tuple(each) for each in troubles(status(**parts), words)]


def test_the_document_holds_everything_in_its_own_units():
    told = status(
        outbox=OUTBOX._replace(refused=1, last_refused=[REFUSED]),
        meters=[POWER, SILENT],
        conditions={"flow-1": f"no_response: {SILENT_TEXT}"},
    )
    assert json.loads(answer("status", lambda: told, [])) == {
        "station": "410882-0001",
        "name": "北寨村污水处理站",
        "version": "0.1.0",
        "pid": 812,
        "uptime_s": 3 * 86_400 + 4 * 3_600,
        "clock": {"trust": "ntp", "now": "2026-01-01T00:00:00.500000Z"},
        "link": {
            "broker": "centre.example.cn:8883",
            "connected": True,
            "since_s": 7_500,
            "trouble": None,
            "hold": None,
            "last_ack_s": 12,
            "outstanding": 0,
        },
        "outbox": {
            "id": "9f3c21ab",
            "backlog": 12,
            "oldest": "2025-12-31T23:56:00.500000Z",
            "size_mb": 3.1,
            "max_mb": 256,
            "disk_free_mb": 11_200,
            "thinned": 0,
            "refused": 1,
            "last_refused": [
                {
                    "device": "flow-1",
                    "t": None,
                    "code": "undated",
                    "text": "read before a reboot without a clock",
                }
            ],
        },
        "devices": {
            "power-1": {
                "profile": "chint-dtsu666",
                "bus": "main",
                "unit_id": 1,
                "last_good": "2025-12-31T23:59:48.500000Z",
                "last_good_s": 12,
                "polls": 4_561,
                "failures": {},
                "silent": None,
                "backing_off": False,
                "alarms": [],
            },
            "flow-1": {
                "profile": "microsensor-mfe600",
                "bus": "main",
                "unit_id": 2,
                "last_good": "2025-12-31T23:46:00.500000Z",
                "last_good_s": 840,
                "polls": 4_561,
                "failures": {"garbled": 2, "no_response": 12},
                "silent": "no_response",
                "backing_off": True,
                "alarms": [],
            },
        },
        "conditions": {"flow-1": f"no_response: {SILENT_TEXT}"},
    }


def test_without_a_clock_ages_are_known_and_instants_are_not():
    told = status(MOMENT._replace(offset_ms=None, trust=None, wall_ms=0))
    assert (told.devices["power-1"].last_good, told.devices["power-1"].last_good_s) == (None, 12)
    assert told.clock.now.isoformat() == "1970-01-01T00:00:00+00:00"
    fresh = POWER._replace(last_good_ms=None, polls=0)
    told = status(meters=[fresh], link=LINK._replace(since_ms=None, last_ack_ms=None))
    assert (told.devices["power-1"].last_good, told.devices["power-1"].last_good_s) == (None, None)
    assert (told.link.since_s, told.link.last_ack_s) == (None, None)


def test_a_clock_gone_mad_and_an_instant_just_after_now_do_not_cost_the_answer():
    told = status(outbox=OUTBOX._replace(oldest_t=10**18), meters=[POWER._replace(last_good_ms=UP_MS + 5)])
    assert told.outbox.oldest is None
    assert told.devices["power-1"].last_good_s == 0


instants = st.none() | st.integers(-(10**17), 10**17)
counts = st.integers(0, 2**53)
whys = st.none() | st.sampled_from(sorted(WHYS)) | st.text(max_size=5)
any_status = st.builds(
    document,
    st.builds(Process, st.text(), st.text(), st.text(), counts, st.integers(-(10**12), 10**12)),
    st.builds(
        Moment,
        st.integers(0, 10**12),
        st.integers(-(10**17), 10**17),
        instants,
        st.sampled_from(["ntp", "centre", None]),
    ),
    link=st.builds(
        LinkState,
        st.text(),
        st.booleans(),
        instants,
        st.none() | st.text(),
        st.none() | st.sampled_from(["clock", "unknown_station"]) | st.text(),
        instants,
        counts,
    ),
    outbox=st.builds(
        OutboxState,
        st.text(),
        counts,
        instants,
        st.floats(0, 1e9),
        st.floats(0, 1e9),
        st.floats(0, 1e9),
        counts,
        counts,
        st.lists(
            st.builds(Refused, device=st.text(), t=instants, code=st.text(), text=st.text()), max_size=3
        ),
    ),
    meters=st.lists(
        st.builds(
            MeterState,
            st.text(),
            st.text(),
            st.text(),
            st.integers(),
            instants,
            counts,
            st.dictionaries(st.sampled_from(sorted(WHYS)) | st.text(max_size=5), counts),
            whys,
            st.booleans(),
            st.lists(st.text(), max_size=3),
        ),
        max_size=3,
    ),
    conditions=st.dictionaries(st.sampled_from(["uplink", "outbox", "hold", "x"]), st.text()),
)


@given(told=any_status, language=st.sampled_from(LANGUAGES), zone=st.sampled_from([None, BEIJING]))
def test_any_state_travels_whole_and_makes_a_page(told, language, zone):
    line = answer("status", lambda: told, [])
    assert "\n" not in line
    assert understood(line) == told
    words = WORDS[language]
    shown = page(told, words, colours=False, zone=zone)
    assert (shown.split("\n")[0] == words.well) == (not troubles(told, words))
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
    coloured = page(told, words, colours=True, zone=zone)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown


@given(line=st.text() | st.builds(str.encode, st.text()).map(repr) | any_status.map(repr))
def test_what_is_no_document_is_told_in_one_line(line):
    with pytest.raises(ValueError, match=r"\A.*\Z"):
        understood(line)


def test_other_words_are_refused_in_one_line():
    line = answer("explode\x1b", status, [])
    assert (
        line == r"error: words: such as an agent knows (got 'explode\x1b'). Say status, borrow or give_back."
    )
    with pytest.raises(ValueError, match=r"^words: such as an agent knows"):
        understood(line)


def test_keys_of_a_newer_agent_are_passed_over():
    told = json.loads(answer("status", status, [])) | {"mood": "fine"}
    told["link"]["operator"] = "CMCC"
    assert understood(json.dumps(told)) == status()


def test_nothing_is_wrong_with_a_healthy_agent():
    for words in WORDS.values():
        assert said(words) == []
        assert said(words, outbox=OUTBOX._replace(thinned=5, refused=3, last_refused=[REFUSED])) == []
        assert said(words, meters=[POWER._replace(last_good_ms=None, polls=2)]) == []


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"link": LINK._replace(connected=False, trouble="broker x:1: no such name")},
            "link: not connected to centre.example.cn:8883 for 2 h 5 min: broker x:1: no such name",
        ),
        (
            {"link": LINK._replace(connected=False, since_ms=None)},
            "link: not connected to centre.example.cn:8883",
        ),
        ({"link": LINK._replace(trouble="it limps")}, "link: it limps"),
        (
            {"link": LINK._replace(hold="unknown_station", outstanding=1, last_ack_ms=UP_MS - DAY_MS)},
            f"link: the centre takes no readings: {EN.holds['unknown_station']}",
        ),
        ({"link": LINK._replace(hold="full_moon")}, "link: the centre takes no readings: full_moon"),
        (
            {"link": LINK._replace(outstanding=1, last_ack_ms=None)},
            f"link: {EN.unacknowledged.format(span='2 h 5 min')}",
        ),
        (
            {"now": MOMENT._replace(trust=None, offset_ms=None)},
            "clock: the time is not known: neither NTP nor the centre has told it, so nothing is sent yet",
        ),
        (
            {"outbox": OUTBOX._replace(size_mb=231)},
            "outbox: nearly full (231.0 of 256 MB): old readings are thinned out",
        ),
        (
            {"outbox": OUTBOX._replace(disk_free_mb=49)},
            "outbox: the disk is nearly full (49 MB free); free some space",
        ),
        (
            {"meters": [FLOW._replace(silent="port_gone", last_good_ms=None)]},
            "flow-1: the serial adapter is gone",
        ),
        ({"meters": [FLOW._replace(silent="tired")]}, "flow-1: tired; last good reading 12 s ago"),
        (
            {"meters": [FLOW._replace(backing_off=True)]},
            "flow-1: left alone for a while; last good reading 12 s ago",
        ),
        (
            {"meters": [FLOW._replace(alarms=["empty pipe", "reverse flow"])]},
            "flow-1: the meter reports empty pipe, reverse flow",
        ),
        (
            {"meters": [FLOW._replace(last_good_ms=None, polls=3)]},
            "flow-1: it answers, but no reading was good yet; look with: qingliu agent read",
        ),
        (
            {"meters": [FLOW._replace(last_good_ms=UP_MS - 3_600_000)]},
            "flow-1: no good reading for 1 h; look with: qingliu agent read",
        ),
        ({"conditions": {"batch": "not read by the centre"}}, "batch: not read by the centre"),
    ],
)
def test_each_trouble_is_said_once(parts, expected):
    assert [f"{place}: {text}" for place, text in said(**parts)] == [expected]
    assert len(said(ZH, **parts)) == 1


@pytest.mark.parametrize(
    "link",
    [
        LINK._replace(outstanding=2, last_ack_ms=UP_MS - 900_000),
        LINK._replace(outstanding=2, last_ack_ms=UP_MS - DAY_MS, since_ms=UP_MS - 5_000),
        LINK._replace(outstanding=0, last_ack_ms=UP_MS - DAY_MS),
    ],
)
def test_waiting_for_an_ack_is_no_trouble_at_first(link):
    assert said(link=link) == []


@pytest.mark.parametrize("interval_s", [1, 60, 86_400])
def test_a_meter_is_late_by_its_own_interval(interval_s):
    polls = (UP_MS - PROCESS.started_ms) // 1000 // interval_s
    within = POWER._replace(polls=polls, last_good_ms=UP_MS - 9_000 * interval_s)
    assert said(meters=[within]) == []
    if polls > 10:
        late = within._replace(last_good_ms=UP_MS - 11_000 * interval_s)
        assert [place for place, _ in said(meters=[late])] == ["power-1"]


def test_a_condition_that_was_told_is_not_said_again():
    trouble = "broker centre.example.cn:8883: nobody listens there (connection refused)"
    found = said(
        link=LINK._replace(connected=False, since_ms=None, trouble=trouble, hold="clock"),
        meters=[POWER._replace(alarms=["phase order"]), SILENT],
        conditions={
            "uplink": trouble,
            "hold": "the centre holds our readings: clock",
            "outbox": "outbox x: disk full: readings are being lost",
            "power-1 alarm": "phase order",
            "flow-1": f"no_response: {SILENT_TEXT}",
            "ack": "unreadable ack ignored",
        },
    )
    assert found == [
        ("outbox", "outbox x: disk full: readings are being lost"),
        ("link", f"not connected to centre.example.cn:8883: {trouble}"),
        ("link", "the centre takes no readings: it says that this box's clock is wrong"),
        ("power-1", "the meter reports phase order"),
        ("flow-1", f"no answer; last good reading 14 min ago; asked less often now; {SILENT_TEXT}"),
        ("ack", "unreadable ack ignored"),
    ]


def test_a_centre_that_is_silent_is_said_once():
    silent = {"centre": "the centre does not answer: does its collector run?"}
    connected = LINK._replace(since_ms=UP_MS - 70_000, last_ack_ms=None)
    assert said(link=connected, conditions=silent) == [("link", EN.unacknowledged.format(span="1 min"))]
    assert said(link=connected._replace(since_ms=None), conditions=silent) == list(silent.items())
    assert [place for place, _ in said(link=LINK._replace(connected=False), conditions=silent)] == ["link"]
    assert [place for place, _ in said(link=LINK._replace(hold="clock"), conditions=silent)] == ["link"]


def test_a_condition_of_the_uplink_is_not_lost():
    assert said(link=LINK._replace(connected=False, since_ms=None), conditions={"uplink": "no route"}) == [
        ("link", "not connected to centre.example.cn:8883: no route")
    ]
    assert said(conditions={"uplink": "it limps", "flow-1": "odd"}) == [
        ("uplink", "it limps"),
        ("flow-1", "odd"),
    ]


def test_both_languages_say_the_same_things():
    def fields(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)

    for name, english, chinese in zip(EN._fields, EN, ZH, strict=True):
        if isinstance(english, dict):
            assert list(english) == list(chinese), name
        elif isinstance(english, tuple):
            assert len(english) == len(chinese), name
        else:
            assert fields(english) == fields(chinese), name
    assert set(EN.why) == WHYS
    assert set(EN.trust) == {"ntp", "centre"}


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (59, "59 s", "59 秒"),
        (60, "1 min", "1 分钟"),
        (3_599, "59 min", "59 分钟"),
        (3_600, "1 h", "1 小时"),
        (11_100, "3 h 5 min", "3 小时 5 分钟"),
        (86_399, "23 h 59 min", "23 小时 59 分钟"),
        (86_400, "1 d", "1 天"),
        (86_400 + 3_599, "1 d", "1 天"),
        (1_000 * 86_400 + 7_200, "1000 d 2 h", "1000 天 2 小时"),
    ],
)
def test_spans(seconds, english, chinese):
    assert (span_in(EN, seconds), span_in(ZH, seconds)) == (english, chinese)


@pytest.mark.parametrize(
    ("lang", "language"),
    [("zh_CN.UTF-8", "zh-CN"), ("ZH_TW", "zh-CN"), ("en_US.UTF-8", "en"), ("C", "en"), ("", "en")],
)
def test_lang_decides(lang, language):
    assert language_in({"LANG": lang}) == language


def test_the_page_of_a_healthy_agent():
    assert (
        page(status(), EN, colours=False, zone=BEIJING)
        == """\
well

station  410882-0001  北寨村污水处理站
agent    version 0.1.0, process 812, running for 3 d 4 h
clock    2026-01-01 08:00:00 +0800; set by NTP
link     connected to centre.example.cn:8883 for 2 h 5 min; last ack 12 s ago
outbox   12 waiting, the oldest 4 min ago; 3.1 of 256 MB used, 11,200 MB free on the disk

meter    model               line          last good  polls  failed
power-1  chint-dtsu666       main, unit 1  12 s ago   4,561  0
flow-1   microsensor-mfe600  main, unit 2  12 s ago   4,561  0"""
    )


def test_the_page_of_an_ill_agent_in_chinese():
    refused = [Refused(device="power-1", t=NOW_MS, code="unknown_quantity", text="foo"), REFUSED]
    told = status(
        link=LINK._replace(outstanding=3, hold="unknown_station"),
        outbox=OUTBOX._replace(backlog=0, thinned=1_200, refused=2, last_refused=refused),
        meters=[POWER._replace(polls=12), SILENT],
        conditions={"flow-1": f"no_response: {SILENT_TEXT}"},
    )
    assert (
        page(told, ZH, colours=False, zone=BEIJING)
        == f"""\
2 项异常
  通信    中心暂不接收数据：中心尚无此站点，请先在中心导入
  flow-1  无应答；最近有效读数 14 分钟前；已降低轮询频率；{SILENT_TEXT}

站点      410882-0001  北寨村污水处理站
采集程序  版本 0.1.0，进程 812，已运行 3 天 4 小时
时钟      2026-01-01 08:00:00 +0800；由 NTP 校准
通信      已连接 centre.example.cn:8883，持续 2 小时 5 分钟；最近确认 12 秒前；3 批已发未确认
待发箱    无待发数据；已用 3.1/256 MB，磁盘剩余 11,200 MB；因空间不足已抽稀旧数据 1,200 条；被中心拒收 2 条
            power-1  2026-01-01 08:00:00 +0800  unknown_quantity：foo
            flow-1  无时间  undated：read before a reboot without a clock

仪表     型号                总线          最近有效    轮询  失败
power-1  chint-dtsu666       main，地址 1  12 秒前       12  0
flow-1   microsensor-mfe600  main，地址 2  14 分钟前  4,561  14（无应答 12、应答报文损坏 2）"""
    )


def test_colours_are_of_the_headline_and_of_what_is_wrong():
    assert page(status(), EN, colours=True).startswith("\x1b[1;32mwell\x1b[0m\n\n")
    lines = page(status(meters=[POWER, SILENT]), EN, colours=True).split("\n")
    assert lines[0] == "\x1b[1;31m1 trouble\x1b[0m"
    assert [line[:12] for line in lines if "\x1b" in line[:5]][1:] == ["\x1b[31m  flow-", "\x1b[31mflow-1 "]
    assert "\x1b" not in page(status(meters=[POWER, SILENT]), EN, colours=False)


# ---- the command ----


def config(folder: Path) -> Path:
    path = folder / "agent.toml"
    path.write_text(
        f"""
[station]
id = "410882-0001"
[bus.main]
port = "/dev/ttyNONE"
{TWO_METERS}
[mqtt]
host = "127.0.0.1"
tls = false
[outbox]
path = "{folder}/outbox.db"
"""
    )
    return path


def qingliu(folder: Path, *words: str, lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qingliu", "agent", "status", *words]
    done = subprocess.run(
        [*command, "--config", str(folder / "agent.toml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LANG": lang, "TZ": "UTC", "PYTHONUTF8": "1"},
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture
def served(tmp_path):
    """Serves lines in place of an agent whose agent.toml lies in the test's folder."""
    path = control_path(load_agent(config(tmp_path)).settings)
    assert path == tmp_path / "outbox.sock"
    with ExitStack() as open_things:
        yield lambda reply: open_things.enter_context(ControlSocket(path, reply))


def test_the_command_shows_the_page_in_the_language_of_lang(served, tmp_path):
    served(lambda words: answer(words, status, []))
    done = qingliu(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("well\n\nstation  410882-0001  北寨村污水处理站\n")
    for chinese in (qingliu(tmp_path, lang="zh_CN.UTF-8"), qingliu(tmp_path, "--language", "zh-CN")):
        assert (chinese.returncode, chinese.stderr) == (0, "")
        assert chinese.stdout.startswith("正常\n\n站点      410882-0001  北寨村污水处理站\n")
    assert qingliu(tmp_path, "--language", "en", lang="zh_CN.UTF-8").stdout == done.stdout


def test_the_command_says_by_its_exit_code_that_something_is_wrong(served, tmp_path):
    served(lambda words: answer(words, lambda: status(meters=[POWER, SILENT]), []))
    done = qingliu(tmp_path)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[0]) == (1, "", "1 trouble")
    done = qingliu(tmp_path, "--json")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (1, "", 1)
    assert json.loads(done.stdout)["devices"]["flow-1"]["silent"] == "no_response"


def test_the_command_hands_the_answer_on_to_machines(served, tmp_path):
    line = json.dumps(json.loads(answer("status", status, [])) | {"mood": "fine"}, ensure_ascii=False)
    served(lambda _words: line)
    done = qingliu(tmp_path, "--json", lang="zh_CN.UTF-8")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{line}\n", "")


def test_the_command_is_coloured_on_a_terminal_only(served, tmp_path):
    served(lambda words: answer(words, status, []))
    command = [sys.executable, "-m", "qingliu", "agent", "status", "--config", str(tmp_path / "agent.toml")]
    shown = []
    for more in ({}, {"NO_COLOR": "1"}):
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb") as screen, os.fdopen(theirs, "wb") as terminal:
            subprocess.run(
                command, stdout=terminal, check=True, timeout=60, env=os.environ | {"LANG": "C"} | more
            )
            shown.append(screen.read1(100).decode())
    assert shown[0].startswith("\x1b[1;32mwell\x1b[0m\r\n")
    assert shown[1].startswith("well\r\n")


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("", "Input data was truncated"),
        ("well", "JSON is malformed: invalid character (byte 0)"),
        ("{}", "Object missing required field `station`"),
        ("[]", "Expected `object`, got `array`"),
        ("error: words: such as an agent knows.", "words: such as an agent knows."),
        ('{"x":' + "[" * 100_000, "maximum recursion depth exceeded while deserializing an object"),
    ],
)
def test_an_answer_that_is_not_understood_is_one_line(served, tmp_path, reply, found):
    served(lambda _words: reply)
    done = qingliu(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        EN.not_understood.format(path=f"{tmp_path}/outbox.sock", found=found) + "\n",
    )


def test_a_value_that_cannot_be_is_not_understood(served, tmp_path):
    told = json.loads(answer("status", status, []))
    told["clock"]["now"] = "soon"
    served(lambda _words: msgspec.json.encode(told).decode())
    done = qingliu(tmp_path, "--json", "--language", "zh-CN")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{tmp_path}/outbox.sock：无法理解采集程序的应答（实际：Invalid RFC3339")
    assert done.stderr.count("\n") == 1


def test_an_agent_that_fails_to_answer_is_one_line(served, tmp_path, caplog):
    def fail(_words: str) -> str:
        raise RuntimeError("broken")

    served(fail)
    done = qingliu(tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"{tmp_path}/outbox.sock: no running agent answers (got ")
    assert "control: unexpected failure" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_one_who_may_not_ask_is_told_how_to(served, tmp_path):
    served(lambda words: answer(words, status, []))
    path = tmp_path / "outbox.sock"
    os.seteuid(65_534)
    try:
        with pytest.raises(NoStatusError) as caught:
            ask_agent(path, EN)
    finally:
        os.seteuid(0)
    assert str(caught.value) == (
        f"{path}: may not ask the agent (got Permission denied). Ask as its user or as root, with sudo."
    )
    assert ask_agent(path, EN)[1] == status()


@pytest.mark.parametrize("dead", [False, True])
def test_no_agent_is_one_line(tmp_path, dead):
    config(tmp_path)
    if dead:
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(tmp_path / "outbox.sock"))
    found = "Connection refused" if dead else "No such file or directory"
    for words in ((), ("--json",)):
        done = qingliu(tmp_path, *words)
        assert (done.returncode, done.stdout, done.stderr) == (
            1,
            "",
            f"{tmp_path}/outbox.sock: no running agent answers (got {found}). Start it, or see its log.\n",
        )
    done = qingliu(tmp_path, lang="zh_CN.UTF-8")
    assert done.stderr == (
        f"{tmp_path}/outbox.sock：没有运行中的采集程序应答（实际：{found}）。请启动程序，或查看其日志。\n"
    )


def test_wrong_settings_are_exit_code_2(tmp_path):
    done = qingliu(tmp_path)
    path = tmp_path / "agent.toml"
    words = f"{path}: there is no such file. Name another one or make it.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", words)
    config(tmp_path)
    path.write_text(path.read_text().replace("unit_id = 1", "unit_id = 0"))
    done = qingliu(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{path}: device[0].unit_id: ")


def test_the_help_has_examples_and_the_exit_codes(tmp_path):
    done = qingliu(tmp_path, "--help")
    assert done.returncode == 0
    assert "\n  sudo qingliu agent status " in done.stdout
    assert "exit code: 0 when all is well, 1 when something is wrong or no agent runs, 2 " in done.stdout
    assert qingliu(tmp_path, "--language", "fr").returncode == 2
