"""The pages of the first day are true: links, commands, words, figures, drawing, dashboard and rules."""

import json
import re
import shlex
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from playwright.sync_api import sync_playwright
from prometheus_client.parser import text_string_to_metric_families

from collector.figures import WRITE_BOUNDS_S
from console.numbers import exposition
from edge_agent.profile_file import load_profile
from qingliu.cli import main
from registry.config import load_centre
from registry.tables import ServiceHealth

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
NAMES = ["install", "first-day", "architecture", "sizing", "profiles", "commissioning"]
BOTH = [(DOCS / f"{name}.md", DOCS / f"{name}.zh-CN.md") for name in NAMES]
PAGES = [page for pair in BOTH for page in pair]
DRAWINGS = [DOCS / "wiring.svg", DOCS / "wiring.zh-CN.svg"]
DASHBOARD = ROOT / "configs" / "grafana" / "qingliu-centre.json"
RULES = ROOT / "configs" / "prometheus" / "qingliu.rules.yml"
SVG = "{http://www.w3.org/2000/svg}"
CHINESE = re.compile("[\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FFF}]")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return BLOCK.sub("", page.read_text())


def by_name(page: Path) -> str:
    return page.name


# --- both languages -------------------------------------------------------------------------------


class Shape(NamedTuple):
    """What a page and its translation share."""

    headings: list[int]
    tables: list[tuple[int, int]]
    blocks: list[str]
    commands: list[str]


def shape(page: Path) -> Shape:
    text = prose(page)
    headings = [len(mark) for mark in re.findall(r"^(#+) ", text, re.MULTILINE)]
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    sizes = [(table.count("\n"), table.splitlines()[1].count("|")) for table in tables]
    blocks = BLOCK.findall(page.read_text())
    typed = [line for _, body in blocks for line in body.splitlines() if line.startswith("$ ")]
    commands = [re.split(r" {2,}#", line)[0].rstrip() for line in typed]
    return Shape(headings, sizes, [kind for kind, _ in blocks], commands)


@pytest.mark.parametrize(("english", "chinese"), BOTH, ids=NAMES)
def test_both_languages_say_the_same(english: Path, chinese: Path) -> None:
    assert shape(english) == shape(chinese)
    assert f"]({chinese.name})" in english.read_text()
    assert f"]({english.name})" in chinese.read_text()
    assert len(CHINESE.findall(prose(chinese))) > 20 * len(CHINESE.findall(prose(english)))


def cells(page: Path) -> list[list[str]]:
    """The rows of all tables of a page."""
    rows = re.findall(r"^\|(.*)\|$", prose(page), re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def test_both_languages_give_the_same_figures_of_size() -> None:
    english, chinese = (
        [sorted(re.findall(r"\d[\d,.]*\d|\d", "|".join(row))) for row in cells(DOCS / name)]
        for name in ("sizing.md", "sizing.zh-CN.md")
    )
    assert english == chinese


# --- links and commands ---------------------------------------------------------------------------


def anchor(heading: str) -> str:
    """As GitHub makes it: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_link_to_a_part_of_a_page_finds_it(page: Path) -> None:
    for target, part in re.findall(r"\]\(([^):#]*)#([^)]+)\)", prose(page)):
        there = page.parent / target if target else page
        anchors = [anchor(each) for each in re.findall(r"^#+ (.*)$", prose(there), re.MULTILINE)]
        assert part in anchors, (target, anchors)


def typed(page: Path) -> list[str]:
    """Every command that the page tells to type, from `qingliu` on."""
    inline = re.findall(r"`([^`\n]+)`", prose(page))
    blocks = [body.replace("\\\n", " ") for kind, body in BLOCK.findall(page.read_text()) if not kind]
    lines = [line[2:] for body in blocks for line in body.splitlines() if line.startswith("$ ")]
    found = []
    for line in [*inline, *lines]:
        said = re.search(r"(?:^|-u qingliu |sudo )qingliu ([a-z].*)", re.split(r" {2,}#", line)[0])
        found += [said[1]] if said else []
    return found


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_command_and_option_exists(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in typed(page):
        words = shlex.split(command)
        names = words[: next((n for n, word in enumerate(words) if not re.fullmatch("[a-z-]+", word)), None)]
        names = [name for name in names if not name.startswith("-")]
        while True:
            with pytest.raises(SystemExit) as ended:
                main([*names, "--help"])
            shown = capsys.readouterr().out
            if f"usage: qingliu {' '.join(names)} " in shown:
                break
            names.pop()  # it was an argument: a name, such as that of a channel
            assert len(names) > 0, command
        assert ended.value.code == 0
        for option in (word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z].*", word)):
            assert re.search(rf"(?<![\w-]){option}\b", shown), (command, option)


def test_the_settings_of_the_first_day_are_accepted(tmp_path: Path) -> None:
    for name in ("collector.password", "ca.passphrase", "wecom.url"):
        (tmp_path / name).write_text("json://127.0.0.1/desk\n")
        (tmp_path / name).chmod(0o600)
    for page in (DOCS / "first-day.md", DOCS / "first-day.zh-CN.md"):
        text = "".join(body for kind, body in BLOCK.findall(page.read_text()) if kind == "toml")
        (tmp_path / "centre.toml").write_text(text.replace("/etc/qingliu", str(tmp_path)))
        settings = load_centre(tmp_path / "centre.toml")
        assert settings.identity.broker_host == "centre.example.cn"
        assert settings.mqtt.username == "collector"
        assert len(settings.notify.channels) == 1


def test_the_profile_of_both_pages_is_one_and_loads(tmp_path: Path) -> None:
    helps = []
    for page in (DOCS / "profiles.md", DOCS / "profiles.zh-CN.md"):
        body = next(body for kind, body in BLOCK.findall(page.read_text()) if kind == "toml")
        (tmp_path / "own-converter.toml").write_text(body)
        helps.append(tomllib.loads(body))
        assert load_profile("own-converter", tmp_path).kind == "flow"
    assert helps[0] == helps[1]


# --- words and figures ----------------------------------------------------------------------------


def sources() -> str:
    rooms = [*(ROOT / "edge_agent").rglob("*.py"), *(ROOT / "install" / "lib").glob("words_*.sh")]
    return "\n".join(path.read_text().replace('"\n            "', "") for path in rooms)


@pytest.mark.parametrize("page", PAGES[:2], ids=by_name)
def test_every_fault_in_the_installers_table_is_said_so(page: Path) -> None:
    said = re.sub(r"\{\w[^{}\n]{0,30}\}|%s", "…", sources())
    table = re.findall(r"(?:^\|.*\n)+", prose(page), re.MULTILINE)[-1]
    quoted = [text for row in table.splitlines() for text in re.findall("`([^`]+)`", row.split("|")[1])]
    assert len(quoted) > 10
    for text in quoted:
        assert text in said or text.startswith("http://10.42.0.1"), text


def test_the_walk_has_the_five_files() -> None:
    for name in ("architecture.md", "architecture.zh-CN.md"):
        walk = re.findall(r"^\| \[([a-z_]+/[a-z_]+\.py)\]", (DOCS / name).read_text(), re.MULTILINE)
        assert walk == [
            "edge_agent/sampler.py",
            "edge_agent/outbox.py",
            "edge_agent/uplink.py",
            "collector/ingest.py",
            "alerting/detect.py",
        ]
        rooms = "alerting|reporting|registry|history|telemetry"
        for path in re.findall(rf"`((?:{rooms})/\w+\.py)`", prose(DOCS / name)):
            assert (ROOT / path).exists(), path


def number(cell: str) -> float | None:
    found = re.fullmatch(r"([\d,.]+)( .*)?", cell)
    return float(found[1].replace(",", "")) if found else None


@pytest.mark.parametrize("name", ["sizing.md", "sizing.zh-CN.md"])
def test_what_is_computed_follows_from_what_was_measured(name: str) -> None:
    page = prose(DOCS / name)
    collected = re.search(r"(?:\(|几次之间 )([\d,]+)–[\d,]+(?: in several runs\)|）) \| \[figures", page)
    slowest = number(collected[1])
    of_a_reading = next(line for line in page.splitlines() if "](history.md) |" in line)
    embedded, influx = map(int, re.findall(r"(\d+) (?:bytes|字节)", of_a_reading))
    quarter_hours = 5 * 365.25 * 96 * 96
    round_s = float(re.search(r"InfluxDB (\d\.\d) (?:s|秒) \| \[figures", page)[1])
    rows = [row for row in cells(DOCS / name) if len(row) == 7 and number(row[0])]
    assert [number(row[0]) for row in rows] == [10, 100, 1_000, 2_000, 10_000, 100_000, 500_000]
    for row in rows:
        stations = number(row[0])
        exact = [
            stations / 30,
            stations / 30 / slowest * 100,
            stations * (400 * 2_880 * embedded + quarter_hours) / 1e9,
            stations * (400 * 2_880 * influx + quarter_hours) / 1e9,
            stations / 2_000 * round_s,
            stations * 1_440 / slowest,
        ]
        for cell, value in zip(row[1:], exact, strict=True):
            if cell.startswith("<"):
                assert value < number(cell[2:])
            elif cell != "–":
                rounded = 0.05 if "." in cell else 0.5
                assert number(cell) == pytest.approx(value, abs=rounded), (stations, cell)


# --- the drawing ----------------------------------------------------------------------------------


def texts(drawing: Path) -> list[str]:
    return ["".join(each.itertext()) for each in ET.parse(drawing).getroot().iter(f"{SVG}text")]


def lines(drawing: Path) -> list[tuple[str, dict[str, str]]]:
    """All that is drawn, without what is written."""
    root = ET.parse(drawing).getroot()
    return [(each.tag, dict(each.attrib)) for each in root.iter() if each.tag != f"{SVG}svg"]


def test_the_drawing_is_one_in_two_languages() -> None:
    assert lines(DRAWINGS[0]) == lines(DRAWINGS[1])
    english, chinese = map(texts, DRAWINGS)
    assert not any(map(CHINESE.search, english))
    same = [one for one, other in zip(english, chinese, strict=True) if one == other]
    assert all(len(text) <= 12 for text in same), same
    for number_of_ohms in (english, chinese):
        assert number_of_ohms.count("120 Ω") == 2


@pytest.mark.parametrize("drawing", DRAWINGS, ids=by_name)
def test_the_drawing_needs_nothing_from_elsewhere(drawing: Path) -> None:
    text = drawing.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"http|href|url\(|<script|<image|<foreignObject", text)


BOXES = """() => [...document.querySelectorAll('text')].map(each => {
    const box = each.getBBox();
    return [each.textContent, box.x, box.y, box.x + box.width, box.y + box.height];
})"""


def test_the_drawing_can_be_read_by_day_at_night_and_on_paper(chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            for drawing in DRAWINGS:
                for scheme, media, paper in (
                    ("light", "screen", "rgb(255, 255, 255)"),
                    ("dark", "screen", "rgb(21, 25, 30)"),
                    ("dark", "print", "rgb(255, 255, 255)"),
                ):
                    page = browser.new_page()
                    page.goto(drawing.as_uri())
                    page.emulate_media(color_scheme=scheme, media=media)
                    fill = "getComputedStyle(document.querySelector('rect.paper')).fill"
                    assert page.evaluate(fill) == paper
                    boxes = page.evaluate(BOXES)
                    page.close()
                for text, left, top, right, bottom in boxes:
                    assert left >= 0, text
                    assert top >= 0, text
                    assert right <= 1_020, text
                    assert bottom <= 690, text
                for place, (text, left, top, right, bottom) in enumerate(boxes):
                    for other, left2, top2, right2, bottom2 in boxes[place + 1 :]:
                        beside = right <= left2 + 1 or right2 <= left + 1
                        assert beside or bottom <= top2 + 6 or bottom2 <= top + 6, (text, other)
        finally:
            browser.close()


# --- dashboard and rules --------------------------------------------------------------------------


def samples() -> set[str]:
    """The name of every sample that a console of a busy centre serves."""
    figures = {
        "messages": {"taken": 1, "dropped": 1},
        "refused": {"implausible_time": 1},
        "unreadable": {"not_json": 1},
        "held": {"clock": 1},
        "write_classes": [1] * (len(WRITE_BOUNDS_S) + 1),
    }
    said = [ServiceHealth(name="collector", seen_ms=1, conditions={"broker": "away"}, figures=figures)]
    served = text_string_to_metric_families(exposition(said, 1, {"registry": 1}, {"mqtt": 1}).decode())
    return {sample.name for family in served for sample in family.samples}


def expressions() -> dict[str, str]:
    """Where in dashboard and rules, to the expression there."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    found = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    for panel in panels:
        found |= {f"{panel['title']} {target['refId']}": target["expr"] for target in panel["targets"]}
    return found


def names_in(expression: str) -> set[str]:
    bare = re.sub(r'"[^"]*"|\{[^{}]*\}', "", re.sub(r'"[^"]*"', '""', expression))
    return set(re.findall(r"\bqingliu_\w+|\bup\b", bare))


def test_dashboard_and_rules_name_only_numbers_that_exist() -> None:
    known = samples() | {"up"}
    for place, expression in expressions().items():
        named = names_in(expression)
        assert named, place
        assert named <= known, (place, named - known)
        for pair in ("()", "{}", "[]"):
            assert expression.count(pair[0]) == expression.count(pair[1]), place


def test_every_number_is_in_the_dashboard_or_a_rule() -> None:
    named = set().union(*map(names_in, expressions().values()))
    derived = re.compile("_created$|_sum$|_count$")
    assert {name for name in samples() if not derived.search(name)} <= named


def test_every_condition_and_service_of_the_rules_exists() -> None:
    rooms = ["alerting", "collector", "console", "notify", "reporting", "service"]
    code = "\n".join(path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py"))
    named = [
        each
        for expression in expressions().values()
        for _, values in re.findall(r'\b(condition|service)[!=~]+"([^"]*)"', expression)
        for each in values.removesuffix(".*").split("|")
    ]
    assert {"broker", "store", "registry", "lease", "alerting", "collector"} == set(named)
    for name in named:
        assert f'"{name}"' in code


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert CHINESE.search(rule["annotations"]["summary"]), rule["alert"]
        assert rule["annotations"]["action"]
    scraped = yaml.safe_load((RULES.parent / "prometheus.yml").read_text())
    assert scraped["rule_files"] == [RULES.name]
    assert [job["job_name"] for job in scraped["scrape_configs"]] == ["qingliu"]


def test_the_panels_of_the_dashboard_do_not_lie_on_each_other() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for place in (panel["gridPos"] for panel in panels):
        here = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not here & taken
        assert all(x < 24 for x, _ in here)
        taken |= here
