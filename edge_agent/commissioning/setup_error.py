"""What cannot be set up, said in the reader's language."""

from service.settings import SettingsError


class SetupError(SettingsError):
    """A file or an answer cannot be used; the lines are whole and made in the reader's language.

    Attributes:
        code: which rule it breaks, for machines.
    """

    def __init__(self, file: str, text: str, code: str = "") -> None:
        self.code = code
        self._text = text
        super().__init__(file, [])

    def lines(self) -> list[str]:
        """One line for each thing that is wrong."""
        return self._text.splitlines()
