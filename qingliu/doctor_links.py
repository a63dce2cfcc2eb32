"""The doctor's look over the network: the broker, its certificate, our own, the console."""

import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException
from socket import create_connection
from zoneinfo import ZoneInfo

from cryptography import x509

from console.admin_certificates import SOON_MS, certificates
from console.admin_words import CERTIFICATES
from qingliu.doctor_finding import Finding, State, judged
from registry.config import CentreSettings
from service.broker import BrokerError, Connection
from service.civil import day_of
from service.mqtt import Mqtt
from service.process import now_ms
from service.tls import HandshakeError, tls_context
from telemetry.topics import every_station

TIMEOUT_S = 10.0
_WORDS = {"holds": "holds", "ends_soon": "ends soon", "ended": "ended", "not_yet": "does not hold yet",
          "unreadable": "cannot be read"}  # fmt: skip
_REMEDIES = {
    "console": "Renew it: docs/accounts.md.",
    "own_authority": "Nobody can be enrolled with it; qingliu stations ca show says more.",
    "revoked_list": "qingliu stations ca crl writes a new one; a broker with an old one lets no station in.",
}
_STATES: dict[str, State] = {"holds": "ok", "ends_soon": "warn"}


def broker(settings: CentreSettings) -> Iterator[Finding]:
    """Whether we get in and may read what stations send; its certificate where it shows one."""
    mqtt = settings.mqtt
    try:
        with closing(
            Connection(
                mqtt, f"qingliu-doctor-{os.getpid()}", subscriptions=[(every_station("readings"), 0)],
                on_message=lambda _message: None,
            )
        ) as connection:  # fmt: skip
            how = "with TLS" if mqtt.tls else "without TLS"
            yield Finding("broker", "ok", f"{connection.place}: {how}, logged in, subscribed")
    except BrokerError as error:
        yield Finding(
            "broker", "fail", str(error), "" if error.kind != "unreachable" else "systemctl status mosquitto."
        )
        return
    if mqtt.tls:
        yield _broker_certificate(mqtt, settings.zone)


def console(settings: CentreSettings) -> Finding:
    """Whether the pages answer."""
    own = settings.console
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(own.host, own.host)  # noqa: S104 - compared, not bound
    scheme = "https" if own.is_tls else "http"
    address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{own.port}/health"
    context = ssl.create_default_context()
    context.check_hostname = False  # it is asked by an address that its certificate does not name
    context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S, context=context):  # noqa: S310 - our own address
            return Finding("console", "ok", f"{address} answers")
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 503:
                return Finding("console", "ok", f"{address} answers, and says that not all is well")
            return Finding(
                "console", "fail", f"{address} answers {error.code}", "Is another program on that port?"
            )
    except HTTPException:
        return Finding(
            "console", "fail", f"{address} answers, but not as a console", "Is another program on that port?"
        )
    except OSError as error:
        reason = getattr(error, "reason", error)
        said = getattr(reason, "strerror", None) or str(reason)
        return Finding("console", "fail", f"{address}: {said}", "journalctl -u qingliu-console -n 50.")


def own_certificates(settings: CentreSettings, now_ms: int) -> Iterator[Finding]:
    """Those that the settings name, the centre's own authority, and its list of the revoked."""
    rows = certificates(settings, now_ms)
    for row in rows:
        until = "" if row.until_ms is None else f", until {day_of(row.until_ms, settings.zone)}"
        named = f" ({row.names})" if row.names else ""
        text = f"{CERTIFICATES[row.role]}{named}: {_WORDS[row.condition]}{until}"
        remedy = "" if row.condition == "holds" else _REMEDIES.get(row.role, "Copy the new one there.")
        yield Finding("certificate", _STATES.get(row.condition, "fail"), text, remedy)
    roles = {row.role for row in rows}
    if "own_authority" in roles and "revoked_list" not in roles:
        yield Finding(
            "certificate", "fail", f"{CERTIFICATES['revoked_list']}: is not there", _REMEDIES["revoked_list"]
        )


def _broker_certificate(mqtt: Mqtt, zone: ZoneInfo) -> Finding:
    try:
        with (
            create_connection((mqtt.host, mqtt.actual_port), TIMEOUT_S) as plain,
            tls_context(mqtt).wrap_socket(plain, server_hostname=mqtt.host) as line,
        ):
            shown = line.getpeercert(binary_form=True)
    except (OSError, BrokerError, HandshakeError) as error:  # it was let in just now
        return Finding("broker's certificate", "warn", f"cannot be looked at: {error}", "Try again.")
    if shown is None:
        return Finding("broker's certificate", "fail", "it shows none")
    certificate, at_ms = x509.load_der_x509_certificate(shown), now_ms()
    end_ms = round(certificate.not_valid_after_utc.timestamp() * 1000)
    return judged(
        "broker's certificate", f"{certificate.subject.rfc4514_string()}, until {day_of(end_ms, zone)}",
        is_well=end_ms - at_ms > SOON_MS,
        remedy="Make a new one in time: qingliu stations ca server --help.",
        otherwise="warn" if end_ms > at_ms else "fail",
    )  # fmt: skip
