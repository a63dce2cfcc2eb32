"""The words of the report in Chinese and in English. Pure."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal, TypeVar

from registry.day_reasons import DAY_REASONS

Language = Literal["zh-CN", "en"]
Said = TypeVar("Said")
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")

CODES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "judgement": {
        "normal": ("正常", "normal"),
        "not_normal": ("非正常", "not normal"),
        "not_assessable": ("数据不足", "not assessable"),
        "not_counted": ("不计", "not counted"),
    },
    "reason": DAY_REASONS,
    "exclusion": {
        "maintenance": ("计划检修", "planned maintenance"),
        "rebuilding": ("改造", "rebuilding"),
        "grid_outage": ("电网停电", "grid outage"),
        "season": ("季节性停运", "seasonal stop"),
        "no_inflow": ("无进水", "no inflow"),
    },
    "class": {
        "in_use": ("在用", "in use"),
        "rebuilding": ("改造", "rebuilding"),
        "to_sewer": ("纳管", "to sewer"),
        "retired": ("退出", "retired"),
        "shut": ("停用", "shut"),
        "not_commissioned": ("未投运", "not commissioned"),
    },
    "process": {
        "A2O": ("A²/O", "A²/O"),
        "AO": ("A/O", "A/O"),
        "contact_oxidation": ("接触氧化", "contact oxidation"),
        "biofilter": ("生物滤池", "biofilter"),
        "wetland": ("人工湿地", "wetland"),
        "pond": ("稳定塘", "pond"),
        "other": ("其他", "other"),
    },
    "change": {
        "verdict": ("判定", "judgement"),
        "running": ("运行天数", "running days"),
        "stopped": ("停运天数", "stopped days"),
        "unknown": ("数据不足天数", "unknown days"),
        "excluded": ("剔除天数", "excluded days"),
        "countable": ("应运行天数", "countable days"),
        "rate_strict": ("正常运行率（从严）", "operating rate (strict)"),
        "rate_lenient": ("正常运行率（从宽）", "operating rate (lenient)"),
        "added": ("新增", "added"),
        "removed": ("移除", "removed"),
    },
}
"""Codes of the registry and of changes; one that is not here is shown as it is."""

TEXTS: dict[str, tuple[str, str]] = {
    "report": ("农村生活污水处理设施运行监管月报", "Monthly report on village sewage-treatment facilities"),
    "month": ("{year}年{number}月", "{year}-{number:02}"),
    "day": ("{year}年{number}月{day}日", "{year}-{number:02}-{day:02}"),
    "revision": ("第 {revision} 版", "revision {revision}"),
    "draft": ("草稿，尚未定稿", "draft, not final"),
    "frozen": ("定稿", "final"),
    "preview": ("预览，未登记版次", "preview, not registered"),
    "cutoff": ("数据截至 {cutoff}", "data as of {cutoff}"),
    "counted_until": ("统计至 {day}", "counted until {day}"),
    "page": ("第 &P 页 共 &N 页", "page &P of &N"),
    # sheets
    "sheet_summary": ("汇总", "Summary"),
    "sheet_counties": ("分县", "Counties"),
    "sheet_stations": ("站点明细", "Facilities"),
    "sheet_stops": ("停运记录", "Stops"),
    "sheet_companies": ("运维单位", "Operators"),
    "sheet_quality": ("数据质量", "Data quality"),
    "sheet_findings": ("存疑站点", "Doubtful"),
    "sheet_definitions": ("口径说明", "Definitions"),
    "sheet_changes": ("变更", "Changes"),
    "title_counties": ("各县（市、区）运行情况", "By county"),
    "title_stations": ("设施运行明细", "By facility"),
    "title_stops": ("停运记录", "Stops"),
    "title_companies": ("运维单位运行情况", "By operator"),
    "title_quality": ("数据质量", "Data quality"),
    "title_findings": ("存疑站点（供暗访核查）", "Facilities worth an unannounced visit"),
    "title_definitions": ("统计口径与说明", "Definitions"),
    "title_changes": ("较上一版的变更", "Changes against the revision before"),
    # summary
    "headline": ("正常运行率（从严）", "Operating rate (strict)"),
    "headline_lenient": ("正常运行率（从宽）", "Operating rate (lenient)"),
    "target": ("考核目标", "Target"),
    "result": ("{result}（考核目标 {target}）", "{result} (target {target})"),
    "is_met": ("达标", "met"),
    "is_missed": ("未达标", "missed"),
    "no_figure": ("无数据", "no data"),
    "rates": ("运行率", "Rates"),
    "facilities": ("设施数（座）", "Facilities"),
    "amounts": ("水量与电量", "Effluent and energy"),
    "days_of_all": ("天数合计（设施·天）", "Days of all facilities"),
    "causes": ("停运次数（按主要依据）", "Stops by main reason"),
    "others": ("其他", "others"),
    "doubtful": ("存疑\n设施数", "Doubtful facilities"),
    "how": ("计算", "How"),
    "quotient": ("{part} {a} ÷ {whole} {b}", "{part} {a} / {whole} {b}"),
    "how_by_capacity": ("正常设施设计规模 ÷ 应运行设施设计规模", "design of the normal / of those due"),
    "assessed": ("正常与非正常数", "normal and not normal"),
    "known_days": ("有数据天数", "known days"),
    "definition": ("统计口径", "Definition"),
    "prepared": ("制表：", "Prepared:"),
    "reviewed": ("审核：", "Reviewed:"),
    "issued": ("签发：", "Issued:"),
    "dated": ("日期：", "Date:"),
    "seal": ("（盖章）", "(seal)"),
    # columns
    "number": ("序号", "No."),
    "rank": ("排名", "Rank"),
    "county": ("县\n（市、区）", "County"),
    "company": ("运维单位", "Operator"),
    "registered": ("在册\n设施数", "On register"),
    "connected": ("已接入\n设施数", "Connected"),
    "connection_rate": ("接入率", "Connection rate"),
    "due": ("应运行\n设施数", "Due to run"),
    "not_counted": ("整月\n不计数", "Not counted"),
    "normal": ("正常\n运行数", "Normal"),
    "not_normal": ("非正\n常数", "Not normal"),
    "not_assessable": ("数据\n不足数", "Not assessable"),
    "strict": ("正常运行率\n（从严）", "Operating rate (strict)"),
    "lenient": ("正常运行率\n（从宽）", "Operating rate (lenient)"),
    "by_days": ("运行\n天数率", "Rate by days"),
    "by_capacity": ("按规模加\n权运行率", "Rate by capacity"),
    "completeness": ("数据\n完整率", "Completeness"),
    "change_points": ("较上月\n（百分点）", "On last month (points)"),
    "change_year_points": ("较上年同月\n（百分点）", "On last year (points)"),
    "strict_before": ("上月运行率\n（从严）", "Rate last month"),
    "strict_year_before": ("上年同月\n运行率\n（从严）", "Rate last year"),
    "volume": ("处理水量\n（m³）", "Effluent (m³)"),
    "energy": ("用电量\n（kWh）", "Energy (kWh)"),
    "load": ("平均\n负荷率", "Load"),
    "kwh_per_m3": ("吨水电耗\n（kWh/m³）", "kWh/m³"),
    "stops": ("停运\n次数", "Stops"),
    "stopped_days": ("停运\n天数", "Stopped days"),
    "id": ("设施编码", "Facility"),
    "name": ("设施名称", "Name"),
    "town": ("乡镇\n（街道）", "Town"),
    "village": ("村", "Village"),
    "design": ("设计规模\n（m³/d）", "Design (m³/d)"),
    "process": ("工艺", "Process"),
    "class": ("分类", "Class"),
    "connected_from": ("接入日期", "Connected from"),
    "not_connected": ("未接入", "no box"),
    "countable": ("应运行\n天数", "Countable days"),
    "excluded": ("剔除\n天数", "Excluded days"),
    "exclusion_reasons": ("剔除原因", "Why excluded"),
    "running": ("运行\n天数", "Running days"),
    "unknown": ("数据不\n足天数", "Unknown days"),
    "running_share": ("站点\n运行率", "Running share"),
    "longest_stop": ("最长连续\n停运天数", "Longest stop (days)"),
    "main_reason": ("主要依据", "Main reason"),
    "stop_reasons": ("停运依据", "Why stopped"),
    "found_abnormal": ("非正常", "abnormal"),
    "inspected": ("检查\n认定", "Inspection"),
    "judgement": ("判定", "Judgement"),
    "registered_days": ("在册\n天数", "Days on register"),
    "known": ("有数据\n天数", "Known days"),
    "treated": ("计负荷水量\n（m³）", "Effluent for load (m³)"),
    "designed": ("计负荷设计\n水量（m³）", "Design for load (m³)"),
    "paired_kwh": ("计单耗电量\n（kWh）", "Energy for kWh/m³ (kWh)"),
    "paired_m3": ("计单耗水量\n（m³）", "Effluent for kWh/m³ (m³)"),
    "first_day": ("停运首日", "First day"),
    "last_day": ("停运末日", "Last day"),
    "days": ("连续\n天数", "Days"),
    "ongoing": ("持续中", "Ongoing"),
    "yes": ("是", "yes"),
    "volume_meanwhile": ("期间出水量\n（m³）", "Effluent meanwhile (m³)"),
    "energy_meanwhile": ("期间用电量\n（kWh）", "Energy meanwhile (kWh)"),
    "handling": ("处置情况", "Handling"),
    # data quality
    "due_hours": ("应收\n小时数", "Hours due"),
    "valid_hours": ("有效\n小时数", "Valid hours"),
    "valid_share": ("有效率", "Valid share"),
    "unknown_share": ("数据不足\n天数占比", "Unknown share"),
    "longest_unknown": ("最长连续\n数据不足\n天数", "Longest unknown (days)"),
    "corrected": ("人工更正\n天数", "Corrected days"),
    "no_quality": ("本月无应运行设施。", "No facility is due to run in this month."),
    # doubtful facilities
    "first_seen": ("首日", "First day"),
    "last_seen": ("末日", "Last day"),
    "hint": ("线索", "Hint"),
    "visited": ("核查情况", "Visit"),
    "no_findings": ("本月无存疑线索。", "Nothing doubtful in this month."),
    # the plan
    "plan": ("治理目标与运行率", "Targets of the plan and operating rate"),
    "villages": ("行政\n村数", "Villages"),
    "treated_villages": ("已治理\n村数", "Treated"),
    "treated_share": ("治理率", "Share treated"),
    "treated_target": ("治理率\n目标", "Target share"),
    # changes
    "subject": ("编码", "Code"),
    "called": ("名称", "Name"),
    "what": ("事项", "What"),
    "before": ("变更前", "Before"),
    "after": ("变更后", "After"),
    "all": ("合计", "All"),
    "without_county": ("未划定", "no county"),
    "without_company": ("未登记", "no operator"),
    "no_stops": ("本月无停运记录。", "No stop in this month."),
    "chart": ("各县（市、区）正常运行率", "Operating rate by county"),
}


class Words:
    """Looks texts up in one language; Chinese for any that is not known."""

    def __init__(self, language: str) -> None:
        self.language: Language = "en" if language == "en" else "zh-CN"
        self._index = LANGUAGES.index(self.language)

    def text(self, key: str, **values: object) -> str:
        """A text with its values put in."""
        return TEXTS[key][self._index].format(**values)

    def label(self, key: str) -> str:
        """The head of a column as it stands in a line of its own, without the breaks."""
        return self.text(key).replace("\n", "")

    def code(self, table: str, code: str) -> str:
        """The word for a code, or the code itself."""
        return CODES[table].get(code, (code, code))[self._index]

    def codes(self, table: str, codes: Iterable[str]) -> str:
        """The words for several codes, listed."""
        return ("、", ", ")[self._index].join(self.code(table, code) for code in codes)

    def choose(self, chinese: Said, english: Said) -> Said:
        """One of two texts, or of two lists of them, that stand where they are used."""
        return (chinese, english)[self._index]


def percent(share: Fraction) -> str:
    """A threshold as people write it, such as 90 %; exact thresholds only."""
    return f"{float(share * 100):g} %"
