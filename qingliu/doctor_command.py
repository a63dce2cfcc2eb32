"""`qingliu doctor`: is every part of the centre well, and what to do where it is not."""

import argparse
import json
import sys
from pathlib import Path

from qingliu.doctor_finding import Finding
from registry.config import centre_path
from service.process import now_ms

BACKUPS = Path("/var/lib/qingliu-backup")
_EXAMPLES = """examples:
  sudo -u qingliu qingliu doctor
  qingliu doctor --config centre.toml --json

A line for each part: ok, warn (trouble to come), FAIL with what to do, or skipped.
Exit code 0 nothing failed, 1 something did, 2 the configuration did.
"""
_COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[1;31m", "skipped": "\x1b[2m"}
_PLAIN = "\x1b[0m"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu doctor`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.add_argument(
        "--backups", type=Path, default=BACKUPS, metavar="DIR", help="where the archives are [%(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from qingliu.doctor import examine, exit_code  # noqa: PLC0415 - the libraries are loaded on use

    findings = []
    for finding in examine(centre_path(arguments.config).absolute(), arguments.backups, now_ms()):
        findings.append(finding)
        if not arguments.json:
            print(_line(finding, in_colour=sys.stdout.isatty()), flush=True)
    if arguments.json:
        print(json.dumps({"findings": [each._asdict() for each in findings]}, ensure_ascii=False))
    return exit_code(findings)


def _line(finding: Finding, *, in_colour: bool) -> str:
    word = "FAIL" if finding.state == "fail" else finding.state
    shown = f"{_COLOURS[finding.state]}{word:<8}{_PLAIN}" if in_colour else f"{word:<8}"
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    said = finding.text if not remedy else finding.text.removesuffix(".")
    return f"{shown}{finding.part:<21}{said}{remedy}"
