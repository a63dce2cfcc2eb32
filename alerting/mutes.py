"""What people keep quiet: alarms shelved for a while, or out of service until somebody puts them back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.alarm_life import OUT_OF_SERVICE, SHELVED, Quiet
from registry.tables import AlarmMute


def standing_mutes(session: Session, subject: str | None = None) -> list[AlarmMute]:
    """Those that have not been ended, of one subject or of all; also those whose time has run out."""
    found = select(AlarmMute).where(AlarmMute.ended_ms.is_(None)).order_by(AlarmMute.id)
    if subject is not None:
        found = found.where(AlarmMute.subject == subject)
    return list(session.scalars(found))


def end_expired(mutes: Iterable[AlarmMute], now_ms: int) -> list[AlarmMute]:
    """End the shelves whose time has run out; returns those that still stand."""
    left: list[AlarmMute] = []
    for mute in mutes:
        if mute.until_ms is not None and mute.until_ms <= now_ms:
            mute.ended_ms = mute.until_ms
        else:
            left.append(mute)
    return left


def quiets(mutes: Iterable[AlarmMute]) -> dict[str, dict[str, Quiet]]:
    """What is quiet, by subject and type; an empty type stands for the types that are not named."""
    by_subject: defaultdict[str, list[AlarmMute]] = defaultdict(list)
    for mute in mutes:
        by_subject[mute.subject].append(mute)
    return {
        subject: {type_: _joined(own, type_) for type_ in {mute.type for mute in own}}
        for subject, own in by_subject.items()
    }


def quiet_for(mutes: Mapping[str, Quiet], type_: str) -> Quiet:
    """What people keep quiet of a type, of one subject's."""
    return mutes.get(type_, mutes.get("", Quiet()))


def _joined(mutes: Iterable[AlarmMute], type_: str) -> Quiet:
    """All that holds for a type, as one."""
    quiet = Quiet()
    for mute in mutes:
        if mute.type not in ("", type_):
            continue
        if mute.kind == OUT_OF_SERVICE:
            quiet = quiet._replace(out_of_service=True)
        elif mute.kind == SHELVED and (quiet.shelved_until_ms or 0) < (mute.until_ms or 0):
            quiet = quiet._replace(shelved_until_ms=mute.until_ms, shelve_reason=mute.reason)
    return quiet
