"""Every way in which TLS to a real mosquitto can fail, with the words that it draws; and wrong clocks."""

import gc
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from certificates import DAY, Authority, Identity, key_bytes
from counting_proxy import CountingProxy
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from servers import Mosquitto, Tls, wait_until

from service import tls_words
from service.broker import BrokerError, CertificatesClock, Connection
from service.mqtt import Mqtt
from service.tls import tls_context

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "410882-0001"
Start = Callable[..., Mosquitto]


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def centre(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("centre"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Stranger")


@pytest.fixture(scope="module")
def namesake(tmp_path_factory) -> Authority:
    """Another authority that goes by the centre's name, as after `ca init` was run twice."""
    return Authority(tmp_path_factory.mktemp("namesake"))


@pytest.fixture(scope="module")
def broker_identity(centre: Authority) -> Identity:
    return centre.server("localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def client(centre: Authority) -> Identity:
    return centre.client(NAME)


@pytest.fixture
def start(mosquitto_program, tmp_path: Path, centre: Authority) -> Iterator[Start]:
    """Starts brokers, by default of the centre's authority."""
    started: list[Mosquitto] = []

    def start(identity: Identity, *, passwords=None, environment=None, **more) -> Mosquitto:
        tls = Tls(centre.ca_file, identity.cert_file, identity.key_file, **more)
        folder = tmp_path / f"mosquitto-{len(started)}"
        server = Mosquitto(mosquitto_program, folder, tls=tls, passwords=passwords, environment=environment)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()


def at(port: int, authority: Authority, identity: Identity | None = None, **more) -> Mqtt:
    if identity is not None:
        more = {"cert_file": str(identity.cert_file), "key_file": str(identity.key_file)} | more
    return Mqtt(**{"host": "127.0.0.1", "port": port, "ca_file": str(authority.ca_file)} | more)


def connect(mqtt: Mqtt, clock: CertificatesClock = "system", **more: Any) -> Connection:
    return Connection(mqtt, NAME, subscriptions=[("a", 1)], on_message=lambda _: None, clock=clock, **more)


def refusal(mqtt: Mqtt, clock: CertificatesClock = "system", *, kind: str = "tls") -> str:
    """The complaint, after the broker's place, of a connection that fails and leaves no socket open."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BrokerError) as caught:
            connect(mqtt, clock)
        text = str(caught.value)
        assert caught.value.kind == kind
        del caught
        gc.collect()
    assert text.isprintable()
    return text.removeprefix(f"broker {mqtt.host}:{mqtt.port}: ")


# --- it works ---


def test_a_certificate_opens_the_door(start: Start, centre: Authority, client: Identity, broker_identity):
    client.key_file.chmod(0o644)
    server = start(broker_identity, require_certificate=True, use_identity_as_username=True)
    for clock in ("system", "unknown", ms(NOW)):
        for host in ("127.0.0.1", "localhost"):
            with closing(connect(at(server.tls_port, centre, client, host=host), clock)) as connection:
                connection.step(0)


def test_a_password_over_tls(start: Start, centre: Authority, broker_identity, tmp_path: Path):
    server = start(broker_identity, passwords={"station": "right"})
    word = tmp_path / "word"
    login = at(server.tls_port, centre, username="station", password_file=str(word))
    word.write_text("right\n")
    connect(login).close()
    word.write_text("wrong\n")
    expected = "refuses user name 'station' or its password. Check mqtt.password_file."
    assert refusal(login, kind="login") == expected


def test_an_authority_file_may_hold_more_than_certificates(
    start: Start, centre: Authority, broker_identity, stranger: Authority, tmp_path: Path
):
    server = start(broker_identity)
    both = tmp_path / "both.crt"
    both.write_bytes("# 中心\n".encode("gbk") + stranger.ca_file.read_bytes() + centre.ca_file.read_bytes())
    connect(at(server.tls_port, centre, ca_file=str(both))).close()


# --- the broker's certificate ---


def test_a_broker_of_another_authority(
    start: Start, centre: Authority, stranger: Authority, namesake: Authority, broker_identity: Identity
):
    port = start(broker_identity).tls_port
    for clock in ("system", "unknown", ms(NOW)):
        assert refusal(at(port, stranger), clock) == (
            f"its certificate is of another authority (Centre) than the one in {stranger.ca_file}."
            " Name its ca.crt as mqtt.ca_file."
        )
        assert "of another authority" in refusal(at(port, namesake), clock)
    assert refusal(at(port, centre, ca_file="")) == (
        "its certificate is of another authority (Centre) than one this system trusts."
        " Name its ca.crt as mqtt.ca_file."
    )


def test_a_broker_for_another_name(start: Start, centre: Authority):
    port = start(centre.server("centre.example.cn", "10.0.0.1")).tls_port
    for clock in ("system", "unknown", ms(NOW)):
        for host in ("127.0.0.1", "localhost"):
            assert refusal(at(port, centre, host=host), clock) == (
                f"its certificate is for centre.example.cn, 10.0.0.1, not for {host}."
                " Write one of its names as mqtt.host, or have it issued anew."
            )


def test_a_broker_that_has_expired(start: Start, centre: Authority):
    begins, ends = NOW - 9 * DAY, NOW - 3 * DAY
    port = start(centre.server("localhost", "127.0.0.1", begins=begins, ends=ends)).tls_port
    mqtt = at(port, centre)
    for clock, believed in (("system", datetime.now(UTC)), (ms(NOW), NOW)):
        assert refusal(mqtt, clock).removesuffix(" Have it renewed, or mend that clock.") in {
            f"its certificate has expired: it ended {stamp(ends)}, and the clock here says {stamp(moment)}."
            for moment in (believed, datetime.now(UTC))
        }
    connect(mqtt, "unknown").close()
    connect(mqtt, ms(begins + DAY)).close()  # a box that knows better than its own clock


def test_a_broker_that_is_not_yet_valid(start: Start, centre: Authority):
    begins = NOW + 3 * DAY
    mqtt = at(start(centre.server("localhost", "127.0.0.1", begins=begins)).tls_port, centre)
    woke = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    assert refusal(mqtt, ms(woke)) == (
        f"its certificate is not yet valid: it begins {stamp(begins)}, and the clock here says"
        " 1970-01-01 00:05 UTC. That clock may be wrong: set it, or let NTP through."
    )
    assert refusal(mqtt).startswith(f"its certificate is not yet valid: it begins {stamp(begins)}, and the")
    connect(mqtt, "unknown").close()
    connect(mqtt, ms(begins + DAY)).close()


def test_the_right_time_is_judged_before_the_password_is_given_away(start: Start, centre: Authority):
    server = start(centre.server("127.0.0.1", ends=NOW - DAY / 2))
    with CountingProxy(server.tls_port) as proxy:
        refusal(at(proxy.port, centre), ms(NOW))
        refused = proxy.up
        connect(at(proxy.port, centre), "unknown").close()
        assert refused.chunks < proxy.up.chunks - refused.chunks


def test_an_authority_that_has_expired(mosquitto_program, tmp_path: Path):
    old = Authority(tmp_path / "old", "Old", ends=NOW - DAY)
    identity = old.server("127.0.0.1", begins=NOW - 9 * DAY)
    tls = Tls(old.ca_file, identity.cert_file, identity.key_file)
    server = Mosquitto(mosquitto_program, tmp_path / "mosquitto", tls=tls)
    server.start()
    try:
        text = refusal(at(server.tls_port, old))
        assert text.startswith("its authority's certificate has expired, and the clock here says ")
        connect(at(server.tls_port, old), "unknown").close()
    finally:
        server.kill()


def test_a_broker_with_a_clients_certificate(start: Start, centre: Authority):
    port = start(centre.client("127.0.0.1")).tls_port
    assert refusal(at(port, centre)) == "its certificate is not meant for a server. Have it issued anew."


# --- our certificate ---

EXPIRED = "it has expired, or the broker's list of the revoked has. See when it ends; have that one renewed."


@pytest.fixture(params=["TLSv1.3", "TLSv1.2"])
def guarded(request, start: Start, centre: Authority, broker_identity: Identity, tmp_path: Path):
    """A broker that wants certificates, the identities that it refuses, and how TLS words its refusals."""
    refused = {
        "revoked": centre.client("revoked"),
        "expired": centre.client("expired", begins=NOW - 9 * DAY, ends=NOW - DAY),
        "future": centre.client("future", begins=NOW + DAY),
        "server": centre.server("server"),
    }
    config = tmp_path / "openssl.cnf"
    config.write_text(
        "openssl_conf = all\n[all]\nssl_conf = parts\n[parts]\nsystem_default = limits\n"
        f"[limits]\nMaxProtocol = {request.param}\n"
    )
    server = start(
        broker_identity,
        require_certificate=True,
        crl_file=centre.revoke(refused["revoked"]),
        environment={"OPENSSL_CONF": str(config)},
    )
    return server.tls_port, refused, request.param


def test_the_broker_refuses_our_certificate(
    guarded, centre: Authority, stranger: Authority, client: Identity
):
    port, refused, version = guarded
    with closing(connect(at(port, centre, client))) as connection:
        assert connection._client.socket().version() == version
    expected = {
        "revoked": "it was revoked. Have a new one issued, if that is wanted.",
        "expired": EXPIRED,
        "future": "it is not yet valid there, or damaged. Check the broker's clock, or renew it.",
        "server": "it is not meant for a client. Have it issued anew.",
        "stranger": "it is of another authority than the broker trusts. Have one issued by the centre's.",
    }
    for name, identity in (refused | {"stranger": stranger.client(NAME)}).items():
        text = refusal(at(port, centre, identity))
        assert text == f"refuses our certificate {identity.cert_file}: {expected[name]}", name
    wanted = "wants a certificate of ours. Give mqtt.cert_file and mqtt.key_file."
    assert refusal(at(port, centre)) == wanted


def test_a_list_of_the_revoked_past_its_end_is_named(
    start: Start, centre: Authority, client: Identity, broker_identity: Identity
):
    """OpenSSL has one alert for a certificate and a list that have expired."""
    server = start(broker_identity, require_certificate=True, crl_file=centre.revoke(ends=NOW - DAY / 24))
    text = refusal(at(server.tls_port, centre, client))
    assert text == f"refuses our certificate {client.cert_file}: {EXPIRED}"


def test_a_name_the_broker_does_not_know(start: Start, centre: Authority, broker_identity: Identity):
    """A certificate without a name of its own, where the broker goes by it."""
    server = start(broker_identity, use_identity_as_username=True)
    expected = "wants a login. Give mqtt.cert_file and key_file, or username and password_file."
    assert refusal(at(server.tls_port, centre), kind="login") == expected


# --- the wrong kind of port ---


def test_tls_where_the_broker_speaks_plainly(mosquitto: Mosquitto, centre: Authority):
    expected = "hangs up on the TLS handshake. Does that port speak TLS (mqtt.tls, mqtt.port)?"
    assert refusal(at(mosquitto.port, centre)) == expected


def test_plain_where_the_broker_speaks_tls(start: Start, broker_identity: Identity, centre: Authority):
    server = start(broker_identity)
    with pytest.raises(BrokerError) as caught:
        connect(Mqtt(host="127.0.0.1", port=server.tls_port, tls=False))
    assert str(caught.value) == (
        f"broker 127.0.0.1:{server.tls_port}: hangs up on the login."
        " Does that port want TLS (mqtt.tls, mqtt.port)?"
    )
    assert caught.value.kind == "tls"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("WRONG_VERSION_NUMBER", "what answers there is no TLS. Check mqtt.tls and mqtt.port."),
        ("UNSUPPORTED_PROTOCOL", "speaks an older TLS than 1.2 only. Have the broker renewed."),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLS fails (SSLV3_ALERT_HANDSHAKE_FAILURE). The broker's log may"),
        ("", "TLS fails (strange). The broker's log may say more."),
    ],
)
def test_rarer_failures(reason: str, expected: str, client: Identity, centre: Authority):
    error = ssl.SSLError(1, "strange")
    error.reason = reason
    text = str(tls_words.failed_handshake(error, at(1, centre, client), "h:1"))
    assert text.startswith(f"broker h:1: {expected}")


# --- how it ends ---


def test_being_pushed_out_is_told_from_a_broken_network(
    start: Start, centre: Authority, client: Identity, broker_identity: Identity
):
    port = start(broker_identity, require_certificate=True).tls_port
    for is_writing in (False, True):
        with CountingProxy(port) as proxy, closing(connect(at(proxy.port, centre, client))) as first:
            with closing(connect(at(port, centre, client))):
                wait_until(lambda: not proxy.live, "the broker closed the first one")
                for _ in range(6 if is_writing else 0):
                    first.publish("a", b"x", qos=1)
            assert ending(first).closed_by_broker
        with CountingProxy(port) as proxy, closing(connect(at(proxy.port, centre, client))) as broken:
            proxy.cut(hard=True)
            for _ in range(6 if is_writing else 0):
                broken.publish("a", b"x", qos=1)
            error = ending(broken)
            assert (error.kind, error.closed_by_broker) == ("lost", False)


def ending(connection: Connection) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        wait_until(lambda: connection.step(0.1), "the end is noticed")
    return caught.value


# --- our own files ---


@pytest.fixture
def rubbish(tmp_path: Path, client: Identity) -> dict[str, Path]:
    certificate, key = client.cert_file.read_text(), client.key_file.read_text()
    contents = {
        "text": b"rubbish",
        "bytes": b"\x30\x82\xff\xfe\x00",
        "empty": b"",
        "damaged_certificate": (certificate[:200] + "\n-----END CERTIFICATE-----\n").encode(),
        "damaged_key": (key[:80] + "\n-----END PRIVATE KEY-----\n").encode(),
        "locked_key": key_bytes(ec.generate_private_key(ec.SECP256R1()), b"secret"),
        "other_key": key_bytes(ec.generate_private_key(ec.SECP256R1())),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents} | {"folder": tmp_path, "none": tmp_path / "none"}


CANNOT = "Copy it there, or mend the path or its rights."
NO_CERTIFICATE = "is no certificate in PEM form"
NO_KEY = "is no private key in PEM form"
FILES = [
    ("ca_file", "none", "cannot be read, No such file or directory", CANNOT),
    ("ca_file", "folder", "cannot be read, Is a directory", CANNOT),
    *[
        ("ca_file", name, NO_CERTIFICATE, "Copy the centre's ca.crt there.")
        for name in ("text", "bytes", "empty", "damaged_certificate", "other_key")
    ],
    ("cert_file", "none", "cannot be read, No such file or directory", CANNOT),
    *[
        ("cert_file", name, NO_CERTIFICATE, "Copy our certificate there.")
        for name in ("text", "bytes", "empty", "damaged_certificate")
    ],
    (
        "cert_file",
        "other_key",
        "holds a private key, not a certificate",
        "Are cert_file and key_file swapped?",
    ),
    ("key_file", "folder", "cannot be read, Is a directory", CANNOT),
    *[("key_file", name, NO_KEY, "Copy our key there.") for name in ("text", "bytes", "empty")],
    ("key_file", "damaged_key", "is a damaged private key", "Copy it anew."),
    (
        "key_file",
        "locked_key",
        "is locked with a passphrase",
        "Store it without one: nobody is there to type it.",
    ),
]


@pytest.mark.parametrize(("key", "name", "rule", "remedy"), FILES)
def test_files_that_cannot_be_used(key, name, rule, remedy, rubbish, centre: Authority, client: Identity):
    mqtt = at(1, centre, client, **{key: str(rubbish[name])})
    assert refusal(mqtt, kind="configuration") == f"mqtt.{key}: {rule} (got '{rubbish[name]}'). {remedy}"


def test_a_key_that_does_not_fit(rubbish, centre: Authority, client: Identity):
    mqtt = at(1, centre, client, key_file=str(rubbish["other_key"]))
    assert refusal(mqtt, kind="configuration") == (
        f"mqtt.key_file: does not belong to {client.cert_file} (got '{rubbish['other_key']}')."
        " Copy the two that were issued together."
    )


def test_only_the_dates_are_left_unchecked(centre: Authority):
    for clock in ("system", "unknown", 0):
        context = tls_context(at(1, centre), clock)
        assert context.check_hostname
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert bool(context.verify_flags & 0x200000) == (clock != "system")


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_dates_hold_from_the_first_second_to_the_last(begins: int, ends: int, now: int):
    def written(second: int) -> str:
        return f"{datetime.fromtimestamp(second, UTC):%b %d %H:%M:%S %Y} GMT"

    certificate = {"notBefore": written(begins), "notAfter": written(ends)}
    wrong = tls_words.out_of_date(certificate, now, "h:1")
    assert (wrong is None) == (begins <= now <= ends)
    if wrong is not None:
        assert ("not yet valid" in str(wrong)) == (now < begins)
        assert tls_words.day_and_time(now) in str(wrong)


@given(st.text())
def test_foreign_names_stay_on_one_line(name: str):
    shown = [{"subjectAltName": (("DNS", name),), "issuer": ((("commonName", name),),)}]
    error = ssl.SSLCertVerificationError(1, "no")
    for code in (20, 62):
        error.verify_code = code
        text = str(tls_words.refused_broker(error, shown, Mqtt(host="h"), "h:1", 0))
        assert text.isprintable()
        assert len(text) < 400


def test_unusual_certificates_have_words_too():
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = 79, "invalid CA certificate"
    said = {}
    for code in (7, 10, 9, 62, 79):
        error.verify_code = code
        said[code] = str(tls_words.refused_broker(error, [], Mqtt(host="h", ca_file="ca"), "h:1", 0))
    assert said[7].startswith("broker h:1: its certificate is of another authority of the same name as the")
    assert said[10].startswith("broker h:1: its certificate, or its authority's, has expired, and the clock")
    assert said[9].startswith("broker h:1: its certificate, or its authority's, is not yet valid, and the")
    assert said[62].startswith("broker h:1: its certificate is for another name, not for h.")
    assert said[79] == (
        "broker h:1: its certificate is not accepted: invalid CA certificate. Have it issued anew."
    )
