"""The reasons of day verdicts as codes, with their words in the languages of the centre. Pure.

The report says them too; the console has them in its catalogue, and a test holds both together. The reasons
of states are sentences with figures in them, which the console writes.
"""

from collections.abc import Mapping

from registry.exclusions import REASON_WORDS

LANGUAGES = ("zh-CN", "en")

DAY_REASONS: Mapping[str, tuple[str, str]] = {
    "energy_as_expected": ("用电正常", "energy as expected"),
    "effluent_as_expected": ("出水正常", "effluent as expected"),
    "low_load": ("低负荷日", "low-load day"),
    "no_energy": ("无用电", "no energy"),
    "no_energy_no_effluent": ("无用电且无出水", "neither energy nor effluent"),
    "little_energy_no_effluent": ("用电极少且无出水", "little energy and no effluent"),
    "too_little_energy": ("用电不足（有出水）", "too little energy, though effluent came"),
    "no_effluent": ("无出水", "no effluent"),
    "idling": ("空转", "idling"),
    "approved_stop": ("批准停运", "approved stop"),
    "too_little_data": ("数据不足", "too little data"),
    "no_data": ("无数据", "no data"),
    "corrected": ("人工更正", "corrected by hand"),
}
"""Why a day got its verdict: in Chinese, in English."""


def day_reason(code: str, stop: object, language: str) -> str:
    """A reason in words; one that is not known is shown as it is.

    Args:
        code: the reason.
        stop: why a stop was approved, as a code; anything else for none.
        language: one of `LANGUAGES`; Chinese for any other.
    """
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    said = DAY_REASONS.get(code, (code, code))[place]
    if not isinstance(stop, str) or not stop:
        return said
    why = REASON_WORDS[stop][0] if place == 0 and stop in REASON_WORDS else stop.replace("_", " ")
    return f"{said}（{why}）" if place == 0 else f"{said} ({why})"
