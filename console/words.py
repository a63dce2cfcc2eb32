"""The console's vocabulary: for each code of the contract and the registry its English text.

`N_` only marks a text for the translators; `console.reader` looks the translation up. A code that is not
in its table is shown as it is, so that a newer room never breaks a page.
"""


def N_(text: str) -> str:  # noqa: N802 - the usual mark of a text to translate
    """Mark a text for extraction."""
    return text


STATES: dict[str, str] = {
    "stopped": N_("Stopped"),
    "flow_without_power": N_("Flow without power"),
    "power_cut": N_("Power cut"),
    "idling": N_("Idling"),
    "low_load": N_("Low load"),
    "meter_fault": N_("Meter fault"),
    "offline": N_("Offline"),
    "unknown": N_("Too little data"),
    "planned_stop": N_("Planned stop"),
    "running": N_("Running"),
}
"""Worst first: the order in which counts and filters stand."""

UNKNOWN = "unknown"

ROLES: dict[str, str] = {
    "viewer": N_("viewer"),
    "operator": N_("operator"),
    "manager": N_("manager"),
    "admin": N_("administrator"),
    "contractor": N_("contractor"),
}

ACCOUNT_ERRORS: dict[str, str] = {
    "name_bad": N_("The user's name must have 1 to 64 printable letters and no colon."),
    "name_taken": N_("There is a user of this name already; upper and lower case count as one."),
    "no_user": N_("There is no such user."),
    "role_unknown": N_("There is no such role."),
    "company_needed": N_("A contractor needs the company whose stations it sees."),
    "company_unwanted": N_("Only a contractor has a company."),
    "company_unknown": N_("There is no such O&M company on the register."),
    "county_unknown": N_("There is no such county on the register."),
    "beyond_scope": N_("You can only give rights within the counties that you see yourself."),
    "password_short": N_("The password must have at least 10 letters."),
    "password_long": N_("The password must have at most 200 letters."),
    "password_name": N_("The password must not be the user's name."),
    "password_common": N_("The password is one of those that are guessed first. Choose another."),
    "password_differs": N_("The two passwords differ."),
    "password_wrong": N_("The present password is not right."),
    "password_wait": N_("Too many passwords were wrong. Wait a moment and try again."),
}
"""What can be wrong with an account, by the codes of `registry.account_errors`."""

ALARM_TYPES: dict[str, str] = {
    **STATES,
    "area_event": N_("Area event"),
}

SEVERITIES: dict[str, str] = {"high": N_("high"), "medium": N_("medium"), "low": N_("low")}

SHELVE_REASONS: dict[str, str] = {
    "repair_ordered": N_("repair ordered"),
    "waiting_for_parts": N_("waiting for parts"),
    "known_cause": N_("cause known"),
    "testing": N_("testing"),
    "nuisance": N_("nuisance"),
    "other": N_("other"),
}
"""Why a person keeps an alarm quiet for a while."""

SUPPRESSIONS: dict[str, str] = {
    "area_event": N_("under an area event"),
    "exclusion": N_("during an approved stop"),
}
"""By what design an alarm is quiet."""

STEPS: dict[str, str] = {
    "unacknowledged": N_("not acknowledged"),
    "long": N_("lasting over a day"),
    "very_long": N_("lasting over three days"),
    "overdue": N_("follow-up overdue"),
}
"""Why more people were told of an alarm."""

ALARM_CAUSES: dict[str, str] = {
    "power_outage": N_("power outage"),
    "tripped": N_("breaker tripped"),
    "switched_off": N_("switched off by hand"),
    "blower": N_("blower fault"),
    "pump": N_("pump fault"),
    "control": N_("control cabinet fault"),
    "blocked": N_("blocked"),
    "no_inflow": N_("no inflow"),
    "meter": N_("meter fault"),
    "communication": N_("communication fault"),
    "maintenance": N_("maintenance"),
    "false_alarm": N_("false alarm"),
    "other": N_("other"),
}
"""Why an alarm came, as the O&M company answers it."""

PROCESSES: dict[str, str] = {
    "A2O": "A²/O",
    "AO": "A/O",
    "MBR": "MBR",
    "SBR": "SBR",
    "contact_oxidation": N_("Contact oxidation"),
    "biofilter": N_("Biofilter"),
    "wetland": N_("Constructed wetland"),
    "pond": N_("Oxidation pond"),
    "other": N_("Other"),
}

QUANTITIES: dict[str, str] = {
    "active_power_kw": N_("Active power"),
    "voltage_l1_v": N_("Voltage L1"),
    "voltage_l2_v": N_("Voltage L2"),
    "voltage_l3_v": N_("Voltage L3"),
    "current_l1_a": N_("Current L1"),
    "current_l2_a": N_("Current L2"),
    "current_l3_a": N_("Current L3"),
    "power_factor": N_("Power factor"),
    "frequency_hz": N_("Frequency"),
    "energy_kwh": N_("Energy, counter"),
    "flow_m3h": N_("Flow"),
    "level_m": N_("Water level"),
    "volume_m3": N_("Effluent, counter"),
}

APPROVED_STOPS: dict[str, str] = {
    "maintenance": N_("planned maintenance"),
    "rebuilding": N_("rebuilding"),
    "grid_outage": N_("grid outage"),
    "season": N_("seasonal stop"),
    "no_inflow": N_("no inflow"),
}

CLASSES: dict[str, str] = {
    "in_use": N_("In use"),
    "rebuilding": N_("Rebuilding"),
    "to_sewer": N_("Connected to a sewer"),
    "retired": N_("Retired"),
    "shut": N_("Shut down"),
}
"""What a station is on the register as, from a day on."""

INSPECTION_RESULTS: dict[str, str] = {"normal": N_("normal"), "abnormal": N_("not normal")}
OCCASIONS: dict[str, str] = {"unannounced": N_("unannounced visit"), "patrol": N_("patrol")}
WATER_PARAMETERS: dict[str, str] = {
    "COD": "COD",
    "BOD5": "BOD₅",
    "NH3-N": N_("ammonia nitrogen"),
    "TN": N_("total nitrogen"),
    "TP": N_("total phosphorus"),
    "SS": N_("suspended solids"),
    "pH": "pH",
    "DO": N_("dissolved oxygen"),
    "LAS": "LAS",
    "oil": N_("oil and grease"),
    "FC": N_("faecal coliforms"),
    "temperature": N_("water temperature"),
}

VERDICTS: dict[str, str] = {
    "running": N_("Running"),
    "stopped": N_("Stopped"),
    "unknown": N_("Too little data"),
    "excluded": N_("Excluded"),
}
"""What a civil day counts as."""

DAY_REASONS: dict[str, str] = {
    "energy_as_expected": N_("energy as expected"),
    "low_load": N_("low-load day"),
    "effluent_as_expected": N_("effluent as expected"),
    "no_energy": N_("no energy"),
    "no_energy_no_effluent": N_("neither energy nor effluent"),
    "little_energy_no_effluent": N_("little energy and no effluent"),
    "too_little_energy": N_("too little energy, though effluent came"),
    "no_effluent": N_("no effluent"),
    "idling": N_("idling"),
    "approved_stop": N_("approved stop"),
    "too_little_data": N_("too little data"),
    "no_data": N_("no data"),
    "corrected": N_("corrected by hand"),
}
"""Why a day got its verdict."""

JUDGEMENTS: dict[str, str] = {
    "normal": N_("Normal"),
    "not_normal": N_("Not normal"),
    "not_assessable": N_("Not assessable"),
    "not_counted": N_("Not counted"),
}
"""What a station counts as in a month."""

REPORT_STATUSES: dict[str, str] = {"draft": N_("Draft"), "frozen": N_("Final")}

METERS: dict[str, str] = {"power": N_("Power meter"), "flow": N_("Flow meter")}

QUALITIES: dict[str, str] = {"good": N_("good"), "suspect": N_("suspect"), "missing": N_("missing")}

CAUSES: dict[str, str] = {
    "no_response": N_("the meter does not answer"),
    "garbled": N_("the answer is garbled"),
    "echo": N_("the line echoes what is sent"),
    "other_unit": N_("another meter answers"),
    "wrong_shape": N_("the answer has the wrong length"),
    "device_exception": N_("the meter refuses the request"),
    "port_gone": N_("the serial adapter is gone"),
    "backing_off": N_("waiting after many failures"),
    "implausible": N_("implausible value"),
    "not_a_number": N_("value is not a number"),
}

SERVICES: dict[str, str] = {
    "collector": N_("Collector"),
    "alerting": N_("Alerting"),
    "console": N_("Console"),
    "reporting": N_("Reporting"),
    "notify": N_("Notifications"),
}

CLOCKS: dict[str, str] = {"trusted": N_("trusted"), "untrusted": N_("not set")}

QUARANTINE_CODES: dict[str, str] = {
    "not_json": N_(
        "The payload is not JSON. Something other than an agent sends, or it was damaged on the way."
    ),
    "bad_zlib": N_(
        "The payload says that it is compressed, but cannot be inflated: damaged on the way, or cut."
    ),
    "too_large": N_("The payload is larger than the centre takes: 256 kB as it comes, 1 MB inflated."),
    "malformed": N_("Something in it breaks the contract. What was good in the same batch was stored."),
    "wrong_version": N_(
        "Another version of the contract than the centre speaks: update the centre or the agent."
    ),
    "unknown_station": N_(
        "The station is not on the register. Import it, and it delivers by itself: it holds its data."
    ),
    "implausible_time": N_(
        "A time more than 10 min ahead of the centre, or 400 days back. Check the clock of the box."
    ),
    "unknown_quantity": N_(
        "A quantity unknown to the centre, or of the other kind of meter. Update the centre, then replay."
    ),
    "store_refuses": N_("The store of readings refused this reading for ever. Mend the cause, then replay."),
}
"""Why something was put aside, and what helps."""
