"""The words of an explanation in Chinese and in English, and its figures as they are printed. Pure."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from registry.day_reasons import day_reason
from registry.exclusion_days import CEILING_DAYS, Standing, closes_on
from registry.tables import VerdictRevision
from reporting.explain import Condition, ExplainedDay, Explanation
from reporting.rate import RULES
from reporting.shares import per_cent
from reporting.words import Words
from service.civil import Month, clock_of, day_of

MARKS: Mapping[str, tuple[str, str]] = {
    "running": ("运", "R"),
    "stopped": ("停", "S"),
    "unknown": ("缺", "U"),
    "excluded": ("剔", "X"),
    "off": ("·", "·"),
    "open": ("·", "·"),
}
"""A letter for each mark of the calendar."""
NAMES: Mapping[str, tuple[str, str]] = {
    "running": ("运行", "running"),
    "stopped": ("停运", "stopped"),
    "unknown": ("数据不足", "unknown"),
    "excluded": ("剔除", "excluded"),
    "off": ("不在册", "not on the register"),
    "open": ("未结束", "not over yet"),
}
CONDITIONS: Mapping[str, tuple[str, str]] = {
    "unknown_share": ("数据不足天数占比 U ÷ K", "unknown days U / K"),
    "running_share": ("运行天数占比 R ÷ (K − U)", "running days R / (K − U)"),
    "longest_stop": ("最长连续停运（跨月连续计算）", "longest stop (over the month's edges)"),
    "inspection": ("检查认定非正常", "found not normal by an inspection"),
}
_SHORT: Mapping[str, tuple[str, str]] = {
    "unknown_share": ("数据不足天数", "unknown days"),
    "running_share": ("运行天数占比", "running days"),
    "longest_stop": ("连续停运天数", "longest stop"),
    "inspection": ("检查认定", "inspection"),
}
WEEKDAYS = (("一", "Mo"), ("二", "Tu"), ("三", "We"), ("四", "Th"), ("五", "Fr"), ("六", "Sa"), ("日", "Su"))


def mark(words: Words, code: str) -> str:
    """The letter of a day's mark."""
    return words.choose(*MARKS[code])


def name(words: Words, code: str) -> str:
    """What a day counts as; a code that is not known as it is."""
    return words.choose(*NAMES.get(code, (code, code)))


def reason(words: Words, day: ExplainedDay) -> str:
    """Why a day counts as what it does; empty for one that is not due."""
    if day.mark == "excluded":
        return words.code("exclusion", day.reason)
    evidence = day.verdict.evidence if day.verdict is not None else {}
    return day_reason(day.reason, evidence.get("stop"), words.language) if day.reason else ""


def value(words: Words, condition: Condition) -> str:
    """What is held against the threshold, such as `27 / 31 = 87.10 %`; a dash if there is nothing."""
    if condition.code == "inspection":
        return words.choose(f"{condition.part} 次", f"{condition.part}")
    if condition.whole is None:
        return words.choose(f"{condition.part} 天", f"{condition.part} d")
    share = condition.share
    if share is None or not isinstance(condition.limit, Fraction):
        return "–"
    return f"{condition.part} / {condition.whole} = {per_cent(share, condition.limit)} %"


def limit(words: Words, condition: Condition) -> str:
    """The threshold, such as `≥ 90 %`."""
    if condition.code == "inspection":
        return words.choose("0 次", "0")
    if isinstance(condition.limit, int):
        return words.choose(f"< {condition.limit} 天", f"< {condition.limit} d")
    sign = "≤" if condition.code == "unknown_share" else "≥"
    return f"{sign} {float(condition.limit * 100):g} %"


def outcome(words: Words, condition: Condition) -> str:
    """Whether it is met, and whether it decided."""
    met = {True: ("符合", "met"), False: ("不符合", "missed"), None: ("–", "–")}[condition.is_met]
    decides = words.choose("，决定判定", ", decides") if condition.decides else ""
    return words.choose(*met) + decides


def why(words: Words, explained: Explanation) -> str:
    """One sentence on what decided."""
    deciding = [words.choose(*_SHORT[each.code]) for each in explained.conditions if each.decides]
    listed = words.choose("、", ", ").join(deciding)
    share = f"{float(RULES.unknown_share * 100):g} %"
    return {
        "normal": words.choose("全部条件均符合。", "All conditions are met."),
        "not_normal": words.choose(f"{listed}不符合要求。", f"Missed: {listed}."),
        "not_assessable": words.choose(
            f"数据不足天数超过应运行天数的 {share}，无论其他条件如何。",
            f"More than {share} of the countable days are unknown, whatever else is true.",
        ),
        "not_counted": words.choose("没有应运行日。", "There is no countable day."),
    }[explained.judged.judgement]


def standing(words: Words, code: Standing, month: Month, today: date) -> str:
    """Whether the stop takes the day away, and what it lacks."""
    if code == "counts":
        return words.choose("计入剔除", "counts")
    if code == "too_late":
        return words.choose(
            f"逾 {closes_on(month)} 录入，不计", f"entered after {closes_on(month)}: does not count"
        )
    if today <= closes_on(month):
        return words.choose(
            f"超过当月 {CEILING_DAYS} 天，待主管批准",
            f"beyond {CEILING_DAYS} days of the month: waits for a manager",
        )
    return words.choose(
        f"超过当月 {CEILING_DAYS} 天，未在 {closes_on(month)} 前获主管批准，不计",
        f"beyond {CEILING_DAYS} days of the month, no manager by {closes_on(month)}: does not count",
    )


def replaced(words: Words, row: VerdictRevision, zone: ZoneInfo) -> str:
    """What a day counted as before, why, and until when."""
    at = f"{clock_of(row.replaced_ms, zone):%Y-%m-%d %H:%M}"
    said = day_reason(row.reason, None, words.language)
    by = f", {row.corrected_by}" if row.corrected_by else ""
    was = name(words, row.verdict)
    return words.choose(f"至 {at} 为{was}（{said}{by}）", f"{was} ({said}{by}) until {at}")


def stop_text(words: Words, day: ExplainedDay, zone: ZoneInfo, today: date) -> str:
    """The approved stop a day lies in: reason, approver, manager, day of entry, and whether it counts."""
    if day.stop is None:
        return ""
    stop = day.stop.stop
    manager = words.choose(f"，主管 {stop.manager}", f", manager {stop.manager}") if stop.manager else ""
    entered = day_of(stop.entered_ms, zone)
    told = standing(words, day.stop.standing, Month.of(day.day), today)
    why_stopped = words.code("exclusion", stop.reason)
    return words.choose(
        f"{why_stopped}，批准 {stop.approver}{manager}，{entered} 录入，{told}",
        f"{why_stopped}, approved by {stop.approver}{manager}, entered {entered}, {told}",
    )


def days_of_longest(words: Words, explained: Explanation) -> str:
    """First and last day of the longest stop; empty without one."""
    if explained.longest_stop is None:
        return ""
    first, last = explained.longest_stop
    return str(first) if first == last else words.choose(f"{first} 至 {last}", f"{first} to {last}")
