"""The files of `configs/mosquitto` in a real mosquitto: who gets in, and who reads and writes what."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from certificates import Authority
from chain import STATION, Chain
from servers import wait_until
from shipped_broker import PASSWORD, ShippedBroker

from registry.identity import certificates as c
from registry.identity.broker_passwords import change_passwords
from service.broker import BrokerError, Connection, Message, Will
from service.mqtt import Mqtt
from service.process import now_ms
from simulator.meters import SimulatedStation

CONFIGS = Path(__file__).parent.parent / "configs"
OWN, OTHER = "410882-0001", "410882-0002"
UPS, DOWNS = ("readings", "status", "reply"), ("ack", "command")


@pytest.fixture(scope="module")
def broker(mosquitto_program: str, tmp_path_factory) -> Iterator[ShippedBroker]:
    made = ShippedBroker(mosquitto_program, tmp_path_factory.mktemp("broker") / "qingliu")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def own(broker) -> Mqtt:
    return broker.enrol(OWN)


@pytest.fixture(scope="module")
def other(broker) -> Mqtt:
    return broker.enrol(OTHER)


class Client:
    """A connection with what it heard."""

    def __init__(self, mqtt: Mqtt, name: str, *topics: str, will: Will | None = None) -> None:
        self.heard: list[Message] = []
        self.connection = Connection(
            mqtt, name, subscriptions=[(each, 1) for each in topics], on_message=self.heard.append, will=will
        )

    def say(self, topic: str, text: str, *, retain: bool = False) -> None:
        self.connection.publish(topic, text.encode(), qos=1, retain=retain)
        self.connection.step(0.05)

    def tries(self, topic: str, text: str, *, retain: bool) -> None:
        """Say something until the broker has confirmed it, or put us out as mosquitto 2.0.11 does."""
        with suppress(BrokerError):
            self.say(topic, text, retain=retain)
            wait_until(
                lambda: self.connection.step(0.01) or not self.connection._unconfirmed, "its fate is known"
            )

    def hears(self, topic: str, text: str) -> None:
        """Wait for that message; what came before it stays in `heard`."""

        def is_here() -> bool:
            self.connection.step(0.05)
            return any((each.topic, each.payload) == (topic, text.encode()) for each in self.heard)

        wait_until(is_here, f"{topic} is heard", every_s=0)

    def texts(self) -> list[str]:
        return [each.payload.decode() for each in self.heard]

    def close(self) -> None:
        self.connection.close()


@contextmanager
def client(mqtt: Mqtt, name: str, *topics: str, will: Will | None = None) -> Iterator[Client]:
    with closing(Client(mqtt, name, *topics, will=will)) as opened:
        yield opened


def collecting(broker: ShippedBroker):
    return client(broker.collector, "collector-1", *(f"qingliu/v1/+/{leaf}" for leaf in UPS))


def test_a_station_writes_its_ups_and_reads_its_downs_and_the_collector_the_reverse(broker, own, other):
    downs = [f"qingliu/v1/{OWN}/{leaf}" for leaf in DOWNS]
    with collecting(broker) as centre, client(own, OWN, *downs) as first, client(other, OTHER) as second:
        for leaf in UPS:
            first.say(f"qingliu/v1/{OWN}/{leaf}", f"own {leaf}")
            second.say(f"qingliu/v1/{OTHER}/{leaf}", f"other {leaf}")
            centre.hears(f"qingliu/v1/{OWN}/{leaf}", f"own {leaf}")
            centre.hears(f"qingliu/v1/{OTHER}/{leaf}", f"other {leaf}")
        for leaf in DOWNS:
            centre.say(f"qingliu/v1/{OWN}/{leaf}", f"own {leaf}")
            first.hears(f"qingliu/v1/{OWN}/{leaf}", f"own {leaf}")


@pytest.mark.parametrize("retain", [False, True])
def test_a_station_writes_nowhere_else(broker, own, other, retain):
    foreign = [f"qingliu/v1/{OTHER}/{leaf}" for leaf in UPS + DOWNS]
    foreign += [f"qingliu/v1/{OWN}/{leaf}" for leaf in DOWNS]
    foreign += ["qingliu/v1/collector/readings", "qingliu/v1/nobody/status", f"qingliu/v1/{OWN}/readings/x"]
    victim_hears = [f"qingliu/v1/{OTHER}/{leaf}" for leaf in DOWNS]
    with (
        ExitStack() as stack,
        collecting(broker) as centre,
        client(other, OTHER, *victim_hears) as victim,
    ):
        for each in foreign:
            with client(own, OWN) as attacker:
                attacker.tries(each, "forged", retain=retain)
        attacker = stack.enter_context(client(own, OWN, *(f"qingliu/v1/{OWN}/{leaf}" for leaf in DOWNS)))
        attacker.say(f"qingliu/v1/{OWN}/readings", "the last word")
        centre.hears(f"qingliu/v1/{OWN}/readings", "the last word")
        for station, listener in ((OTHER, victim), (OWN, attacker)):
            centre.say(f"qingliu/v1/{station}/ack", "after it")
            listener.hears(f"qingliu/v1/{station}/ack", "after it")
            assert "forged" not in listener.texts()
        assert "forged" not in centre.texts()
    with collecting(broker) as late, client(other, OTHER, *victim_hears) as victim:
        late.say(f"qingliu/v1/{OTHER}/ack", "nothing was kept")
        victim.hears(f"qingliu/v1/{OTHER}/ack", "nothing was kept")
        assert "forged" not in late.texts() + victim.texts()


@pytest.mark.parametrize(
    "pattern",
    [
        "#", "+/#", "qingliu/#", "qingliu/v1/+/readings", "qingliu/v1/+/+", f"qingliu/v1/{OTHER}/#",
        f"qingliu/v1/{OTHER}/ack", f"qingliu/v1/{OTHER}/status", "+/+/+/ack", "$SYS/#",
        "$SYS/broker/clients/connected", "$share/thieves/#", "$share/thieves/qingliu/v1/+/readings",
        f"$share/thieves/qingliu/v1/{OTHER}/ack",
    ],
)  # fmt: skip
def test_a_station_reads_nothing_of_others(broker, own, other, pattern):
    with collecting(broker) as centre, client(other, OTHER, f"qingliu/v1/{OTHER}/ack") as victim:
        victim.say(f"qingliu/v1/{OTHER}/status", "kept", retain=True)
        centre.hears(f"qingliu/v1/{OTHER}/status", "kept")
        with suppress(BrokerError), client(own, OWN, pattern, f"qingliu/v1/{OWN}/ack") as thief:
            for leaf in UPS:
                victim.say(f"qingliu/v1/{OTHER}/{leaf}", "secret")
                centre.hears(f"qingliu/v1/{OTHER}/{leaf}", "secret")
            for leaf in DOWNS:
                centre.say(f"qingliu/v1/{OTHER}/{leaf}", "secret")
            victim.hears(f"qingliu/v1/{OTHER}/ack", "secret")
            centre.say(f"qingliu/v1/{OWN}/ack", "mine")
            thief.hears(f"qingliu/v1/{OWN}/ack", "mine")
            assert {each.topic for each in thief.heard} == {f"qingliu/v1/{OWN}/ack"}


def test_a_last_will_is_its_own_station_s_alone(broker, own, other):
    with collecting(broker) as centre:
        foreign = Will(f"qingliu/v1/{OTHER}/status", b"forged")
        with suppress(BrokerError):
            forger = Client(own, OWN, will=foreign)
            forger.connection._client.free()  # gone without a goodbye
        honest = Client(own, OWN, will=Will(f"qingliu/v1/{OWN}/status", b"gone"))
        honest.connection._client.free()
        centre.hears(f"qingliu/v1/{OWN}/status", "gone")
        assert "forged" not in centre.texts()
    with collecting(broker) as late, client(other, OTHER) as victim:
        victim.say(f"qingliu/v1/{OTHER}/readings", "now")
        late.hears(f"qingliu/v1/{OTHER}/readings", "now")
        assert "forged" not in late.texts()


def test_no_station_ends_another_s_connection_by_its_name(broker, own, other):
    with collecting(broker) as centre, client(other, OTHER) as victim, client(own, OTHER) as attacker:
        attacker.say(f"qingliu/v1/{OWN}/readings", "I am here")
        centre.hears(f"qingliu/v1/{OWN}/readings", "I am here")
        victim.say(f"qingliu/v1/{OTHER}/readings", "so am I")
        centre.hears(f"qingliu/v1/{OTHER}/readings", "so am I")


def test_who_has_no_certificate_of_ours_stays_out(broker, own, tmp_path):
    nobody = Mqtt(host=own.host, port=own.port, ca_file=own.ca_file)
    plain = Mqtt(host=own.host, port=own.port, tls=False)
    stranger = Authority(tmp_path).client(OWN)
    forged = Mqtt(
        host=own.host, port=own.port, ca_file=own.ca_file,
        cert_file=str(stranger.cert_file), key_file=str(stranger.key_file),
    )  # fmt: skip
    server = Mqtt(
        host=own.host, port=own.port, ca_file=own.ca_file,
        cert_file=str(broker.folder / "server.crt"), key_file=str(broker.folder / "server.key"),
    )  # fmt: skip
    key = c.new_key()
    two_days = 2 * 86_400_000
    past = c.station_certificate(
        broker.authority, OWN, key.public_key(), now_ms() - two_days, now_ms() - two_days // 2
    )
    (tmp_path / "past.crt").write_bytes(c.pem(past))
    (tmp_path / "past.key").write_bytes(c.key_pem(key))
    ended = Mqtt(
        host=own.host, port=own.port, ca_file=own.ca_file,
        cert_file=str(tmp_path / "past.crt"), key_file=str(tmp_path / "past.key"),
    )  # fmt: skip
    for each in (nobody, plain, forged, server, ended):
        with pytest.raises(BrokerError), client(each, OWN):
            pass
    with client(own, OWN):
        pass


def test_a_station_s_certificate_makes_no_broker(broker, own, tmp_path, mosquitto_program):
    thief = ShippedBroker(mosquitto_program, tmp_path / "thief")
    for name, file in (("server.crt", own.cert_file), ("server.key", own.key_file)):
        (thief.folder / name).write_bytes(Path(file).read_bytes())
    thief.start()
    try:
        trap = Mqtt(host=own.host, port=thief.ports["tls"], ca_file=own.ca_file)
        with pytest.raises(BrokerError) as caught, client(trap, OWN):
            pass
        assert caught.value.kind == "tls"
    finally:
        thief.stop()


def test_the_centre_s_own_listener_wants_a_password(broker, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text(PASSWORD + "x")
    for username, password_file in (("", ""), ("collector", str(wrong)), (OWN, str(wrong))):
        mqtt = Mqtt(host="127.0.0.1", port=broker.ports["plain"], tls=False,
                    username=username, password_file=password_file)  # fmt: skip
        with pytest.raises(BrokerError) as caught, client(mqtt, "collector-1"):
            pass
        assert caught.value.kind == "login"


def test_who_sends_too_much_at_once_is_put_out(broker, own):
    with client(own, OWN) as big:
        big.say(f"qingliu/v1/{OWN}/readings", "x" * 64_000)
        big.connection.publish(f"qingliu/v1/{OWN}/readings", b"x" * 300_001, qos=1)
        with pytest.raises(BrokerError):
            wait_until(lambda: big.connection.step(0.05), "it is put out")


def refused(mqtt: Mqtt) -> bool:
    try:
        with client(mqtt, OWN):
            return False
    except BrokerError as error:
        return error.kind == "tls"


def test_a_revoked_station_is_refused_at_a_reload_and_put_out_by_a_restart(mosquitto_program, tmp_path):
    broker = ShippedBroker(mosquitto_program, tmp_path / "qingliu")
    lost, kept, probe = (broker.enrol(each) for each in (OWN, OTHER, "410882-0003"))
    try:
        broker.start()
        with client(lost, OWN) as connected:
            broker.revoke(OWN)
            broker.revoke("410882-0003")
            broker.reload()
            wait_until(lambda: refused(probe), "the list is read")
            connected.connection.step(0.1)  # the broker puts nobody out for it
            broker.stop()
            broker.start()
        assert refused(lost)
        with client(kept, OTHER), client(broker.enrol(OWN), OWN):
            pass
    finally:
        broker.stop()


def test_a_list_of_the_revoked_past_its_end_lets_nobody_in(mosquitto_program, tmp_path):
    broker = ShippedBroker(mosquitto_program, tmp_path / "qingliu")
    past_ms = now_ms() - 30 * 86_400_000
    (broker.folder / "crl.pem").write_bytes(c.revocation_list(broker.authority, (), past_ms, 29))
    try:
        broker.start()
        assert refused(broker.enrol(OWN))
    finally:
        broker.stop()


def test_a_station_with_a_password_is_held_to_the_same_rules(mosquitto_program, tmp_path):
    broker = ShippedBroker(mosquitto_program, tmp_path / "qingliu", with_passwords=True)
    change_passwords(broker.folder / "passwords", {OWN: "192 random bits", OTHER: "others"})
    password = tmp_path / "password"
    password.write_text("192 random bits")
    box = Mqtt(host="127.0.0.1", port=broker.ports["password"], ca_file=str(broker.folder / "ca.crt"),
               username=OWN, password_file=str(password))  # fmt: skip
    try:
        broker.start()
        with collecting(broker) as centre, client(box, OWN, "#") as station:
            station.say(f"qingliu/v1/{OWN}/readings", "mine")
            centre.hears(f"qingliu/v1/{OWN}/readings", "mine")
            assert centre.texts() == ["mine"]
            centre.say(f"qingliu/v1/{OWN}/ack", "yours")
            station.hears(f"qingliu/v1/{OWN}/ack", "yours")
            assert station.texts() == ["yours"]
            station.tries(f"qingliu/v1/{OTHER}/readings", "forged", retain=False)
            with client(box, OWN) as again:
                again.say(f"qingliu/v1/{OWN}/readings", "mine again")
            centre.hears(f"qingliu/v1/{OWN}/readings", "mine again")
            assert "forged" not in centre.texts()
        password.write_text("others")
        with pytest.raises(BrokerError) as caught, client(box, OWN):
            pass
        assert caught.value.kind == "login"
    finally:
        broker.stop()


def test_agent_and_collector_deliver_through_it(broker, own, tmp_path):
    folder = tmp_path / "chain"
    folder.mkdir()
    with (
        SimulatedStation() as line,
        Chain(folder, line=line.port, broker_port=broker.ports["plain"]) as chain,
    ):
        box, centre = folder / "agent.toml", folder / "centre.toml"
        plain = f"port = {broker.ports['plain']}\ntls = false\n"
        named = f'ca_file = "{own.ca_file}"\ncert_file = "{own.cert_file}"\nkey_file = "{own.key_file}"\n'
        box.write_text(box.read_text().replace(plain, f"port = {own.port}\n{named}"))
        login = f'username = "collector"\npassword_file = "{broker.folder / "collector.password"}"\n'
        centre.write_text(centre.read_text().replace(plain, plain + login))
        assert STATION == OWN
        chain.start("collector")
        wait_until(lambda: " as qingliu-collector" in broker.log(), "the collector listens")
        chain.start("agent")
        wait_until(
            lambda: len(chain.rows("history", "SELECT t FROM power WHERE q = 0")) >= 2, "readings are stored"
        )
        wait_until(
            lambda: chain.rows("registry", "SELECT 1 FROM presence WHERE online"), "it shows as online"
        )
        assert chain.stop("agent") == 0
        wait_until(
            lambda: chain.rows("registry", "SELECT 1 FROM presence WHERE NOT online"), "it shows as gone"
        )


def test_emqx_is_given_the_same_rules():
    shipped = (CONFIGS / "mosquitto" / "acl").read_text()
    rules = set(
        re.findall(r"^(?:topic|pattern) (read|write) qingliu/v1/(%u|\+)/(\w+)$", shipped, re.MULTILINE)
    )
    assert len(rules) == 10
    text = (CONFIGS / "emqx" / "acl.conf").read_text()
    told = set()
    for who, way, topics in re.findall(
        r"^\{allow, (.+?), (publish|subscribe), \[(.+?)\]\}\.$", text, re.MULTILINE
    ):
        for topic in re.findall(r'"qingliu/v1/([^"]+)"', topics):
            name, leaf = topic.replace("${username}", "%u").split("/")
            assert (name == "+") == ("collector" in who)
            told.add(({"publish": "write", "subscribe": "read"}[way], name, leaf))
    assert told == rules
    assert text.rstrip().endswith("{deny, all}.")
