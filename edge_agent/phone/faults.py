"""What may go wrong with a station and is no fault of ours, in the reader's language."""

from edge_agent.language import Language
from edge_agent.loan import LineNotLentError
from edge_agent.phone.words import WORDS
from edge_agent.port import PortGone
from service.process import UnavailableError
from service.settings import SettingsError

EXPECTED = (SettingsError, UnavailableError, PortGone)
"""What the tools raise."""


def said(error: Exception, language: Language) -> str:
    """One line a fault."""
    if isinstance(error, SettingsError):
        return "\n".join(error.lines())
    if isinstance(error, LineNotLentError | PortGone):
        return error.said(language)
    if isinstance(error, EXPECTED):
        return str(error)
    return WORDS[language].unexpected.format(text=f"{type(error).__name__}: {error}")
