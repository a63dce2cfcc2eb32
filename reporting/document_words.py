"""The words that only the printed report says, in Chinese and in English. Data."""

from collections.abc import Mapping
from string import Formatter

from reporting.words import Words

_TEXTS: Mapping[str, tuple[str, str]] = {
    "preview": ("预览", "PREVIEW"),
    "draft": ("草稿", "DRAFT"),
    "frozen": ("定稿", "Final"),
    "preview_long": ("预览，未登记版次，不作考核依据", "Preview, not registered; not for assessment"),
    "draft_long": ("草稿，尚未定稿，不作考核依据", "Draft, not final; not for assessment"),
    "reported_month": ("报告月份", "Month"),
    "centre": ("编制单位", "Issued by"),
    "edition": ("版次", "Edition"),
    "counted": ("统计至", "Counted until"),
    "cutoff": ("数据截至", "Data as of"),
    "place": ("统计范围", "Covers"),
    "rule": ("规则版本", "Rule version"),
    "author": ("编制人", "Author"),
    "itself": ("系统自动", "by itself"),
    "frozen_by": ("定稿人", "Made final by"),
    "frozen_at": ("定稿时间", "Made final at"),
    "page": ("第 {page} 页 共 {pages} 页", "page {page} of {pages}"),
    "everywhere": ("全市", "All"),
    "points": ("{points} 个百分点", "{points} points"),
    "joined": ("、", ", "),
    # titles
    "title_summary": ("概况", "Summary"),
    "title_figures": ("主要指标", "Main figures"),
    "title_charts": ("图表", "Charts"),
    "chart_counties": ("各县（市、区）正常运行率（从严），虚线为考核目标",
        "Operating rate by county (strict); dashed: target"),
    "chart_trend": ("各月正常运行率（从严），虚线为考核目标",
        "Operating rate by month (strict); dashed: target"),
    "no_counties": ("本月无在册设施。", "No facility is on the register in this month."),
    "no_companies": ("本月无在册设施。", "No facility is on the register in this month."),
    "title_quality": ("数据质量（有数据不足或人工更正的设施）",
        "Data quality (facilities with unknown or corrected days)"),
    "no_doubt": ("各设施数据齐全，无人工更正。", "No facility has unknown or corrected days."),
    "no_stations": ("没有设施。", "No facility."),
    "headline_note": ("考核目标 {target}，{result}", "target {target}: {result}"),
    "lenient_note": ("数据不足的设施不计入", "facilities with too little data left out"),
    "county_row": ("{county}　{count} 座，应运行 {due} 座",
        "{county}: {count} {count:facility|facilities}, {due} due to run"),
    "remarks": ("备注", "Remarks"),
    "remark_excluded": ("剔除：{reasons}", "excluded: {reasons}"),
    "remark_stopped": ("停运：{reasons}", "stopped: {reasons}"),
    "remark_abnormal": ("检查认定非正常", "abnormal by inspection"),
    "remark_unconnected": ("未接入", "no box"),
    "remarks_between": ("；", "; "),
    # sentences of the summary
    "none_due": ("{month}，{place}没有应运行的设施，不产生正常运行率。",
        "In {month} no facility ({place}) was due to run; there is no operating rate."),
    "said_rate": (
        ("{month}，{place}应运行设施 {due} 座，正常运行 {normal} 座，正常运行率（从严）{strict}，"
        "{result}（考核目标 {target}）；从宽计为 {lenient}。"),
        ("In {month}, {due} {due:facility was|facilities were} due to run ({place}) and {normal} "
        "ran normally: operating rate {strict} (strict), target {target} {result}; "
        "{lenient} counted leniently.")),
    "said_change": ("正常运行率（从严）{changes}。", "The strict rate is {changes}."),
    "month_before": ("上月", "last month"),
    "year_before": ("上年同月", "the same month last year"),
    "rose": ("较{than}上升 {points} 个百分点", "{points} points above {than}"),
    "fell": ("较{than}下降 {points} 个百分点", "{points} points below {than}"),
    "same": ("与{than}持平", "as in {than}"),
    "missed": ("{count} 个县（市、区）未达到 {target}：{counties}。",
        "{count} below {target}: {counties}."),
    "none_missed": ("有应运行设施的 {count} 个县（市、区）均达到 {target}。",
        "{count:The county|All {count} counties} with facilities due to run reached {target}."),
    "with_rate": ("{name}（{rate}）", "{name} ({rate})"),
    "long_stops": (
        "连续停运满 {days} 天的有 {stops} 次，涉及设施 {stations} 座，最长 {longest} 天（{name}）{ongoing}。",
        ("Stops of {days} days and more: {stops}, at {stations} {stations:facility|facilities}, the longest "
        "{longest} days ({name}){ongoing}.")),
    "some_ongoing": ("；其中 {count} 次持续中", "; {count} still going on"),
    "no_long_stops": ("没有连续停运满 {days} 天的设施。",
        "No facility stopped for {days} days or more in a row."),
    "said_data": (
        ("数据完整率 {completeness}；{count} 座设施数据不足，无法判定，从严计为不正常；"
        "{unconnected} 座在册设施未接入监控设备。"),
        ("Data are {completeness} complete; {count} {count:facility|facilities} cannot be assessed and "
        "{count:counts|count} as not normal in the strict rate; {unconnected} on the register have no box.")),
    "said_findings": ("{count} 座设施的数据存疑，建议暗访核查。",
        "The data of {count} {count:facility|facilities} are doubtful; unannounced visits are advised."),
    "said_changes": ("与上一版相比有 {count} 处变更，见变更表。",
        "{count} {count:value differs|values differ} from the revision before; see the table of changes."),
}  # fmt: skip


class _Counting(Formatter):
    """Knows `{count:facility|facilities}`: the first word for one, the second for any other number."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if bar:
            return one if value == 1 else many
        return str(super().format_field(value, format_spec))


_COUNTING = _Counting()


class DocumentWords(Words):
    """The words of the report, and those of its printed form."""

    def said(self, key: str, **values: object) -> str:
        """A text of the printed form with its values put in."""
        return _COUNTING.format(self.choose(*_TEXTS[key]), **values)

    def joined(self, parts: list[str]) -> str:
        """A list in one line."""
        return self.said("joined").join(parts)
