import os
import stat
import tomllib
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.commissioning.config_edit import NotEditableError, with_tables
from edge_agent.commissioning.config_file import (
    BusChoice,
    DeviceChoice,
    StationChoice,
    backup_of,
    conflict,
    load_skeleton,
    set_station,
    write_meters,
)
from edge_agent.commissioning.findings import FoundUnit, LineSettings, Scan
from edge_agent.commissioning.setup_words import WORDS
from edge_agent.config import load_agent
from edge_agent.language import LANGUAGES
from service.process import UnavailableError
from service.settings import SettingsError

EXAMPLE = (Path(__file__).parents[2] / "configs" / "agent.toml").read_text(encoding="utf-8")
PORT = "/dev/serial/by-id/usb-Example-if00"
MAIN = BusChoice("main", PORT, LineSettings(9600))
POWER = DeviceChoice("power-1", "chint-dtsu666", "main", 1)
FLOW = DeviceChoice("flow-1", "microsensor-mfe600", "main", 2, {"total_unit": "L"})
SKELETON = '[station]\nid = "410882-0012"\n\n[mqtt]\nhost = "centre.example.cn"  # ours\ntls = false\n'


def example(folder: Path) -> Path:
    """The example that is shipped, its certificates being there."""
    for name in ("ca.crt", "station.crt", "station.key"):
        (folder / name).touch()
    path = folder / "agent.toml"
    path.write_text(EXAMPLE.replace("/etc/qingliu/", f"{folder}/"), encoding="utf-8")
    return path


def with_text(folder: Path, text: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_meters_are_replaced_and_every_comment_elsewhere_stays(tmp_path):
    path = example(tmp_path)
    before = path.read_text()
    write_meters(path, {"main": MAIN}, [POWER._replace(unit_id=7, parameters={"ct": 20}), FLOW])
    agent = load_agent(path)
    assert agent.settings.bus["main"].port == PORT
    assert [(each.settings.id, each.settings.unit_id) for each in agent.devices] == [
        ("power-1", 7),
        ("flow-1", 2),
    ]
    assert agent.devices[0].factors == {"ct": 20.0, "pt": 1.0}
    after = path.read_text()
    changed = [line for line in before.splitlines() if line not in after.splitlines()]
    assert [line.partition("=")[0].strip() for line in changed] == ["port", "unit_id"]
    assert path.with_name("agent.toml.bak").read_text() == before


def test_the_outcome_of_a_skeleton_reads_as_if_written_by_hand(tmp_path):
    path = with_text(tmp_path, SKELETON)
    buses = {
        "main": MAIN._replace(line=LineSettings(2400, "E", 2), echo=True, timeout_s=1.2),
        "line-2": BusChoice("line-2", "/dev/ttyS0", LineSettings(9600)),
    }
    write_meters(path, buses, [POWER._replace(parameters={"ct": 20, "pt": 1.5}), FLOW._replace(bus="line-2")])
    assert path.read_text() == (
        SKELETON
        + f"""
[bus.main]
port = "{PORT}"
baudrate = 2400
parity = "E"
stopbits = 2
echo = true
timeout_s = 1.2

[bus.line-2]
port = "/dev/ttyS0"
baudrate = 9600

[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
parameters = {{ ct = 20, pt = 1.5 }}

[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "line-2"
unit_id = 2
parameters = {{ total_unit = "L" }}
"""
    )


def test_a_second_writing_of_the_same_changes_not_one_letter(tmp_path):
    path = with_text(tmp_path, SKELETON)
    write_meters(path, {"main": MAIN}, [POWER, FLOW])
    first = path.read_text()
    write_meters(path, {"main": MAIN}, [POWER, FLOW])
    assert path.read_text() == first


def test_a_removed_meter_takes_its_own_comments_along_and_leaves_those_of_its_neighbour(tmp_path):
    path = with_text(
        tmp_path,
        SKELETON
        + f"""
[bus.main]
port = "{PORT}"

[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "main"
unit_id = 2
# parameters = {{ total_unit = "L" }}

# the blower's meter, behind the left door
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1

# how often
[sampling]
interval_s = 30
""",
    )
    write_meters(path, {"main": MAIN}, [FLOW._replace(id="flow-2", unit_id=9), POWER])
    text = path.read_text()
    assert "the blower's meter" in text
    assert "# parameters" not in text
    assert "# how often\n[sampling]\ninterval_s = 30\n" in text


def test_a_line_that_keeps_its_name_keeps_its_pause_and_its_time_out(tmp_path):
    path = with_text(
        tmp_path, SKELETON + '[bus.main]\nport = "/dev/ttyS1"\nparity = "E"\npause_s = 0.3\ntimeout_s = 2\n'
    )
    write_meters(path, {"main": MAIN}, [POWER])
    main = load_agent(path).settings.bus["main"]
    assert (main.port, main.parity, main.pause_s, main.timeout_s) == (PORT, "N", 0.3, 2)
    write_meters(path, {"other": MAIN._replace(name="other")}, [POWER._replace(bus="other")])
    assert load_agent(path).settings.bus["other"].pause_s == 0.02


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_file_is_made_for_a_station(tmp_path, language):
    path = tmp_path / "agent.toml"
    station = StationChoice("410882-0012", "北寨村污水处理站", "127.0.0.1")
    write_meters(path, {"main": MAIN}, [POWER], first=station, words=WORDS[language])
    settings = load_agent(path).settings
    assert (settings.station.id, settings.station.name) == ("410882-0012", "北寨村污水处理站")
    assert (settings.mqtt.host, settings.bus["main"].port) == ("127.0.0.1", PORT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["agent.toml"]


def test_without_a_file_and_a_station_the_way_is_shown(tmp_path):
    with pytest.raises(SettingsError) as caught:
        write_meters(tmp_path / "agent.toml", {"main": MAIN}, [POWER])
    [line] = caught.value.lines()
    assert line.startswith(f"{tmp_path}/agent.toml: there is no such file")
    assert "qingliu agent enrol BUNDLE.tar.gz" in line


@pytest.mark.parametrize(
    ("text", "devices", "said"),
    [
        (SKELETON, [POWER._replace(profile="nonsense")], "device[0].profile: there is no such profile"),
        (SKELETON, [POWER, POWER._replace(id="power-2")], "two meters on bus main have the same unit_id"),
        (SKELETON, [POWER._replace(bus="gone")], "device[0].bus: names no [bus.…] table"),
        (SKELETON + "[sampling]\ninterval_s = 0\n", [POWER], "sampling.interval_s: must be >= 1"),
        (
            SKELETON.replace("tls = false", 'ca_file = "/nowhere/ca.crt"'),
            [POWER],
            "mqtt.ca_file: there is no",
        ),
        ("[station\n", [POWER], "not valid TOML"),
        ("station = 1\n[mqtt]\nhost = 'h'\n", [POWER], "station: must be a table"),
    ],
)
def test_what_the_agent_would_refuse_is_not_written_and_the_reason_given(tmp_path, text, devices, said):
    path = with_text(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        write_meters(path, {"main": MAIN}, devices)
    assert any(said in line for line in caught.value.lines())
    assert all(line.startswith(f"{path}: ") for line in caught.value.lines())
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["agent.toml"]


def test_rights_and_a_link_to_the_file_stay(tmp_path):
    (tmp_path / "real").mkdir()
    real = with_text(tmp_path / "real", SKELETON)
    real.chmod(0o604)
    link = tmp_path / "agent.toml"
    link.symlink_to(real)
    write_meters(link, {"main": MAIN}, [POWER])
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o604
    assert load_skeleton(real).device
    assert backup_of(link).read_text() == SKELETON


def test_a_folder_that_may_not_be_written_is_said_in_one_line(tmp_path, monkeypatch):
    path = with_text(tmp_path, SKELETON)

    def refuse(*_arguments: object, **_more: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnavailableError) as caught:
        write_meters(path, {"main": MAIN}, [POWER])
    assert str(caught.value) == f"{path}: cannot be written: Permission denied. Try again with sudo."


def test_the_name_is_changed_and_nothing_else(tmp_path):
    path = with_text(tmp_path, SKELETON)
    before = load_skeleton(path)
    set_station(path, name="北寨村")
    skeleton = load_skeleton(path)
    assert (skeleton.station.id, skeleton.station.name) == ("410882-0012", "北寨村")
    assert skeleton.mqtt == before.mqtt
    assert '"  # ours\n' in path.read_text()
    with pytest.raises(SettingsError, match="must be 1 to 32 letters"):
        set_station(path, id="no good")
    assert load_skeleton(path) == skeleton


def found(unit_id: int, line: LineSettings) -> FoundUnit:
    return FoundUnit(unit_id, line, 0.05)


def scan_of(*units: FoundUnit) -> Scan:
    return Scan(PORT, units, (), echo=False, lines=(LineSettings(9600),), asked=32, took_s=5.0)


def test_meters_at_different_settings_cannot_share_a_line_and_the_fewer_must_change():
    slow, usual = LineSettings(2400, "E"), LineSettings(9600)
    assert conflict(scan_of(found(1, usual), found(2, usual)), WORDS["en"]) is None
    assert conflict(scan_of(), WORDS["en"]) is None
    both = scan_of(found(1, slow), found(2, usual))
    assert conflict(both, WORDS["en"]) == (
        f"{PORT}: unit 1 speaks 2400 8E1, unit 2 speaks 9600 8N1; one line has one setting for all. "
        "Set unit 1 to 9600 8N1 in its menu, or connect it to a second adapter."
    )
    many = conflict(scan_of(found(1, slow), found(2, usual), found(3, slow)), WORDS["zh-CN"])
    assert many is not None
    assert "把地址 2 改为 2400 8E1" in many
    assert conflict(both, WORDS["en"], [both.units[0]]) is None


# Any valid file: tables in any order, with comments, spacing, and spellings that TOML allows.

comments = st.sampled_from(["", "# a note", "# [bus.old]", "## = x", "\n# by itself", '# "quoted'])
names = st.sampled_from(["main", "line-2", "west", "a"])
ends = st.sampled_from(["", "  # a remark", " "])
ids = st.sampled_from(["power-1", "power-2", "flow-1", "flow-2"])


@st.composite
def bus_sections(draw: st.DrawFn) -> list[str]:
    chosen = draw(st.lists(names, unique=True, max_size=3))
    form = draw(st.sampled_from(["tables", "inline", "dotted", "quoted"]))
    if form == "inline" and chosen:
        inner = ", ".join(f'{name} = {{ port = "/dev/{name}" }}' for name in chosen)
        return [f"[bus]{draw(ends)}\n" + "\n".join(inner.split(", "))]
    if form == "dotted":
        return ["[bus]\n" + "\n".join(f'{name}.port = "/dev/{name}"{draw(ends)}' for name in chosen)]
    pattern = '[bus."{}"]' if form == "quoted" else "[bus.{}]"
    return [
        f'{pattern.format(name)}{draw(ends)}\nport = "/dev/{name}"{draw(ends)}\n{draw(comments)}'
        for name in chosen
    ]


@st.composite
def device_sections(draw: st.DrawFn) -> list[str]:
    chosen = draw(st.lists(ids, unique=True, max_size=4))
    sections = []
    for number, name in enumerate(chosen, 1):
        parameters = draw(st.sampled_from(["", "parameters = { ct = 2 }", "[device.parameters]\nct = 2"]))
        sections.append(
            f'[[device]]{draw(ends)}\nid = "{name}"{draw(ends)}\nprofile = "chint-dtsu666"\nbus = "main"\n'
            f"{draw(comments)}\nunit_id = {number}\n{parameters}\n{draw(comments)}"
        )
    return sections


@st.composite
def files(draw: st.DrawFn) -> str:
    others = [
        f'[station]\nid = "s"{draw(ends)}\n{draw(comments)}',
        f'[mqtt]\nhost = "h"\n{draw(comments)}\ntls = false{draw(ends)}',
        f"[sampling]{draw(ends)}\n{draw(comments)}\ninterval_s = 30",
        '[outbox]\npath = """/var/lib/\\\n  x.db"""',
    ]
    devices = draw(device_sections())
    blocks = [*others, *draw(bus_sections()), "\n".join(devices)]
    order = draw(st.permutations(blocks))
    gap = draw(st.sampled_from(["\n", "\n\n", "\n\n# between\n"]))
    ending = draw(st.sampled_from(["", "\n", "\n\n\n", "\n# the end"]))
    return draw(comments) + "\n" + gap.join(order) + ending


lines = st.builds(
    LineSettings, st.sampled_from([2400, 9600, 19200]), st.sampled_from(["N", "E"]), st.sampled_from([1, 2])
)


@st.composite
def wishes(draw: st.DrawFn) -> tuple[dict[str, BusChoice], list[DeviceChoice]]:
    chosen = draw(st.lists(names, unique=True, min_size=1, max_size=3))
    buses = {
        name: BusChoice(
            name, f"/dev/new-{name}", draw(lines), draw(st.booleans()), draw(st.sampled_from([None, 1.5]))
        )
        for name in chosen
    }
    parameters = st.sampled_from([{}, {"ct": 20}, {"ct": 1.5, "pt": 2}])
    devices = [
        DeviceChoice(name, "chint-dtsu666", draw(st.sampled_from(chosen)), number, draw(parameters))
        for number, name in enumerate(draw(st.lists(ids, unique=True, min_size=1)), 1)
    ]
    return buses, devices


@settings(max_examples=40)
@given(text=files(), wish=wishes())
def test_any_file_survives_and_says_what_was_asked(tmp_path_factory, text, wish):
    buses, devices = wish
    path = tmp_path_factory.getbasetemp() / "agent.toml"
    path.write_text(text)
    before = tomllib.loads(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)  # slow, and no power fails here
        write_meters(path, buses, devices)
    after_text = path.read_text()
    after = tomllib.loads(after_text)
    assert {key: each for key, each in after.items() if key not in ("bus", "device")} == {
        key: each for key, each in before.items() if key not in ("bus", "device")
    }
    settings = load_agent(path).settings
    assert {
        name: (bus.port, LineSettings(bus.baudrate, bus.parity, bus.stopbits), bus.echo, bus.timeout_s)
        for name, bus in settings.bus.items()
    } == {name: (each.port, each.line, each.echo, each.timeout_s or 0.5) for name, each in buses.items()}
    assert sorted(
        (each.id, each.profile, each.bus, each.unit_id, sorted(each.parameters.items()))
        for each in settings.device
    ) == sorted(
        (each.id, each.profile, each.bus, each.unit_id, sorted(each.parameters.items())) for each in devices
    )
    for note in ("# a note", "# by itself", "# between", "# the end"):
        assert after_text.count(note) <= text.count(note)
    assert after_text.count("# between") == text.count("# between")
    for table in ("station", "mqtt", "sampling", "outbox"):
        assert f"[{table}]" in after_text
    write_meters(path, buses, devices)
    assert path.read_text() == after_text


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)
values = st.one_of(texts, st.integers(-(2**62), 2**62), st.booleans(), st.floats(allow_nan=False))
plain = st.dictionaries(texts, st.one_of(values, st.lists(values, max_size=3), st.dictionaries(texts, values, max_size=3)), max_size=4)  # noqa: E501 # fmt: skip


@given(before=plain, wanted=st.dictionaries(texts, st.dictionaries(texts, values, max_size=3), max_size=3))
def test_any_tables_are_set_in_any_text_or_it_is_refused(before, wanted):
    text = tomlkit.dumps(before)
    try:
        changed = with_tables(text, wanted)
    except NotEditableError:
        return
    expected = {key: each for key, each in before.items() if key not in wanted}
    assert tomllib.loads(changed) == expected | {key: each for key, each in wanted.items() if each}
