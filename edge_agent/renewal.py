"""The station's certificate renewed over its link, before it ends.

The renewed one lies with its key in one file beside the outbox (`/etc` may be closed to the agent), so that
both change at one stroke. The one that was enrolled stays where it is: it is used again whenever the broker
refuses the renewed one, and for good when another bundle is enrolled.
"""

import hashlib
import json
import logging
import subprocess
import sys
from pathlib import Path

import msgspec

from edge_agent.config import AgentSettings
from service.conditions import Conditions
from service.mqtt import Mqtt
from telemetry.renewal import Asked, decode_answer, encode_asked

logger = logging.getLogger(__name__)

LOOK_EVERY_MS = 86_400_000
CHILD_TIMEOUT_S = 60.0
RENEWED, KEY = "renewed.pem", "renewal.key"


def with_renewed(mqtt: Mqtt, folder: Path) -> Mqtt:
    """How to reach the broker: with the renewed certificate, if there is one that goes back to the enrolled.

    Args:
        mqtt: as enrolled.
        folder: of the outbox, where a renewed one lies.
    """
    if not _has_renewed(mqtt, folder):
        return mqtt
    renewed = str(folder / RENEWED)
    return msgspec.structs.replace(mqtt, cert_file=renewed, key_file=renewed)


def can_renew(mqtt: Mqtt) -> bool:
    """Whether there is a certificate to renew; a password is not."""
    return bool(mqtt.tls and mqtt.cert_file and mqtt.ca_file)


class Renewal:
    """Which certificate the uplink uses, and whether it is time for another; called from the uplink's thread.

    Attributes:
        is_fresh: a new certificate waits to be used by a new connection.
    """

    def __init__(self, settings: AgentSettings, conditions: Conditions) -> None:
        self._settings = settings
        self._conditions = conditions
        self._folder = Path(settings.outbox.path).parent
        self._look_ms = 0
        self._prefers_enrolled = False
        self.is_fresh = False

    @property
    def is_on(self) -> bool:
        """Whether there is a certificate to renew; a password is not."""
        return can_renew(self._settings.mqtt)

    def mqtt(self) -> Mqtt:
        """How to reach the broker, with the certificate of the day."""
        self.is_fresh = False
        return self._in_use()

    def _in_use(self) -> Mqtt:
        mqtt = self._settings.mqtt
        return mqtt if self._prefers_enrolled else with_renewed(mqtt, self._folder)

    def refused(self) -> None:
        """The broker did not let us in: try the other certificate next time."""
        if self.is_on and (self._prefers_enrolled or _has_renewed(self._settings.mqtt, self._folder)):
            self._prefers_enrolled = not self._prefers_enrolled

    def request(self, now_ms: int, mono_ms: int) -> bytes | None:
        """What to say on `reply` just now; None if nothing is due. Looked into once a day.

        Args:
            now_ms: the time, trusted, ms since the epoch, UTC.
            mono_ms: the monotonic clock, ms.
        """
        if not self.is_on or mono_ms < self._look_ms:
            return None
        self._look_ms = mono_ms + LOOK_EVERY_MS
        said = self._child("ask", self._present(), self._folder / KEY, self._settings.station.id, now_ms)
        if said is None:
            return None
        self._conditions.end("renewal")
        csr = json.loads(said)["csr"]
        return encode_asked(Asked(csr)) if csr else None

    def hear(self, payload: bytes) -> None:
        """Take a certificate that came on `command`, if it is ours."""
        answer = decode_answer(payload)
        if answer is None or not self.is_on:
            return
        if answer.crt is None:
            self._conditions.begin("renewal", f"the centre does not renew our certificate: {answer.refused}")
            return
        mqtt, station = self._settings.mqtt, self._settings.station.id
        place = self._folder / RENEWED, _origin(mqtt)
        arguments = (self._present(), self._folder / KEY, station, mqtt.ca_file, *place)
        if self._child("take", *arguments, text=answer.crt) is not None:
            self._conditions.end("renewal")
            self._prefers_enrolled, self.is_fresh = False, True
            logger.info("our certificate is renewed")

    def _present(self) -> Path:
        """The certificate in use."""
        return Path(self._in_use().cert_file)

    def _child(self, *words: object, text: str = "") -> str | None:
        """Run the part that needs memory; None if it failed, which is said."""
        command = [sys.executable, "-m", "edge_agent.renew_key", *map(str, words)]
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                command, input=text, capture_output=True, text=True, timeout=CHILD_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self._conditions.begin("renewal", f"our certificate cannot be renewed: {error}")
            return None
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["?"]
            self._conditions.begin("renewal", f"our certificate cannot be renewed: {reason[0]}")
            return None
        return done.stdout


def _origin(mqtt: Mqtt) -> str:
    """By which a renewed certificate knows the enrolment that it goes back to; empty if that is gone."""
    try:
        return hashlib.sha256(Path(mqtt.cert_file).read_bytes()).hexdigest()
    except OSError:
        return ""


def _has_renewed(mqtt: Mqtt, folder: Path) -> bool:
    """Whether there is a renewed certificate that goes back to the one that is enrolled now."""
    if not can_renew(mqtt):
        return False
    try:
        with (folder / RENEWED).open("rb") as file:
            origin = file.readline(200).strip().decode("ascii", "replace")
    except OSError:
        return False
    return origin != "" and origin == _origin(mqtt)
