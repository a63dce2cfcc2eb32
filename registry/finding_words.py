"""What each finding tells, in the words of either language. Data, and how it is filled in. Pure."""

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from service.civil import clock_of

Language = Literal["zh-CN", "en"]

WORDS: dict[str, dict[Language, str]] = {
    "effluent_without_power": {
        "zh-CN": "有水无电：日用电 {energy_kwh} 千瓦时（停运下限 {floor_kwh}），"
        "出水 {volume_m3} 立方米（平时 {usual_m3}），查旁路、电表、互感器",
        "en": "effluent without power: {energy_kwh} kWh a day (floor {floor_kwh}) but {volume_m3} m³ "
        "(usually {usual_m3}); look for a by-pass, at the meter and its transformers",
    },
    "under_powered": {
        "zh-CN": "吨水电耗过低：{kwh_per_m3} 千瓦时/立方米（平时 {usual_kwh_per_m3}），"
        "出水如常，查曝气设备是否开启",
        "en": "too little power for its water: {kwh_per_m3} kWh/m³ (usually {usual_kwh_per_m3}); "
        "see whether the blowers run",
    },
    "heater_like_load": {
        "zh-CN": "疑似电热负载：功率因数 {power_factor}，功率 {running_kw} 千瓦恒定不启停，"
        "查是否接电热器代替设备",
        "en": "heater-like load: power factor {power_factor}, a steady {running_kw} kW; "
        "see whether a heater runs in place of the machines",
    },
    "load_signature_changed": {
        "zh-CN": "负载特征突变：{what}由 {before} 变为 {now}，查设备是否更换或停用",
        "en": "the load is not what it was: {what} went from {before} to {now}; "
        "see which machines were exchanged or stand",
    },
    "load_scaled": {
        "zh-CN": "负载按同一比例变化：全部为原来的 {scaled_by} 倍（功率 {before} 变为 {now} 千瓦），"
        "查电流互感器及变比",
        "en": "all of the load changed by one factor, {scaled_by} ({before} to {now} kW); "
        "look at the current transformers and their ratio",
    },
    "unannounced_exchange": {
        "zh-CN": "表计读数中断：{device} 于 {at} 由 {before} 变为 {after}，未登记换表，核对表号并补录",
        "en": "{device} went from {before} to {after} at {at} and no exchange is on record; "
        "check the serial number and enter the exchange",
    },
    "repeated_sequence": {
        "zh-CN": "数据重复：{kind}逐刻钟数据与 {like} 完全相同，查是否伪造、回放数据",
        "en": "the {kind} figures of all quarter hours are those of {like} again; "
        "see whether the data are invented or replayed",
    },
    "constant_volume": {
        "zh-CN": "日出水量几乎不变：连续 {days} 个运行日约 {volume_m3} 立方米，变化仅 {variation}，"
        "昼夜流量不变，查是否清水充数",
        "en": "{days} running days with almost the same volume, {volume_m3} m³ within {variation}, "
        "alike day and night; see whether clean water runs through the meter",
    },
}  # fmt: skip
"""By code; `load_scaled` is a changed signature whose cause is plain."""

_TERMS: dict[str, dict[Language, str]] = {
    "power": {"zh-CN": "电量", "en": "energy"},
    "flow": {"zh-CN": "水量", "en": "flow"},
    "running_kw": {"zh-CN": "运行功率（千瓦）", "en": "the running power (kW)"},
    "power_factor": {"zh-CN": "功率因数", "en": "the power factor"},
    "cycling": {"zh-CN": "启停波动系数", "en": "the cycling of the load"},
}
HEADS: dict[Language, tuple[str, ...]] = {
    "zh-CN": ("站点", "区县", "名称", "首日", "末日", "线索"),
    "en": ("station", "county", "name", "first day", "last day", "hint"),
}
NOTHING: dict[Language, str] = {
    "zh-CN": "{since} 以来没有线索",
    "en": "no findings since {since}",
}


def hint(code: str, evidence: Mapping[str, Any], language: Language, zone: ZoneInfo) -> str:
    """A finding as one sentence; the code itself where a newer version wrote it.

    Args:
        code: of the finding.
        evidence: its figures; one that lacks is shown as a dash.
        language: of the reader.
        zone: in which instants are told.
    """
    if code == "load_signature_changed" and "scaled_by" in evidence and evidence.get("what") == "running_kw":
        code = "load_scaled"
    if code not in WORDS:
        return code
    shown = {name: _shown(name, value, language) for name, value in evidence.items()}
    if "at_ms" in evidence:
        at = clock_of(evidence["at_ms"], zone)
        shown["at"] = f"{at:%Y-%m-%d %H:%M}"
    return WORDS[code][language].format_map(_Dashed(shown))


class _Dashed(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"


def _shown(name: str, value: object, language: Language) -> str:
    if name == "variation" and isinstance(value, float):
        return f"{value:.1%}"
    if isinstance(value, int | float):
        return f"{value:.12g}"
    return _TERMS[str(value)][language] if str(value) in _TERMS else str(value)
