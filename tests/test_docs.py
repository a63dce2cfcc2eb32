"""Documents are under test: links lead somewhere, commands exist, the main path has its five files."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_readme_shows_the_two_commands_and_five_files(page):
    text = page.read_text()
    assert "make demo" in text
    assert "make test" in text
    path = re.findall(r"^\| \[([a-z_]+/[a-z_]+\.py)\]", text, re.MULTILINE)
    assert path == [
        "edge_agent/sampler.py",
        "edge_agent/outbox.py",
        "edge_agent/uplink.py",
        "collector/ingest.py",
        "alerting/detect.py",
    ]


def commands() -> list[str]:
    lines = {line for page in READMES for line in page.read_text().splitlines()}
    return sorted(
        line.removeprefix(".venv/bin/").partition("  ")[0]
        for line in lines
        if line.removeprefix(".venv/bin/").startswith("qingliu ")
    )


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_readme_exists(command):
    words = shlex.split(command)[1:]
    words = words[: next((n for n, word in enumerate(words) if not re.fullmatch("[a-z]+", word)), len(words))]
    shown = subprocess.run(
        [sys.executable, "-m", "qingliu", *words, "--help"], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert f"usage: qingliu {' '.join(words)}" in shown.stdout


def test_every_decision_is_dated_and_short():
    for page in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        title, _, day, *_ = page.read_text().splitlines()
        assert title.startswith(f"# {page.name[:4]} ")
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)
        assert len(page.read_text()) < 3_000
