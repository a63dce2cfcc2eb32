"""Runs the real agent at a pace that no settings file allows: FILE, INTERVAL_S, SEND_EVERY_S."""

import sys
from pathlib import Path

import msgspec

from edge_agent.config import Agent, load_agent
from edge_agent.run import run_agent
from service.process import start_log


def main() -> int:
    """Run until stopped."""
    path, interval_s, send_every_s = sys.argv[1:]
    start_log()
    agent = load_agent(Path(path))
    sampling = msgspec.structs.replace(
        agent.settings.sampling, interval_s=float(interval_s), send_every_s=float(send_every_s)
    )
    return run_agent(Agent(msgspec.structs.replace(agent.settings, sampling=sampling), agent.devices))


if __name__ == "__main__":
    raise SystemExit(main())
