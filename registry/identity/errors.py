"""What goes wrong with identities, each in one plain sentence."""

from service.process import UnavailableError


class IdentityError(UnavailableError):
    """Something that cannot be issued, read or taken back; the text says what, and what to do.

    Attributes:
        code: the exit code of a command that meets it: 1 failed, 2 asked for wrongly.
    """

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code
