"""Golden messages: each payload lies beside what must be read from it."""

from pathlib import Path

import pytest

from telemetry.batch import UnreadableBatchError, decode_batch

GOLDEN = Path(__file__).parent / "golden"


def said(payload: bytes) -> list[str]:
    try:
        received = decode_batch(payload)
    except UnreadableBatchError as error:
        return [f"unreadable {error.code}"]
    lines = [f"outbox {received.outbox} sent {received.sent}"]
    lines += [f"reading {reading.seq}" for reading in received.readings]
    lines += [f"refused {each.seq} {each.fault.code}: {each.fault.text}" for each in received.refused]
    lines += [f"unnumbered {fault.code}: {fault.text}" for fault in received.unnumbered]
    return lines


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.json")))
def test_golden(name: str) -> None:
    expected = (GOLDEN / f"{name}.expect").read_text().splitlines()
    assert said((GOLDEN / f"{name}.json").read_bytes()) == expected
