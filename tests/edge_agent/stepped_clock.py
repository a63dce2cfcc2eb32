"""Runs `qingliu` with a wall clock that a file moves: it holds the seconds by which the clock is wrong."""

import sys
import time
from pathlib import Path

_time, _time_ns = time.time, time.time_ns


def main() -> int:
    """Move the clock, then go on as the command would."""
    path = Path(sys.argv.pop(1))

    def wrong_s() -> int:
        return int(path.read_text())

    time.time = lambda: _time() + wrong_s()
    time.time_ns = lambda: _time_ns() + wrong_s() * 10**9

    from qingliu.cli import main as command  # noqa: PLC0415 - what it imports must find the moved clock

    return command()


if __name__ == "__main__":
    raise SystemExit(main())
