"""The `[mqtt]` table of both settings files: how to reach the broker, and with what identity."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from service.settings import Fault, file_faults


class Mqtt(msgspec.Struct, kw_only=True, frozen=True):
    """How to reach the broker."""

    host: Annotated[
        str,
        msgspec.Meta(
            min_length=1, description="name or address of the broker", examples=["centre.example.cn"]
        ),
    ]
    port: (
        Annotated[int, msgspec.Meta(ge=1, le=65535, description="8883 with tls, else 1883", examples=[8883])]
        | None
    ) = None
    tls: Annotated[bool, msgspec.Meta(description="encrypt, and check the broker's certificate")] = True
    ca_file: Annotated[str, msgspec.Meta(description="certificate of the centre's authority")] = ""
    cert_file: Annotated[str, msgspec.Meta(description="this client's certificate")] = ""
    key_file: Annotated[str, msgspec.Meta(description="its private key")] = ""
    username: Annotated[str, msgspec.Meta(description="instead of a certificate")] = ""
    password_file: Annotated[str, msgspec.Meta(description="file that holds the password")] = ""

    @property
    def actual_port(self) -> int:
        """The port, with its default."""
        return self.port or (8883 if self.tls else 1883)

    def faults(self, path: str = "mqtt") -> Iterable[Fault]:
        """Name what joins several keys and does not fit."""
        if bool(self.cert_file) != bool(self.key_file):
            yield Fault(path, "cert_file and key_file go together", remedy="Give both, or neither.")
        if self.username and not self.password_file:
            yield Fault(f"{path}.password_file", "is required with username", remedy="Name the file.")
        for key in ("ca_file", "cert_file", "key_file", "password_file"):
            yield from file_faults(f"{path}.{key}", getattr(self, key))
