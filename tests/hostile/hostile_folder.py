"""What the targets of files share: a folder, how refusals are told, and which numbers are numbers."""

import atexit
import contextlib
import math
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from hostile_target import assert_lines

from service.settings import SettingsError

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = 1_795_241_100_000
STATION = "410882-0001"


@cache
def folder() -> Path:
    """Where the spoilt files of this process lie, until it ends."""
    place = tempfile.mkdtemp(prefix="qingliu-hostile-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return Path(place)


def laid(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A refused file is told in lines."""
    try:
        yield
    except SettingsError as error:
        assert_lines(error.lines())


def assert_finite(value: object) -> None:
    """No number of a structure is NaN or beyond all bounds."""
    waiting = [msgspec.to_builtins(value)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += node.values()
        elif isinstance(node, list | tuple):
            waiting += node
        else:
            assert not isinstance(node, float) or math.isfinite(node)
