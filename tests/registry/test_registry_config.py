"""`centre.toml`: every key, every default, and the whole message of every mistake."""

from pathlib import Path

import msgspec
import pytest

from registry.config import AlertingSettings, CentreSettings, load_centre
from service.settings import SettingsError

EVERYTHING = """
[centre]
name = "焦作市农村生活污水处理设施监管中心"
timezone = "Asia/Urumqi"
language = "en"
[registry]
url = "postgresql+psycopg://qingliu:secret@127.0.0.1/qingliu"
[history]
backend = "embedded"
path = "/tmp/history.db"
url = "http://127.0.0.1:8086"
org = "bureau"
bucket = "qingliu"
token_file = "/etc/hostname"
username = "centre"
password_file = "/etc/hostname"
raw_days = 500
[mqtt]
host = "127.0.0.1"
port = 1884
tls = true
ca_file = "{file}"
cert_file = "{file}"
key_file = "{file}"
username = "centre"
password_file = "{file}"
[collector]
accept_unknown_stations = true
shared_group = "collectors"
metrics_host = "::1"
metrics_port = 9100
[reporting]
path = "/tmp/reports"
draft_hour = 3
targets_file = "{file}"
[console]
host = "::1"
port = 9000
tls_cert_file = "{file}"
tls_key_file = "{file}"
behind_proxy = true
proxy_addresses = ["10.0.0.0/8"]
idle_min = 10
session_hours = 8
uploads_path = "/srv/uploads"
counties_geojson = "{file}"
tile_url = "/tiles/{{z}}/{{x}}/{{y}}.png"
[alarms]
silence_raise_after_s = 0
grace_s = 0
acknowledge_within_s = 60
long_after_s = 70
very_long_after_s = 80
follow_up_days = 2
area_window_s = 90
county_share = 0.4
county_least = 6
town_share = 0.7
town_least = 4
large_m3_per_day = 200
protected_tags = []
[notify]
channels = ["json://127.0.0.1/a", {{ url = "json://127.0.0.1/b", name = "b", severity = "high", level = 2 }}]
roster_file = "{file}"
digest_at = ""
link = "https://qingliu.example.cn"
[identity]
path = "/srv/ca"
passphrase_file = "{file}"
broker_host = "centre.example.cn"
broker_port = 8884
days = 400
warn_days = 30
crl_days = 500
[alerting]
round_s = 1
offline_after_s = 2
stop_window_s = 3
idle_window_s = 4
small_idle_window_s = 5
learn_s = 6
stop_floor_kwh_per_day = 0.7
coverage = 1
raise_after_s = 0
clear_after_s = 0
low_load_window_s = 7
effluent_share = 0.05
holidays_file = "{file}"
"""
LEAST = '[mqtt]\nhost = "127.0.0.1"\n'


def settings(tmp_path, text):
    path = tmp_path / "centre.toml"
    path.write_text(text, encoding="utf-8")
    return load_centre(path)


def faults(tmp_path, text):
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)
    return [line.removeprefix(f"{tmp_path}/") for line in caught.value.lines()]


def test_every_key_is_taken(tmp_path):
    file = tmp_path / "some.pem"
    file.write_text("")
    known = settings(tmp_path, EVERYTHING.format(file=file))
    assert (known.centre.timezone, known.centre.language, known.zone.key) == (
        "Asia/Urumqi", "en", "Asia/Urumqi")  # fmt: skip
    assert known.registry.url == "postgresql+psycopg://qingliu:secret@127.0.0.1/qingliu"
    assert (known.history.raw_days, known.history.org) == (500, "bureau")
    assert known.collector.accept_unknown_stations is True
    assert (known.mqtt.actual_port, known.console.port, known.console.host) == (1884, 9000, "::1")
    assert (known.reporting.path, known.reporting.draft_hour) == ("/tmp/reports", 3)
    assert known.reporting.targets_file == str(file)
    assert known.alerting == AlertingSettings(
        round_s=1, offline_after_s=2, stop_window_s=3, idle_window_s=4, small_idle_window_s=5, learn_s=6,
        stop_floor_kwh_per_day=0.7, coverage=1, raise_after_s=0, clear_after_s=0, low_load_window_s=7,
        effluent_share=0.05, holidays_file=str(file),
    )  # fmt: skip
    for table in msgspec.structs.fields(CentreSettings):  # so that a new key comes into this test
        for key in msgspec.structs.fields(table.type):
            assert f"\n{key.name} = " in EVERYTHING, f"{table.name}.{key.name}"


def test_what_is_left_out_has_the_default_of_the_manual(tmp_path):
    known = settings(tmp_path, LEAST)
    assert (known.centre.timezone, known.centre.language) == ("Asia/Shanghai", "zh-CN")
    assert known.registry.url == "sqlite:////var/lib/qingliu/registry.db"
    assert (known.history.backend, known.history.raw_days) == ("embedded", 400)
    assert (known.collector.accept_unknown_stations, known.collector.shared_group) == (False, "")
    assert (known.console.host, known.console.port, known.notify.channels) == ("127.0.0.1", 8080, [])
    assert (known.mqtt.tls, known.mqtt.actual_port) == (True, 8883)
    alerting = known.alerting
    assert (alerting.offline_after_s, alerting.stop_window_s) == (1_800, 4 * 3_600)
    assert (alerting.idle_window_s, alerting.small_idle_window_s, alerting.learn_s) == (
        86_400,
        172_800,
        86_400,
    )
    assert (alerting.stop_floor_kwh_per_day, alerting.coverage) == (0.5, 0.75)


BAD = {
    "": ["centre.toml: mqtt: is required. Add it."],
    "[mqtt]\n": ['centre.toml: mqtt.host: is required. Write for example host = "centre.example.cn".'],
    "[mqtt\n": [
        ("centre.toml: not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 6)."
        " Mend that line.")
    ],
    LEAST + "tsl = true\nport = 70000\n": [
        "centre.toml: mqtt.tsl: unknown key. Did you mean 'tls'?",
        "centre.toml: mqtt.port: must be <= 65535 (got 70000). Write for example port = 8883.",
    ],
    LEAST + '[centre]\nlanguage = "de"\ntimezone = 8\n[colector]\n': [
        "centre.toml: colector: unknown key. Did you mean 'collector'?",
        "centre.toml: centre.timezone: must be a text in quotes (got 8).",
        'centre.toml: centre.language: must be one of "zh-CN", "en" (got "de").',
    ],
    LEAST + '[centre]\ntimezone = "Asia/Jiaozuo"\n': [
        'centre.toml: centre.timezone: unknown time zone (got "Asia/Jiaozuo"). Write "Asia/Shanghai".'
    ],
    LEAST + '[registry]\nurl = "mysql://x"\n': [
        ("centre.toml: registry.url: must be an SQLAlchemy URL of sqlite or postgresql+psycopg"
        '. Write for example url = "sqlite:////var/lib/qingliu/registry.db".')
    ],
    LEAST + '[registry]\nurl = "postgresql+psycopg://u:secret@host:port/x"\n': [
        ("centre.toml: registry.url: cannot be read as an URL."
        ' Write for example "postgresql+psycopg://user:password@127.0.0.1:5432/qingliu".')
    ],
    LEAST + '[history]\nbackend = "influxdb"\ntoken_file = "/nothing"\nusername = "a:b"\n': [
        "centre.toml: history: token_file and username exclude each other. Give one of them.",
        "centre.toml: history.password_file: is required with username. Name the file.",
        'centre.toml: history.username: must have no colon (got "a:b"). Choose another name.',
        ('centre.toml: history.token_file: there is no such file (got "/nothing").'
        " Copy it there, or mend the path."),
    ],
    LEAST + '[history]\nurl = "http://u:secret@host:8086"\nbucket = "a/b/c"\n': [
        ("centre.toml: history.url: must be an http or https address without a user in it."
        ' Write for example url = "http://127.0.0.1:8086".'),
        ('centre.toml: history.bucket: must be a bucket, a database or database/retention (got "a/b/c").'
        ' Write for example bucket = "qingliu".'),
    ],
    LEAST + '[history]\nraw_days = 30\nbackend = "redis"\n': [
        'centre.toml: history.backend: must be one of "embedded", "influxdb" (got "redis").',
        "centre.toml: history.raw_days: must be >= 31 (got 30).",
    ],
    LEAST + '[console]\nhost = "0.0.0.0"\n[notify]\nchannels = ["/nowhere/wecom.url"]\n': [
        ("centre.toml: notify.channels[0]: is neither an apprise URL nor the path of a file."
        ' Write for example "/etc/qingliu/wecom.url", a file with wecombot://KEY in it.'),
        ("centre.toml: console.host: must be a loopback address, because passwords would cross the network"
        ' in clear text (got "0.0.0.0"). Write 127.0.0.1 with a reverse proxy in front, or give'
        " console.tls_cert_file and console.tls_key_file, or say console.behind_proxy = true if a proxy ends"
        " TLS."),
    ],
    LEAST + '[console]\ntls_cert_file = "/nothing"\nproxy_addresses = ["nginx"]\nidle_min = 0\n': [
        "centre.toml: console.idle_min: must be >= 1 (got 0).",
    ],
    LEAST + '[console]\ntls_cert_file = "/nothing"\nproxy_addresses = ["nginx"]\n': [
        "centre.toml: console.tls_key_file: is required with the other of the two. Name both.",
        ('centre.toml: console.tls_cert_file: there is no such file (got "/nothing").'
        " Copy it there, or mend the path."),
        ('centre.toml: console.proxy_addresses: must be addresses or networks (got "nginx").'
        ' Write for example ["127.0.0.1"].'),
    ],
    LEAST + '[console]\ncounties_geojson = "/nothing"\ntile_url = "//tiles.example/{z}/{x}/{y}.png"\n': [
        ('centre.toml: console.counties_geojson: there is no such file (got "/nothing").'
        " Copy it there, or mend the path."),
        ("centre.toml: console.tile_url: must be an http or https address or a path, with {z}, {x} and {y}"
        ' (got "//tiles.example/{z}/{x}/{y}.png"). Write for example "/tiles/{z}/{x}/{y}.png".'),
    ],
    LEAST + '[collector]\nshared_group = "a/b"\naccept_unknown_stations = "yes"\n': [
        'centre.toml: collector.accept_unknown_stations: must be true or false (got "yes").',
        ('centre.toml: collector.shared_group: must be letters, digits, - or _ (got "a/b").'
        ' Write for example shared_group = "collectors".'),
    ],
    LEAST + "[alerting]\nround_s = 0\ncoverage = 1.01\nstop_floor_kwh_per_day = nan\nclear_after_s = -1\n": [
        "centre.toml: alerting.round_s: must be >= 1 (got 0).",
        "centre.toml: alerting.stop_floor_kwh_per_day: must be > 0.0 (got NaN).",
        "centre.toml: alerting.coverage: must be <= 1.0 (got 1.01).",
        "centre.toml: alerting.clear_after_s: must be >= 0 (got -1).",
    ],
    LEAST + '[alerting]\nholidays_file = "/nothing"\neffluent_share = 0.05\n': [
        ('centre.toml: alerting.holidays_file: there is no such file (got "/nothing").'
        " Copy it there, or mend the path."),
    ],
    LEAST + 'cert_file = "/nothing"\nusername = "x"\n': [
        "centre.toml: mqtt: cert_file and key_file go together. Give both, or neither.",
        "centre.toml: mqtt.password_file: is required with username. Name the file.",
        (
            'centre.toml: mqtt.cert_file: there is no such file (got "/nothing").'
            " Copy it there, or mend the path."
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_everything_wrong_is_said_at_once(tmp_path, text):
    assert faults(tmp_path, text) == BAD[text]


@pytest.mark.parametrize(
    ("table", "key", "is_shown"),
    [
        ("history", 'backend = "influxdb"\ntoken_file', True),
        ("console", "counties_geojson", True),
        ("alerting", "holidays_file", True),
        ("reporting", "targets_file", True),
        ("notify", "roster_file", True),
        ("notify", "channels", False),
    ],
)
def test_a_file_that_may_not_be_looked_at_is_a_fault_in_one_line(tmp_path, table, key, is_shown):
    """A path too long for the system fails like one below a folder that we may not enter, also for root."""
    name = "k" * 300
    value = f'["{name}"]' if key == "channels" else f'"{name}"'
    path = tmp_path / "centre.toml"
    path.write_text(f'[mqtt]\nhost = "h"\n[{table}]\n{key} = {value}\n')
    with pytest.raises(SettingsError) as caught:
        load_centre(path)
    [line] = caught.value.lines()
    place = "notify.channels[0]" if key == "channels" else f"{table}.{key.split()[-1]}"
    assert line.startswith(f"{path}: {place}: cannot be looked at, File name too long")
    assert ("kkk" in line) is is_shown


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_hosts_are_taken(tmp_path, host):
    assert settings(tmp_path, f'{LEAST}[console]\nhost = "{host}"\n').console.host == host


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "10.0.0.1", "centre.example.cn", "127.0.0.1.example.cn"]
)
def test_hosts_that_others_reach_are_refused(tmp_path, host):
    (line,) = faults(tmp_path, f'{LEAST}[console]\nhost = "{host}"\n')
    assert line.startswith("centre.toml: console.host: must be a loopback address")


@pytest.mark.parametrize(
    "safe", ["behind_proxy = true", 'tls_cert_file = "/etc/hostname"\ntls_key_file = "/etc/hostname"']
)
def test_other_hosts_are_taken_where_tls_is(tmp_path, safe):
    assert settings(tmp_path, f'{LEAST}[console]\nhost = "0.0.0.0"\n{safe}\n').console.host == "0.0.0.0"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8086", "https://influx.example.cn/insert/0/influx", "http://[::1]:1/"]
)
@pytest.mark.parametrize("bucket", ["qingliu", "污水/raw", "qingliu-1.x/two_years"])
def test_an_influxdb_is_taken(tmp_path, url, bucket):
    text = f'{LEAST}[history]\nbackend = "influxdb"\nurl = "{url}"\nbucket = "{bucket}"\n'
    known = settings(tmp_path, text).history
    assert (known.backend, known.url, known.bucket) == ("influxdb", url, bucket)


@pytest.mark.parametrize(
    "url", ["", "influx:8086", "ftp://x", "http://", "http://a b", "http://x?db=y", "http://x/y#z"]
)
def test_addresses_that_are_no_server_s_are_refused(tmp_path, url):
    (line,) = faults(tmp_path, f'{LEAST}[history]\nurl = "{url}"\n')
    assert line.startswith("centre.toml: history.url: must be an http or https address")


def test_the_file_is_the_one_named_else_the_variable_s_else_that_of_etc(tmp_path, monkeypatch):
    named, variable = tmp_path / "named.toml", tmp_path / "variable.toml"
    named.write_text(LEAST + "port = 1\n")
    variable.write_text(LEAST + "port = 2\n")
    monkeypatch.setenv("QINGLIU_CONFIG", str(variable))
    assert load_centre(named).mqtt.port == 1
    assert load_centre(None).mqtt.port == 2
    monkeypatch.setenv("QINGLIU_CONFIG", "")
    monkeypatch.setattr("registry.config.DEFAULT_PATH", tmp_path / "etc.toml")
    with pytest.raises(SettingsError) as caught:
        load_centre(None)
    assert caught.value.lines() == [
        f"{tmp_path}/etc.toml: there is no such file. Name another one or make it."
    ]


def test_the_default_place():
    from registry.config import DEFAULT_PATH  # noqa: PLC0415 - another test changes it

    assert Path("/etc/qingliu/centre.toml") == DEFAULT_PATH
