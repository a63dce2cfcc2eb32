"""`[identity]` of `centre.toml`: the centre's certificate authority, and the broker that boxes reach."""

from typing import Annotated

import msgspec

from service.settings import Fault, SettingsError


class IdentitySettings(msgspec.Struct, kw_only=True, frozen=True):
    """Who may speak to the broker as whom, and for how long."""

    path: Annotated[
        str, msgspec.Meta(min_length=1, description="folder of the certificate authority; no other user's")
    ] = "/var/lib/qingliu/ca"
    passphrase_file: Annotated[
        str,
        msgspec.Meta(
            description="file that holds the passphrase of its key: the collector needs it to renew"
            " certificates over the link; empty: every signature asks for it"
        ),
    ] = ""
    broker_host: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[^\s/@\"]*\Z",
            description="name or address by which stations reach the broker; empty: that of [mqtt]",
            extra={"rule": "must be a host's name or address"},
            examples=["centre.example.cn"],
        ),
    ] = ""
    broker_port: Annotated[
        int, msgspec.Meta(ge=1, le=65535, description="where it speaks TLS with stations", examples=[8883])
    ] = 8883
    days: Annotated[
        int, msgspec.Meta(ge=120, le=7300, description="how long a station's certificate holds")
    ] = 1_095
    warn_days: Annotated[
        int, msgspec.Meta(ge=1, le=365, description="so long before its end a certificate is pointed out")
    ] = 45
    """Less than the 60 days from which a box renews by itself: what is pointed out has failed to."""
    crl_days: Annotated[
        int, msgspec.Meta(ge=1, le=7300, description="how long a list of revoked certificates holds")
    ] = 1_095
    """A broker with a list past its end refuses every station, so it ends no sooner than they do."""


LOOPBACK = ("localhost", "127.", "::1", "[::1]")


def told_broker(settings: IdentitySettings, mqtt_host: str, file: str = "centre.toml") -> tuple[str, int]:
    """Host and port that a station is told.

    Raises:
        SettingsError: only a loopback address is known, which leads from no station to the broker.
    """
    host = settings.broker_host or mqtt_host
    if not settings.broker_host and host.startswith(LOOPBACK):
        rule = "is required to enrol stations, because [mqtt] only has an address of this machine"
        remedy = 'Write for example broker_host = "centre.example.cn".'
        raise SettingsError(file, [Fault("identity.broker_host", rule, mqtt_host, remedy)])
    return host, settings.broker_port
