"""TLS to the broker: the context made of the table's files, and a socket that keeps what it was shown."""

import re
import ssl
from pathlib import Path
from typing import Any, Literal, NoReturn

from service.broker_words import OurOwn, misconfigured
from service.mqtt import Mqtt
from service.tls_words import Certificate

CertificatesClock = Literal["system", "unknown"] | int
"""By which clock the broker's certificate is judged: the system's; none, as the system's is wrong and the
right time unknown (chain and name are checked all the same); or the right time, ms since the epoch."""

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which `ssl` does not name
_CERTIFICATE = re.compile(r"-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


class HandshakeError(Exception):
    """A TLS handshake that failed.

    Attributes:
        error: how.
        shown: the certificates that the broker showed, its own first; nobody vouches for them.
    """

    def __init__(self, error: OSError, shown: list[Certificate]) -> None:
        super().__init__(str(error))
        self.error = error
        self.shown = shown


class _TlsSocket(ssl.SSLSocket):
    """Tells an end from a break; closed when its handshake fails, which paho would leave to the collector."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's signature
        self.suppress_ragged_eofs = False  # else a reset looks like an end in good order
        try:
            super().do_handshake(block)
        except OSError as error:
            failure = HandshakeError(error, self._shown())
            self.close()
            raise failure from error

    def _shown(self) -> list[Certificate]:
        """What came before the failure; Python has it, but names it in public only for what it trusts."""
        try:
            unverified: Any = getattr(self, "_sslobj", None)
            return [each.get_info() for each in unverified.get_unverified_chain() or ()]
        except (AttributeError, OSError, ValueError):
            return []


def tls_context(mqtt: Mqtt, clock: CertificatesClock = "system") -> ssl.SSLContext:
    """What TLS needs, from the table's files.

    Raises:
        BrokerError: a file cannot be used; kind `configuration`.
    """
    context = _trusting(mqtt.ca_file)
    context.sslsocket_class = _TlsSocket
    if clock != "system":
        context.verify_flags |= _NO_CHECK_TIME
    if mqtt.cert_file:
        _identify(context, mqtt.cert_file, mqtt.key_file)
    return context


def read_text(key: str, name: str, encoding: str = "utf-8") -> str:
    """Read a text file that the table names under `key`.

    Raises:
        BrokerError: it cannot be read; kind `configuration`.
    """
    try:
        return Path(name).read_text(encoding)
    except UnicodeDecodeError as error:
        raise misconfigured(key, "is no text", name, "Copy the right file there.", "file_no_text") from error
    except OSError as error:
        rule = f"cannot be read, {error.strerror}"
        remedy = "Copy it there, or mend the path or its rights."
        reason = {"reason": error.strerror or ""}
        raise misconfigured(key, rule, name, remedy, "file_unreadable", reason) from error


def _trusting(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return ssl.create_default_context()
    read_text("ca_file", ca_file, "latin-1")
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        rule, remedy = "is no certificate in PEM form", "Copy the centre's ca.crt there."
        raise misconfigured("ca_file", rule, ca_file, remedy, "ca_no_certificate") from error


def _identify(context: ssl.SSLContext, cert_file: str, key_file: str) -> None:
    certificate = read_text("cert_file", cert_file, "latin-1")
    key = read_text("key_file", key_file, "latin-1")
    if not _CERTIFICATE.search(certificate) and _PRIVATE_KEY.search(certificate):
        remedy = "Are cert_file and key_file swapped?"
        rule = "holds a private key, not a certificate"
        raise misconfigured("cert_file", rule, cert_file, remedy, "cert_is_key")
    if not _is_certificate(cert_file):
        remedy = "Copy our certificate there."
        rule = "is no certificate in PEM form"
        raise misconfigured("cert_file", rule, cert_file, remedy, "cert_no_certificate")

    def no_passphrase() -> NoReturn:
        remedy = "Store it without one: nobody is there to type it."
        raise misconfigured("key_file", "is locked with a passphrase", key_file, remedy, "key_locked")

    try:
        context.load_cert_chain(cert_file, key_file, password=no_passphrase)
    except ssl.SSLError as error:
        code: OurOwn
        if error.reason in {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"}:
            code = "key_of_other_cert"
            rule, remedy = f"does not belong to {cert_file}", "Copy the two that were issued together."
        elif _PRIVATE_KEY.search(key):
            code, rule, remedy = "key_damaged", "is a damaged private key", "Copy it anew."
        else:
            code, rule, remedy = "key_no_key", "is no private key in PEM form", "Copy our key there."
        raise misconfigured("key_file", rule, key_file, remedy, code, {"cert_file": cert_file}) from error


def _is_certificate(name: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(name)
    except ssl.SSLError:
        return False
    return True
