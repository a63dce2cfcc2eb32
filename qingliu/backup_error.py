"""What keeps a backup from being made, read or put back, in one line."""

from service.process import UnavailableError


class BackupError(UnavailableError):
    """A backup cannot be made, read or put back; the text says why and what to do."""
