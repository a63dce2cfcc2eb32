"""Enrolling stations: a key and a certificate (or a password) each, remembered and audited."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from sqlalchemy.orm import Session

from registry.accounts import By
from registry.audit import note_change
from registry.identity import issued
from registry.identity.broker_passwords import new_password
from registry.identity.bundle import Told, agent_toml, packed
from registry.identity.certificates import (
    Authority,
    broker_certificate,
    fingerprint,
    instant,
    key_pem,
    new_key,
    pem,
    station_certificate,
)
from registry.identity.errors import IdentityError
from registry.tables import Certificate, Station

DAY_MS = 86_400_000
LEAST_DAYS = 90
"""An authority that ends sooner issues nothing: whatever it signed would end with it."""
RESERVED = frozenset({"collector", "console", "admin"})
"""Users of the broker at the centre: a station of that name would be let in as one of them."""
_HOST = re.compile(
    r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


class Enrolment(NamedTuple):
    """A station enrolled.

    Attributes:
        station: its id.
        name: its name.
        bundle: the file for the installer.
        row: its certificate as the registry remembers it; None with a password.
        older: certificates of the station that still hold.
        password: for the broker's file; empty with a certificate.
    """

    station: str
    name: str
    bundle: bytes
    row: Certificate | None
    older: list[Certificate]
    password: str = ""


class BrokerIdentity(NamedTuple):
    """A broker's certificate and key, PEM, and what the registry remembers of it."""

    certificate: bytes
    key: bytes
    row: Certificate


def enrol(
    session: Session, authority: Authority, station: str, days: int, broker: tuple[str, int], by: By
) -> Enrolment:
    """Give a station a certificate; the ones it has go on holding.

    Args:
        session: a writing one.
        authority: signs it.
        station: id of a station on the register.
        days: how long it shall hold; it ends with the authority at the latest.
        broker: host and port that the station is told.
        by: who, and when.

    Raises:
        IdentityError: no such station, or the authority ends too soon.
    """
    found = known_station(session, station)
    until_ms = until(authority, by.at_ms, days)
    own = fingerprint(authority.certificate)
    older = issued.valid(session, station, own, by.at_ms)
    key = new_key()
    certificate = station_certificate(authority, station, key.public_key(), by.at_ms, until_ms)
    row = issued.remember(
        session,
        by,
        certificate,
        authority_sha256=own,
        purpose="station",
        names=station,
        action="station.enrol",
    )
    members = {
        "agent.toml": agent_toml(Told(station, found.name, *broker)).encode(),
        "ca.crt": pem(authority.certificate),
        "station.crt": pem(certificate),
        "station.key": key_pem(key),
    }
    return Enrolment(station, found.name, packed(members, by.at_ms), row, older)


def enrol_by_password(
    session: Session, ca_certificate: bytes, station: str, broker: tuple[str, int], by: By
) -> Enrolment:
    """Give a station a password instead, which the broker's file is to be told.

    Args:
        session: a writing one.
        ca_certificate: by which the station knows the broker, PEM.
        station: id of a station on the register.
        broker: host and port that the station is told.
        by: who, and when.

    Raises:
        IdentityError: no such station.
    """
    found = known_station(session, station)
    password = new_password()
    told = Told(station, found.name, *broker, is_password=True)
    members = {
        "agent.toml": agent_toml(told).encode(),
        "ca.crt": ca_certificate,
        "password": password.encode(),
    }
    note_change(
        session,
        at_ms=by.at_ms,
        actor=by.actor,
        action="station.password",
        subject=station,
        address=by.address,
    )
    return Enrolment(station, found.name, packed(members, by.at_ms), None, [], password)


def certify_broker(
    session: Session, authority: Authority, names: Sequence[str], days: int, by: By
) -> BrokerIdentity:
    """Give a broker its certificate and key.

    Args:
        session: a writing one.
        authority: signs it.
        names: host names and addresses by which it is reached.
        days: how long it shall hold.
        by: who, and when.

    Raises:
        IdentityError: a name that can be no host's, or the authority ends too soon.
    """
    for name in names:
        if not _is_host(name):
            raise IdentityError(f"--name: must be a host's name or address (got {name}). Correct it.", 2)
    until_ms = until(authority, by.at_ms, days)
    key = new_key()
    certificate = broker_certificate(authority, names, key.public_key(), by.at_ms, until_ms)
    row = issued.remember(
        session,
        by,
        certificate,
        authority_sha256=fingerprint(authority.certificate),
        purpose="broker",
        names=", ".join(names),
        action="broker.certify",
    )
    return BrokerIdentity(pem(certificate), key_pem(key), row)


def known_station(session: Session, station: str) -> Station:
    """The station of that id, if it may be enrolled.

    Raises:
        IdentityError: there is none, or its id is that of a user at the centre.
    """
    found = session.get(Station, station)
    if found is None:
        remedy = "Import it first (qingliu stations import), or see qingliu stations list."
        raise IdentityError(f"{station}: is not on the register. {remedy}")
    if station.lower() in RESERVED:
        raise IdentityError(f"{station}: is the name of a user of the broker. Give the station another id.")
    return found


def until(authority: Authority, now_ms: int, days: int) -> int:
    """When a certificate of so many days ends, ms since the epoch, UTC: with its authority at the latest.

    Raises:
        IdentityError: the authority ends too soon to issue anything.
    """
    end_ms = instant(authority.certificate.not_valid_after_utc)
    if end_ms - now_ms < LEAST_DAYS * DAY_MS:
        day = authority.certificate.not_valid_after_utc.date()
        raise IdentityError(
            f"the authority ends on {day}, too soon to issue anything."
            " Make a new one, and enrol all stations anew."
        )
    return min(now_ms + days * DAY_MS, end_ms)


def _is_host(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return len(name) <= 253 and bool(_HOST.fullmatch(name)) and not name.replace(".", "").isdigit()
    return True
