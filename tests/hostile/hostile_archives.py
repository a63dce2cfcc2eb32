"""What is packed is opened, spoilt inside and packed again, with checksums that fit."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random

Spoil = Callable[[bytes], bytes]
_BLOCK = 512
_SUM = slice(148, 156)


def repacked(data: bytes, chance: Random, spoil: Spoil) -> bytes | None:
    """A packed message, spoilt inside; None if it is not packed."""
    try:
        if data[:1] == b"\x78":
            return zlib.compress(spoil(zlib.decompress(data)))
        if data[:2] == b"\x1f\x8b":
            return gzip.compress(_tar(gzip.decompress(data), chance, spoil), 1, mtime=0)
        if data[:4] == b"PK\x03\x04":
            return _zip(data, chance, spoil)
        if len(data) > 4 and _fits(data):
            return framed(spoil(data[:-2]))
    except (zlib.error, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        pass  # spoilt before
    return None


def crc16(octets: bytes) -> int:
    """CRC-16/MODBUS bit by bit: not the program's own."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def framed(body: bytes) -> bytes:
    """A Modbus frame whose checksum fits."""
    return body + struct.pack("<H", crc16(body))


def _fits(data: bytes) -> bool:
    return len(data) < 300 and crc16(data[:-2]) == data[-2] | data[-1] << 8


def _tar(plain: bytes, chance: Random, spoil: Spoil) -> bytes:
    """A tar with one block's text spoilt, or a head's field; the heads' sums are mended."""
    blocks = [plain[start : start + _BLOCK] for start in range(0, len(plain), _BLOCK)]
    if not blocks:
        return spoil(plain)
    place = chance.randrange(len(blocks))
    block = spoil(blocks[place])
    if blocks[place][257:262] == b"ustar":
        field = slice(*chance.choice(((0, 100), (100, 108), (124, 136), (156, 157), (157, 257), (345, 500))))
        size = field.stop - field.start
        bad = spoil(blocks[place][field])[:size].ljust(size, b"\x00")
        block = _summed(blocks[place][: field.start] + bad + blocks[place][field.stop :])
    elif chance.random() < 0.9:
        block = block[:_BLOCK].ljust(_BLOCK, b"\x00")
    return b"".join((*blocks[:place], block, *blocks[place + 1 :]))


def _summed(head: bytes) -> bytes:
    blank = head[: _SUM.start] + b" " * 8 + head[_SUM.stop :]
    return head[: _SUM.start] + b"%06o\x00 " % sum(blank) + head[_SUM.stop :]


def _zip(data: bytes, chance: Random, spoil: Spoil) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        victim = chance.choice(names)
        for name in names:
            content = old.read(name)
            if name != victim:
                new.writestr(name, content)
            elif chance.random() < 0.95:
                new.writestr(name, spoil(content))
    return made.getvalue()
