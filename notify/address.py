"""A channel's address: the URL itself, or the file that holds it and may be changed at any time."""

from pathlib import Path

from notify.delivery_error import DeliveryError


def address_of(url: str) -> str:
    """The address that a channel's `url` stands for.

    A file is read anew each time, so that a key which was changed works at once; it holds one address, and
    lines that begin with `#` are not read.

    Raises:
        DeliveryError: the file cannot be read or does not hold one address.
    """
    if "://" in url:
        return url.strip()
    try:
        text = Path(url).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DeliveryError(f"its file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DeliveryError("its file is not UTF-8 text") from error
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if len(found) != 1:
        raise DeliveryError(f"its file must hold one address, it holds {len(found)}")
    if "://" not in found[0]:
        raise DeliveryError("its file holds no address such as wecombot://KEY")
    return found[0]


def scheme_of(url: str) -> str:
    """What kind of address it is, such as `wecombot`; the rest is never shown.

    Raises:
        DeliveryError: as `address_of`.
    """
    return address_of(url).partition("://")[0].lower()
