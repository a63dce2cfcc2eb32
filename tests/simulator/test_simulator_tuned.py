"""A line whose speakers have settings of their own: heard in theirs only, over a real terminal."""

import os
import select
import time

import pytest
import serial

from simulator.line import PtyLine
from simulator.slave import Line, Slave, is_intact, seal
from simulator.tuned import Dlt645Meter, ForeignMaster, NoiseForAll, TunedLine, Tuning

IMAGE = dict.fromkeys(range(16), 0x1234)
READ = seal(b"\x01\x03\x00\x00\x00\x01")
ANSWER = seal(b"\x01\x03\x02\x12\x34")
OTHER = seal(b"\x01\x03\x02\x00\x07")
ASK_645 = bytes.fromhex("FE FE FE FE 68 AA AA AA AA AA AA 68 13 00 DF 16")


def slave(word: int = 0x1234) -> Slave:
    return Slave(1, lambda: dict.fromkeys(range(16), word))


def asked(pty: PtyLine, question: bytes, baudrate: int = 9600, *, stopbits: int = 1, least: int = 1) -> bytes:
    """What comes back: at least so many octets, or nothing within a tenth of a second if none is due."""
    with serial.Serial(pty.port, baudrate, stopbits=stopbits) as port:
        port.write(question)
        heard, until_s = b"", time.monotonic() + (5 if least else 0.1)
        while len(heard) < max(least, 1) and (left_s := until_s - time.monotonic()) > 0:
            if select.select([port.fd], [], [], left_s)[0]:
                heard += os.read(port.fd, 512)
        return heard


def test_only_the_own_speed_and_framing_is_understood():
    line = TunedLine([(Tuning(9600), slave()), (Tuning(2400, "E", 2), slave(7))])
    with PtyLine(line) as pty:
        assert asked(pty, READ, least=7) == ANSWER
        assert asked(pty, READ, 4800, least=0) == b""
        assert asked(pty, READ, 2400, stopbits=2, least=0) == b""
        line.parity = "E"
        assert asked(pty, READ, 2400, stopbits=2, least=7) == OTHER
        assert asked(pty, READ, least=0) == b""


def test_a_wrong_speed_may_bring_noise_now_and_then():
    with PtyLine(TunedLine([(Tuning(9600), slave())], wrong="noise")) as pty:
        assert [len(asked(pty, READ, 4800, least=least)) for least in (0, 0, 7)] == [0, 0, 7]


def test_an_answer_in_another_parity_is_misread():
    with PtyLine(TunedLine([(Tuning(9600, "E"), slave())], wrong="garbled")) as pty:
        assert asked(pty, READ, least=7).hex(" ") == "01 00 02 00 34 b5 00"
        assert asked(pty, READ, 4800, least=0) == b""


@pytest.mark.parametrize("pace", [None, 9600])
def test_two_of_one_address_answer_both(pace):
    line = TunedLine([(Tuning(), slave()), (Tuning(), slave(7))])
    with PtyLine(line, baudrate=pace) as pty:
        heard = asked(pty, READ, least=14)
    assert sorted(heard) == sorted(ANSWER + OTHER)
    assert heard.startswith(ANSWER) == (pace is None)


def test_noise_for_all_is_never_a_frame():
    noise = NoiseForAll(8)
    said = [noise.receive(READ, 0.0)[0].answer for _ in range(200)]
    assert not any(is_intact(each) for each in said)
    assert len(set(said)) == 200
    assert noise.receive(b"", 0.0) == []


def test_another_master_asks_and_is_answered_every_few_questions():
    master = ForeignMaster(9, every=3)
    said = [exchange.answer for _ in range(6) for exchange in master.receive(READ, 0.0)]
    assert len(said) == 2
    assert all(is_intact(each[:8]) and is_intact(each[8:]) for each in said)


def test_a_meter_in_dlt645_mode_tells_its_address_and_is_mute_to_modbus():
    line = TunedLine([(Tuning(2400), Dlt645Meter("000000000012"))])
    with PtyLine(line) as pty:
        assert asked(pty, READ, 2400, least=0) == b""
        heard = asked(pty, ASK_645, 2400, least=22)
    assert heard.hex(" ") == "fe fe fe fe 68 12 00 00 00 00 00 68 93 06 45 33 33 33 33 33 bf 16"


def test_an_echoing_adapter_says_all_that_is_asked():
    with PtyLine(Line([slave()]), echo=True) as pty:
        assert asked(pty, READ, least=15) == READ + ANSWER
        assert asked(pty, b"abc", least=3) == b"abc"
