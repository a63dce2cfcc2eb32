"""The demo's MQTT broker: amqtt on a loopback port. A real centre runs mosquitto or EMQX."""

import argparse
import asyncio
import logging
import signal

from amqtt.broker import Broker

from service.process import start_log


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    start_log()
    logging.getLogger("amqtt").setLevel(logging.WARNING)
    asyncio.run(_serve(parser.parse_args().port))


async def _serve(port: int) -> None:
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    broker = Broker(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await broker.start()
    await stop.wait()
    await broker.shutdown()


if __name__ == "__main__":
    main()
