"""Certificates renewed over the link: asked for on `reply`, signed in a thread, answered on `command`.

Only where the passphrase of the authority's key is at hand: `identity.passphrase_file`.
"""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from registry.accounts import By
from registry.config import CentreSettings
from registry.database import Registry
from service.conditions import Conditions
from service.process import first_line
from telemetry.renewal import Answer, decode_asked, encode_answer
from telemetry.topics import topic

logger = logging.getLogger("collector")

MOST_WAITING = 200
"""More are dropped: a box asks again the next day."""
ACTOR = "collector"


class Renewing:
    """Takes requests in and gives answers out, from one thread; the signing is done in another."""

    def __init__(
        self,
        settings: CentreSettings,
        registry: Registry,
        conditions: Conditions,
        clock_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._conditions = conditions
        self._clock_ms = clock_ms
        self._thread = ThreadPoolExecutor(1, "renewing")
        self._under_way: deque[tuple[str, Future[bytes | None]]] = deque()

    @property
    def is_on(self) -> bool:
        """Whether certificates can be signed here."""
        return bool(self._settings.identity.passphrase_file)

    def hear(self, station: str, payload: bytes) -> bool:
        """Take in what a station said on `reply`; False if it is no request, or too many wait."""
        asked = decode_asked(payload)
        if asked is None or not self.is_on or len(self._under_way) >= MOST_WAITING:
            return False
        self._under_way.append((station, self._thread.submit(self._signed, station, asked.csr)))
        return True

    def answers(self) -> list[tuple[str, bytes]]:
        """The messages (topic, payload) that are ready."""
        ready = []
        while self._under_way and self._under_way[0][1].done():
            station, future = self._under_way.popleft()
            payload = future.result()
            if payload is not None:
                ready.append((topic(station, "command"), payload))
        return ready

    def close(self) -> None:
        """End the thread; what was not begun is dropped, and asked for again."""
        self._thread.shutdown(cancel_futures=True)

    def _signed(self, station: str, csr: str) -> bytes | None:
        """Sign one; None if something of ours is wrong, so that the box asks again later."""
        from registry.identity.authority_folder import open_authority  # noqa: PLC0415 - loaded on use
        from registry.identity.errors import IdentityError  # noqa: PLC0415
        from registry.identity.passphrase import passphrase_of  # noqa: PLC0415
        from registry.identity.renewal import RenewalError, renew  # noqa: PLC0415

        identity, now_ms = self._settings.identity, self._clock_ms()
        try:
            secret = passphrase_of(Path(identity.passphrase_file)).encode()
            authority = open_authority(Path(identity.path), secret, now_ms)
            with self._registry.writing() as session:
                certificate = renew(session, authority, station, csr, identity.days, By(ACTOR, now_ms))
        except RenewalError as error:
            logger.warning("station %s: its certificate is not renewed: %s", station, error.code)
            return encode_answer(Answer(refused=error.code))
        except IdentityError as error:
            self._conditions.begin("renewal", str(error))
            return None
        except Exception as error:
            self._conditions.begin("renewal", first_line(error))
            logger.exception("station %s: its certificate is not renewed", station)
            return None
        self._conditions.end("renewal")
        logger.info("station %s: its certificate is renewed", station)
        return encode_answer(Answer(crt=certificate))
