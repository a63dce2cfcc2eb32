"""Programs of the system that tests need."""

import shutil
from pathlib import Path

import pytest


def needed(package: str, *places: str) -> str:
    """The path of a program of a Debian package; the test is skipped by name where it is not installed."""
    for place in places:
        found = shutil.which(place) or next((str(path) for path in Path("/").glob(place.lstrip("/"))), None)
        if found:
            return found
    pytest.skip(f"{package} is not installed; to enable this test run: sudo apt-get install {package}")
