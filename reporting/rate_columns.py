"""The columns of the files of `qingliu report rate`, their heads in two languages, and their words. Data."""

from collections.abc import Mapping
from typing import Literal

from registry.stations_columns import HEADS
from reporting.given_table import Columns

CITY = "city"
"""The first row of the results; no county is called so."""
_STATION = HEADS["station"]
STATIONS: Columns = {
    "station": _STATION,
    "county": (*HEADS["county"], "区县", "县区", "县(市、区)"),
    "design_m3_per_day": HEADS["design_m3_per_day"],
    "class": HEADS["class"],
    "commissioned": HEADS["commissioned"],
    "retired": ("退出日期", "纳管日期", "停用日期", "退出时间"),
}
DAYS: Columns = {
    "station": _STATION,
    "date": ("日期", "day"),
    "verdict": ("判定", "日判定", "运行状态", "结果"),
}
EXCLUSIONS: Columns = {
    "station": _STATION,
    "start": ("开始日期", "起始日期", "停运开始", "from"),
    "end": ("结束日期", "截止日期", "停运结束", "to"),
    "reason": ("原因", "停运原因", "剔除原因"),
    "applicant": ("申请人",),
    "approver": ("批准人", "审批人"),
    "entered": ("录入日期", "录入时间", "登记日期"),
}
INSPECTIONS: Columns = {
    "station": _STATION,
    "result": ("检查结果", "结果"),
    "date": ("检查日期", "日期", "day"),
}
DayWord = Literal["running", "stopped", "unknown", "excluded"]
DAY_WORDS: Mapping[DayWord, tuple[str, ...]] = {
    "running": ("运行",),
    "stopped": ("停运",),
    "unknown": ("数据不足",),
    "excluded": ("剔除",),
}
BY_WORD: dict[str, DayWord] = {word: code for code, others in DAY_WORDS.items() for word in (code, *others)}
