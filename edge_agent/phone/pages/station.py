"""The station: its name, its id, the centre, and the bundle that makes it known."""

import tempfile
from pathlib import Path

from edge_agent.phone.asked import Answer
from edge_agent.phone.faults import EXPECTED, said
from edge_agent.phone.frame import button, field, form, page
from edge_agent.phone.html import tag
from edge_agent.phone.page_words import WORDS
from edge_agent.phone.visit import Visit

LONGEST_NAME = 60


def page_of(visit: Visit) -> Answer:
    """What is known, and the two forms."""
    words = WORDS[visit.asked.language]
    station = visit.cabinet.station()
    facts = tag(
        "dl",
        tag("dt", words.station_id),
        tag("dd", station.id or words.unknown),
        tag("dt", words.centre),
        tag("dd", station.broker or words.unknown),
        class_="facts",
    )
    naming = form(
        visit,
        "/station/name",
        field(
            "name",
            words.name,
            station.name,
            help_=words.name_help,
            maxlength=LONGEST_NAME,
            autocomplete="off",
        ),
        button(words.name_save),
    )
    upload = form(
        visit,
        "/station/bundle",
        tag("h2", words.bundle),
        field(
            "bundle",
            words.bundle_file,
            help_=words.bundle_help,
            type="file",
            accept=".gz,.tgz,application/gzip",
        ),
        button(words.bundle_send, is_main=not station.is_enrolled),
        is_upload=True,
    )
    return page(visit, words.station_title, facts, naming if station.id else None, upload)


def name(visit: Visit) -> Answer:
    """Name the station."""
    words = WORDS[visit.asked.language]
    wanted = visit.asked.form.text("name")
    if not wanted or len(wanted) > LONGEST_NAME or not wanted.isprintable():
        return _told(visit, words.name_wrong, is_bad=True)
    try:
        visit.cabinet.tools.set_name(visit.cabinet.config, wanted, visit.asked.language)
    except EXPECTED as error:
        return _told(visit, said(error, visit.asked.language), is_bad=True)
    return _told(visit, words.named)


def bundle(visit: Visit) -> Answer:
    """Install the bundle that came with the form."""
    words = WORDS[visit.asked.language]
    octets = visit.asked.form.files.get("bundle", b"")
    if not octets:
        return _told(visit, words.bundle_none, is_bad=True)
    with tempfile.TemporaryDirectory(prefix="qingliu-bundle-") as folder:
        path = Path(folder) / "bundle.tar.gz"
        path.write_bytes(octets)
        try:
            told = visit.cabinet.tools.enrol(visit.cabinet.config, path, visit.asked.language)
        except EXPECTED as error:
            return _told(visit, said(error, visit.asked.language), is_bad=True)
    return _told(visit, told)


def _told(visit: Visit, text: str, *, is_bad: bool = False) -> Answer:
    return page_of(visit._replace(message=text, is_bad=is_bad))
