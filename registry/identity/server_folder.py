"""What a broker needs in one folder: its certificate and key, the authority, and the list of the revoked."""

from pathlib import Path

from registry.identity.authority_folder import CERTIFICATE, REVOKED
from registry.identity.enrolment import BrokerIdentity
from registry.identity.errors import IdentityError
from registry.identity.private_file import PRIVATE, PUBLIC, write_whole

FILES = ("server.crt", "server.key", CERTIFICATE, REVOKED)


def refuse_files(folder: Path) -> None:
    """Refuse a folder in which something would be replaced.

    Raises:
        IdentityError: names what is there.
    """
    for name in FILES:
        if (folder / name).exists():
            raise IdentityError(f"{folder / name}: is there already. Name another folder, or say --force.")


def write_server(folder: Path, made: BrokerIdentity, authority: Path) -> None:
    """Write the files, the key for its owner alone.

    Args:
        folder: made if it is not there.
        made: the broker's certificate and key.
        authority: folder of the authority, from which its certificate and list are copied.

    Raises:
        IdentityError: they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copies = {name: (authority / name).read_bytes() for name in (CERTIFICATE, REVOKED)}
    except OSError as error:
        raise IdentityError(f"{error.filename}: {error.strerror}.") from error
    write_whole(folder / "server.key", made.key, PRIVATE)
    write_whole(folder / "server.crt", made.certificate, PUBLIC)
    for name, data in copies.items():
        write_whole(folder / name, data, PUBLIC)
