"""What is wrong with a record that somebody typed, in the reader's words.

The rooms of the registry say it in English, for the command line; each of their rules has its pattern here. A
rule that is not known yet is shown as it is.
"""

import re
from collections.abc import Iterable

from console import words
from console.reader import Reader
from console.words import N_
from registry.record_entry import RecordError
from service.settings import Fault

_DAY = r"\d{4}-\d\d-\d\d"
_OVERLAP = rf"overlaps the approved stop no\. (?P<id>\d+) of (?P<start>{_DAY}) to (?P<end>{_DAY})"
_RULES = {
    r"must have no control characters": N_("Control characters cannot be kept. Type it anew."),
    r"must have at most (?P<count>\d+) letters": N_("At most %(count)s letters. Shorten it."),
    r"each tag must have at most (?P<count>\d+) letters": N_("Each tag has at most %(count)s letters."),
    r"must be one of (?P<list>.*)": N_("Must be one of: %(list)s."),
    r"must be a number from (?P<low>\S+) to (?P<high>\S+)": N_("Must be a number from %(low)s to %(high)s."),
    r"must lie between (?P<low>\S+) and (?P<high>\S+)": N_("Must lie between %(low)s and %(high)s."),
    r"must be a date .*": N_("Must be a day of the calendar, such as 2026-11-05."),
    r"must be yes or no .*": N_("Must be yes or no."),
    r"is required": N_("Is required."),
    r"is required with a town": N_("A town needs its county."),
    r"is required when the county changes": N_("When the county changes, the town is required as well."),
    r"is that of the template's example": N_("This is the name of the template's example."),
    r"must be a county's code.*": N_("Must be a county of the register."),
    r"must be a county that you see": N_("Must be one of the counties that you see."),
    r"is required with (?P<field>class_\w+)": N_("Choose the class as well."),
    r"is required when the class changes": N_("A new class needs the day from which it holds."),
    r"is written down as (?P<text>.*), and history is never overwritten": N_(
        "“%(text)s” is written down already, and history is never overwritten. Leave it empty."
    ),
    r"the class is (?P<class_>\w+) from this day on already.*": N_(
        "The class is “%(class_)s” from this day on already. Give the new class a later day."
    ),
    rf"must lie after (?P<day>{_DAY}), when the present class \((?P<class_>\w+)\) began": N_(
        "Must lie after %(day)s, when the present class (%(class_)s) began."
    ),
    rf"the class is (?P<class_>\w+) since (?P<day>{_DAY}) already": N_(
        "The class is “%(class_)s” since %(day)s already."
    ),
    rf"must not lie before (?P<day>{_DAY})": N_("Must not lie before %(day)s."),
    rf"must not lie before the start (?P<day>{_DAY})": N_("Must not lie before the first day (%(day)s)."),
    r"must not lie in the future": N_("Must not lie in the future."),
    r"a stop lasts at most (?P<count>\d+) days": N_(
        "A stop lasts at most %(count)s days. For longer, change the station's class."
    ),
    r"nobody approves an application of their own": N_("Nobody approves an application of their own."),
    rf"(?P<station>\S+) {_OVERLAP}": N_(
        "%(station)s: overlaps the approved stop no. %(id)s of %(start)s to %(end)s."
    ),
    _OVERLAP: N_(
        "Overlaps the approved stop no. %(id)s of %(start)s to %(end)s. Shorten this one, or withdraw that."
    ),
    r"is not on the register": N_("This station is not on the register."),
    r"(?P<name>.{1,40}) is the name of more than one station": N_(
        "More than one station is called %(name)s. Give the number."
    ),
    r"(?P<name>.{1,40}) is not known": N_("You see no station with the number or the name %(name)s."),
    r"must have at most (?P<count>\d+) stations": N_("At most %(count)s stations at once."),
    r"there is no such record": N_("There is no such record."),
    r"is withdrawn( already)?": N_("It is withdrawn already."),
    r"was approved by (?P<name>.*) already": N_("%(name)s has approved it already."),
    r"was approved with its entry already": N_("It was approved with its entry."),
    r"needs no manager for its reason": N_("A stop for this reason needs no manager."),
    r"too late to count for (?P<month>\d{4}-\d\d)": N_("It comes too late to count for %(month)s."),
    rf"beyond (?P<ceiling>\d+) days of a month (?P<count>\d+) days? from (?P<day>{_DAY}) on wait .*": N_(
        "Beyond %(ceiling)s days of a month: %(count)s days from %(day)s on wait for a manager."
    ),
    r"beyond (?P<ceiling>\d+) days of (?P<month>\d{4}-\d\d) (?P<count>\d+) days? came too late .*": N_(
        "Beyond %(ceiling)s days of %(month)s: %(count)s days come too late for a manager and do not count."
    ),
}
_KNOWN = [(re.compile(pattern, re.DOTALL), text) for pattern, text in _RULES.items()]


def rule_text(reader: Reader, rule: str) -> str:
    """A rule, or a warning, in the reader's words."""
    for pattern, text in _KNOWN:
        if found := pattern.fullmatch(rule):
            parts = found.groupdict()
            if "class_" in parts:
                parts["class_"] = reader.word(words.CLASSES, parts["class_"])
            return reader.text(text, **parts)
    return rule


def by_field(reader: Reader, faults: Iterable[Fault]) -> dict[str, str]:
    """What is wrong with each field; a field with several faults has them all."""
    told: dict[str, list[str]] = {}
    for fault in faults:
        told.setdefault(fault.path.rpartition("column ")[2], []).append(rule_text(reader, fault.rule))
    return {field: " ".join(dict.fromkeys(texts)) for field, texts in told.items()}


def one_line(reader: Reader, error: RecordError) -> str:
    """Everything wrong with a record, where there is no form to show it beside."""
    return " ".join(dict.fromkeys(rule_text(reader, fault.rule) for fault in error.faults))
