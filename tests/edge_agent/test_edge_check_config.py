"""The configuration's own findings, and what is still checked when it is wrong."""

import tempfile
from pathlib import Path

from edge_check import METERS, codes, config, seen
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning import check_config
from edge_agent.commissioning.check_config import configuration, known_of
from edge_agent.commissioning.check_page import exit_code
from service.account import User


def test_a_file_that_is_fine(tmp_path):
    found = seen(config(tmp_path), "configuration")
    assert codes(found) == ["configuration ok config_fine"]
    assert found[0].text == "410882-0001 北寨村污水处理站, meters: 2"


def test_no_file(tmp_path):
    found = seen(tmp_path / "none.toml", synchronised=lambda: True)
    assert codes(found) == [
        "configuration fail config_missing",
        "meter skipped skipped",
        "clock ok clock_ntp",
        "disk skipped skipped",
        *(f"{name} skipped skipped" for name in ("dns", "tcp", "tls", "login", "round_trip")),
    ]
    assert found[0].remedy == "sudo qingliu agent enrol BUNDLE.tar.gz"
    assert exit_code(found) == 2


def test_an_enrolled_box_without_meters_is_still_checked_as_far_as_the_centre(mosquitto, tmp_path):
    path = config(tmp_path, meters="", broker=mosquitto.port)
    found = seen(path, timeout_s=0.3, synchronised=lambda: True)
    assert codes(found) == [
        "configuration fail config_no_meters",
        "meter skipped skipped",
        "clock ok clock_ntp",
        "disk ok disk_fine",
        "dns skipped address",
        "tcp ok connected",
        "tls skipped tls_off",
        "login ok logged_in",
        "round_trip fail no_ack",
    ]
    assert found[0].remedy == "sudo qingliu agent scan --write"
    assert found[0].figures["station"] == "410882-0001"
    assert exit_code(found) == 2


def test_every_fault_is_a_line(tmp_path):
    wrong = METERS.replace("unit_id", "unitid").replace("microsensor-mfe600", "mfe")
    found = seen(config(tmp_path, meters=wrong), "configuration", "port")
    faults = [each for each in found if each.code == "config_fault"]
    assert [(each.text, each.remedy) for each in faults] == [
        ("agent.toml: device[0].unitid: unknown key", "Did you mean 'unit_id'?"),
        ("agent.toml: device[0].unit_id: is required", "Write for example unit_id = 1"),
        ("agent.toml: device[1].unitid: unknown key", "Did you mean 'unit_id'?"),
        ("agent.toml: device[1].unit_id: is required", "Write for example unit_id = 1"),
    ]
    assert codes(found)[-1] == "port fail port_missing"


def test_a_wrong_bus_hides_neither_the_other_nor_the_broker(tmp_path):
    more = '[bus.second]\nport = ""\n'
    found = seen(config(tmp_path, meters=more + METERS), "port", "dns")
    assert codes(found) == [
        "configuration fail config_fault",
        "port fail port_missing",
        "dns skipped address",
    ]


def test_a_file_that_is_no_toml_or_cannot_be_read(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text("[station\n")
    assert codes(seen(path, "configuration")) == ["configuration fail config_fault"]
    path.unlink()
    path.mkdir()
    assert codes(seen(path, "configuration")) == ["configuration fail config_unreadable"]


def test_a_file_where_we_cannot_look_is_a_line(tmp_path):
    """Such as a key in a folder of root's; here a name that no file system takes."""
    name = str(tmp_path / ("k" * 300))
    mqtt = f'host = "127.0.0.1"\ntls = false\nca_file = "{name}"'
    found = seen(config(tmp_path, mqtt=mqtt), "configuration", "disk")
    assert codes(found) == ["configuration fail config_fault", "disk ok disk_fine"]
    assert "mqtt.ca_file: cannot be looked at, File name too long" in found[0].text
    assert codes(seen(tmp_path / ("c" * 300), "configuration")) == ["configuration fail config_unreadable"]


def test_secrets_are_the_services_alone(tmp_path, monkeypatch):
    password = tmp_path / "password"
    password.touch()
    password.chmod(0o644)
    mqtt = f'host = "127.0.0.1"\ntls = false\nusername = "u"\npassword_file = "{password}"'
    found = seen(config(tmp_path, mqtt=mqtt), "configuration")
    assert codes(found) == ["configuration ok config_fine", "configuration warn secret_open"]
    assert found[1].remedy == f"sudo chmod 600 {password}"
    password.chmod(0o600)
    assert codes(seen(config(tmp_path, mqtt=mqtt), "configuration")) == ["configuration ok config_fine"]
    stranger = User("qingliu", 65_534, frozenset())
    monkeypatch.setattr(check_config, "service_user", lambda: stranger)
    found = seen(config(tmp_path, mqtt=mqtt), "configuration")
    assert codes(found)[1:] == ["configuration fail secret_closed"]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_content_breaks_it(content: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.toml"
        path.write_bytes(content)
        assert [each.state for each in configuration(known_of(path))].count("fail") >= 1


VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.sampled_from(["'a'", "''", "{}", "[]", "[1]"]),
    lambda inner: st.builds("{{a = {}}}".format, inner),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(["station", "bus", "device", "mqtt", "outbox", "profiles"]), VALUES))
def test_no_table_of_another_kind_breaks_it(tables):
    text = "".join(f"{name} = {str(value).lower()}\n" for name, value in tables.items())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.toml"
        path.write_text(text)
        found = seen(path, "configuration", "port", "disk")
        assert exit_code(found) == 2
