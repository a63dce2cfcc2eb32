"""A slave that is not ours: pymodbus's server, on one of two pseudo-terminals that a thread joins."""

import asyncio
import os
import select
import threading
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice


@contextmanager
def foreign_slave(unit_id: int, image: Mapping[int, int]) -> Iterator[str]:
    """Serve the registers for every read function; yields the port to open."""
    with _cable() as (server_port, port):
        loop = asyncio.new_event_loop()
        device = SimDevice(unit_id, simdata=_blocks(image))
        serving = threading.Event()
        done: list[asyncio.Event] = []

        async def serve() -> None:
            server = ModbusSerialServer(
                device, framer=FramerType.RTU, port=server_port, baudrate=9600, ignore_missing_devices=True
            )
            await server.serve_forever(background=True)
            done.append(asyncio.Event())
            serving.set()
            await done[0].wait()
            await server.shutdown()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        try:
            assert serving.wait(10)
            yield port
        finally:
            loop.call_soon_threadsafe(done[0].set)
            thread.join()
            loop.close()


def _blocks(image: Mapping[int, int]) -> list[SimData]:
    """Contiguous runs of registers."""
    addresses = sorted(image)
    starts = [addresses[0], *(after for before, after in pairwise(addresses) if after != before + 1)]
    blocks = []
    for start in starts:
        end = start
        while end in image:
            end += 1
        values = [image[address] for address in range(start, end)]
        blocks.append(SimData(start, values=values, datatype=DataType.REGISTERS))
    return blocks


@contextmanager
def _cable() -> Iterator[tuple[str, str]]:
    """Two pseudo-terminals; what is written to one can be read from the other."""
    ends = [os.openpty(), os.openpty()]
    stop_fd = os.eventfd(0)
    for _, slave_fd in ends:
        tty.setraw(slave_fd)

    def carry() -> None:
        (one, _), (other, _) = ends
        while True:
            ready = select.select([one, other, stop_fd], [], [])[0]
            if stop_fd in ready:
                return
            for fd in ready:
                os.write(other if fd == one else one, os.read(fd, 4096))

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        os.eventfd_write(stop_fd, 1)
        thread.join()
        for fd in (stop_fd, *ends[0], *ends[1]):
            os.close(fd)
