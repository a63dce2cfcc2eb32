"""The authority's certificates by themselves: what they say, until when, and who may have one."""

import os
import stat
import subprocess
import tarfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from edge_agent.config import AgentSettings
from registry.accounts import By
from registry.audit import first_broken
from registry.identity import certificates as c
from registry.identity import enrolment, issued
from registry.identity.authority_folder import make_authority, open_authority, revoked_list
from registry.identity.broker_passwords import change_passwords, hashed, names_in
from registry.identity.bundle import Told, agent_toml
from registry.identity.errors import IdentityError
from registry.identity.label import Label, coded, write_labels
from registry.identity.passphrase import passphrase_of
from registry.identity.private_file import write_whole
from registry.identity.revoking import revoke
from registry.scope import Scope
from registry.tables import Audit, County, Station
from service.settings import parse

DAY = 86_400_000
NOW = 1_795_000_000_000
SECRET = b"made up for this test"
A, B = "410882-0001", "410882-0002"
BY = By("test", NOW)
BROKER = ("centre.example.cn", 8883)


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path / "ca", "监管中心", SECRET, NOW, 7300, 1095)


@pytest.fixture
def stations(registry):
    with registry.writing() as session:
        session.add(County(code="410882", name="沁阳市"))
        session.flush()
        session.add_all(
            Station(id=each, name=f"{each} 站", county_code="410882", overrides={}) for each in (A, B)
        )
    return registry


def enrol(registry, authority, station=A, at_ms=NOW, days=1095):
    with registry.writing() as session:
        return enrolment.enrol(session, authority, station, days, BROKER, By("test", at_ms))


def members(bundle):
    with tarfile.open(fileobj=BytesIO(bundle)) as archive:
        return {each.name: (each, archive.extractfile(each).read()) for each in archive}


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_authority_s_folder_is_closed_and_its_key_locked(authority, tmp_path):
    folder = tmp_path / "ca"
    assert (mode(folder), mode(folder / "ca.key"), mode(folder / "ca.crt")) == (0o700, 0o600, 0o644)
    assert b"ENCRYPTED PRIVATE KEY" in (folder / "ca.key").read_bytes()
    own = authority.certificate.extensions
    assert own.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(
        ca=True, path_length=0
    )
    usage = own.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (
        True,
        True,
        False,
    )
    assert c.instant(authority.certificate.not_valid_before_utc) == NOW - DAY
    assert c.instant(authority.certificate.not_valid_after_utc) == NOW + 7300 * DAY
    assert len(revoked_list(folder)) == 0
    assert open_authority(folder, SECRET, NOW).certificate == authority.certificate
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_an_authority_is_never_replaced_and_says_what_it_lacks(authority, tmp_path):
    before = (tmp_path / "ca" / "ca.key").read_bytes()
    with pytest.raises(IdentityError, match="an authority is never replaced"):
        make_authority(tmp_path / "ca", "Other", SECRET, NOW, 7300, 1095)
    assert (tmp_path / "ca" / "ca.key").read_bytes() == before
    with pytest.raises(IdentityError, match="does not open with this passphrase"):
        open_authority(tmp_path / "ca", b"wrong", NOW)
    with pytest.raises(IdentityError, match=r"ended on .* Make a new authority"):
        open_authority(tmp_path / "ca", SECRET, NOW + 7301 * DAY)
    with pytest.raises(IdentityError, match=r"ca\.crt: there is no such file\. Make the authority first"):
        open_authority(tmp_path / "nowhere", SECRET, NOW)
    make_authority(tmp_path / "other", "Other", SECRET, NOW, 7300, 1095)
    (tmp_path / "ca" / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(IdentityError, match=r"does not belong to ca\.crt"):
        open_authority(tmp_path / "ca", SECRET, NOW)


def test_a_bundle_is_all_that_a_box_needs_and_openssl_agrees(authority, stations, tmp_path):
    made = enrol(stations, authority)
    found = members(made.bundle)
    assert {name: (info.mode, info.uid, info.uname, info.mtime) for name, (info, _) in found.items()} == {
        "agent.toml": (0o644, 0, "", NOW // 1000), "ca.crt": (0o644, 0, "", NOW // 1000),
        "station.crt": (0o644, 0, "", NOW // 1000), "station.key": (0o600, 0, "", NOW // 1000),
    }  # fmt: skip
    certificate = x509.load_pem_x509_certificate(found["station.crt"][1])
    assert c.name_of(certificate) == A
    own = certificate.extensions
    assert list(own.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not own.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (c.instant(certificate.not_valid_before_utc), c.instant(certificate.not_valid_after_utc)) == (
        NOW - DAY, NOW + 1095 * DAY,
    )  # fmt: skip
    for name, (_, data) in found.items():
        (tmp_path / name).write_bytes(data)
    checked = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-attime", str(NOW // 1000),
               "-CAfile", "ca.crt", "station.crt"]  # fmt: skip
    assert (
        subprocess.run(checked, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        == "station.crt: OK\n"
    )
    public = subprocess.run(["openssl", "pkey", "-in", "station.key", "-pubout"], cwd=tmp_path,
                            check=True, capture_output=True, text=True).stdout  # fmt: skip
    shown = subprocess.run(["openssl", "x509", "-in", "station.crt", "-noout", "-pubkey"], cwd=tmp_path,
                           check=True, capture_output=True, text=True).stdout  # fmt: skip
    assert public == shown != ""


@given(
    name=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60),
    station=st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
)
def test_the_agent_reads_its_settings_whatever_a_station_is_called(name, station):
    meters = "\nbus = {}\ndevice = []\n"
    text = agent_toml(Told(station, name, *BROKER))
    settings = parse(meters + text, "agent.toml", AgentSettings)
    assert (settings.station.id, settings.station.name) == (station, name)
    assert (settings.mqtt.host, settings.mqtt.actual_port, settings.mqtt.tls) == (*BROKER, True)
    assert settings.mqtt.key_file == "/etc/qingliu/station.key"


def test_who_is_enrolled_again_keeps_both_until_the_old_one_is_revoked(authority, stations, tmp_path):
    first = enrol(stations, authority)
    second = enrol(stations, authority, at_ms=NOW + DAY)
    assert [row.serial for row in second.older] == [first.row.serial]
    own = c.fingerprint(authority.certificate)
    with stations.writing() as session:
        assert len(issued.valid(session, A, own, NOW + DAY)) == 2
        (in_force,) = issued.listed(session)
        assert (in_force.certificate.serial, in_force.station_name) == (second.row.serial, f"{A} 站")
        states = [issued.condition(each.certificate, NOW) for each in issued.listed(session, stations=[A])]
        assert states == ["replaced", "holds"]
        by = By("wang", NOW + 2 * DAY)
        revoke(
            session, authority, tmp_path / "ca", 30, by, serial=f"0x{first.row.serial.upper()}", why="stolen"
        )
    listed = revoked_list(tmp_path / "ca")
    (entry,) = listed
    assert entry.serial_number == int(first.row.serial, 16)
    assert (
        entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        is x509.ReasonFlags.key_compromise
    )
    assert listed.is_signature_valid(authority.key.public_key())
    assert c.instant(listed.next_update_utc) == NOW + 32 * DAY
    with stations.writing() as session:
        assert [row.serial for row in issued.valid(session, A, own, NOW + DAY)] == [second.row.serial]
        actions = [(row.actor, row.action, row.object) for row in session.scalars(select(Audit))]
        assert actions[-1] == ("wang", "certificate.revoke", A)
        assert first_broken(session) is None
        for asked, said in (
            (first.row.serial, "is revoked already"),
            ("ab:cd", "no certificate of that number"),
        ):
            with pytest.raises(IdentityError, match=said):
                revoke(session, authority, tmp_path / "ca", 30, by, serial=asked, why="other")
        with pytest.raises(IdentityError, match="has no certificate that holds"):
            revoke(session, authority, tmp_path / "ca", 30, by, station=B, why="other")


def test_a_revoked_certificate_leaves_the_list_when_it_has_ended(authority, stations, tmp_path):
    enrol(stations, authority, days=120)
    with stations.writing() as session:
        revoke(session, authority, tmp_path / "ca", 30, BY, station=A, why="retired")
        own = c.fingerprint(authority.certificate)
        assert len(issued.taken_back(session, own, NOW + 121 * DAY)) == 1
        assert issued.taken_back(session, own, NOW + 123 * DAY) == []
        assert issued.taken_back(session, "another authority", NOW) == []


def test_a_certificate_ends_with_its_authority_and_one_that_ends_soon_issues_nothing(stations, tmp_path):
    short = make_authority(tmp_path / "short", "Short", SECRET, NOW, 200, 30)
    assert enrol(stations, short).row.not_after_ms == NOW + 200 * DAY
    with pytest.raises(IdentityError, match="too soon to issue anything"):
        enrol(stations, short, at_ms=NOW + 150 * DAY)


def test_only_stations_of_the_register_are_enrolled_and_none_named_as_a_user_of_the_centre(
    authority, stations
):
    with stations.writing() as session:
        session.add(Station(id="Collector", name="", overrides={}))
    for station, said in (("410882-9999", "is not on the register"), ("Collector", "is the name of a user")):
        with pytest.raises(IdentityError, match=said):
            enrol(stations, authority, station)


def test_what_ends_soon_is_seen_by_those_who_see_the_station(authority, stations):
    enrol(stations, authority, A, days=120)
    enrol(stations, authority, B, days=1000)
    with stations.writing() as session:
        enrolment.certify_broker(session, authority, ["centre.example.cn", "192.0.2.10"], 120, BY)
        soon = issued.listed(session, until_ms=NOW + 150 * DAY)
        assert [each.certificate.names for each in soon] == [A, "centre.example.cn, 192.0.2.10"]
        limited = issued.listed(session, scope=Scope(frozenset({"410882"})))
        assert [each.certificate.names for each in limited] == [A, B]
        assert issued.listed(session, scope=Scope(frozenset({"410822"}))) == []


@pytest.mark.parametrize(
    "name", ["", "a b", "centre_1", "-x", "https://centre", "1.2.3", "x" * 64 + "." * 200]
)
def test_names_that_are_no_host_s_make_no_broker(authority, stations, name):
    with (
        stations.writing() as session,
        pytest.raises(IdentityError, match="must be a host's name or address"),
    ):
        enrolment.certify_broker(session, authority, [name], 1095, BY)


def test_a_broker_s_certificate_names_hosts_and_addresses(authority, stations):
    with stations.writing() as session:
        made = enrolment.certify_broker(
            session, authority, ["centre.example.cn", "192.0.2.10", "::1"], 1095, BY
        )
    own = x509.load_pem_x509_certificate(made.certificate).extensions
    assert list(own.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    hosts = own.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["centre.example.cn"]
    assert [str(each) for each in hosts.get_values_for_type(x509.IPAddress)] == ["192.0.2.10", "::1"]


def test_passwords_are_hashed_as_mosquitto_passwd_does_and_other_lines_stay(tmp_path):
    path = tmp_path / "passwords"
    path.write_text("# by hand\ncollector:$7$101$x$y\n410882-0001:$7$101$old$old\n")
    path.chmod(0o640)
    change_passwords(path, {A: "first", B: "second"}, gone=["nobody"])
    lines = path.read_text().splitlines()
    assert lines[:2] == ["# by hand", "collector:$7$101$x$y"]
    assert (names_in(path), mode(path)) == ({"collector", A, B}, 0o640)
    change_passwords(path, {}, gone=[A])
    assert names_in(path) == {"collector", B}
    subprocess.run(["mosquitto_passwd", "-b", str(path), A, "made by the tool"], check=True)
    made = next(line for line in path.read_text().splitlines() if line.startswith(A))
    _, _, rounds, salt, _ = made.split("$")
    import base64  # noqa: PLC0415 - for this comparison

    assert rounds == "101"
    assert made == f"{A}:{hashed('made by the tool', base64.b64decode(salt))}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_broker_s_file_is_its_own_at_every_instant(tmp_path, monkeypatch):
    """A broker that reads it anew just then, or a power cut, would else lock every station out."""
    path, owners, sync = tmp_path / "passwords", [], os.fsync
    path.write_text("")
    os.chown(path, 12_345, 54_321)

    def noted(descriptor):
        owners.append((path.stat().st_uid, path.stat().st_gid))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    change_passwords(path, {A: "first"})
    assert owners == [(12_345, 54_321)] * 2
    assert names_in(path) == {A}


def test_a_passphrase_that_everybody_may_read_or_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery\nsecond line\n")
    path.chmod(0o604)
    with pytest.raises(IdentityError, match=f"everybody may read it\\. Close it: chmod 600 {path}"):
        passphrase_of(path)
    path.chmod(0o600)
    assert passphrase_of(path) == "correct horse battery"
    path.write_text("\n")
    with pytest.raises(IdentityError, match="has an empty first line"):
        passphrase_of(path)
    with pytest.raises(IdentityError, match="cannot be read: No such file"):
        passphrase_of(tmp_path / "nothing")


def test_a_private_file_is_private_from_its_first_byte_and_replaces_nothing_unasked(tmp_path):
    path = tmp_path / "secret"
    before = os.umask(0)
    try:
        write_whole(path, b"one")
    finally:
        os.umask(before)
    assert (mode(path), path.read_bytes()) == (0o600, b"one")
    with pytest.raises(IdentityError, match="is there already"):
        write_whole(path, b"two", replace=False)
    assert path.read_bytes() == b"one"
    write_whole(path, b"two")
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
    assert path.read_bytes() == b"two"


def test_labels_say_whose_the_box_is(tmp_path):
    pytest.importorskip("segno")
    day = datetime.fromtimestamp(NOW / 1000, UTC).date()
    labels = [Label(f"410882-{n:04}", "北寨村污水处理站", f"{n:064x}", day) for n in range(11)]
    (one,) = write_labels(tmp_path / "one.svg", labels[:1], "监管中心", "zh-CN", is_sheet=False)
    assert one.read_text().startswith("<svg")
    (sheets,) = write_labels(tmp_path / "all.pdf", labels, "监管中心", "en", is_sheet=True)
    assert sheets.read_bytes().startswith(b"%PDF")
    pages = write_labels(tmp_path / "all.svg", labels, "监管中心", "en", is_sheet=True)
    assert [each.name for each in pages] == ["all-01.svg", "all-02.svg"]
    assert coded(A, "ab" * 32) == f"qingliu:1:{A}:{'ab' * 32}"
    with pytest.raises(IdentityError, match=r"must end with \.pdf or \.svg"):
        write_labels(tmp_path / "all.png", labels, "监管中心", "en", is_sheet=True)
