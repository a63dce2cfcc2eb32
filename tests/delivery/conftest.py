"""A centre of a test's own, over each store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_centre import DeliveryCentre
from influx_server import InfluxServer, programs
from servers import Mosquitto


@pytest.fixture
def influx_server(tmp_path: Path) -> Iterator[InfluxServer]:
    """An influxd of this test's own, which may be killed."""
    server = InfluxServer(*programs(), tmp_path / "influx")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def centre(tmp_path: Path, mosquitto: Mosquitto, influx_server: InfluxServer) -> Iterator[DeliveryCentre]:
    with DeliveryCentre(tmp_path, mosquitto, influx_server) as made:
        yield made


@pytest.fixture
def embedded_centre(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[DeliveryCentre]:
    with DeliveryCentre(tmp_path, mosquitto, None) as made:
        yield made


@pytest.fixture
def shared_centre(
    tmp_path: Path, mosquitto: Mosquitto, influx_server: InfluxServer
) -> Iterator[DeliveryCentre]:
    with DeliveryCentre(tmp_path, mosquitto, influx_server, collectors=2) as made:
        yield made
