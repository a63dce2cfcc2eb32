"""What the pages of administration call things: roles, actions, fields, channels, stores."""

from console import trail_words, words
from console.words import N_

ROLES_IN_SHORT: dict[str, str] = {
    "viewer": N_("sees stations, alarms, reports and how the system is; changes nothing"),
    "operator": N_("also handles alarms, enters approved stops and notes, sees the quarantine"),
    "manager": N_("also approves stops, edits the register, freezes reports, handles the quarantine"),
    "admin": N_("also makes users, tests channels and sees the audit trail"),
    "contractor": N_("sees the stations of one O&M company with their alarms, and answers them"),
}

ACCOUNT_ERRORS: dict[str, str] = words.ACCOUNT_ERRORS | {
    "last_admin": N_("At least one administrator of the whole centre must be able to log in."),
    "own_account": N_(
        "Nobody changes the rights of their own account, or shuts it. Ask another administrator."
    ),
}

ACTIONS: dict[str, str] = trail_words.CHANGES | {
    "station.note": N_("note written"),
    "county.update": N_("county renamed"),
    "user.login": N_("logged in"),
    "user.login_failed": N_("login failed"),
    "user.logout": N_("logged out"),
    "user.add": N_("user made"),
    "user.change": N_("rights changed"),
    "user.password": N_("password set"),
    "user.disable": N_("user disabled"),
    "user.enable": N_("user enabled"),
    "user.end_sessions": N_("logins ended"),
    "alarms.shelved": N_("alarm shelved"),
    "alarms.shelved.end": N_("alarm no longer shelved"),
    "alarms.out_of_service": N_("alarm taken out of service"),
    "alarms.out_of_service.end": N_("alarm back in service"),
    "report.freeze": N_("report frozen"),
    "channel.test": N_("channel tested"),
    "audit.verify": N_("audit trail verified"),
    "authority.make": N_("certificate authority made"),
    "broker.certify": N_("broker's certificate issued"),
    "certificate.revoke": N_("certificate revoked"),
    "station.enrol": N_("station's certificate issued"),
    "station.renew": N_("station's certificate renewed"),
    "station.password": N_("station's password for the broker made"),
    "station.password_taken": N_("station's password for the broker taken away"),
    "registry.restore": N_("registry restored from a backup"),
}
"""What the audit trail notes; what is not here is shown by its code."""

FIELDS: dict[str, str] = trail_words.FIELDS | {
    "role": N_("Role"),
    "counties": N_("Counties"),
    "company_id": N_("O&M company, number"),
    "type": N_("Kind"),
    "until_ms": N_("Until"),
    "sent": N_("Sent"),
    "error": N_("Error"),
    "rows": N_("Rows"),
    "broken": N_("Broken at row"),
    "sha256": N_("SHA-256 of the last row"),
    "address": N_("From the address"),
}

MATTERS: dict[str, str] = {
    "alarms": N_("alarms"),
    "digest": N_("morning digest"),
    "reports": N_("reports"),
}

STORES: dict[str, str] = {
    "registry": N_("Registry"),
    "history": N_("Measurements"),
    "reports": N_("Reports"),
    "uploads": N_("Uploaded files"),
}

CERTIFICATES: dict[str, str] = {
    "console": N_("this console"),
    "mqtt": N_("the centre towards the broker"),
    "authority": N_("the authority of the broker and the stations"),
    "own_authority": N_("the centre's own authority"),
    "revoked_list": N_("list of revoked certificates"),
}
