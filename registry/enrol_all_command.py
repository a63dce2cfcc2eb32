"""`qingliu stations enrol --all`: a bundle for every station, or for those of a county."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from registry.config import CentreSettings
from registry.database import Registry
from registry.enrol_command import labels_of, make, set_passwords, told, way_of
from registry.identity_command import by_line
from service.process import complain
from service.progress import Progress

if TYPE_CHECKING:
    from registry.identity.enrolment import Enrolment


def enrol_all(
    arguments: argparse.Namespace, settings: CentreSettings, registry: Registry, broker: tuple[str, int]
) -> int:
    """Enrol every station that is chosen; prints what came of it and returns the exit code."""
    from registry.identity.errors import IdentityError  # noqa: PLC0415 - the libraries are loaded on use

    chosen, skipped = _chosen(arguments, settings, registry)
    if not chosen:
        complain([f"no station to enrol, {skipped} skipped since they are enrolled; --again enrols them too"])
        return 0
    out: Path = arguments.out
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise IdentityError(f"{out}: cannot be a folder: {error.strerror}. Name another one.") from error
    way, by = way_of(arguments, settings, broker), by_line(arguments)
    done: list[Enrolment] = []
    try:
        with Progress(sys.stderr, "enrolling") as progress:
            for station in chosen:
                place = out / f"{station}.tar.gz"
                done.append(make(registry, way, station, place, by, force=arguments.force))
                progress.at(len(done) / len(chosen))
    finally:  # whoever has a bundle shall get in, even if the next one failed
        if arguments.password and done:
            set_passwords(arguments, done)
    label = labels_of(arguments, settings, done, by, is_sheet=True)
    if arguments.json:
        print(json.dumps([told(each, out / f"{each.station}.tar.gz") for each in done], ensure_ascii=False))
        return 0
    again = f", {skipped} skipped since they are enrolled (--again enrols them too)" if skipped else ""
    print(f"{out}: {len(done)} {'station' if len(done) == 1 else 'stations'} enrolled{again}")
    if label:
        print(f"labels: {', '.join(map(str, label))}")
    print(f"Whoever has a bundle is its station: hand them over like keys, then delete {out}.")
    return 0


def _chosen(
    arguments: argparse.Namespace, settings: CentreSettings, registry: Registry
) -> tuple[list[str], int]:
    """The stations to enrol, and how many are left out since they are enrolled already."""
    from registry.identity.authority_folder import authority_certificate  # noqa: PLC0415 - on use
    from registry.identity.broker_passwords import names_in  # noqa: PLC0415
    from registry.identity.certificates import fingerprint  # noqa: PLC0415
    from registry.identity.enrolment import RESERVED  # noqa: PLC0415
    from registry.identity.errors import IdentityError  # noqa: PLC0415
    from registry.identity.issued import enrolled  # noqa: PLC0415
    from registry.stations_records import Wanted, county_names, station_records  # noqa: PLC0415

    with registry.reading() as session:
        counties = county_names(session)
        if arguments.county and arguments.county not in {*counties, *counties.values()}:
            known = ", ".join(f"{code} {name}" for code, name in counties.items()) or "none"
            raise IdentityError(f"--county: is not known (got {arguments.county}). Known are: {known}.", 2)
        stations = [
            one for one in station_records(session, Wanted(arguments.county)) if one.lower() not in RESERVED
        ]
        if arguments.again:
            return stations, 0
        if arguments.password:
            has = names_in(arguments.password_file)
        else:
            own = fingerprint(authority_certificate(Path(settings.identity.path)))
            has = enrolled(session, own, by_line(arguments).at_ms)
    missing = [station for station in stations if station not in has]
    return missing, len(stations) - len(missing)
