"""Opens the back end that the settings name."""

from pathlib import Path

from history.embedded import EmbeddedHistory
from history.port import History


def open_history(backend: str, path: str) -> History:
    """Open the history.

    Raises:
        HistoryError: it cannot be opened.
    """
    if backend != "embedded":
        raise ValueError(f"history backend: must be embedded (got {backend!r})")
    return EmbeddedHistory(Path(path))
