"""A bar on a terminal that says how far a long command is; silent where nobody watches."""

from typing import Self, TextIO

_WIDTH = 30


class Progress:
    """One bar, drawn over itself."""

    def __init__(self, screen: TextIO, what: str) -> None:
        self._screen = screen
        self._what = what
        self._percent = -1
        self._is_watched = screen.isatty()

    def at(self, share: float) -> None:
        """Show how much is done, 0 to 1."""
        percent = round(100 * min(max(share, 0.0), 1.0))
        if self._is_watched and percent != self._percent:
            self._percent = percent
            done = "#" * (percent * _WIDTH // 100)
            self._screen.write(f"\r{self._what} [{done:<{_WIDTH}}] {percent:3} %")
            self._screen.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.clear()

    def say(self, line: str) -> None:
        """A line of text in the bar's place; the bar comes back below it."""
        self.clear()
        self._percent = -1
        self._screen.write(f"{line}\n")

    def clear(self) -> None:
        """Take the bar away."""
        if self._is_watched and self._percent >= 0:
            self._screen.write(f"\r{' ' * (len(self._what) + _WIDTH + 9)}\r")
            self._screen.flush()
