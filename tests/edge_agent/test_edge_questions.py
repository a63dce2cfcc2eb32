import errno
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.answers import answer_to, given_answers, host_fault
from edge_agent.commissioning.findings import Candidate, FoundUnit, LineSettings, Remark, Scan
from edge_agent.commissioning.questions import ready_to_write, write_answers
from edge_agent.commissioning.setup_error import SetupError
from edge_agent.commissioning.setup_words import WORDS
from edge_agent.config import load_agent
from edge_agent.language import LANGUAGES
from edge_agent.profile import Parameter
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.terminal import width
from service.process import UnavailableError
from service.settings import SettingsError

PORT, SECOND = "/dev/ttyUSB0", "/dev/ttyUSB1"
USUAL, SLOW = LineSettings(9600), LineSettings(2400, "E")
SKELETON = '[station]\nid = "410882-0012"\n[mqtt]\nhost = "127.0.0.1"\ntls = false\n'


def candidate(profile: str, points: int = 5) -> Candidate:
    return Candidate(profile, profile.upper(), load_profile(profile).kind, points, ("mains",), {})


def unit(
    unit_id: int, *profiles: str | Candidate, line: LineSettings = USUAL, delay_s: float = 0.05
) -> FoundUnit:
    offers = [
        each if isinstance(each, Candidate) else candidate(each, 9 - place)
        for place, each in enumerate(profiles)
    ]
    return FoundUnit(unit_id, line, delay_s, tuple(offers))


def scan(*units: FoundUnit, port: str = PORT, echo: bool = False, remarks: tuple[Remark, ...] = ()) -> Scan:
    return Scan(port, units, remarks, echo, (USUAL,), 32, 5.0)


class Installer:
    """Types what is in the script, one line a question, and remembers what was shown."""

    def __init__(self, *typed: str) -> None:
        self._typed = iter(typed)
        self.asked: list[str] = []
        self.shown: list[str] = []

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        try:
            return next(self._typed)
        except StopIteration:
            raise EOFError from None

    def is_done(self) -> bool:
        return next(self._typed, None) is None


@pytest.fixture
def config(tmp_path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(SKELETON)
    return path


def answered(config: Path, scans: list[Scan], *typed: str, language: str = "en", **more: object) -> Installer:
    installer = Installer(*typed)
    code = write_answers(
        scans, config, ask=installer.ask, say=installer.shown.append, words=WORDS[language], **more
    )
    assert code == 0, installer.shown
    assert installer.is_done()
    return installer


def devices(config: Path) -> list[tuple[str, str, str, int, dict[str, float | str]]]:
    return [
        (each.id, each.profile, each.bus, each.unit_id, each.parameters)
        for each in load_agent(config).settings.device
    ]


TWO = scan(unit(1, "chint-dtsu666", "acrel-adw300"), unit(2, "microsensor-mfe600"))


def test_enter_accepts_what_is_likeliest_and_every_default(config):
    answered(config, [TWO], "", "", "", "", "")
    assert devices(config) == [
        ("power-1", "chint-dtsu666", "main", 1, {}),
        ("flow-1", "microsensor-mfe600", "main", 2, {}),
    ]
    bus = load_agent(config).settings.bus["main"]
    assert (bus.port, bus.baudrate, bus.parity, bus.echo) == (PORT, 9600, "N", False)


def test_a_number_a_name_and_a_dash_choose_otherwise(config):
    units = [unit(1, "chint-dtsu666", "abb-b23"), unit(2), unit(3, "krohne-ifc300"), unit(9)]
    answered(config, [scan(*units)], "2", "janitza-umg96rm", "-", "kaifeng-xintai")
    assert [each[:4] for each in devices(config)] == [
        ("power-1", "abb-b23", "main", 1),
        ("power-2", "janitza-umg96rm", "main", 2),
        ("flow-1", "kaifeng-xintai", "main", 9),
    ]


def test_what_is_not_understood_is_asked_again_with_help(config):
    typed = ["7", "dtsu", "acrel-dtds1352", "xyz", "?", "", "chint-dtsu666", "0", "-5", "many", "100/5", ""]
    installer = answered(config, [scan(unit(1))], *typed)
    shown = "\n".join(installer.shown)
    assert "There is no number 7 in this list." in shown
    assert "There is no profile dtsu. Do you mean chint-dtsu666?" in shown
    assert "There is no profile acrel-dtds1352. Do you mean acrel-dtsd1352" in shown
    assert "There is no profile xyz. ? lists all profiles." in shown
    assert all(f"  {name}" in installer.shown for name in profile_names())
    assert "ct must be a number above 0, like 20 or 100/5 (got many)." in shown
    assert devices(config)[0][4] == {"ct": 20}


def test_the_same_in_chinese_with_the_help_of_the_profile(config):
    installer = answered(config, [TWO], "", "", "20", "", "l", language="zh-CN")
    shown = "\n".join(installer.shown)
    assert "power-1：电流互感器变比，100/5 A 填 20；仪表读数已含变比则填 1" in shown
    assert "可选 m3、L" in shown
    assert installer.asked[0] == "回车 = chint-dtsu666，或序号、型号名；? 列出全部，- 不接："
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", re.sub("sudo .*", "", shown))
    assert [each[4] for each in devices(config)] == [{"ct": 20}, {"total_unit": "L"}]


def test_every_parameter_that_is_asked_for_has_its_help_in_chinese():
    for name in profile_names():
        for key, parameter in load_profile(name).parameters.items():
            assert re.search(r"[\u4e00-\u9fff]", parameter.help_zh), f"{name}: {key}"
            assert width(f"power-1：{parameter.help_zh}") <= 80, f"{name}: {key}"


def test_a_tie_is_said_to_be_one(config):
    first = candidate("krohne-ifc300", 5)._replace(values={"volume_m3": 4.5})
    other = candidate("krohne-ifc300-counter1", 5)._replace(values={"volume_m3": 912.25})
    installer = answered(config, [scan(unit(4, first, other))], "2")
    assert [line for line in installer.shown if "m³" in line] == ["     4.50 m³", "     912.25 m³"]
    assert "  not certain: compare the values with the meter's display" in installer.shown
    assert devices(config)[0][1] == "krohne-ifc300-counter1"


def test_ids_count_by_kind_in_order_of_unit_ids(config):
    found = scan(unit(7, "abb-b23"), unit(3, "krohne-ifc300"), unit(5, "abb-b23"), unit(1, "kaifeng-xintai"))
    answered(config, [found], yes=True)
    assert [(each[0], each[3]) for each in devices(config)] == [
        ("flow-1", 1),
        ("flow-2", 3),
        ("power-1", 5),
        ("power-2", 7),
    ]


def test_yes_asks_nothing_and_answers_given_beforehand_count(config):
    given = given_answers(["power-1.ct=100/5", "unit-2.profile=tuf-2000m", "unit-3.profile=-"], WORDS["en"])
    found = scan(unit(1, "chint-dtsu666"), unit(2), unit(3, "abb-b23"))
    assert answered(config, [found], yes=True, given=given).asked == []
    assert [(each[0], each[1], each[4]) for each in devices(config)] == [
        ("power-1", "chint-dtsu666", {"ct": 20}),
        ("flow-1", "tuf-2000m", {}),
    ]


@pytest.mark.parametrize(
    ("units", "given", "said"),
    [
        ([unit(2)], {}, "unit 2 on /dev/ttyUSB0 fits no profile."),
        (
            [unit(4, candidate("krohne-ifc300", 5), candidate("krohne-ifc300-counter1", 5))],
            {},
            "unit 4 on /dev/ttyUSB0 is not clear, it may be krohne-ifc300, krohne-ifc300-counter1.",
        ),
        ([unit(1, "abb-b23")], {"power-1.ct": "3"}, "--set power-1.ct: there is nothing of that name."),
        ([unit(1, "chint-dtsu666")], {"power-1.ct": "x"}, "--set power-1.ct=x: ct must be a number above 0"),
        ([unit(2, "microsensor-mfe600")], {"flow-1.total_unit": "gal"}, "total_unit must be one of m3, L"),
        ([unit(1, "abb-b23")], {"unit-1.profile": "abb"}, "There is no profile abb. Do you mean abb-b23?"),
        ([unit(1, "abb-b23")], {"unit-9.profile": "-"}, "Known here: unit-1.profile."),
        ([unit(1, "abb-b23")], {"station.id": "s"}, "--set station.id: there is nothing of that name."),
    ],
)
def test_what_is_not_clear_or_wrong_is_refused_without_questions(config, units, given, said):
    for language in LANGUAGES:
        with pytest.raises(SetupError) as caught:
            write_answers(
                [scan(*units)], config, ask=input, say=print, words=WORDS[language], yes=True, given=given
            )
        [line] = caught.value.lines()
        if language == "en":
            assert said in line
    assert config.read_text() == SKELETON


def test_a_set_without_a_value_is_refused():
    with pytest.raises(SetupError, match=r"--set ct: must be KEY=VALUE, like power-1\.ct=20\."):
        given_answers(["ct"], WORDS["en"])


def test_meters_at_different_settings_are_refused_unless_one_is_left_out(config):
    both = scan(unit(1, "abb-b23", line=SLOW), unit(2, "abb-b23"))
    installer = Installer("", "")
    code = write_answers([both], config, ask=installer.ask, say=installer.shown.append, words=WORDS["en"])
    assert code == 1
    assert "Set unit 1 to 9600 8N1 in its menu, or connect it to a second adapter." in installer.shown[-2]
    assert config.read_text() == SKELETON
    answered(config, [both], "", "-")
    bus = load_agent(config).settings.bus["main"]
    assert (bus.baudrate, bus.parity) == (2400, "E")


def test_an_echo_and_a_slow_meter_are_written_down(config):
    found = scan(unit(1, "abb-b23", delay_s=0.61), unit(2, "abb-b23"), echo=True)
    answered(config, [found], yes=True)
    bus = load_agent(config).settings.bus["main"]
    assert (bus.echo, bus.timeout_s) == (True, 1.3)
    assert "timeout_s" in config.read_text()
    answered(config, [scan(unit(1, "abb-b23"), unit(2, "abb-b23"))], yes=True)
    assert load_agent(config).settings.bus["main"].timeout_s == 1.3


def test_a_second_scan_keeps_ids_answers_and_what_was_not_scanned(config):
    west = scan(unit(8, "microsensor-mfe600"), port=SECOND)
    answered(config, [TWO, west], "", "", "", "20", "", "L", "")
    assert [each[:3] for each in devices(config)] == [
        ("power-1", "chint-dtsu666", "main"),
        ("flow-1", "microsensor-mfe600", "main"),
        ("flow-2", "microsensor-mfe600", "line-2"),
    ]
    again = scan(unit(1, "chint-dtsu666"), unit(5, "abb-b23"))
    installer = answered(config, [again], "", "", "", "", "")
    assert "flow-1 (microsensor-mfe600, unit 2) stands in agent.toml but did not answer" in installer.shown
    assert "ct [20]: " in installer.asked
    assert sorted(devices(config)) == [
        ("flow-1", "microsensor-mfe600", "main", 2, {"total_unit": "L"}),
        ("flow-2", "microsensor-mfe600", "line-2", 8, {}),
        ("power-1", "chint-dtsu666", "main", 1, {"ct": 20}),
        ("power-2", "abb-b23", "main", 5, {}),
    ]
    answered(config, [again], "", "", "-", "", "")
    assert "flow-1" not in {each[0] for each in devices(config)}


def test_a_meter_on_a_line_that_is_nowhere_is_mended_by_a_scan(config):
    config.write_text(
        SKELETON + '[[device]]\nid = "power-1"\nprofile = "abb-b23"\nbus = "gone"\nunit_id = 1\n',
    )
    answered(config, [scan(unit(1, "abb-b23"))], yes=True)
    assert devices(config) == [("power-1", "abb-b23", "main", 1, {})]


def test_without_a_word_a_silent_meter_stays_and_the_file_decides_a_tie(config):
    tie = unit(4, candidate("krohne-ifc300", 5), candidate("krohne-ifc300-counter1", 5))
    answered(config, [scan(tie, unit(1, "abb-b23"))], "", "2")
    installer = answered(config, [scan(tie)], yes=True)
    assert "power-1 (unit 1) did not answer; it stays in agent.toml" in installer.shown
    assert sorted(each[1] for each in devices(config)) == ["abb-b23", "krohne-ifc300-counter1"]


def test_a_first_file_asks_for_station_and_centre(tmp_path):
    path = tmp_path / "agent.toml"
    typed = ["", "no good", "410882-0012", "北寨村", "", "https://x", "127.0.0.1"]
    installer = answered(path, [scan(unit(1, "abb-b23"))], *typed)
    assert installer.shown.count("  A station id is 1 to 32 letters, digits, - or _.") == 1
    settings = load_agent(path).settings
    assert (settings.station.id, settings.station.name, settings.mqtt.host) == (
        "410882-0012",
        "北寨村",
        "127.0.0.1",
    )


def test_a_first_file_without_questions_needs_both_beforehand(tmp_path):
    path = tmp_path / "agent.toml"
    found = [scan(unit(1, "abb-b23"))]
    with pytest.raises(SetupError, match="qingliu agent enrol BUNDLE"):
        ready_to_write(path, WORDS["en"], yes=True, given={})
    given = {"station.id": "s", "mqtt.host": "127.0.0.1"}
    ready_to_write(path, WORDS["en"], yes=True, given=given)
    answered(path, found, yes=True, given=given)
    assert load_agent(path).settings.station.id == "s"
    path.unlink()
    with pytest.raises(SetupError, match=r"--set mqtt\.host=a b: The centre's name"):
        answered(path, found, yes=True, given=given | {"mqtt.host": "a b"})


@pytest.mark.parametrize(
    ("typed", "is_good"),
    [
        ("centre.example.cn", True),
        ("10.0.0.7", True),
        ("2001:db8::7", True),
        ("fe80::1%eth0", True),
        ("centre.example.cn:8883", False),
        ("10.0.0.7:8883", False),
        ("mqtts://centre.example.cn", False),
        ("user@centre", False),
        ("", False),
    ],
)
def test_the_centre_is_a_name_or_an_address_without_port(typed, is_good):
    assert (host_fault(typed, WORDS["en"]) is None) == is_good


def test_before_a_long_scan_it_is_known_that_nothing_could_be_written(tmp_path, config, monkeypatch):
    ready_to_write(config, WORDS["en"], yes=True, given={})
    ready_to_write(tmp_path / "none" / "agent.toml", WORDS["en"], yes=False, given={})
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_arguments: False)
        with pytest.raises(UnavailableError, match="cannot be written: Permission denied"):
            ready_to_write(config, WORDS["en"], yes=False, given={})
    config.write_text("[station")
    with pytest.raises(SettingsError, match="not valid TOML"):
        ready_to_write(config, WORDS["en"], yes=False, given={})


@pytest.mark.parametrize(("scans", "typed"), [([scan()], []), ([TWO], ["-", "-"]), ([TWO], ["", ""])])
def test_nothing_found_nothing_wanted_or_given_up_writes_nothing(config, scans, typed):
    installer = Installer(*typed)
    assert write_answers(scans, config, ask=installer.ask, say=installer.shown.append, words=WORDS["en"]) == 1
    assert "othing was written" in installer.shown[-1]
    assert config.read_text() == SKELETON


numbers = st.floats(allow_nan=True, allow_infinity=True).map(str) | st.integers().map(str)


@given(typed=st.one_of(st.text(max_size=12), numbers, st.from_regex(r"-?\d{1,4}/-?\d{0,4}", fullmatch=True)))
def test_any_answer_is_a_factor_or_none(typed):
    for parameter in (Parameter(help=""), Parameter(help="", choices={"m3": 1.0, "L": 0.001, "l": 2.0})):
        answer = answer_to(parameter, typed)
        assert answer is None or parameter.factor(answer) is not None


def test_both_languages_say_the_same_things():
    english, chinese = WORDS["en"]._asdict(), WORDS["zh-CN"]._asdict()
    for name in english.keys() - {"first_file"}:
        assert sorted(re.findall(r"{\w+}", chinese[name])) == sorted(re.findall(r"{\w+}", english[name])), (
            name
        )
    bare = [re.sub(r"#.*", "", each["first_file"]).split() for each in (english, chinese)]
    assert bare[0] == bare[1]


CONVERSATION = """
import sys
from pathlib import Path
from test_edge_questions import TWO
from edge_agent.commissioning.questions import write_answers
from edge_agent.commissioning.setup_words import WORDS
sys.exit(write_answers([TWO], Path(sys.argv[1]), ask=input, say=print, words=WORDS["zh-CN"]))
"""


def test_at_a_real_terminal(config):
    """What an installer types goes through a real terminal, a correction with the backspace key included."""
    ours, theirs = pty.openpty()
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    with subprocess.Popen(
        [sys.executable, "-c", CONVERSATION, str(config)],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTHONIOENCODING": "utf-8"},
    ) as process:  # fmt: skip
        os.close(theirs)
        screen = b""
        for prompt, keys in [
            ("- 不接：", b"\n"),
            ("- 不接：", b"\n"),
            ("ct [1]：", b"3\x7f100/5\n"),
            ("pt [1]：", b"\n"),
            ("total_unit [m3]：", b"L\n"),
        ]:
            while prompt.encode() not in screen:
                assert select.select([ours], [], [], 20)[0], screen.decode()
                screen += os.read(ours, 4096)
            screen = screen.partition(prompt.encode())[2]
            os.write(ours, keys)
        try:
            while octets := os.read(ours, 4096):
                screen += octets
        except OSError as error:  # the other end has gone
            assert error.errno == errno.EIO  # noqa: PT017 - a terminal ends like this
        os.close(ours)
        assert process.wait(20) == 0
    assert "下一步：sudo qingliu agent read" in screen.decode()
    assert [each[4] for each in devices(config)] == [{"ct": 20}, {"total_unit": "L"}]
