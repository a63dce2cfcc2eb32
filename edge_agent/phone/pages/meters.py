"""Find the meters: scan the lines, see what answers and what is wrong with the wires."""

from edge_agent.commissioning.findings import FoundUnit, Remark, Scan
from edge_agent.commissioning.scan_page import figures
from edge_agent.commissioning.scan_words import WORDS as SCAN_WORDS
from edge_agent.commissioning.scan_words import Words as ScanWords
from edge_agent.commissioning.sweep import Step
from edge_agent.commissioning.wiring_words import WIRED
from edge_agent.config import is_there
from edge_agent.phone.asked import Answer, see
from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.faults import EXPECTED, said
from edge_agent.phone.frame import WORKING_S, busy, button, choice, form, live, page, tick
from edge_agent.phone.html import Html, tag
from edge_agent.phone.jobs import Job
from edge_agent.phone.meters_words import WORDS, Words
from edge_agent.phone.visit import Visit
from edge_agent.profile import Profile
from edge_agent.profile_file import load_profile, profile_names
from service.settings import SettingsError


def page_of(visit: Visit) -> Answer:
    """The scan: to start, under way, or what it found and which meter is which."""
    words = WORDS[visit.asked.language]
    cabinet = visit.cabinet
    job = cabinet.jobs.running()
    if job is not None and job.name == "scan":
        return page(
            visit, words.title, live("scan", _under_way(job, words)), _stop(visit, words), renew_s=WORKING_S
        )
    last = cabinet.jobs.last("scan")
    if last is not None and last.failure and not visit.message:
        visit = visit._replace(message=said(last.failure, visit.asked.language), is_bad=True)
    found = _found(visit, words) if cabinet.scans else None
    remarks = [(scan.port, remark) for scan in cabinet.scans for remark in scan.remarks]
    return page(
        visit,
        words.title,
        found,
        _remarks(remarks, words, SCAN_WORDS[visit.asked.language]) if remarks else None,
        _wiring(visit, words, is_open=any(remark.code in WIRED for _, remark in remarks)),
        _start(visit, words),
    )


def scan(visit: Visit) -> Answer:
    """Begin to scan the ticked ports."""
    cabinet, language = visit.cabinet, visit.asked.language
    words = WORDS[language]
    known = cabinet.tools.ports(cabinet.config)
    ports = [port for port in visit.asked.form.all("port") if port in known]
    if not ports:
        return again(visit, words.no_port)
    if not cabinet.jobs.start("scan", lambda job: _scan(job, cabinet, ports, words)):
        return again(visit, busy(visit))
    return see("/meters")


def stop(visit: Visit) -> Answer:
    """End the scan; what was found stays."""
    job = visit.cabinet.jobs.running()
    if job is not None and job.name == "scan":
        job.stop()
        job.wait()
    return see("/meters")


def _scan(job: Job, cabinet: Cabinet, ports: list[str], words: Words) -> None:
    scans: list[Scan] = []
    failure: Exception | None = None
    cabinet.scans = scans
    for number, port in enumerate(ports):

        def on_step(step: Step, port: str = port, number: int = number) -> None:
            job.share = (number + step.share) / len(ports)
            job.now = words.asking.format(port=_short_port(port), line=step.line, unit=step.unit_id)
            if step.found is not None:
                job.found.append(step.found)

        try:
            scans.append(cabinet.tools.scan(cabinet.config, port, on_step, job.is_stopped))
        except EXPECTED as error:  # the other ports are scanned all the same
            failure = failure or error
        cabinet.scans = scans
        if job.is_stopped():
            break
    if failure is not None:
        raise failure


def _under_way(job: Job, words: Words) -> list[object]:
    percent = round(100 * job.share)
    units = [each for each in list(job.found) if isinstance(each, FoundUnit)]
    return [
        tag("progress", f"{percent} %", value=percent, max=100, aria_label=words.scanning),
        tag("p", " · ".join(filter(None, [f"{percent} %", job.now])), class_="note"),
        tag("h2", words.found_so_far) if units else None,
        *(_unit(unit, words) for unit in units),
    ]


def _found(visit: Visit, words: Words) -> Html:
    cabinet = visit.cabinet
    units = cabinet.units()
    if not units:
        return tag("p", words.nothing, class_="message bad")
    names = {each.name: f"{each.maker} {each.model}" for each in _profiles(cabinet)}
    cards = []
    for index, (_, unit) in enumerate(units):
        likely = {each.profile: unit.title_of(each) for each in unit.candidates if each.profile in names}
        others = {name: title for name, title in names.items() if name not in likely}
        groups = {words.likely: likely, words.others: others, "": {"": words.leave_out}}
        label = words.profile.format(unit=unit.unit_id, line=unit.line)
        select = choice(
            f"unit-{index}",
            label,
            groups if likely else {"": {"": words.leave_out}, words.others: others},
            next(iter(likely), ""),
        )
        cards.append(tag("div", _unit(unit, words), select, class_="card"))
    keep = [
        tick("keep", name, words.keep.format(name=name), is_ticked=True)
        for name in cabinet.tools.silent(cabinet.config, cabinet.scans)
    ]
    return tag(
        "section",
        tag("h2", words.found.format(number=len(units))),
        form(
            visit,
            "/meters/choose",
            tag("input", type="hidden", name="scan", value=mark(cabinet)),
            *cards,
            *keep,
            button(words.next),
        ),
    )


def _unit(unit: FoundUnit, words: Words) -> Html:
    best, *others = unit.candidates or (None,)
    lines: list[object] = [tag("p", tag("b", words.unit.format(unit=unit.unit_id, line=unit.line)))]
    if best is None:
        lines.append(tag("p", words.no_profile))
    else:
        lines.append(tag("p", words.looks_like.format(title=unit.title_of(best))))
        titles = ", ".join(unit.title_of(each) for each in others[:2] if each is not None)
        lines.append(tag("p", words.alternatives.format(titles=titles), class_="note") if titles else None)
        lines.append(tag("p", figures(best.values), class_="note"))
    return tag("div", *lines)


def _remarks(remarks: list[tuple[str, Remark]], words: Words, scan_words: ScanWords) -> Html:
    items = []
    for port, each in remarks:
        unit = scan_words.unit.format(unit=each.unit_id) if each.unit_id else ""
        where = " · ".join(filter(None, [_short_port(port), str(each.line or ""), unit]))
        what, remedy = scan_words.remarks[each.code]
        remedy = words.saving if each.code in ("echo", "slow") else remedy
        told = [tag("p", what.format(detail=each.detail)), tag("p", remedy, class_="remedy")]
        items.append(tag("li", *told, tag("p", where, class_="note"), class_="warn"))
    return tag("ul", *items, class_="lines")


def _wiring(visit: Visit, words: Words, *, is_open: bool) -> Html:
    advice = visit.cabinet.tools.wiring_advice(visit.asked.language)
    return tag(
        "details",
        tag("summary", words.wiring),
        tag("ul", *(tag("li", each) for each in advice)),
        open=is_open,
    )


def _start(visit: Visit, words: Words) -> Html:
    cabinet = visit.cabinet
    if not is_there(cabinet.config):
        return tag("p", words.no_station, class_="message")
    ports = cabinet.tools.ports(cabinet.config)
    if not ports:
        return tag("p", words.no_port, class_="message bad")
    before = {each.port for each in cabinet.scans} or set(_own_ports(cabinet)) or set(ports[:1])
    boxes = [tick("port", port, port, is_ticked=port in before or len(ports) == 1) for port in ports]
    is_again = bool(cabinet.scans)
    return tag(
        "section",
        tag("h2", words.ports),
        form(
            visit,
            "/meters/scan",
            *boxes,
            button(words.again if is_again else words.scan, is_main=not cabinet.units()),
        ),
    )


def _stop(visit: Visit, words: Words) -> Html:
    return form(visit, "/meters/stop", button(words.stop, is_main=False))


def again(visit: Visit, fault: str) -> Answer:
    """The page once more, with what is wrong."""
    return page_of(visit._replace(message=fault, is_bad=True))


def mark(cabinet: Cabinet) -> str:
    """Which scan a choice is about."""
    return "/".join(f"{scan.port} {unit.unit_id} {unit.line}" for scan, unit in cabinet.units())


def _own_ports(cabinet: Cabinet) -> list[str]:
    try:
        return [bus.port for bus in cabinet.agent().settings.bus.values()]
    except SettingsError:
        return []


def _profiles(cabinet: Cabinet) -> list[Profile]:
    found = []
    for name in profile_names(cabinet.profiles):
        try:
            found.append(load_profile(name, cabinet.profiles))
        except SettingsError:
            continue
    return sorted(found, key=lambda each: (each.kind != "power", each.maker, each.model))


def _short_port(port: str) -> str:
    return port.rpartition("/")[2]
