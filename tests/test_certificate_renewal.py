"""A box renews its certificate over its link: real agent, broker and collector; and what may go wrong."""

import hashlib
import logging
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest
from chain import STATION, Chain
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from servers import wait_until
from shipped_broker import ShippedBroker
from test_broker_configuration import client

from edge_agent.config import AgentSettings
from edge_agent.renew_key import Place, RenewKeyError, ask, take
from edge_agent.renewal import Renewal
from registry.accounts import By
from registry.database import open_registry
from registry.identity import certificates as c
from registry.identity import enrolment, issued
from registry.identity.authority_folder import make_authority
from registry.identity.renewal import RenewalError, renew
from registry.identity.revoking import revoke
from registry.tables import Station
from service.broker import BrokerError
from service.conditions import Conditions
from service.process import now_ms
from service.settings import parse
from simulator.meters import SimulatedStation
from telemetry.renewal import Answer, Asked, decode_answer, decode_asked, encode_answer, encode_asked

DAY = 86_400_000
NOW = 1_795_000_000_000
SECRET = b"made up for this test"


@pytest.fixture
def authority(tmp_path):
    return make_authority(tmp_path / "ca", "Centre", SECRET, NOW, 7300, 1095)


class Box:
    """A station's files, as `edge_agent.renew_key` is given them."""

    def __init__(self, folder, authority, station=STATION, days=50):
        key = c.new_key()
        until = NOW + days * DAY
        self.certificate, self.key, self.out = (
            folder / "station.crt",
            folder / "renewal.key",
            folder / "renewed.pem",
        )
        self.certificate.write_bytes(
            c.pem(c.station_certificate(authority, station, key.public_key(), NOW, until))
        )
        self.ca = folder / "ca" / "ca.crt"

    def ask(self, now=NOW):
        return ask(self.certificate, self.key, STATION, datetime.fromtimestamp(now / 1000, UTC))

    def take(self, certificate):
        take(
            self.certificate,
            self.key,
            STATION,
            self.ca,
            Place(self.out, "origin"),
            c.pem(certificate).decode(),
        )


def signed(authority, csr, station=STATION, days=1095):
    key = x509.load_pem_x509_csr(csr.encode()).public_key()
    return c.station_certificate(authority, station, key, NOW, NOW + days * DAY)


def test_a_box_asks_from_60_days_before_the_end_on_always_for_the_same_key(tmp_path, authority):
    box = Box(tmp_path, authority, days=100)
    assert box.ask() == {"ends_ms": NOW + 100 * DAY, "csr": None}
    assert not box.key.exists()
    first, second = box.ask(NOW + 40 * DAY)["csr"], box.ask(NOW + 41 * DAY)["csr"]
    keys = [x509.load_pem_x509_csr(each.encode()).public_key() for each in (first, second)]
    assert keys[0] == keys[1]
    assert box.key.stat().st_mode & 0o777 == 0o600


def test_a_box_takes_only_what_is_its_own_and_better(tmp_path, authority):
    box = Box(tmp_path, authority)
    csr = box.ask()["csr"]
    before = sorted(each.name for each in tmp_path.iterdir())
    stranger = make_authority(tmp_path.parent / f"{tmp_path.name}-x", "Centre", SECRET, NOW, 7300, 1095)
    other_key = c.station_certificate(authority, STATION, c.new_key().public_key(), NOW, NOW + 1095 * DAY)
    key = x509.load_pem_x509_csr(csr.encode()).public_key()
    server = c.broker_certificate(authority, [STATION], key, NOW, NOW + 1095 * DAY)
    for wrong, said in (
        (signed(stranger, csr), "not by our authority"),
        (other_key, "not for our key"),
        (signed(authority, csr, station="410882-0002"), "not for this station"),
        (signed(authority, csr, days=49), "ends no later than ours"),
        (server, "not for clients"),
    ):
        with pytest.raises(RenewKeyError, match=said):
            box.take(wrong)
    assert sorted(each.name for each in tmp_path.iterdir()) == before
    box.take(signed(authority, csr))
    assert box.out.read_text().startswith("origin\n-----BEGIN CERTIFICATE")
    assert box.out.stat().st_mode & 0o777 == 0o600
    assert not box.key.exists()


def test_the_child_says_in_one_line_what_fails(tmp_path):
    words = ["ask", str(tmp_path / "nothing"), str(tmp_path / "key"), STATION, str(NOW)]
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent.renew_key", *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "No such file" in done.stderr


def test_the_registry_signs_only_for_a_station_that_is_enrolled_and_only_when_it_is_due(
    tmp_path, authority, sqlite_url
):
    box = Box(tmp_path, authority)
    csr, at = box.ask()["csr"], By("collector", NOW)

    def refusal(station=STATION, text=csr, by=at):
        with registry.writing() as session, pytest.raises(RenewalError) as caught:
            renew(session, authority, station, text, 1095, by)
        return caught.value.code

    with closing(open_registry(sqlite_url)) as registry:
        assert refusal() == "unknown_station"
        with registry.writing() as session:
            session.add_all(Station(id=each, name="", overrides={}) for each in (STATION, "410882-0002"))
        assert refusal() == "not_enrolled"
        with registry.writing() as session:
            enrolment.enrol(session, authority, STATION, 150, ("x", 1), at)
            enrolment.enrol(session, authority, "410882-0002", 150, ("x", 1), at)
        due = By("collector", NOW + 70 * DAY)
        assert refusal() == "not_due"
        assert refusal("410882-0002", by=due) == "other_name"
        assert refusal(text="nonsense", by=due) == "unreadable"
        assert refusal(text=csr.replace("A", "B", 1), by=due) == "unreadable"
        for _ in range(5):  # answers may be lost
            with registry.writing() as session:
                made = renew(session, authority, STATION, csr, 1095, due)
        assert refusal(by=due) == "too_many"
        certificate = x509.load_pem_x509_certificate(made.encode())
        assert c.name_of(certificate) == STATION
        assert c.instant(certificate.not_valid_after_utc) == due.at_ms + 1095 * DAY
        with registry.writing() as session:
            revoke(session, authority, tmp_path / "ca", 30, due, station=STATION, why="stolen")
        assert refusal(by=due) == "not_enrolled"
        with registry.reading() as session:
            states = [
                issued.condition(each.certificate, NOW) for each in issued.listed(session, stations=[STATION])
            ]
            assert states == ["revoked"] * 6


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/r.db"


def test_a_box_gets_in_with_its_renewed_certificate(mosquitto_program, tmp_path):
    broker = ShippedBroker(mosquitto_program, tmp_path / "qingliu")
    broker.start()
    folder = tmp_path / "chain"
    folder.mkdir()
    secret = folder / "passphrase"
    secret.write_text("made up for this test")
    secret.chmod(0o600)
    plain_port = broker.ports["plain"]
    try:
        with SimulatedStation() as line, Chain(folder, line=line.port, broker_port=plain_port) as chain:
            with (
                closing(open_registry(f"sqlite:///{folder}/registry.db")) as registry,
                registry.writing() as session,
            ):
                made = enrolment.enrol(session, broker.authority, STATION, 50, ("x", 1), By("test", now_ms()))
            own = broker.unpacked(made)
            plain = f"port = {plain_port}\ntls = false\n"
            named = f'ca_file = "{own.ca_file}"\ncert_file = "{own.cert_file}"\nkey_file = "{own.key_file}"\n'
            box, centre = folder / "agent.toml", folder / "centre.toml"
            box.write_text(box.read_text().replace(plain, f"port = {own.port}\n{named}"))
            login = f'username = "collector"\npassword_file = "{broker.folder / "collector.password"}"\n'
            identity = f'[identity]\npath = "{broker.folder / "ca"}"\npassphrase_file = "{secret}"\n'
            centre.write_text(centre.read_text().replace(plain, plain + login) + identity)
            chain.start("collector")
            wait_until(lambda: " as qingliu-collector" in broker.log(), "the collector listens")
            chain.start("agent")
            renewed = folder / "renewed.pem"
            wait_until(renewed.exists, "the certificate is renewed")
            wait_until(lambda: broker.log().count(f" as {STATION} ") >= 2, "the agent comes back with it")
            with (
                closing(open_registry(f"sqlite:///{folder}/registry.db")) as registry,
                registry.writing() as session,
            ):
                serial, by = made.row.serial, By("test", now_ms())
                revoke(session, broker.authority, broker.folder / "ca", 30, by, serial=serial, why="replaced")
                known = issued.listed(session, stations=[STATION])
                assert [each.certificate.issued_by for each in known] == ["test", "collector"]
            (broker.folder / "crl.pem").write_bytes((broker.folder / "ca" / "crl.pem").read_bytes())
            before = broker.log().count(f" as {STATION} ")
            broker.stop()
            broker.start()
            with pytest.raises(BrokerError), client(own, STATION):
                pass
            wait_until(lambda: broker.log().count(f" as {STATION} ") > before, "the renewed one is let in")
            assert "Traceback" not in chain.log("agent") + chain.log("collector")
            online = "SELECT 1 FROM presence WHERE online"
            wait_until(lambda: chain.rows("registry", online), "it shows as online")
            assert chain.stop("agent") == 0
            assert chain.stop("collector") == 0
    finally:
        broker.stop()


def test_a_renewed_certificate_gives_way_when_refused_and_ends_with_another_enrolment(tmp_path):
    for name in ("ca.crt", "station.crt", "station.key"):
        (tmp_path / name).write_text(f"{name} as enrolled")
    text = f"""[station]\nid = "{STATION}"\n[mqtt]\nhost = "127.0.0.1"\nca_file = "{tmp_path}/ca.crt"
cert_file = "{tmp_path}/station.crt"\nkey_file = "{tmp_path}/station.key"
[outbox]\npath = "{tmp_path}/outbox.db"\n"""
    settings = parse("bus = {}\ndevice = []\n" + text, "agent.toml", AgentSettings)
    renewal = Renewal(settings, Conditions(logging.getLogger("renewal")))
    enrolled, renewed = str(tmp_path / "station.crt"), str(tmp_path / "renewed.pem")
    renewal.refused()
    assert renewal.mqtt().cert_file == enrolled
    origin = hashlib.sha256((tmp_path / "station.crt").read_bytes()).hexdigest()
    (tmp_path / "renewed.pem").write_text(f"{origin}\nthe rest")
    assert (renewal.mqtt().cert_file, renewal.mqtt().key_file) == (renewed, renewed)
    renewal.refused()
    assert renewal.mqtt().cert_file == enrolled
    renewal.refused()
    assert renewal.mqtt().cert_file == renewed
    (tmp_path / "station.crt").write_text("enrolled anew")
    assert renewal.mqtt().cert_file == enrolled


@given(text=st.text(max_size=200))
def test_requests_and_answers_survive_the_wire(text):
    assert decode_asked(encode_asked(Asked(text))) == Asked(text)
    assert decode_answer(encode_answer(Answer(crt=text))) == Answer(crt=text)


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9), lambda more: st.dictionaries(
        st.sampled_from(["v", "renew", "certificate", "csr", "crt"]), more, max_size=3), max_leaves=6,
).map(lambda value: repr(value).replace("'", '"').encode()))  # fmt: skip
def test_whatever_else_comes_is_none_of_ours(payload):
    for decoded in (decode_asked(payload), decode_answer(payload)):
        assert decoded is None or isinstance(decoded, Asked | Answer)


def test_strangers_of_the_contract_read_as_none():
    for payload in (b"", b"{}", b'{"v":2,"renew":{"csr":"x"}}', b'{"v":1,"renew":{"csr":1}}',
                    b'{"v":1,"read":1}',
                    b'{"v":1,"renew":{"csr":"' + b"x" * 9000 + b'"}}'):  # fmt: skip
        assert decode_asked(payload) is None
