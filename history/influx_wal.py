"""Keeps influxd from writing behind the torn end of a write-ahead log, which would lose what it acknowledges.

A killed influxd leaves the last entry of its log half written. At its next start it opens that file for
appending at its old end, and then cuts the torn entry off: what it acknowledges from then on lies behind a
hole, and at the start after that everything behind the hole is thrown away as damaged. Seen with 1.6.7
(`tests/history/test_history_influx_wal.py`); the sources of 1.8 and 2 open their log in the same order
(`WAL.Open` before `Engine.reloadCache`, tsdb/engine/tsm1). An empty last segment makes influxd begin a new
one, so nothing is ever written behind a torn end.
"""

from pathlib import Path


def seal(folder: Path) -> int:
    """Put an empty segment behind the last one of every shard; influxd removes it when it starts.

    Does no harm while influxd runs: the segment that it begins next has that name.

    Args:
        folder: influxd's `wal-dir`; below it lie database, retention policy, shard.

    Returns:
        How many logs were sealed.

    Raises:
        OSError: a folder cannot be read, or a file not be made.
    """
    last: dict[Path, Path] = {}
    for segment in sorted(folder.glob("*/*/*/_*.wal")):
        last[segment.parent] = segment
    written = [each for each in last.values() if each.stat().st_size and each.stem[1:].isdecimal()]
    for each in written:
        each.with_name(f"_{int(each.stem[1:]) + 1:05}.wal").touch()
    return len(written)
