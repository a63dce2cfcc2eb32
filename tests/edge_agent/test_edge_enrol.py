import argparse
import json
import os
import pwd
import re
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from certificates import DAY, Authority, Identity, key_bytes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from edge_bundle import SKELETON, STATION, parts, written
from hypothesis import given, settings
from hypothesis import strategies as st
from two_meters import TWO_METERS

from edge_agent.commissioning import enrol_command
from edge_agent.commissioning.bundle import MEMBERS, read_bundle
from edge_agent.commissioning.config_file import load_skeleton
from edge_agent.commissioning.enrol import Enrolment, enrol
from edge_agent.commissioning.enrol_words import WORDS
from edge_agent.commissioning.identity import BoxClock, Remark, fingerprint, judge
from edge_agent.commissioning.setup_error import SetupError
from edge_agent.config import load_agent
from edge_agent.language import LANGUAGES
from service.process import UnavailableError
from service.settings import SettingsError
from service.tls import tls_context

EN = WORDS["en"]
NOW = datetime.now(UTC)
CLOCK = BoxClock(NOW, is_synchronised=True)
METERS = '[bus.main]\nport = "/dev/ttyUSB0"   # the left one\nparity = "E"\n' + TWO_METERS
PRESENT = SKELETON.replace("centre.example.cn", "old.example.cn").replace("# Made", "# Kept. Made") + METERS


@pytest.fixture(scope="module")
def centre(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("centre"))


@pytest.fixture(scope="module")
def client(centre: Authority) -> Identity:
    return centre.client(STATION)


@pytest.fixture
def files(centre, client) -> dict[str, bytes]:
    return parts(centre, client)


@pytest.fixture
def config(tmp_path) -> Path:
    return tmp_path / "etc" / "qingliu" / "agent.toml"


@pytest.fixture
def try_enrol(tmp_path, config) -> Callable[..., Enrolment]:
    def run(files: dict[str, bytes], clock: BoxClock = CLOCK, **more: object) -> Enrolment:
        bundle = read_bundle(written(tmp_path / "b.tar.gz", files), EN)
        return enrol(bundle, config, clock=clock, words=EN, **more)

    return run


def present(config: Path, text: str = PRESENT) -> None:
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_fresh_box_gets_all_files_with_their_rights(try_enrol, files, config, centre, client):
    before = os.umask(0o077)
    try:
        done = try_enrol(files)
    finally:
        os.umask(before)
    assert (done.state, done.station, done.name) == ("enrolled", STATION, "北寨村污水处理站")
    assert (done.broker, done.has_meters, done.kept) == ("centre.example.cn:8883", False, None)
    assert modes(config.parent) == {
        "agent.toml": 0o640,
        "ca.crt": 0o644,
        "station.crt": 0o644,
        "station.key": 0o600,
    }
    mqtt = load_skeleton(config).mqtt
    assert (mqtt.ca_file, mqtt.key_file) == (f"{config.parent}/ca.crt", f"{config.parent}/station.key")
    assert config.read_text().startswith("# Made by the centre")
    assert not list(mqtt.faults())
    assert tls_context(mqtt).get_ca_certs()
    assert done.identity.certificate == fingerprint(client.certificate.public_bytes(Encoding.DER))
    assert re.fullmatch(r"([0-9a-f]{4} ){3}[0-9a-f]{4}", done.identity.authority)


def test_a_used_bundle_changes_nothing(try_enrol, files, config):
    try_enrol(files)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in config.parent.iterdir()}
    assert try_enrol(files).state == "unchanged"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in config.parent.iterdir()} == before
    (config.parent / "station.key").chmod(0o644)
    try_enrol(files)
    assert modes(config.parent)["station.key"] == 0o600


def test_the_same_station_keeps_its_meters_and_comments_and_gets_the_new_centre(try_enrol, files, config):
    present(config)
    done = try_enrol(files)
    assert (done.state, done.has_meters) == ("renewed", True)
    agent = load_agent(config)
    assert agent.settings.mqtt.host == "centre.example.cn"
    assert [each.settings.id for each in agent.devices] == ["power-1", "flow-1"]
    assert agent.settings.bus["main"].parity == "E"
    assert '"/dev/ttyUSB0"   # the left one' in config.read_text()
    assert config.read_text().startswith("# Kept. Made")
    assert done.kept == config.with_name("agent.toml.bak")
    assert done.kept.read_text() == PRESENT
    assert try_enrol(files).state == "unchanged"


def test_a_new_certificate_alone_keeps_the_backup_of_before(try_enrol, files, config, centre):
    present(config)
    try_enrol(files)
    done = try_enrol(parts(centre, centre.client(STATION)))
    assert (done.state, done.kept) == ("renewed", None)
    assert config.with_name("agent.toml.bak").read_text() == PRESENT
    assert not config.with_name("agent.toml.enrolling").exists()


def test_the_name_stays_where_the_bundle_has_none(try_enrol, files, config):
    present(config)
    nameless = SKELETON.replace('name = "北寨村污水处理站"\n', "").replace("600", "300")
    try_enrol(files | {"agent.toml": nameless.encode()})
    settings = load_agent(config).settings
    assert settings.station.name == "北寨村污水处理站"
    assert settings.sampling.send_every_s == 600


def test_meters_of_a_complete_bundle_are_taken_where_there_are_none(try_enrol, files, config):
    present(config, f'[station]\nid = "{STATION}"\n[mqtt]\nhost = "x"\ntls = false\n# ours\n')
    assert try_enrol(files | {"agent.toml": (SKELETON + METERS).encode()}).has_meters
    assert len(load_agent(config).devices) == 2
    assert "# ours" in config.read_text()


def test_another_station_is_refused_unless_it_is_meant(try_enrol, files, config, centre):
    present(config, PRESENT.replace(STATION, "410882-0001"))
    with pytest.raises(SetupError) as caught:
        try_enrol(files)
    [line] = caught.value.lines()
    assert line == (
        f"{config}: is of station 410882-0001, the bundle of {STATION}. "
        f"Is it the right bundle? To make this box station {STATION}: "
        "sudo qingliu agent enrol BUNDLE.tar.gz --replace"
    )
    assert modes(config.parent).keys() == {"agent.toml"}
    done = try_enrol(files, replace=True)
    assert (done.state, done.former, done.has_meters) == ("replaced", "410882-0001", False)
    assert done.kept == config.with_name("agent.toml.before-410882-0001")
    assert 'id = "410882-0001"' in done.kept.read_text()
    assert load_skeleton(config).station.id == STATION


def test_a_password_instead_of_a_certificate(try_enrol, files, config):
    try_enrol(files)
    without = {name: files[name] for name in ("agent.toml", "ca.crt")} | {"password": b"secret\n"}
    done = try_enrol(without)
    mqtt = load_skeleton(config).mqtt
    assert (done.user, mqtt.username, mqtt.cert_file) == (STATION, STATION, "")
    assert mqtt.password_file == f"{config.parent}/password"
    assert modes(config.parent).keys() == {"agent.toml", "agent.toml.bak", "ca.crt", "password"}
    assert modes(config.parent)["password"] == 0o600
    assert done.identity.certificate == ""


def test_what_would_not_load_is_refused_and_nothing_is_touched(try_enrol, files, config):
    present(config, PRESENT.replace('parity = "E"', 'parity = "X"'))
    with pytest.raises(SetupError, match=r'bus\.main\.parity: must be one of "N", "E", "O"'):
        try_enrol(files)
    present(config, "[station")
    with pytest.raises(SetupError, match=r"agent\.toml: "):
        try_enrol(files)
    assert modes(config.parent).keys() == {"agent.toml"}
    complete = SKELETON + METERS.replace("chint-dtsu666", "nonsense")
    config.unlink()
    with pytest.raises(SetupError, match="there is no such profile"):
        try_enrol(files | {"agent.toml": complete.encode()})
    assert not list(config.parent.iterdir())


class Cut(BaseException):
    """The power fails."""


@pytest.fixture
def power(monkeypatch) -> Iterator[Callable[[int], None]]:
    """Cuts the power at the n-th change of the folder; nothing after it happens, not even tidying up."""
    left = [10**9]
    is_cut = [False]

    def counted(change: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **more: object) -> object:
            if is_cut[0]:
                return None
            left[0] -= 1
            if left[0] < 0:
                is_cut[0] = True
                raise Cut
            return change(*arguments, **more)

        return run

    monkeypatch.setattr(os, "fsync", counted(lambda _descriptor: None))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))
    monkeypatch.setattr(Path, "unlink", counted(Path.unlink))

    def cut_after(changes: int) -> None:
        left[0], is_cut[0] = changes, False

    yield cut_after
    cut_after(10**9)


@pytest.mark.parametrize("is_other", [False, True])
def test_a_power_cut_never_leaves_a_mixed_identity(try_enrol, files, config, power, centre, is_other):
    """Cut at every step: the box is wholly the old one, wholly the new one, or says that it is neither."""
    old = "410882-0001" if is_other else STATION
    old_text = PRESENT.replace(STATION, old)
    old_files = parts(centre, centre.client(old), old_text)
    states, step = [], 0
    while not states or states[-1] != "done":
        for path in config.parent.iterdir() if config.parent.exists() else ():
            path.unlink()
        try_enrol(old_files)
        old_config = config.read_text()
        power(step)
        step += 1
        try:
            try_enrol(files, replace=is_other)
        except Cut:
            states.append("cut")
        else:
            states.append("done")
        power(10**9)
        if config.exists():
            now = {name: (config.parent / name).read_bytes() for name in MEMBERS if name != "password"}
            assert {name: now[name] for name in files if name != "agent.toml"} in (
                {name: old_files[name] for name in files if name != "agent.toml"},
                {name: files[name] for name in files if name != "agent.toml"},
            )
            is_old = now["station.key"] == old_files["station.key"]
            assert (now["agent.toml"].decode() == old_config) == is_old
        else:
            states[-1] = "none"
        done = try_enrol(files, replace=is_other)
        assert load_skeleton(config).station.id == STATION
        assert done.has_meters is not is_other
        assert not [path for path in config.parent.iterdir() if path.name.startswith(".")]
    assert {"cut", "none", "done"} == set(states)


def test_the_private_key_is_never_readable_by_others(try_enrol, files, config, monkeypatch):
    seen = []

    def watch(descriptor: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fsync", watch)
    before = os.umask(0)
    try:
        try_enrol(files)
    finally:
        os.umask(before)
    assert 0o600 in seen
    assert modes(config.parent)["station.key"] == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_files_belong_to_whom_was_said(try_enrol, files, config):
    try_enrol(files, owner="nobody")
    owner = pwd.getpwnam("nobody").pw_uid
    assert {path.stat().st_uid for path in config.parent.iterdir()} == {owner}
    with pytest.raises(SetupError, match="--owner nobody-at-all: there is no such user"):
        try_enrol(files, owner="nobody-at-all")


def test_a_folder_that_may_not_be_written_is_said_with_sudo(try_enrol, files, config, monkeypatch):
    def refuse(path: Path, *_arguments: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UnavailableError) as caught:
        try_enrol(files)
    assert re.fullmatch(
        r"\S+/agent.toml: cannot be written: Permission denied. Try: sudo qingliu agent enrol \S+b.tar.gz",
        str(caught.value),
    )


# the certificates


def judged(tmp_path: Path, files: dict[str, bytes], clock: BoxClock = CLOCK) -> tuple[Remark, ...] | str:
    """The remarks, or the code of the refusal, which both languages give in one line."""
    path = written(tmp_path / "j.tar.gz", files)
    outcomes = []
    for language in LANGUAGES:
        try:
            outcomes.append(judge(read_bundle(path, WORDS[language]), clock, WORDS[language]).remarks)
        except SetupError as error:
            assert len(error.lines()) == 1  # noqa: PT017 - also a verdict without an error is wanted
            outcomes.append(error.code)
    assert outcomes[0] == outcomes[1]
    return outcomes[0]


def test_a_good_identity_needs_no_remark(tmp_path, files):
    assert judged(tmp_path, files) == ()


def test_certificates_that_will_not_do_are_refused_by_name(tmp_path, files, centre, client):
    stranger = Authority(tmp_path / "stranger", "Stranger")
    namesake = Authority(tmp_path / "namesake")
    other = centre.client("410882-0099")
    locked = key_bytes(ec.generate_private_key(ec.SECP256R1()), b"secret")
    wrong = {
        "not_signed": {"ca.crt": stranger.ca_file.read_bytes()},
        "key_mismatch": {"station.key": other.key_file.read_bytes()},
        "key_locked": {"station.key": locked},
        "not_a_key": {"station.key": b"-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n"},
        "not_a_certificate": {"station.crt": files["station.crt"].replace(b"MII", b"MIJ")},
        "not_an_authority": {"ca.crt": client.cert_file.read_bytes()},
        "other_name": parts(centre, other, SKELETON),
        "not_for_clients": parts(centre, centre.server(STATION), SKELETON),
    }
    for code, change in wrong.items():
        assert judged(tmp_path, files | change) == code
    assert judged(tmp_path, files | {"ca.crt": namesake.ca_file.read_bytes()}) == "not_signed"
    assert judged(tmp_path, files | {"ca.crt": b""}) == "not_a_certificate"
    assert judged(tmp_path, files | {"station.key": files["station.crt"]}) == "not_a_key"


def test_a_new_authority_beside_the_old_one_is_no_matter(tmp_path, files, centre):
    newer = Authority(tmp_path / "newer", "Newer").ca_file.read_bytes()
    assert judged(tmp_path, files | {"ca.crt": newer + files["ca.crt"]}) == ()


@pytest.mark.parametrize(
    ("now", "is_synchronised", "verdict"),
    [
        (NOW, True, ()),
        (NOW, False, ()),
        (datetime(1970, 1, 1, tzinfo=UTC), False, (Remark("clock_unset"),)),
        (datetime(2023, 12, 31, tzinfo=UTC), True, (Remark("clock_unset"),)),
        (NOW - 90 * DAY, False, (Remark("clock_doubtful"),)),
        (NOW - 90 * DAY, True, "not_yet"),
        (NOW + 400 * DAY, False, (Remark("clock_doubtful"),)),
        (NOW + 400 * DAY, True, "expired"),
        (NOW + 345 * DAY - timedelta(hours=1), True, (Remark("ends_soon", 20),)),
        (NOW + 334 * DAY, False, ()),
    ],
)
def test_dates_are_judged_as_far_as_the_clock_can_be_believed(tmp_path, files, now, is_synchronised, verdict):
    assert judged(tmp_path, files, BoxClock(now, is_synchronised)) == verdict


def test_an_authority_that_ends_first_counts(tmp_path):
    ending = Authority(tmp_path / "ending", ends=NOW + 5 * DAY + timedelta(hours=1))
    assert judged(tmp_path, parts(ending, ending.client(STATION))) == (Remark("ends_soon", 5),)


@settings(max_examples=50)
@given(data=st.data())
def test_a_damaged_certificate_is_refused_in_one_line(tmp_path_factory, centre, client, data):
    files = parts(centre, client)
    name = data.draw(st.sampled_from(["ca.crt", "station.crt", "station.key"]))
    octets = bytearray(files[name])
    for place in data.draw(st.lists(st.integers(0, len(octets) - 1), min_size=1, max_size=3)):
        octets[place] = data.draw(st.sampled_from(b"AQgw+/=-\nZz09"))
    judged(tmp_path_factory.getbasetemp(), files | {name: bytes(octets)})


# the command


def command(*words: object) -> int:
    parser = argparse.ArgumentParser()
    enrol_command.register(parser)
    parser.add_argument("--config", type=Path)
    arguments = parser.parse_args([str(word) for word in words])
    return int(arguments.run(arguments))


def test_the_command_shows_what_to_compare_and_what_comes_next(tmp_path, files, config, capsys):
    bundle = written(tmp_path / "b.tar.gz", files)
    assert command(bundle, "--config", config, "--language", "en") == 0
    page = capsys.readouterr().out.splitlines()
    assert page[0] == "enrolled"
    assert page[1].split() == ["station", STATION, "北寨村污水处理站"]
    assert page[2].split() == ["centre", "centre.example.cn:8883"]
    assert page[-1] == f"Next: sudo qingliu agent scan --write --config {config}"
    assert command(bundle, "--config", config, "--language", "zh-CN") == 0
    chinese = capsys.readouterr().out.splitlines()
    assert chinese[0] == "此前已开通，未作改动"
    assert len(chinese) == len(page)


@pytest.fixture
def shanghai(monkeypatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_people_are_told_the_day_of_the_boxs_zone_and_machines_the_instant(
    tmp_path, centre, config, capsys, shanghai
):
    ends = (NOW + 100 * DAY).replace(hour=20, microsecond=0)  # in Shanghai the next day has begun
    bundle = written(tmp_path / "b.tar.gz", parts(centre, centre.client(STATION, ends=ends)))
    assert command(bundle, "--config", config, "--language", "en") == 0
    assert f"valid until  {ends + DAY:%Y-%m-%d}" in capsys.readouterr().out
    assert command(bundle, "--config", config, "--json") == 0
    assert json.loads(capsys.readouterr().out)["ends"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"


def test_the_command_for_machines(tmp_path, files, config, capsys):
    bundle = written(tmp_path / "b.tar.gz", files)
    assert command(bundle, "--config", config, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["station"], told["broker"]) == ("enrolled", STATION, "centre.example.cn:8883")
    assert (told["config"], told["kept"], told["has_meters"]) == (str(config), None, False)
    assert datetime.fromisoformat(told["ends"]) > NOW
    assert len(told["authority"]) == len(told["certificate"]) == 19


def test_a_wrong_bundle_and_a_wrong_owner_end_as_usage_errors(tmp_path, files, config):
    (tmp_path / "bad.tar.gz").write_bytes(b"nonsense")
    with pytest.raises(SettingsError):
        command(tmp_path / "bad.tar.gz", "--config", config)
    with pytest.raises(SettingsError):
        command(written(tmp_path / "b.tar.gz", files), "--config", config, "--owner", "nobody-at-all")
    assert not config.parent.exists()


def test_both_languages_say_the_same_things():
    english, chinese = WORDS["en"]._asdict(), WORDS["zh-CN"]._asdict()
    for name, pattern in english.items():
        assert sorted(re.findall(r"{\w+}", chinese[name])) == sorted(re.findall(r"{\w+}", pattern)), name
