"""What alarms are called in messages and lists, in Chinese and in English. Pure."""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]
"""Code to Chinese and English."""
LANGUAGES = ("zh-CN", "en")

STATES: Words = {
    "running": ("运行", "running"),
    "stopped": ("停运", "stopped"),
    "flow_without_power": ("有水无电", "flow without power"),
    "idling": ("空转", "idling"),
    "power_cut": ("停电", "power cut"),
    "meter_fault": ("仪表故障", "meter fault"),
    "low_load": ("低电耗", "low load"),
    "offline": ("离线", "offline"),
    "planned_stop": ("计划停运", "planned stop"),
    "unknown": ("数据不足", "too little data"),
}
TYPES: Words = {
    **{
        state: words for state, words in STATES.items() if state not in ("running", "planned_stop", "unknown")
    },
    "area_event": ("区域事件", "area event"),
}
SEVERITIES: Words = {"low": ("低", "low"), "medium": ("中", "medium"), "high": ("高", "high")}
REASONS: Words = {
    "no_energy_no_effluent": ("无用电且无出水", "neither energy nor effluent"),
    "little_energy_no_effluent": ("用电极少且无出水", "hardly any energy and no effluent"),
    "no_energy": ("无用电", "no energy used"),
    "no_effluent": ("无出水", "no effluent"),
    "effluent_without_energy": ("有出水但无用电", "effluent goes on without energy"),
    "energy_without_effluent": ("有用电但无出水", "energy used, but no effluent"),
    "low_energy": ("用电远低于平时", "energy far below the usual"),
    "no_voltage": ("各相无电压", "no phase has voltage"),
    "no_mains_in_gap": ("失联期间无市电", "no mains while nothing was heard"),
    "stood_while_silent": ("表底显示失联期间停运", "counters show that it stood while silent"),
    "nothing_heard": ("无任何数据", "nothing heard"),
    "all_meters_mute": ("箱体在线而仪表均无应答", "the box talks, but no meter answers"),
    "meter_mute": ("仪表无应答", "a meter does not answer"),
    "power_counter_frozen": ("电表读数不变", "the power counter stands still"),
    "flow_counter_frozen": ("流量计读数不变", "the flow counter stands still"),
    "counter_unreadable": ("读数无法使用", "a counter cannot be used"),
    "area_power": ("多站同时停电", "many stations lost power together"),
    "area_silent": ("多站同时失联", "many stations fell silent together"),
}
CAUSES: Words = {
    "power_outage": ("供电中断", "power outage"),
    "tripped": ("跳闸", "breaker tripped"),
    "switched_off": ("人为停机", "switched off by hand"),
    "blower": ("风机故障", "blower fault"),
    "pump": ("水泵故障", "pump fault"),
    "control": ("电控故障", "control cabinet fault"),
    "blocked": ("堵塞", "blocked"),
    "no_inflow": ("无进水", "no inflow"),
    "meter": ("仪表故障", "meter fault"),
    "communication": ("通信故障", "communication fault"),
    "maintenance": ("检修", "maintenance"),
    "false_alarm": ("误报", "false alarm"),
    "other": ("其他", "other"),
}
"""Why an alarm came, as the O&M company answers it."""
SHELVE_REASONS: Words = {
    "repair_ordered": ("已派修", "repair ordered"),
    "waiting_for_parts": ("等待配件", "waiting for parts"),
    "known_cause": ("原因已知", "cause known"),
    "testing": ("调试", "testing"),
    "nuisance": ("频繁误报", "nuisance"),
    "other": ("其他", "other"),
}
QUIETNESS: Words = {
    "shelved": ("搁置", "shelved"),
    "out_of_service": ("停用", "out of service"),
    "area_event": ("区域事件下", "under an area event"),
    "exclusion": ("批准停运期间", "during an approved stop"),
}
STEPS: Words = {
    "unacknowledged": ("久未确认", "not acknowledged"),
    "long": ("持续超过一天", "lasting over a day"),
    "very_long": ("持续超过三天", "lasting over three days"),
    "overdue": ("整改逾期", "follow-up overdue"),
}
"""The steps of escalation with their usual delays."""


def word(words: Words, code: str, language: str) -> str:
    """A code in words; one that is not known is shown as it is."""
    found = words.get(code, (code, code.replace("_", " ")))
    return found[1] if language == "en" else found[0]
