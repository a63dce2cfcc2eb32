"""The way to the broker, cut at every place where it can be cut; against real servers."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from certificates import DAY, Authority
from edge_centre import STATION, Centre
from edge_check import LINK, codes, config, last, seen
from servers import Mosquitto, Tls, free_port

from edge_agent.commissioning.check_config import known_of
from edge_agent.commissioning.check_link import link
from edge_agent.commissioning.check_result import Finding

NOW = datetime.now(UTC).replace(microsecond=0)
Start = Callable[..., Mosquitto]


def walked(path: Path, steps=LINK, **more) -> list[Finding]:
    more = {"synchronised": True} | more
    return list(link(known_of(path), steps, 0.3, lambda _name, _place: None, **more))


@contextmanager
def listener(backlog: int = 1) -> Iterator[socket.socket]:
    with closing(socket.socket()) as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(backlog)
        yield mute


@pytest.fixture(scope="module")
def centre(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("centre"))


@pytest.fixture
def start(mosquitto_program, tmp_path: Path, centre: Authority) -> Iterator[Start]:
    """Starts one broker of the centre's authority."""
    started: list[Mosquitto] = []

    def start(identity=None, *, passwords=None, **more) -> Mosquitto:
        identity = identity or centre.server("localhost", "127.0.0.1")
        tls = Tls(centre.ca_file, identity.cert_file, identity.key_file, **more)
        started.append(Mosquitto(mosquitto_program, tmp_path / "m", tls=tls, passwords=passwords))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.kill()


def with_tls(folder: Path, broker: int, authority: Authority, *more: str, host: str = "127.0.0.1") -> Path:
    lines = [f'host = "{host}"', f'ca_file = "{authority.ca_file}"', *more]
    return config(folder, broker=broker, mqtt="\n".join(lines))


def named(identity) -> tuple[str, str]:
    return f'cert_file = "{identity.cert_file}"', f'key_file = "{identity.key_file}"'


def test_a_resolver_that_hangs_is_not_waited_for(tmp_path):
    path, release = config(tmp_path, mqtt='host = "centre.invalid"\ntls = false'), threading.Event()

    def hang(_host: str, _port: int) -> list:
        release.wait()
        return []

    found = walked(path, resolve=hang)
    release.set()
    assert [each.code for each in found] == ["resolver_slow"] + ["skipped"] * 4
    assert {each.figures["cause"] for each in found[1:]} == {"dns"}


def test_a_name_that_leads_nowhere_or_is_none(tmp_path):
    def nowhere(_host: str, _port: int) -> list:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    path = config(tmp_path, mqtt='host = "centre.invalid"\ntls = false')
    assert walked(path, resolve=nowhere)[0].code == "unresolved"
    path = config(tmp_path, mqtt='host = "a..b"\ntls = false')
    assert walked(path)[0].code == "host_unusable"


def test_a_name_is_resolved_and_the_address_that_answers_is_taken(tmp_path):
    path = config(tmp_path, mqtt='host = "centre.invalid"\ntls = false')
    with listener() as open_port:
        closed = ("127.0.0.1", free_port())
        places = [(socket.AF_INET, 1, 6, "", place) for place in (closed, open_port.getsockname())]
        found = walked(path, LINK[:2], resolve=lambda _host, _port: places)
    assert [(each.state, each.code) for each in found] == [("ok", "resolved"), ("ok", "connected")]


def test_nobody_listens(tmp_path):
    found = seen(config(tmp_path, broker=free_port()), *LINK, "configuration")
    assert codes(found) == [
        "configuration ok config_fine",
        "dns skipped address",
        "tcp fail refused",
        "tls skipped skipped",
        "login skipped skipped",
        "round_trip skipped skipped",
    ]
    assert found[2].remedy
    assert found[-1].text == "not checked: see connection above"


def test_a_port_that_swallows_everything(tmp_path):
    """A listener whose queue is full lets nobody in: like a firewall, or a SIM for listed addresses only."""
    with listener(backlog=0) as full, closing(socket.socket()) as first, closing(socket.socket()) as second:
        for caller in (first, second):
            caller.settimeout(0)
            caller.connect_ex(full.getsockname())
        found = walked(config(tmp_path, broker=full.getsockname()[1]))
    assert (found[1].name, found[1].code, found[1].figures["within_s"]) == ("tcp", "timed_out", 0.3)


def test_all_is_well_with_certificates(start: Start, tmp_path, centre: Authority):
    broker = start(require_certificate=True, use_identity_as_username=True)
    path = with_tls(tmp_path, broker.tls_port, centre, *named(centre.client(STATION)))
    found = seen(path, "tls", "login", synchronised=lambda: True)
    assert codes(found) == ["tls ok trusted", "login ok logged_in"]
    assert found[0].figures["names"] == "localhost, 127.0.0.1"
    assert found[0].text.startswith("localhost, 127.0.0.1, until 20")
    assert found[1].figures["client_id"] == f"{STATION}-check"


def test_a_certificate_of_ours_that_ends_or_is_of_another_station(start: Start, tmp_path, centre: Authority):
    broker = start(require_certificate=True)
    ending = centre.client("410882-0099", ends=NOW + 3 * DAY)
    path = with_tls(tmp_path, broker.tls_port, centre, *named(ending))
    found = seen(path, "tls", synchronised=lambda: True)
    assert codes(found) == ["tls ok trusted", "tls warn ours_of_other_station", "tls warn ours_ends_soon"]
    assert found[1].text == f"our certificate is for 410882-0099, this station is {STATION}"
    ended = centre.client(STATION, begins=NOW - 9 * DAY, ends=NOW - DAY)
    path = with_tls(tmp_path, broker.tls_port, centre, *named(ended))
    assert codes(seen(path, "tls", synchronised=lambda: True))[1:] == ["tls fail ours_ended"]
    refused = seen(path, "tls", "login", synchronised=lambda: False)
    assert codes(refused) == ["tls ok trusted", "login fail ours_expired"]


def test_the_centres_list_of_the_revoked_past_its_end_is_not_our_certificate(
    start: Start, tmp_path, centre: Authority
):
    broker = start(require_certificate=True, crl_file=centre.revoke(ends=NOW - DAY / 24))
    path = with_tls(tmp_path, broker.tls_port, centre, *named(centre.client(STATION)))
    found = seen(path, "tls", "login", synchronised=lambda: True)
    assert codes(found) == ["tls ok trusted", "login fail revoked_list_ended"]
    assert found[1].text == (
        f"refused as expired, but {found[1].figures['cert_file']} holds:"
        " the centre's list of the revoked has expired"
    )


def test_a_renewed_certificate_is_the_one_that_is_looked_at(start: Start, tmp_path, centre: Authority):
    """The enrolled one has ended long ago, and the agent has gone on with the renewed one."""
    broker = start(require_certificate=True, use_identity_as_username=True)
    ended = centre.client(STATION, begins=NOW - 9 * DAY, ends=NOW - DAY)
    path = with_tls(tmp_path, broker.tls_port, centre, *named(ended))
    new = centre.client(STATION)
    origin = hashlib.sha256(ended.cert_file.read_bytes()).hexdigest().encode()
    renewed = tmp_path / "renewed.pem"
    renewed.write_bytes(origin + b"\n" + new.cert_file.read_bytes() + new.key_file.read_bytes())
    found = seen(path, "tls", "login", synchronised=lambda: True)
    assert codes(found) == ["tls ok trusted", "login ok logged_in"]
    renewed.write_bytes(b"0" * 64 + renewed.read_bytes()[64:])  # of another enrolment
    assert codes(seen(path, "tls", synchronised=lambda: True))[1:] == ["tls fail ours_ended"]


def test_a_broker_that_is_mute_at_the_login_costs_the_given_time_only(tmp_path):
    with listener(backlog=5) as mute:
        found = seen(config(tmp_path, broker=mute.getsockname()[1]), "login", timeout_s=0.3)
    assert codes(found) == ["login fail unanswered"]
    assert found[0].figures["within_s"] == 0.3


def test_an_expired_broker_is_judged_by_a_clock_that_is_right(start: Start, tmp_path, centre: Authority):
    ended = centre.server("127.0.0.1", begins=NOW - 9 * DAY, ends=NOW - DAY)
    broker = start(ended)
    path = with_tls(tmp_path, broker.tls_port, centre)
    found = seen(path, "tls", "login", synchronised=lambda: True)
    assert codes(found) == ["tls fail expired", "login skipped skipped"]
    assert f"{NOW - DAY:%Y-%m-%d}" in found[0].figures["ends"]
    centre_by_hand = Centre(broker.port)
    centre_by_hand.answer = centre_by_hand.greet
    serving, done = threading.Event(), threading.Event()

    def serve() -> None:
        serving.set()
        while not done.is_set():
            centre_by_hand.connection.step(0.02)

    thread = threading.Thread(target=serve)
    thread.start()
    serving.wait()
    found = seen(path, "tls", "round_trip", synchronised=lambda: False)
    done.set()
    thread.join()
    centre_by_hand.connection.close()
    assert codes(found) == ["tls warn trusted_undated", "round_trip fail expired"]


def test_a_broker_of_another_name_or_authority(start: Start, tmp_path, centre: Authority):
    broker = start(centre.server("centre.example.cn"))
    state, code, text = last(seen(with_tls(tmp_path, broker.tls_port, centre), "tls"))
    assert (state, code) == ("fail", "other_name")
    assert text == "the broker's certificate is for centre.example.cn, not for 127.0.0.1"
    stranger = Authority(tmp_path / "stranger", "Stranger")
    found = seen(with_tls(tmp_path, broker.tls_port, stranger), "tls")
    assert last(found)[1] == "other_authority"
    assert (
        found[-1].remedy
        == f"is that the right centre? Set mqtt.ca_file to its ca.crt (now {str(stranger.ca_file)!r})"
    )


def test_a_broker_that_does_not_speak_tls(mosquitto: Mosquitto, tmp_path, centre: Authority):
    found = seen(with_tls(tmp_path, mosquitto.port, centre), "tls", "login")
    assert found[0].state == "fail"
    assert found[0].code in {"no_tls", "hung_up_on_tls"}


def test_a_file_of_ours_that_is_none(mosquitto: Mosquitto, tmp_path, centre: Authority):
    rubbish = tmp_path / "ca.crt"
    rubbish.write_text("no certificate")
    path = config(tmp_path, broker=mosquitto.port, mqtt=f'host = "127.0.0.1"\nca_file = "{rubbish}"')
    assert last(seen(path, "tls"))[:2] == ("fail", "ca_no_certificate")


def test_a_password(start: Start, tmp_path, centre: Authority):
    broker = start(passwords={STATION: "right"})
    password = tmp_path / "password"
    password.touch(0o600)
    path = with_tls(
        tmp_path, broker.tls_port, centre, f'username = "{STATION}"', f'password_file = "{password}"'
    )
    password.write_text("right\n")
    assert codes(seen(path, "login")) == ["login ok logged_in"]
    password.write_text("wrong\n")
    assert last(seen(path, "login"))[:2] == ("fail", "wrong_password")
    assert last(seen(with_tls(tmp_path, broker.tls_port, centre), "login"))[:2] == ("fail", "wants_login")


def test_without_tls_to_an_outside_broker_is_told(tmp_path):
    path = config(tmp_path, mqtt='host = "centre.invalid"\ntls = false')
    with listener() as open_port:
        port = open_port.getsockname()[1]
        outside = [(socket.AF_INET6, 1, 6, "", ("::ffff:127.0.0.1", port, 0, 0))]
        found = walked(path, LINK[:3], resolve=lambda _host, _port: outside)
    assert (found[2].state, found[2].code) == ("warn", "tls_off_outside")
