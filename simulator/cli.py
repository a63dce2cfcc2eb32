"""`qingliu simulate`: one file for each of its commands."""

import argparse

from simulator import (
    city_command,
    fault_command,
    fleet_command,
    meters_command,
    switch_command,
    trial_command,
)

_EXAMPLES = """examples:
  qingliu simulate meters --link /tmp/rs485
  qingliu simulate fleet --stations 2000 --interval 60
  qingliu simulate trials -o trials --seed 1
  qingliu simulate stop 410882-demo1
  qingliu simulate fault 410882-demo1 late 0.7
"""


def register(room: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu simulate`."""
    room.epilog = _EXAMPLES
    commands = room.add_subparsers(metavar="COMMAND", required=True)
    meters_command.register(
        commands.add_parser("meters", help="one station's power and flow meter on a real pseudo-terminal")
    )
    fleet_command.register(
        commands.add_parser("fleet", help="thousands of stations, each with its own MQTT connection")
    )
    city_command.register(
        commands.add_parser("city", help="the boxes of the demo's city that no real agent plays")
    )
    trial_command.register(
        commands.add_parser("trials", help="stations whose truth is known, in files, to try a detection on")
    )
    for word, summary in switch_command.WORDS.items():
        switch_command.register(commands.add_parser(word, help=summary), word)
    fault_command.register(commands.add_parser("fault", help="spoil what its meters answer, or end that"))
