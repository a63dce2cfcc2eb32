"""The words of the alarm desk: steps of an alarm's life, deliveries, refusals, and what was done."""

from console.words import N_

EVENTS: dict[str, str] = {
    "raised": N_("Alarm raised"),
    "rang_again": N_("Rang again"),
    "acknowledged": N_("Acknowledged"),
    "returned_to_normal": N_("Returned to normal"),
    "superseded": N_("Superseded by a new alarm"),
    "shelved": N_("Shelved"),
    "unshelved": N_("Shelf ended"),
    "out_of_service": N_("Out of service"),
    "returned_to_service": N_("Put back into service"),
    "suppressed": N_("Suppressed"),
    "unsuppressed": N_("Suppression ended"),
    "noted": N_("Note"),
    "assigned": N_("Assigned"),
    "answered": N_("Answered"),
    "escalated": N_("Escalated"),
    "followed_up": N_("Put on the follow-up list"),
}
DELIVERIES: dict[str, str] = {"pending": N_("waiting"), "sent": N_("sent"), "failed": N_("failed")}
QUIETNESS: dict[str, str] = {
    "shelved": N_("shelved"),
    "out_of_service": N_("out of service"),
    "area_event": N_("under an area event"),
    "exclusion": N_("during an approved stop"),
}
"""What keeps an alarm quiet, as its events name it."""

DONE: dict[str, str] = {
    "acknowledge": N_("Acknowledged: %(alarms)s"),
    "shelve": N_("Shelved: %(alarms)s"),
    "unshelve": N_("No longer shelved: %(alarms)s"),
    "note": N_("Noted: %(alarms)s"),
    "assign": N_("Assigned: %(alarms)s"),
}
"""What was done, by act."""
RINGS_AGAIN = N_("Still standing, so it rings again: %(alarms)s")
ANSWERED = N_("The answer to alarm %(id)s was taken down.")
REFUSED: dict[str, str] = {
    "acknowledged": N_("%(alarm)s was acknowledged by %(by)s already; nothing was changed."),
    "closed": N_("%(alarm)s is closed meanwhile; nothing was changed."),
    "not_shelved": N_("%(alarm)s is not shelved; nothing was changed."),
    "no_alarm": N_("%(alarm)s is no longer on record; nothing was changed."),
}
"""Why one of several alarms was left as it was."""
REFUSED_OTHERWISE = N_("%(alarm)s could not be changed (%(why)s).")
MORE_REFUSED = N_("%(count)s more were refused.")

NONE_CHOSEN = N_("Nothing was done: no alarm was chosen. Tick those that are meant.")
REASON_NEEDED = N_("Nothing was done: shelving needs a reason. Choose one.")
SPAN_NEEDED = N_("Nothing was done: a shelf lasts from 1 hour to 7 days. Choose how long.")
TEXT_NEEDED = N_("Nothing was done: a note needs a text. Write what is worth keeping.")
TEXT_LONG = N_("Nothing was done: a note has at most %(most)s letters (got %(count)s). Shorten it.")
ASSIGN_NEEDED = N_("Nothing was done: choose a company, a due day or a cause.")
COMPANY_UNKNOWN = N_("Nothing was done: there is no O&M company %(given)s. Choose one of the list.")
CAUSE_UNKNOWN = N_("Nothing was done: there is no cause %(given)s. Choose one of the list.")
DUE_WRONG = N_("Nothing was done: the due day must be today or later, such as 2026-11-25 (got %(given)s).")
ROSTER_WRONG = N_("Nothing was done: the duty roster cannot be read, so nobody could be told. Mend its file.")
UPLOADS: dict[str, str] = {
    "upload_empty": N_("Nothing was taken down: the file is empty. Choose another."),
    "upload_large": N_("Nothing was taken down: a file has at most 5 MB. Choose a smaller one."),
    "upload_unknown": N_("Nothing was taken down: the file is neither JPEG, PNG nor PDF. Choose another."),
    "upload_unwritable": N_(
        "Nothing was taken down: the server cannot keep files. Call whoever looks after the server."
    ),
}
"""Why a file was not taken, by the codes of `console.uploads`."""

SHELF_HOURS: dict[int, str] = {
    1: N_("1 hour"),
    4: N_("4 hours"),
    8: N_("8 hours"),
    24: N_("24 hours"),
    72: N_("3 days"),
    168: N_("7 days"),
}
"""For how long the page offers to shelve."""
