"""The words of the agent's control socket: how it is, and a line to borrow."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from edge_agent.lending import Loan
from edge_agent.meter import boot_ms
from edge_agent.sampler import LineSampler
from edge_agent.status_document import ASKED, REFUSED, StatusDocument

BORROW = "borrow"
GIVE_BACK = "give_back"
_KNOWN = f"{ASKED}, {BORROW} or {GIVE_BACK}"


class LoanRequest(msgspec.Struct, frozen=True):
    """Who wants which port.

    Attributes:
        port: a device file; another name of the same device will do.
        token: the borrower's own, by which it is known again.
        name: for people, such as `qingliu agent scan`.
    """

    port: str
    token: str
    name: str


class LoanAnswer(msgspec.Struct, frozen=True):
    """What the agent says to a borrower; `free`: the port is none of its lines.

    Attributes:
        by: who has it, if it is taken.
    """

    loan: Loan | Literal["free"]
    by: str = ""


def answer(said: str, document: Callable[[], StatusDocument], samplers: Sequence[LineSampler]) -> str:
    """Answer one line on the agent's control socket."""
    if said == ASKED:
        return msgspec.json.encode(document()).decode()
    word, _, rest = said.partition(" ")
    if word not in (BORROW, GIVE_BACK):
        return f"{REFUSED}words: such as an agent knows (got {said[:60]!r}). Say {_KNOWN}."
    try:
        request = msgspec.json.decode(rest, type=LoanRequest)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"{REFUSED}{word}: {error} (got {rest[:60]!r}). Say {_KNOWN}."
    return msgspec.json.encode(_loan(word, request, samplers)).decode()


def _loan(word: str, request: LoanRequest, samplers: Sequence[LineSampler]) -> LoanAnswer:
    wanted = device(request.port)
    lendings = [each.lending for each in samplers if device(each.port) == wanted]
    if not lendings:
        return LoanAnswer("free")
    [lending] = lendings
    if word == GIVE_BACK:
        lending.give_back(request.token)
        return LoanAnswer("free")
    now_ms = boot_ms()
    loan = lending.ask(request.token, request.name, now_ms)
    return LoanAnswer(loan, (lending.borrower(now_ms) or "") if loan == "taken" else "")


def device(port: str) -> str:
    """The device file behind a name; by-id names are links to it."""
    return str(Path(port).resolve())
