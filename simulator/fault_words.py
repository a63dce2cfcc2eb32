"""The catalogue of faults in words, as typed on a command line: `late 0.7`, `exception 6 unit 2 times 3`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulator import faults
from simulator.errors import ParameterError
from simulator.wire import Fault, Piece


class Form(NamedTuple):
    """How a fault is said.

    Attributes:
        example: its name and parameters that fit it.
        effect: what happens on the line.
        make: makes it from the parameters.
        parameters: what each is called, and what reads it; the words after the name.
        needed: so many of them cannot be left out.
    """

    example: str
    effect: str
    make: Callable[..., Fault]
    parameters: tuple[tuple[str, Callable[[str], object]], ...] = ()
    needed: int = 0

    @property
    def usage(self) -> str:
        """The name and its parameters, those in brackets that can be left out."""
        said = [
            name if place < self.needed else f"[{name}]" for place, (name, _) in enumerate(self.parameters)
        ]
        return " ".join((self.example.split()[0], *said))


_SECONDS = ("SECONDS", float)
_OCTETS = ("HEX", bytes.fromhex)
_FORMS = (
    Form("none", "every answer is right again", faults.none),
    Form("silence", "no answer", faults.silence),
    Form("late 0.7", "the whole answer, too late", faults.late, (_SECONDS,), 1),
    Form("half_frame", "the first half of the answer only", faults.half_frame),
    Form("late_half 0.1", "the second half of the answer after a pause", faults.late_half, (_SECONDS,)),
    Form("bad_crc", "a wrong checksum", faults.bad_crc),
    Form("flipped_bit 39", "one bit turned over", faults.flipped_bit, (("BIT", int),)),
    Form("junk_before 00", "octets in front of the answer, FF if not said", faults.junk_before, (_OCTETS,)),
    Form("junk_after 00", "octets behind the answer", faults.junk_after, (_OCTETS,)),
    Form("echo", "the adapter repeats the request, then the answer", faults.echo),
    Form("echo_only", "the adapter repeats the request, and no answer", faults.echo_only),
    Form("other_unit 7", "the answer under another address", faults.other_unit, (("UNIT", int),)),
    Form("exception 6", "the meter refuses, with code 1 to 11", faults.exception, (("CODE", int),), 1),
    Form("wrong_length -1", "so many registers more, or fewer", faults.wrong_length, (("BY", int),), 1),
    Form("wrong_function 4", "another function in the answer", faults.wrong_function, (("FUNCTION", int),)),
    Form("noise 32 1", "chance octets", faults.noise, (("OCTETS", int), ("SEED", int))),
    Form("slow 0.02", "the answer octet by octet, with pauses", faults.slow, (_SECONDS,)),
)
KNOWN = {form.example.split()[0]: form for form in _FORMS}
"""Every fault by its name."""
_PLACE = "fault"
_LONGEST_WORDS = 200


@dataclass(frozen=True)
class NamedFault:
    """A fault that knows how it is said.

    Attributes:
        words: its name and parameters.
        fault: what it does.
    """

    words: str
    fault: Fault

    def __call__(self, request: bytes, answer: bytes) -> bytes | Sequence[Piece] | None:
        """Spoil one answer."""
        return self.fault(request, answer)


class Order(NamedTuple):
    """A fault, and whom it shall befall.

    Attributes:
        fault: which.
        unit_id: the Modbus address of whose answers are spoilt; None: all.
        requests: after so many answers all is well again; None: it stays.
    """

    fault: NamedFault
    unit_id: int | None = None
    requests: int | None = None

    @property
    def words(self) -> str:
        """The order as it is said."""
        unit = "" if self.unit_id is None else f" unit {self.unit_id}"
        return f"{self.fault.words}{unit}" + ("" if self.requests is None else f" times {self.requests}")


def named(text: str) -> NamedFault:
    """Make the fault of these words: a name of `KNOWN` and its parameters.

    Raises:
        ParameterError: there is no such fault, or its parameters do not fit.
    """
    name, *parameters = text.split() or [""]
    form = KNOWN.get(name)
    if form is None:
        known = ", ".join(each.usage for each in KNOWN.values())
        raise ParameterError(_PLACE, "one of the known ones", _shown(text), f"Say {known}.")
    try:
        if not form.needed <= len(parameters) <= len(form.parameters):
            raise _misfit(form, text)
        read = [reader(word) for (_, reader), word in zip(form.parameters, parameters, strict=False)]
    except ValueError as error:
        raise _misfit(form, text) from error
    return NamedFault(" ".join((name, *parameters)), form.make(*read))


def order(text: str) -> Order:
    """Read a fault's words, and behind them `unit N` and `times N`, both if need be.

    Raises:
        ParameterError: there is no such fault, or a number does not fit.
    """
    words, numbers = text.split(), dict[str, int]()
    while len(words) > 2 and words[-2] in ("unit", "times") and words[-2] not in numbers:
        name, number = words[-2:]
        if not (number.isascii() and number.isdecimal() and len(number) < 9 and int(number)):
            raise ParameterError(name, "a whole number, 1 or more", _shown(number), f"Say {name} 2.")
        numbers[name] = int(number)
        del words[-2:]
    return Order(named(" ".join(words)), numbers.get("unit"), numbers.get("times"))


def _misfit(form: Form, text: str) -> ParameterError:
    return ParameterError(_PLACE, f"said as {form.usage}", _shown(text), f"Say for example {form.example}.")


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"
