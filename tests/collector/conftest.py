"""The stores of a centre, and a real broker."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from collector_centre import Centre, RecordingHistory
from fresh_registry import fresh_registry
from servers import Mosquitto

from service.mqtt import Mqtt


@pytest.fixture
def centre(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Centre]:
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        closing(RecordingHistory(tmp_path / "history.db")) as history,
    ):
        yield Centre(Mqtt(host="127.0.0.1", port=mosquitto.port, tls=False), registry, history)
