"""What influxd acknowledged after a kill outlives the next one, if its logs are sealed before it starts."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from influx_server import InfluxServer, programs

from history.influx_wal import seal
from qingliu.cli import main

TORN = bytes([1]) + (5_000).to_bytes(4, "big") + bytes(range(200)) * 6
"""The head of an entry of 5,000 bytes, and the part of it that was written."""


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[InfluxServer]:
    server = InfluxServer(*programs(), tmp_path / "influx")
    yield server
    server.stop()


def write(influx: InfluxServer, first: int, count: int) -> None:
    lines = "\n".join(f"m v={n} {1_790_000_000 + n}" for n in range(first, first + count))
    request = urllib.request.Request(f"{influx.url}/write?db=q&precision=s", data=lines.encode())
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 204


def count(influx: InfluxServer) -> int:
    words = urllib.parse.urlencode({"db": "q", "q": "SELECT count(v) FROM m"})
    with urllib.request.urlopen(f"{influx.url}/query?{words}") as answer:
        return json.load(answer)["results"][0]["series"][0]["values"][0][1]


def test_what_is_acknowledged_after_a_torn_write_outlives_the_next_kill(influx: InfluxServer, tmp_path: Path):
    influx.start()
    influx.query("CREATE DATABASE q")
    write(influx, 0, 100)
    influx.kill()
    log = max((tmp_path / "influx" / "wal" / "q").rglob("_*.wal"))
    with log.open("ab") as file:
        file.write(TORN)
    influx.start()
    write(influx, 100, 100)
    assert count(influx) == 200
    influx.kill()
    influx.start()
    assert count(influx) == 200


def test_the_last_log_of_each_shard_gets_an_empty_successor(tmp_path: Path):
    first, second = tmp_path / "q" / "autogen" / "1", tmp_path / "q" / "autogen" / "12"
    for shard in (first, second):
        shard.mkdir(parents=True)
    (first / "_00009.wal").write_bytes(b"x")
    (first / "_00010.wal").write_bytes(b"x")
    (second / "_00001.wal").write_bytes(b"x")
    assert seal(tmp_path) == 2
    assert (first / "_00011.wal").read_bytes() == b""
    assert (second / "_00002.wal").read_bytes() == b""
    assert seal(tmp_path) == 0


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    shard = tmp_path / "q" / "autogen" / "1"
    shard.mkdir(parents=True)
    (shard / "_00001.wal").write_bytes(b"x")
    assert main(["history", "seal-wal", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"1 log sealed in {tmp_path}\n"


def test_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["history", "seal-wal", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "wal-dir" in error
