from pathlib import Path

import pytest

from edge_agent.config import Agent, AgentSettings, load_agent
from edge_agent.profile_file import profile_names
from service.settings import SettingsError, parse

FULL = """
[station]
id = "410882-0012"
name = "北寨村污水处理站"
[bus.main]
port = "/dev/ttyUSB0"
baudrate = 4800
parity = "E"
stopbits = 2
timeout_s = 0.25
pause_s = 0.05
echo = true
[bus.other]
port = "/dev/ttyUSB1"
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
parameters = { ct = 20, pt = 1 }
[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "other"
unit_id = 1
parameters = { total_unit = "L" }
[sampling]
interval_s = 30
send_every_s = 600
[mqtt]
host = "centre.example.cn"
port = 8884
tls = true
ca_file = "FOLDER/ca.crt"
cert_file = "FOLDER/station.crt"
key_file = "FOLDER/station.key"
username = "410882-0012"
password_file = "FOLDER/password"
[outbox]
path = "FOLDER/outbox.db"
max_mb = 16
[profiles]
path = "FOLDER"
"""
LEAST = """
[station]
id = "s"
[bus.main]
port = "/dev/ttyUSB0"
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
[mqtt]
host = "h"
tls = false
"""
SECOND = '[[device]]\nid = "flow-1"\nprofile = "microsensor-mfe600"\nbus = "main"\nunit_id = 2\n'


def load(folder: Path, text: str) -> Agent:
    path = folder / "agent.toml"
    path.write_text(text)
    return load_agent(path)


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return [line.removeprefix(f"{folder}/agent.toml: ") for line in caught.value.lines()]


def changed(before: str, after: str) -> str:
    assert LEAST.count(before) == 1
    return LEAST.replace(before, after)


def test_every_key_of_the_design_is_taken(tmp_path):
    for name in ("ca.crt", "station.crt", "station.key", "password"):
        (tmp_path / name).touch()
    agent = load(tmp_path, FULL.replace("FOLDER", str(tmp_path)))
    main = agent.settings.bus["main"]
    assert (main.baudrate, main.parity, main.stopbits, main.timeout_s, main.pause_s) == (
        4800,
        "E",
        2,
        0.25,
        0.05,
    )
    assert main.echo
    assert agent.settings.mqtt.actual_port == 8884
    assert (agent.settings.sampling.interval_s, agent.settings.sampling.send_every_s) == (30, 600)
    assert agent.settings.outbox.max_mb == 16
    assert [device.factors for device in agent.devices] == [{"ct": 20.0, "pt": 1.0}, {"total_unit": 0.001}]
    assert [device.profile.kind for device in agent.devices] == ["power", "flow"]


def test_the_defaults_are_those_of_the_design(tmp_path):
    settings = load(tmp_path, LEAST).settings
    main = settings.bus["main"]
    assert (main.baudrate, main.parity, main.stopbits, main.timeout_s, main.pause_s) == (
        9600,
        "N",
        1,
        0.5,
        0.02,
    )
    assert not main.echo
    assert (settings.sampling.interval_s, settings.sampling.send_every_s) == (60, 300)
    assert (settings.outbox.path, settings.outbox.max_mb) == ("/var/lib/qingliu-agent/outbox.db", 256)
    assert parse(changed("tls = false", ""), "f", AgentSettings).mqtt.tls
    assert load(tmp_path, changed("unit_id = 1", "unit_id = 1")).devices[0].factors == {"ct": 1.0, "pt": 1.0}


KNOWN = ", ".join(profile_names())
MISTAKES = {
    "a station id with a space": (
        changed('id = "s"', 'id = "a b"'),
        'station.id: must be 1 to 32 letters, digits, - or _ (got "a b"). Write for example id = "410882-0012".',  # noqa: E501
    ),
    "a station id with a line feed at its end": (
        changed('id = "s"', r'id = "s\n"'),
        r'station.id: must be 1 to 32 letters, digits, - or _ (got "s\n"). Write for example id = "410882-0012".',  # noqa: E501
    ),
    "a device id with capitals": (
        changed('id = "power-1"', 'id = "Power-1"'),
        'device[0].id: must be 1 to 24 of a-z, 0-9 and - (got "Power-1"). Write for example id = "power-1".',
    ),
    "unit 0 is the broadcast": (
        changed("unit_id = 1", "unit_id = 0"),
        "device[0].unit_id: must be >= 1 (got 0). Write for example unit_id = 1.",
    ),
    "unit 248 is reserved": (
        changed("unit_id = 1", "unit_id = 248"),
        "device[0].unit_id: must be <= 247 (got 248). Write for example unit_id = 1.",
    ),
    "a bus that is not there": (
        changed('bus = "main"', 'bus = "mian"'),
        'device[0].bus: names no [bus.…] table (got "mian"). Known are: main.',
    ),
    "two devices of one id": (
        LEAST + SECOND.replace("flow-1", "power-1"),
        'device: two meters have the same id (got "power-1"). Give each its own.',
    ),
    "two devices of one address": (
        LEAST + SECOND.replace("unit_id = 2", "unit_id = 1"),
        "device: two meters on bus main have the same unit_id (got 1). Give each its own address.",
    ),
    "two lines on one port": (
        LEAST + '[bus.other]\nport = "/dev/ttyUSB0"\n',
        'bus: two lines name the same port (got "/dev/ttyUSB0"). One table a line.',
    ),
    "no device": (
        "device = []\n" + LEAST.partition("[[device]]")[0] + "[mqtt]\nhost = 'h'\ntls = false",
        "device: there are no meters yet. Find them with: sudo qingliu agent scan --write",
    ),
    "a certificate without its key": (
        LEAST + f'cert_file = "{__file__}"\n',
        "mqtt: cert_file and key_file go together. Give both, or neither.",
    ),
    "a user without a password": (
        LEAST + 'username = "u"\n',
        "mqtt.password_file: is required with username. Name the file.",
    ),
    "a file that is not there": (
        LEAST + 'ca_file = "/none"\n',
        'mqtt.ca_file: there is no such file (got "/none"). Copy it there, or mend the path.',
    ),
    "a profile that is not there": (
        changed('"chint-dtsu666"', '"chint"'),
        f'device[0].profile: there is no such profile (got "chint"). Known are {KNOWN}.',
    ),
    "a parameter the profile does not ask for": (
        changed("unit_id = 1", "unit_id = 1\nparameters = { cd = 1 }"),
        "device[0].parameters.cd: profile chint-dtsu666 has no such parameter. It knows ct, pt.",
    ),
    "a parameter out of range": (
        changed("unit_id = 1", "unit_id = 1\nparameters = { pt = 0 }"),
        "device[0].parameters.pt: must be a number above 0 (got 0.0). It is the voltage transformers' ratio, if the meter does not include it.",  # noqa: E501
    ),
    "sampling too fast": (
        LEAST + "[sampling]\ninterval_s = 0.5\n",
        "sampling.interval_s: must be >= 1.0 (got 0.5). Write for example interval_s = 60.",
    ),
    "a key of another table": (
        LEAST + "[sampling]\npause_s = 1\n",
        "sampling.pause_s: unknown key. Known here: interval_s, send_every_s.",
    ),
    "a table of no room": (LEAST + "[alerting]\n", "alerting: unknown key. Did you mean 'sampling'?"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_one_mistake_one_line(tmp_path, text, expected):
    assert complaints(tmp_path, text) == [expected]


def test_cross_checks_and_profiles_complain_together(tmp_path):
    text = LEAST + SECOND.replace("flow-1", "power-1").replace("microsensor-mfe600", "nobodys")
    assert complaints(tmp_path, text + '[bus.b]\nport = "/dev/ttyUSB0"\n') == [
        'device: two meters have the same id (got "power-1"). Give each its own.',
        'bus: two lines name the same port (got "/dev/ttyUSB0"). One table a line.',
        f'device[1].profile: there is no such profile (got "nobodys"). Known are {KNOWN}.',
    ]


def test_a_bad_profile_of_the_installers_own_is_named_with_its_file(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\n')
    text = changed('"chint-dtsu666"', '"own"') + f'[profiles]\npath = "{tmp_path}"\n'
    lines = complaints(tmp_path, text)
    assert [line.partition(": ")[0] for line in lines] == ["device[0].profile"] * 6
    assert lines[0] == (
        f'device[0].profile: {own}: kind: is required. Add it (got "own"). Mend that profile.'
    )


def test_two_names_of_one_port_are_one_port(tmp_path):
    by_id = tmp_path / "usb-FTDI"
    by_id.symlink_to("/dev/null")
    path = tmp_path / "agent.toml"
    path.write_text(LEAST.replace("/dev/ttyUSB0", "/dev/null") + f'[bus.second]\nport = "{by_id}"\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_agent(path)
    assert caught.value.lines() == [
        f'{path}: bus: two lines name the same port, one as {by_id} (got "/dev/null"). One table a line.'
    ]
