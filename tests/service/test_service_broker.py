import gc
import subprocess
import time
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from servers import Mosquitto, free_port, listens, wait_until
from service_fake_broker import CONNACK, HANG_UP, SUBACK_REFUSED, FakeBroker

from service import broker
from service.broker import BrokerError, Connection, Message, Will
from service.mqtt import Mqtt
from service.settings import Fault

COMPLAINT = "broker 127.0.0.1:{port}: {what}"


def at(port: int, **more) -> Mqtt:
    return Mqtt(host="127.0.0.1", port=port, **{"tls": False, **more})


def connect(mqtt: Mqtt, name: str = "test", *, to: str = "qingliu/#", heard=None, **more) -> Connection:
    on_message = (lambda _: None) if heard is None else heard.append
    return Connection(mqtt, name, subscriptions=[(to, 1)], on_message=on_message, **more)


def refusal(mqtt: Mqtt, **more) -> str:
    """The complaint of a connection that fails; a socket left open would be a ResourceWarning here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BrokerError) as caught:
            connect(mqtt, **more)
        text = str(caught.value)
        del caught
        gc.collect()
    assert len(text.splitlines()) == 1
    return text


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
        for number in range(30):
            mouth.publish("qingliu/x", b"%d" % number, qos=0)
        sizes = []
        while len(heard) < 30:
            before = len(heard)
            ear.gather(2.0, 12)
            sizes.append(len(heard) - before)
        assert [each.payload for each in heard] == [b"%d" % number for number in range(30)]
        assert max(sizes) <= 12
        began = time.monotonic()
        ear.gather(0.05, 12)
        assert time.monotonic() - began < 2
    assert ear.received == 30


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
    assert refusal(at(port)) == COMPLAINT.format(port=port, what=what)


def test_a_name_that_leads_nowhere():
    mqtt = Mqtt(host="no-such-host.invalid", tls=False)
    assert refusal(mqtt) == "broker no-such-host.invalid:1883: the name cannot be resolved"


@pytest.fixture
def guarded(mosquitto: Mosquitto, mosquitto_program, tmp_path: Path):
    """A second broker that wants a password."""
    passwords, config, port = tmp_path / "passwords", tmp_path / "guarded.conf", free_port()
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "station", "right"], check=True)
    passwords.chmod(0o644)
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
    )
    process = subprocess.Popen([mosquitto_program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), "the guarded broker listens")
        yield port
    finally:
        process.kill()
        process.wait()


def test_a_login_may_be_refused_or_taken(guarded: int, tmp_path: Path):
    word = tmp_path / "word"
    place = f"broker 127.0.0.1:{guarded}"
    assert refusal(at(guarded)) == f"{place} refuses the login: Not authorized"
    word.write_text("wrong\n")
    login = at(guarded, username="station", password_file=str(word))
    assert refusal(login) == f"{place} refuses the login: Not authorized"
    word.write_text("right\n")
    connect(login).close()
    word.write_bytes(b"\xff\xfe")
    assert "can't decode" in refusal(login)
    word.unlink()
    assert refusal(login) == f"{place}: No such file or directory"


def test_tls_where_the_broker_speaks_plainly(mosquitto: Mosquitto):
    text = refusal(at(mosquitto.port, tls=True))
    cut = "hangs up on us: does that port want tls, or none?"  # which of the two is a race in the kernel
    what = text.removeprefix(f"broker 127.0.0.1:{mosquitto.port}: ")
    assert what == cut or what.startswith("TLS fails (")


def test_plain_where_the_broker_hangs_up():
    with FakeBroker(HANG_UP) as fake:
        text = refusal(at(fake.port))
    assert text == f"connection to 127.0.0.1:{fake.port} lost (Unspecified error)"


def test_a_refused_subscription_is_no_connection():
    with FakeBroker(CONNACK, SUBACK_REFUSED) as fake:
        text = refusal(at(fake.port))
    assert text == f"broker 127.0.0.1:{fake.port} refuses the subscription to qingliu/#"


@pytest.mark.parametrize(
    ("answers", "what"),
    [([None], "did not answer the login"), ([CONNACK, None], "did not answer the subscription")],
)
def test_a_mute_broker_is_given_up(answers, what, monkeypatch):
    monkeypatch.setattr(broker, "CONNECT_TIMEOUT_S", 0.3)
    with FakeBroker(*answers) as fake:
        assert refusal(at(fake.port)) == f"broker 127.0.0.1:{fake.port} {what}"


def test_a_mute_broker_is_given_up_during_the_handshake_too(monkeypatch):
    monkeypatch.setattr(broker, "CONNECT_TIMEOUT_S", 1.0)
    with FakeBroker(None) as fake:
        text = refusal(at(fake.port, tls=True))
    assert text == f"broker 127.0.0.1:{fake.port}: no answer within 1 s"


def test_a_certificate_file_that_is_none(tmp_path: Path, mosquitto: Mosquitto):
    rubbish = tmp_path / "ca.crt"
    rubbish.write_text("rubbish")
    text = refusal(at(mosquitto.port, tls=True, ca_file=str(rubbish)))
    assert text == f"broker 127.0.0.1:{mosquitto.port}: TLS fails (NO_CERTIFICATE_OR_CRL_FOUND)"


def test_a_killed_broker_is_noticed(mosquitto: Mosquitto):
    with closing(connect(at(mosquitto.port))) as connection:
        mosquitto.kill()
        with pytest.raises(BrokerError, match=rf"^connection to 127.0.0.1:{mosquitto.port} lost \(.+\)$"):
            wait_until(lambda: connection.step(0.1), "the loss is noticed", 5)
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
