"""A registry for each test of the report, copied from one that was made once."""

import shutil
from contextlib import closing

import pytest
from reporting_centre import ReportedCentre, populate

from registry.database import Registry, open_registry


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("empty") / "registry.db"
    with closing(open_registry(f"sqlite:///{file}")) as registry:
        ReportedCentre(registry, file.parent).found()
    return file


@pytest.fixture(scope="session")
def city_file(tmp_path_factory, empty_file):
    file = tmp_path_factory.mktemp("city") / "registry.db"
    shutil.copy(empty_file, file)
    with closing(Registry(f"sqlite:///{file}")) as registry:
        populate(ReportedCentre(registry, file.parent))
    return file


def opened(original, folder):
    shutil.copy(original, folder / "registry.db")
    return closing(Registry(f"sqlite:///{folder}/registry.db"))


@pytest.fixture
def centre(tmp_path, empty_file):
    """Two counties, two companies, no station."""
    with opened(empty_file, tmp_path) as registry:
        yield ReportedCentre(registry, tmp_path)


@pytest.fixture
def city(tmp_path, city_file):
    """The small city of `populate`."""
    with opened(city_file, tmp_path) as registry:
        yield ReportedCentre(registry, tmp_path)
