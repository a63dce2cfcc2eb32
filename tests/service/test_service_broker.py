import gc
import time
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from counting_proxy import CountingProxy
from servers import Mosquitto, free_port, wait_until
from service_fake_broker import CONNACK, HANG_UP, SUBACK_REFUSED, FakeBroker

from service.broker import BrokerError, Connection, Message, Will
from service.mqtt import Mqtt
from service.mqtt_stream import MOST_IN_A_STEP
from service.settings import Fault

PING = 2
COMPLAINT = "broker 127.0.0.1:{port}: {what}"


def at(port: int, **more) -> Mqtt:
    return Mqtt(host="127.0.0.1", port=port, **{"tls": False, **more})


def connect(mqtt: Mqtt, name: str = "test", *, to: str = "qingliu/#", heard=None, **more) -> Connection:
    on_message = (lambda _: None) if heard is None else heard.append
    return Connection(mqtt, name, subscriptions=[(to, 1)], on_message=on_message, **more)


def refusal(mqtt: Mqtt, *, kind: str, closed_by_broker: bool = False, **more) -> str:
    """The complaint of a connection that fails; a socket left open would be a ResourceWarning here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BrokerError) as caught:
            connect(mqtt, **more)
        text = str(caught.value)
        assert (caught.value.kind, caught.value.closed_by_broker) == (kind, closed_by_broker)
        del caught
        gc.collect()
    assert len(text.splitlines()) == 1
    return text


def ending(connection: Connection) -> BrokerError:
    """How a connection ends that must end."""
    with pytest.raises(BrokerError) as caught:
        wait_until(lambda: connection.step(0.1), "the loss is noticed")
    return caught.value


def hear(connection: Connection, heard: list[Message], count: int) -> list[Message]:
    wait_until(lambda: connection.step(0.1) or len(heard) >= count, f"{count} messages came")
    return heard


def test_messages_travel_with_their_flags(mosquitto: Mosquitto):
    heard: list[Message] = []
    with closing(connect(at(mosquitto.port), "ear", heard=heard)) as ear:
        with closing(connect(at(mosquitto.port), "mouth", to="nothing")) as mouth:
            mouth.publish("qingliu/a", b"\x00\xff", qos=1)
            mouth.publish("qingliu/b", b"kept", qos=1, retain=True)
            mouth.publish("other/c", b"not ours", qos=1)
            mouth.publish("qingliu/d", b"", qos=0)
            wait_until(lambda: mouth.step(0) or ear.step(0.05) or len(heard) == 3, "three messages came")
        assert [each[:2] for each in heard] == [
            ("qingliu/a", b"\x00\xff"),
            ("qingliu/b", b"kept"),
            ("qingliu/d", b""),
        ]
        assert not any(each.retained for each in heard)
    later: list[Message] = []
    with closing(connect(at(mosquitto.port), heard=later)) as ear:
        assert hear(ear, later, 1) == [Message("qingliu/b", b"kept", retained=True)]


def test_gather_takes_what_is_there_up_to_a_bound(mosquitto: Mosquitto):
    heard: list[Message] = []
    with (
        closing(connect(at(mosquitto.port), "ear", heard=heard)) as ear,
        closing(connect(at(mosquitto.port), "mouth", to="nothing")) as mouth,
    ):
        payloads = [b"%d" % number for number in range(900)]
        for payload in payloads:
            mouth.publish("qingliu/x", payload, qos=0)
        sizes = []
        while len(heard) < 900:
            before = len(heard)
            ear.gather(2.0, 12)
            sizes.append(len(heard) - before)
        assert [each.payload for each in heard] == payloads
        assert max(sizes) <= 12 + MOST_IN_A_STEP
        began = time.monotonic()
        ear.gather(0.05, 12)
        assert time.monotonic() - began < 2
    assert ear.received == 900


def test_many_retained_messages_do_not_drown_the_answer_to_a_subscription(mosquitto: Mosquitto):
    heard: list[Message] = []
    with closing(connect(at(mosquitto.port), "mouth", to="nothing")) as mouth:
        for number in range(600):
            mouth.publish(f"qingliu/{number}", b"x", qos=0, retain=True)
        mouth.publish("last", b"x", qos=0, retain=True)
        with closing(connect(at(mosquitto.port), to="last", heard=heard)) as ear:
            hear(ear, heard, 1)
    heard.clear()
    both = [("qingliu/#", 0), ("other", 0)]
    with closing(Connection(at(mosquitto.port), "e", subscriptions=both, on_message=heard.append)) as ear:
        assert len(hear(ear, heard, 600)) == 600


def test_the_will_speaks_when_the_socket_dies_and_not_after_a_goodbye(mosquitto: Mosquitto):
    heard: list[Message] = []
    will = Will("qingliu/status", b"gone")
    with closing(connect(at(mosquitto.port), "ear", heard=heard)) as ear:
        connect(at(mosquitto.port), "polite", to="x", will=will).close()
        rude = connect(at(mosquitto.port), "rude", to="x", will=will)
        rude._client._sock.close()
        assert hear(ear, heard, 1) == [Message("qingliu/status", b"gone", retained=False)]
        rude.close()
    heard.clear()
    with closing(connect(at(mosquitto.port), heard=heard)) as ear:
        assert hear(ear, heard, 1) == [Message("qingliu/status", b"gone", retained=True)]


def test_nobody_listens():
    port = free_port()
    what = "nobody listens there (connection refused)"
    assert refusal(at(port), kind="unreachable") == COMPLAINT.format(port=port, what=what)


def test_a_name_that_leads_nowhere():
    mqtt = Mqtt(host="no-such-host.invalid", tls=False)
    assert refusal(mqtt, kind="unreachable") == (
        "broker no-such-host.invalid:1883: the name cannot be resolved."
        " Check mqtt.host, and whether this machine's link is up."
    )


@pytest.fixture
def guarded(mosquitto_program, tmp_path: Path):
    """A broker that wants a password."""
    server = Mosquitto(mosquitto_program, tmp_path / "guarded", passwords={"station": "right"})
    server.start()
    yield server.port
    server.kill()


def test_a_login_may_be_refused_or_taken(guarded: int, tmp_path: Path):
    word = tmp_path / "word"
    place = f"broker 127.0.0.1:{guarded}"
    assert refusal(at(guarded), kind="login") == (
        f"{place}: wants a login. Give mqtt.cert_file and key_file, or username and password_file."
    )
    login = at(guarded, username="station", password_file=str(word))
    wrong = f"{place}: refuses user name 'station' or its password. Check mqtt.password_file."
    word.write_text("wrong\n")
    assert refusal(login, kind="login") == wrong
    assert refusal(at(guarded, username="x", password_file=str(word)), kind="login") == wrong.replace(
        "station", "x"
    )
    word.write_text("right\n")
    connect(login).close()


def test_a_password_file_that_cannot_be_read(tmp_path: Path):
    word = tmp_path / "word"
    login = at(free_port(), username="station", password_file=str(word))
    assert refusal(login, kind="configuration") == (
        f"mqtt.password_file: cannot be read, No such file or directory (got '{word}')."
        " Copy it there, or mend the path or its rights."
    )
    word.write_bytes(b"\xff\xfe")
    text = f"mqtt.password_file: is no text (got '{word}'). Copy the right file there."
    assert refusal(login, kind="configuration") == text


@pytest.mark.parametrize(
    ("code", "kind", "what"),
    [
        (1, "login", "does not speak MQTT 3.1.1. Is it too old?"),
        (2, "login", "refuses the client id 'test'. Does the broker allow this name?"),
        (3, "unreachable", "not available just now. Ask its operator if that lasts."),
        (4, "login", "wants a login. Give mqtt.cert_file and key_file, or username and password_file."),
        (5, "login", "wants a login. Give mqtt.cert_file and key_file, or username and password_file."),
    ],
)
def test_each_answer_to_the_login_has_its_words(code: int, kind: str, what: str):
    with FakeBroker(b"\x20\x02\x00" + bytes([code])) as fake:
        assert refusal(at(fake.port), kind=kind, timeout_s=0.3) == COMPLAINT.format(port=fake.port, what=what)


def test_no_way_leads_there():
    text = refusal(Mqtt(host="127.255.255.255", tls=False), kind="unreachable")  # the loopback's broadcast
    assert text == (
        "broker 127.255.255.255:1883: no way leads there (Network is unreachable)."
        " Check this machine's link, and mqtt.host."
    )


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", ".example"])
def test_what_can_be_no_host(host: str):
    for tls in (False, True):
        text = refusal(Mqtt(host=host, tls=tls), kind="configuration")
        assert text == f"mqtt.host: cannot be a host's name (got '{host}'). Write its name or address."


def test_plain_where_the_broker_hangs_up():
    with FakeBroker(HANG_UP) as fake:
        text = refusal(at(fake.port), kind="tls", closed_by_broker=True)
    what = "hangs up on the login. Does that port want TLS (mqtt.tls, mqtt.port)?"
    assert text == COMPLAINT.format(port=fake.port, what=what)


@pytest.mark.parametrize(
    ("answer", "kind", "what"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", "tls", "that port wants TLS. Check mqtt.tls and mqtt.port."),
        (b"HTTP/1.1 400 Bad\r\n", "login", "what answers there is no MQTT broker. Check mqtt.port."),
    ],
)
@pytest.mark.parametrize("end", [HANG_UP, None])
def test_what_answers_is_no_broker(answer: bytes, kind: str, what: str, end):
    with FakeBroker(answer, *([end] if end is None else [])) as fake:
        assert refusal(at(fake.port), kind=kind, timeout_s=0.3) == COMPLAINT.format(port=fake.port, what=what)


def test_a_refused_subscription_is_no_connection():
    with FakeBroker(CONNACK, SUBACK_REFUSED) as fake:
        text = refusal(at(fake.port), kind="login")
    what = "refuses the subscription to qingliu/#. Check the broker's access rules."
    assert text == COMPLAINT.format(port=fake.port, what=what)


def test_a_broker_that_ends_it_right_after_the_login():
    with FakeBroker(CONNACK, HANG_UP) as fake:
        text = refusal(at(fake.port), kind="lost", closed_by_broker=True)
    what = (
        "closed the connection right after the login. It was stopped, or another client is called 'test' too."
    )
    assert text == COMPLAINT.format(port=fake.port, what=what)


@pytest.mark.parametrize(
    ("answers", "what"),
    [([None], "did not answer the login"), ([CONNACK, None], "did not answer the subscription")],
)
def test_a_mute_broker_is_given_up(answers, what):
    with FakeBroker(*answers) as fake:
        text = refusal(at(fake.port), kind="unreachable", timeout_s=0.3)
    assert text == COMPLAINT.format(
        port=fake.port, what=f"{what} within 0.3 s. Is that a broker, and is it well?"
    )


def test_a_second_client_of_the_same_name_pushes_the_first_one_out(mosquitto: Mosquitto):
    with (
        closing(connect(at(mosquitto.port), "twin")) as first,
        closing(connect(at(mosquitto.port), "twin")) as second,
    ):
        error = ending(first)
        second.step(0)
    what = "closed the connection. It was stopped, or another client is called 'twin' too."
    assert str(error) == COMPLAINT.format(port=mosquitto.port, what=what)
    assert error.kind == "lost"
    assert error.closed_by_broker


def test_being_pushed_out_is_seen_through_what_we_still_wrote(mosquitto: Mosquitto):
    with CountingProxy(mosquitto.port) as proxy, closing(connect(at(proxy.port), "twin")) as first:
        with closing(connect(at(mosquitto.port), "twin")):
            wait_until(lambda: not proxy.live, "the broker closed the first one")
            for _ in range(
                3
            ):  # into a stream that is over: the first is answered by a reset, the second fails
                first.publish("qingliu/x", b"x", qos=1)
                first.publish("qingliu/x", b"x", qos=1)
        error = ending(first)
    assert error.closed_by_broker


def test_a_broken_network_is_no_goodbye_of_the_broker(mosquitto: Mosquitto):
    with CountingProxy(mosquitto.port) as proxy:
        for is_writing in (False, True):
            with closing(connect(at(proxy.port))) as connection:
                proxy.cut(hard=True)
                if is_writing:
                    for _ in range(3):
                        connection.publish("qingliu/x", b"x", qos=1)
                error = ending(connection)
            assert str(error) == f"connection to 127.0.0.1:{proxy.port} lost (Connection reset by peer)"
            assert error.kind == "lost"
            assert not error.closed_by_broker


def test_a_busy_link_is_not_pinged(mosquitto: Mosquitto):
    """Pings cost mobile data."""
    with (
        CountingProxy(mosquitto.port) as proxy,
        closing(connect(at(proxy.port), keepalive_s=1)) as connection,
    ):
        for _ in range(10):
            connection.publish("other", b"x", qos=1)
            end_s = time.monotonic() + 0.25
            while time.monotonic() < end_s:
                connection.step(0.05)
        assert PING not in [chunk.size for chunk in proxy.trace if chunk.is_up]
        wait_until(
            lambda: connection.step(0.1) or proxy.trace[-1].size == PING, "an idle link is pinged", every_s=0
        )


def test_a_half_open_link_is_noticed_by_the_keep_alive(mosquitto: Mosquitto):
    with (
        CountingProxy(mosquitto.port) as proxy,
        closing(connect(at(proxy.port), keepalive_s=1)) as connection,
    ):
        wait_until(lambda: connection.step(0.1) or proxy.down.chunks > 2, "a ping is answered")
        proxy.stall()
        error = ending(connection)
    assert str(error) == f"connection to 127.0.0.1:{proxy.port} lost (no sign of life for 1 s)"
    assert not error.closed_by_broker


def test_a_killed_broker_is_noticed(mosquitto: Mosquitto):
    with closing(connect(at(mosquitto.port))) as connection:
        mosquitto.kill()
        assert ending(connection).closed_by_broker
        connection.publish("qingliu/x", b"into the void", qos=1)
        with pytest.raises(BrokerError):
            connection.step(0)
        connection.close()


def test_close_twice_does_no_harm(mosquitto: Mosquitto):
    connection = connect(at(mosquitto.port))
    connection.close()
    connection.close()


def test_the_port_follows_tls():
    assert Mqtt(host="h").actual_port == 8883
    assert Mqtt(host="h", tls=False).actual_port == 1883
    assert Mqtt(host="h", tls=False, port=7).actual_port == 7


def test_keys_that_belong_together(tmp_path: Path):
    there = tmp_path / "there"
    there.touch()
    mqtt = Mqtt(host="h", cert_file=str(there), username="u", ca_file="/none")
    assert list(mqtt.faults()) == [
        Fault("mqtt", "cert_file and key_file go together", remedy="Give both, or neither."),
        Fault("mqtt.password_file", "is required with username", remedy="Name the file."),
        Fault("mqtt.ca_file", "there is no such file", "/none", "Copy it there, or mend the path."),
    ]
    assert not list(Mqtt(host="h", cert_file=str(there), key_file=str(there)).faults())
