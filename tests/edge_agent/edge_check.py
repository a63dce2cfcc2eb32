"""A configuration to check, and the checks of it as a test wants to see them."""

from collections.abc import Sequence
from pathlib import Path

from edge_agent.commissioning.check import Result, checks
from edge_agent.commissioning.check_result import Finding
from edge_agent.commissioning.check_wording import worded
from edge_agent.commissioning.check_words import WORDS
from edge_agent.language import LANGUAGES

STATION = "410882-0001"
METERS = """
[bus.main]
port = "{port}"
timeout_s = 0.1
pause_s = 0
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
parameters = {{ ct = 1, pt = 1 }}
[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "main"
unit_id = 2
"""
LINK = ("dns", "tcp", "tls", "login", "round_trip")


def config(
    folder: Path,
    *,
    port: str = "/dev/ttyNONE",
    meters: str = METERS,
    broker: int = 1,
    mqtt: str = 'host = "127.0.0.1"\ntls = false',
    max_mb: int = 1,
) -> Path:
    path = folder / "agent.toml"
    path.write_text(
        f'[station]\nid = "{STATION}"\nname = "北寨村污水处理站"\n'
        + meters.format(port=port)
        + f"[mqtt]\nport = {broker}\n{mqtt}\n"
        + f'[outbox]\npath = "{folder}/outbox.db"\nmax_mb = {max_mb}\n'
    )
    return path


def seen(path: Path, *only: str, timeout_s: float = 5.0, **more) -> list[Result]:
    """The checks in English, where every finding can be said in Chinese as well."""
    found = list(checks(path, "en", only=only, timeout_s=timeout_s, **more))
    for result in found:
        finding = Finding(result.name, result.state, result.code, result.place, result.figures)
        said = [worded(finding, WORDS[language], language) for language in LANGUAGES]
        assert all(each.text and each.label for each in said)
        assert len({bool(each.remedy) for each in said}) == 1
    return found


def codes(results: Sequence[Result]) -> list[str]:
    return [f"{result.name} {result.state} {result.code}" for result in results]


def last(results: Sequence[Result]) -> tuple[str, str, str]:
    """State, code and text of the last result that is not skipped."""
    result = [each for each in results if each.code != "skipped"][-1]
    return result.state, result.code, result.text
