"""The passphrase of the authority's key: from a file or typed, never from the command line."""

import getpass
import os
import stat
import sys
from pathlib import Path

from registry.identity.errors import IdentityError

VARIABLE = "QINGLIU_CA_PASSPHRASE_FILE"
SHORTEST = 12
_REMEDY = f"Name a file: --passphrase-file, ${VARIABLE} or identity.passphrase_file."


def passphrase(given: Path | None, configured: str, *, is_new: bool = False) -> bytes:
    """Read it from the file given, else that of the environment, else the settings' one; else ask for it.

    Args:
        given: file named on the command line.
        configured: file of `centre.toml`; empty: none.
        is_new: it is being chosen: typed twice, and long enough.

    Raises:
        IdentityError: there is none, it may be read by everybody, or is too short for a new one.
    """
    named = given or os.environ.get(VARIABLE) or configured
    text = passphrase_of(Path(named)) if named else _typed(is_new=is_new)
    if is_new and len(text) < SHORTEST:
        said = f"must have at least {SHORTEST} letters (got {len(text)})"
        raise IdentityError(f"{named or 'passphrase'}: {said}. Choose a longer one.", 2)
    return text.encode()


def passphrase_of(path: Path) -> str:
    """What stands in the file's first line.

    Raises:
        IdentityError: it is empty, cannot be read, or may be read by everybody.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IROTH:
                raise IdentityError(f"{path}: everybody may read it. Close it: chmod 600 {path}", 2)
            text = file.readline().rstrip("\r\n")
    except OSError as error:
        raise IdentityError(
            f"{path}: the passphrase cannot be read: {error.strerror}. {_REMEDY}", 2
        ) from error
    except UnicodeDecodeError as error:
        raise IdentityError(f"{path}: is no text. {_REMEDY}", 2) from error
    if not text:
        raise IdentityError(f"{path}: has an empty first line. Write the passphrase there.", 2)
    return text


def _typed(*, is_new: bool) -> str:
    if not sys.stdin.isatty():
        raise IdentityError(f"the passphrase of the authority's key is needed. {_REMEDY}", 2)
    text = getpass.getpass("passphrase of the authority's key: ")
    if is_new and getpass.getpass("once more: ") != text:
        raise IdentityError("passphrase: the two differ. Try again.", 2)
    return text
