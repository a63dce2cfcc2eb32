"""From what one visit found out to the checklist, and to the file."""

from collections.abc import Mapping
from datetime import UTC
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from edge_agent.commissioning.owner import usual_owner
from edge_agent.config import Agent
from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.checklist import Check, Checklist, Found, Item, Link, Meter, name_of
from edge_agent.phone.signature import signed
from edge_agent.phone.tools import CheckLine
from edge_agent.renewal import with_renewed
from edge_agent.status_page import NoStatusError, ask_agent
from edge_agent.status_words import WORDS
from service.system_clock import ntp_synchronised
from service.whole_file import write_whole

FILE_MODE = 0o640


class Said(NamedTuple):
    """What the installer says: the name, a note, the ticks, and what the displays show of the counters."""

    installer: str
    note: str
    items: dict[Item, bool]
    displays: Mapping[str, float]


def checklist_of(cabinet: Cabinet, agent: Agent, said: Said) -> Checklist:
    """Everything that is known at this moment."""
    station = agent.settings.station
    return Checklist(
        software=_version(),
        station=station.id,
        name=station.name,
        installer=said.installer,
        note=said.note,
        signed_at=cabinet.wall().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        clock_is_set=ntp_synchronised(),
        items=said.items,
        meters=_meters(cabinet, agent, said.displays),
        scan=[
            Found(
                port=scan.port,
                units=[f"{unit.unit_id}: {unit.line}" for unit in scan.units],
                remarks=[each.code for each in scan.remarks],
            )
            for scan in cabinet.scans
        ],
        checks=[_check(line) for line in cabinet.checks],
        link=_link(cabinet),
    )


def put_down(cabinet: Cabinet, agent: Agent, checklist: Checklist) -> Path:
    """Sign it, if the station has a key, and write the file; its path.

    The key is the one that the agent uses: the renewed one, where there is one.

    Raises:
        SignatureError: the key cannot be used.
        OSError: the folder cannot be written.
    """
    mqtt = with_renewed(agent.settings.mqtt, Path(agent.settings.outbox.path).parent)
    key, certificate = (Path(name) if name else None for name in (mqtt.key_file, mqtt.cert_file))
    octets = signed(checklist, key, certificate)
    path = cabinet.data / name_of(checklist.station, cabinet.wall().astimezone(UTC))
    write_whole(path, octets, mode=FILE_MODE, owner=usual_owner())
    return path


def _meters(cabinet: Cabinet, agent: Agent, displays: Mapping[str, float]) -> list[Meter]:
    look = cabinet.last_look
    seen = {poll.device: poll for poll in look.polls} if look else {}
    meters = []
    for device in agent.devices:
        settings = device.settings
        bus = agent.settings.bus[settings.bus]
        poll = seen.get(settings.id)
        meters.append(
            Meter(
                id=settings.id,
                profile=settings.profile,
                kind=device.profile.kind,
                line=f"{bus.port} {bus.baudrate} 8{bus.parity}{bus.stopbits}",
                unit_id=settings.unit_id,
                parameters=settings.parameters,
                quality=poll.quality if poll else None,
                values=poll.values if poll else {},
                display=displays.get(settings.id),
            )
        )
    return meters


def _check(line: CheckLine) -> Check:
    return Check(name=line.name, label=line.label, state=line.state, text=line.text)


def _link(cabinet: Cabinet) -> Link | None:
    try:
        _, status = ask_agent(cabinet.control, WORDS["en"])
    except NoStatusError:
        return None
    link = status.link
    return Link(connected=link.connected, last_ack_s=link.last_ack_s, backlog=status.outbox.backlog)


def _version() -> str:
    try:
        return version("qingliu")
    except PackageNotFoundError:
        return ""
