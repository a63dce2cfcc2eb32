"""The cases of `known_bytes/NAME.toml`: registers of a meter, and what they mean."""

import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent / "known_bytes"

CASES = [
    (path.stem, case)
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


def registers_of(case: dict) -> dict[int, dict[int, int]]:
    """Function to address to word, as the case writes them down."""
    return {
        int(function): {
            int(start, 0) + place: int(word, 16)
            for start, words in rows.items()
            for place, word in enumerate(words.split())
        }
        for function, rows in case["registers"].items()
    }


def first_cases() -> list[tuple[str, dict]]:
    """One case of each profile: its ordinary moment."""
    return list({name: (name, case) for name, case in reversed(CASES)}.values())
