"""A switch for a running simulation: one line of words over a unix socket, one line back.

What can be said stands in `simulator.orders`. Each line is answered by the station's state after it, as one
line of JSON, or by one that begins with `error: `.
"""

from pathlib import Path

from service.control_socket import ControlSocket, NoAnswerError, SocketPlaceError, ask
from simulator.errors import ControlError, PathError, RefusedError, SimulatorError
from simulator.meters import SimulatedStation
from simulator.orders import obey

TIMEOUT_S = 2.0
"""How long the simulation may take to answer."""
_REFUSED = "error: "


def send(path: Path, words: str) -> str:
    """Say one line of words to the simulation that listens at this path; returns its answer, a line of JSON.

    Raises:
        RefusedError: it does not know the words, or cannot do what they say.
        ControlError: nobody listens.
    """
    try:
        answer = ask(path, words, timeout_s=TIMEOUT_S)
    except NoAnswerError as error:
        rule = f"a running simulation listens (got {error.found})"
        raise ControlError(
            path, f"{rule}. Start the simulation with --control, or check the path."
        ) from error
    if answer.startswith(_REFUSED):
        raise RefusedError(path, answer.removeprefix(_REFUSED))
    return answer


class ControlServer(ControlSocket):
    """Listens for words and switches one station, in a thread of its own, from `start` to `close`."""

    def __init__(self, path: Path, station: SimulatedStation) -> None:
        super().__init__(path, lambda said: _answer(station, said))

    def start(self) -> None:
        """Listen.

        Raises:
            PathError: the path is in use or cannot hold a socket.
        """
        try:
            super().start()
        except SocketPlaceError as error:
            raise PathError(error.path, error.rule, error.found) from error


def _answer(station: SimulatedStation, said: str) -> str:
    try:
        return obey(station, said)
    except SimulatorError as error:
        return f"{_REFUSED}{error}"
