"""Files of identities, mostly for their owner alone; what cannot be written is told as theirs."""

from pathlib import Path

from registry.identity.errors import IdentityError
from service import whole_file
from service.whole_file import Owner

PRIVATE = 0o600
PUBLIC = 0o644


def write_whole(
    path: Path,
    data: bytes,
    mode: int = PRIVATE,
    *,
    owner: Owner | None = None,
    replace: bool = True,
) -> None:
    """Write a file at once: whoever opens it sees all of it, or what was there before.

    Args:
        path: where.
        data: what.
        mode: the file's rights; until it is whole only its owner may read it.
        owner: whose it shall be; the writer's if None.
        replace: whether a file of that name may give way.

    Raises:
        IdentityError: it cannot be written, or is there already.
    """
    try:
        whole_file.write_whole(path, data, mode=mode, owner=owner, replace=replace)
    except FileExistsError as error:
        raise IdentityError(f"{path}: is there already. Name another file, or say --force.") from error
    except OSError as error:
        raise IdentityError(f"{path}: cannot be written: {error.strerror}.") from error
