"""Payloads that a broken or hostile station might send; none of them may be stored or stop anybody."""

import json
import zlib

REFUSED = 4
"""Readings among them that can be read, and are refused one by one."""


def payloads(now_ms: int) -> list[bytes]:
    """All of them, with readings dated by the clock of the month."""
    return [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b'{"v":2,"outbox":"66666666","sent":1,"readings":[]}',
        b'{"v":1,"outbox":"6666","sent":1,"readings":[]}',
        b"x\x9c" + b"\xff" * 90,
        zlib.compress(bytes(150_000_000), 9),
        zlib.compress(b"[" * 100_000),
        json.dumps(_batch(now_ms)).encode(),
    ]


def _batch(now_ms: int) -> dict:
    bad = [
        {"t": now_ms, "d": "power-1", "k": "power", "x": {"volume_m3": 1.0}},
        {"t": now_ms, "d": "power-1", "k": "power", "x": {"kilowatts": 1.0}},
        {"t": now_ms + 86_400_000, "d": "power-1", "k": "power", "x": {"energy_kwh": 1.0}},
        {"t": now_ms - 500 * 86_400_000, "d": "power-1", "k": "power", "x": {"energy_kwh": 1.0}},
    ]
    readings = [{"seq": number, **each} for number, each in enumerate(bad, start=1)]
    return {"v": 1, "outbox": "66666666", "sent": now_ms, "readings": readings}
