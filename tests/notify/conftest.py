"""Receivers on this machine, and an outbox in a registry."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fresh_registry import fresh_registry
from notify_receivers import Mailbox, WebReceiver

from registry.database import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        yield opened


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with closing(WebReceiver()) as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with closing(Mailbox()) as mailbox:
        yield mailbox
