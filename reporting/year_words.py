"""The words of the year's summary in Chinese and in English, beside those of the month's report. Pure."""

from reporting.words import Words

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEAR_TEXTS: dict[str, tuple[str, str]] = {
    **{f"month_{n}": (f"{n}月", name) for n, name in enumerate(_NAMES, start=1)},
    "year_report": (
        "农村生活污水处理设施运行监管年度汇总",
        "Yearly summary on village sewage-treatment facilities",
    ),
    "year": ("{year}年", "{year}"),
    "sheet_year": ("年度汇总", "Year"),
    "sheet_year_plan": ("治理目标", "Plan"),
    "title_year": ("各县（市、区）各月正常运行率（从严）", "Operating rate (strict) by county and month"),
    "title_year_plan": ("治理目标与年度运行率", "Targets of the plan and the year's rate"),
    "year_due": ("应运行\n座月数", "Due (station months)"),
    "year_normal": ("正常\n座月数", "Normal (station months)"),
    "year_mean": ("年度\n正常运行率", "Year's rate"),
    "year_met": ("达标\n月数", "Months met"),
    "year_months": ("有数据\n月数", "Months due"),
    "year_by_days": ("运行\n天数率", "Rate by days"),
    "year_stopped": ("停运\n天数", "Stopped days"),
    "year_villages": ("行政\n村数", "Villages"),
    "year_treated": ("已治理\n村数", "Treated"),
    "year_share": ("治理率", "Share treated"),
    "year_target": ("治理率\n目标", "Target share"),
    "year_reached": ("治理目标", "Target"),
    "reached": ("已达到", "reached"),
    "not_reached": ("未达到", "not reached"),
    "year_definition": (
        (
            "年度正常运行率 = 各月正常运行设施数之和 ÷ 各月应运行设施数之和（从严；即各月按应运行设施数加权，"
            "不是各月比率的简单平均）。运行天数率 = 全年 ΣR ÷ Σ(K − U)。达标月数为当月正常运行率不低于 "
            "{target} 的月数，按精确分数比较。没有任何判定结果的月份不计，留空；其余各月与月报口径一致，"
            "按现有登记重新计算，月报定稿后登记有更改的，可能与已签发的月报不同。"
        ),
        (
            "Year's rate = normal stations of all months / stations due of all months (strict; each month "
            "weighs by its stations due, it is no plain mean of the months' rates). Rate by days = ΣR / "
            "Σ(K − U) over the year. Months met have a rate of at least {target}, compared as exact "
            "fractions. A month without any verdict does not count and is empty; the others count as in the "
            "monthly report, figured anew from the register as it is: after changes they may differ from a "
            "frozen report."
        ),
    ),
}


class YearWords(Words):
    """The report's words and those of the year."""

    def text(self, key: str, **values: object) -> str:
        """A text with its values put in."""
        if key in YEAR_TEXTS:
            return self.choose(*YEAR_TEXTS[key]).format(**values)
        return super().text(key, **values)
