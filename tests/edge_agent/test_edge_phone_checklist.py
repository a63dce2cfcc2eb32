"""Signed checklists: any changed byte is found, and a signature proves whose it is."""

import hashlib
import json
import random
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from certificates import DAY, Authority
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from edge_phone import METERS, STATION, config_in
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.checklist import (
    Checklist,
    ChecklistError,
    Meter,
    name_of,
    opened,
    signed_before,
    when_of,
)
from edge_agent.phone.protocol import put_down
from edge_agent.phone.real_tools import RealTools
from edge_agent.phone.signature import SignatureError, signed, verified

AT = datetime(2026, 11, 22, 8, 15, tzinfo=UTC)


def checklist(station: str = STATION, **other: object) -> Checklist:
    fields = {
        "software": "0.1.0",
        "station": station,
        "name": "北寨村污水处理站",
        "installer": "张三",
        "note": "",
        "signed_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "clock_is_set": True,
        "items": {"wiring": True, "ct": False},
        "meters": [
            Meter(
                id="power-1",
                profile="chint-dtsu666",
                kind="power",
                line="/dev/ttyUSB0 9600 8N1",
                unit_id=1,
                parameters={"ct": 20},
                quality="good",
                values={"energy_kwh": 8412.6, "voltage_l1_v": 230.1},
                display=8412.5,
            )
        ],
        "scan": [],
        "checks": [],
        "link": None,
    }
    return Checklist(**(fields | other))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def station(authority):
    return authority.client(STATION)


@pytest.fixture(scope="module")
def octets(station):
    return signed(checklist(), station.key_file, station.cert_file)


def refusal(octets, ca=None):
    with pytest.raises((ChecklistError, SignatureError)) as caught:
        verified(octets, ca)
    return getattr(caught.value, "code", "altered")


def test_a_signed_list_is_proved_to_be_the_stations(octets, authority):
    verdict = verified(octets, authority.ca_file.read_bytes())
    assert verdict.checklist == checklist(signed_at=verdict.checklist.signed_at)
    assert (verdict.station, verdict.is_issued, verdict.is_dated) == (STATION, True, True)
    assert verified(octets).is_issued is None


def test_the_file_is_canonical(octets):
    data = json.loads(octets)
    again = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    assert octets == again
    assert "北寨村".encode() in octets
    assert len(data["sha256"]) == 64


def test_any_changed_byte_is_found(octets, station):
    chance = random.Random(12)
    for file in (octets, signed(checklist(), None, None)):
        for place in range(len(file)):
            changed = bytearray(file)
            changed[place] ^= 1 << chance.randrange(8)
            with pytest.raises((ChecklistError, SignatureError)):
                verified(bytes(changed))
    for cut in (b"", octets[:-1], octets + b"\n", octets[:200], b"[]", b"{}"):
        assert refusal(cut) == "altered"


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.dictionaries(st.text(), st.integers()).map(json.dumps).map(str.encode)
)
def test_what_is_no_checklist_is_refused_in_one_way(octets):
    with pytest.raises(ChecklistError):
        opened(octets)


def test_a_list_that_was_written_anew_is_not_the_stations(octets, station, authority, tmp_path):
    """Somebody who knows the format, but has another key."""
    stranger = Authority(tmp_path / "stranger").client(STATION)
    forged = signed(checklist(installer="李四"), stranger.key_file, stranger.cert_file)
    assert verified(forged).checklist.installer == "李四"  # only the authority can tell
    assert refusal(forged, authority.ca_file.read_bytes()) == "not_issued"
    unsigned = signed(checklist(installer="李四"), None, None)
    assert refusal(unsigned, authority.ca_file.read_bytes()) == "unsigned"
    assert verified(unsigned).station == ""
    assert refusal(octets, b"nothing") == "no_ca"


def test_another_stations_key_signs_nothing_for_this_one(authority, station, tmp_path):
    other = authority.client("410882-0099")
    for key, certificate, code in (
        (other.key_file, other.cert_file, "other_station"),
        (other.key_file, station.cert_file, "other_key"),
        (tmp_path / "none.key", station.cert_file, "no_key"),
        (station.cert_file, station.cert_file, "no_key"),
    ):
        with pytest.raises(SignatureError) as caught:
            signed(checklist(), key, certificate)
        assert caught.value.code == code


def test_an_rsa_key_signs_too_and_an_unknown_kind_says_so(tmp_path):
    for key, code in (
        (rsa.generate_private_key(65537, 2048), None),
        (ed25519.Ed25519PrivateKey.generate(), "no_key"),
    ):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, STATION)])
        certificate = x509.CertificateBuilder(
            name, name, key.public_key(), 5, AT.replace(year=2020), AT.replace(year=2040)
        ).sign(key, None if code else hashes.SHA256())
        files = tmp_path / "key.pem", tmp_path / "cert.pem"
        pem = serialization.Encoding.PEM
        files[0].write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        files[1].write_bytes(certificate.public_bytes(pem))
        if code is None:
            assert json.loads(signed(checklist(), *files))["content"]["algorithm"] == "rsa-pss-sha256"
            assert verified(signed(checklist(), *files)).station == STATION
        else:
            with pytest.raises(SignatureError, match=code):
                signed(checklist(), *files)


def test_a_certificate_that_was_not_valid_then_is_told(station):
    early = signed(checklist(signed_at="1970-01-01T00:00:07Z"), station.key_file, station.cert_file)
    assert verified(early).is_dated is False


def test_a_key_beside_its_certificate_stays_at_home(station, authority, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(station.key_file.read_bytes() + station.cert_file.read_bytes())
    octets = signed(checklist(), both, both)
    assert b"PRIVATE KEY" not in octets
    assert verified(octets, authority.ca_file.read_bytes()).station == STATION


def test_a_renewed_certificate_signs_in_place_of_the_enrolled_one(authority, tmp_path):
    now = datetime.now(UTC)
    ended = authority.client(STATION, begins=now - 9 * DAY, ends=now - DAY)
    new = authority.client(STATION)
    files = {"ca_file": authority.ca_file, "cert_file": ended.cert_file, "key_file": ended.key_file}
    keys = "".join(f'{key} = "{path}"\n' for key, path in files.items())
    config = config_in(tmp_path, more=METERS)
    config.write_text(config.read_text("utf-8").replace("tls = false\n", keys), "utf-8")
    origin = hashlib.sha256(ended.cert_file.read_bytes()).hexdigest().encode()
    renewed = tmp_path / "renewed.pem"
    renewed.write_bytes(origin + b"\n" + new.cert_file.read_bytes() + new.key_file.read_bytes())
    cabinet = Cabinet(config, RealTools())
    octets = put_down(cabinet, cabinet.agent(), checklist()).read_bytes()
    assert verified(octets, authority.ca_file.read_bytes()).is_dated
    assert b"PRIVATE KEY" not in octets


def test_the_newest_file_of_the_station_is_found_by_name(tmp_path):
    for name in (
        name_of(STATION, AT),
        name_of(STATION, AT.replace(hour=9)),
        name_of("410882-0099", AT.replace(year=2027)),
    ):
        (tmp_path / name).touch()
    found = signed_before(tmp_path, STATION)
    assert found.name == f"checklist-{STATION}-20261122T091500Z.json"
    assert when_of(found) == f"{AT.replace(hour=9).astimezone():%Y-%m-%d %H:%M}"
    assert signed_before(tmp_path, "") is None
    assert signed_before(tmp_path / "none", STATION) is None
    assert name_of("../x*", AT).startswith("checklist-___x_-")


def told(*words):
    command = [sys.executable, "-m", "qingliu", "agent", "checklist", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_the_command_says_who_when_and_whose(octets, authority, tmp_path):
    path = tmp_path / "list.json"
    path.write_bytes(octets)
    code, said, _ = told(path, "--ca", authority.ca_file, "--language", "zh-CN")
    assert code == 0
    assert "张三" in said
    assert f"由站点 {STATION} 的私钥签名" in said
    assert "证书由所给机构签发" in said
    path.write_bytes(octets.replace("张三".encode(), "李四".encode()))
    code, said, complaint = told(path, "--language", "en")
    assert (code, said) == (1, "")
    assert complaint.count("\n") == 1
    assert "changed" in complaint
    assert told(tmp_path / "none.json")[0] == 2
