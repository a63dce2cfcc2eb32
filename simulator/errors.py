"""What can go wrong when a simulated station is set up or switched.

SimulatorError
├── ParameterError      a figure that no station can have (also a ValueError)
├── PathError           something else lives where a link or a socket was wanted
└── ControlError        nobody listens, or not as a simulation does
    └── RefusedError    a switching word was refused
"""

from pathlib import Path


class SimulatorError(Exception):
    """Base of all faults of this package."""


class ParameterError(SimulatorError, ValueError):
    """A parameter outside of what the simulation can play.

    Attributes:
        place: the parameter.
        value: what was given.
    """

    def __init__(self, place: str, rule: str, value: object, advice: str) -> None:
        super().__init__(f"{place}: {rule} (got {value!r}). {advice}")
        self.place = place
        self.value = value


class PathError(SimulatorError):
    """A path cannot carry the link or socket that was wanted there.

    Attributes:
        path: the path in question.
    """

    def __init__(self, path: Path, rule: str, found: str) -> None:
        super().__init__(f"{path}: {rule} (got {found}). Remove what is there or choose another path.")
        self.path = path


class ControlError(SimulatorError):
    """The control socket did not do what was asked.

    Attributes:
        path: the socket.
    """

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path


class RefusedError(ControlError):
    """A running simulation does not do what it was told.

    Attributes:
        why: its reason, without the path.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.why = why
