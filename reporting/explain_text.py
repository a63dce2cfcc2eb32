"""An explanation as lines of a terminal: head, counts, conditions, calendar, and all days. Pure."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from reporting import explain_words as said
from reporting.explain import ExplainedDay, Explanation, weeks
from reporting.rate import RULE_VERSION
from reporting.words import Words
from service.civil import ONE_DAY, Month
from service.columns import aligned, visible, width

_COLOURS = {"running": "32", "stopped": "31;1", "unknown": "33", "excluded": "36", "off": "2", "open": "2"}
"""Of the marks, as a terminal takes them."""
_JUDGEMENTS = {"normal": "32", "not_normal": "31;1", "not_assessable": "33", "not_counted": "2"}
_CONDITION_HEADS = (("条件", "Condition"), ("实际", "Found"), ("要求", "Asked"), ("结果", "Result"))
_DAY_HEADS = (
    ("日期", "Day"), ("判定", "Verdict"), ("依据", "Reason"), ("用电 kWh", "kWh"), ("出水 m³", "m³"),
    ("有效小时", "Valid h"), ("批准停运", "Approved stop"), ("更正", "Corrected"), ("曾判", "Before"),
)  # fmt: skip
_CELL = 6
_EMPTY = "-"


def page(explained: Explanation, words: Words, zone: ZoneInfo, *, coloured: bool) -> Iterator[str]:
    """The whole explanation.

    Args:
        explained: the month.
        words: of the language.
        zone: of the times that are shown.
        coloured: whether the lines go to a terminal that shows colours.
    """
    yield from _head(explained, words)
    yield ""
    yield from _counts(explained, words, coloured=coloured)
    yield ""
    yield from _calendar(explained, words, coloured=coloured)
    yield ""
    yield from _days(explained, words, zone)
    if explained.inspections:
        yield ""
        yield words.choose("检查", "Inspections")
        rows = [(str(each.day), _result(words, each.result), each.inspector, each.findings or _EMPTY)
                for each in explained.inspections]  # fmt: skip
        yield from (f"  {line}" for line in aligned(rows))


def month_name(words: Words, month: Month) -> str:
    """A month as people write it."""
    return words.choose(f"{month.year}年{month.number}月", str(month))


def facts(explained: Explanation, words: Words) -> list[tuple[str, str]]:
    """What is known of the facility, each with its name."""
    facility, address = explained.judged.facility, explained.address
    design = facility.design_m3_per_day
    classes = (
        [] if facility.classes and facility.classes[0][1] == "in_use" else [words.code("class", "in_use")]
    )
    classes += [
        words.choose(f"{since} 起 {words.code('class', name)}", f"{words.code('class', name)} since {since}")
        for since, name in facility.classes
    ]
    place = " ".join(filter(None, (address.county, address.town, address.village)))
    return [
        (words.choose("位置", "Place"), place or _EMPTY),
        (words.choose("工艺", "Process"), words.code("process", address.process) or _EMPTY),
        (words.choose("设计规模", "Design"), _EMPTY if design is None else f"{design:g} m³/d"),
        (words.choose("运维单位", "Operator"), facility.company or _EMPTY),
        (words.choose("投运日期", "Commissioned"), str(facility.commissioned or _EMPTY)),
        (words.choose("接入日期", "Connected from"), str(facility.connected_from or _EMPTY)),
        (words.choose("分类", "Class"), words.choose("，", ", ").join(classes)),
        (words.choose("统计至", "Counted until"), str(min(explained.until, explained.month.last))),
        (words.choose("规则版本", "Rule version"), RULE_VERSION),
    ]


def _head(explained: Explanation, words: Words) -> Iterator[str]:
    facility = explained.judged.facility
    yield visible(
        "  ".join(filter(None, (explained.address.name, facility.id, month_name(words, explained.month))))
    )
    yield from (f"  {line}" for line in aligned(facts(explained, words)))


def _counts(explained: Explanation, words: Words, *, coloured: bool) -> Iterator[str]:
    judged = explained.judged
    name = _painted(words.code("judgement", judged.judgement), _JUDGEMENTS[judged.judgement], on=coloured)
    yield f"{words.choose('判定', 'Judgement')}  {name}  {said.why(words, explained)}"
    on_register, countable = words.choose("在册", "on the register"), words.choose("应运行", "countable")
    running, stopped, unknown, excluded = (
        said.name(words, code) for code in ("running", "stopped", "unknown", "excluded")
    )
    yield (
        f"  C {judged.calendar_days} {on_register} = K {judged.countable_days} {countable}"
        f" + X {judged.excluded_days} {excluded}"
    )
    yield (
        f"  K {judged.countable_days} {countable} = R {judged.running} {running}"
        f" + S {judged.stopped} {stopped} + U {judged.unknown} {unknown}"
    )
    yield ""
    rows = [tuple(words.choose(*head) for head in _CONDITION_HEADS)]
    for each in explained.conditions:
        lasted = said.days_of_longest(words, explained) if each.code == "longest_stop" else ""
        found = said.value(words, each) + (words.choose(f"（{lasted}）", f" ({lasted})") if lasted else "")
        rows.append(
            (
                words.choose(*said.CONDITIONS[each.code]),
                found,
                said.limit(words, each),
                said.outcome(words, each),
            )
        )
    yield from (f"  {line}" for line in aligned(rows))


def _calendar(explained: Explanation, words: Words, *, coloured: bool) -> Iterator[str]:
    yield "  " + "".join(_padded(words.choose(*day)) for day in said.WEEKDAYS).rstrip()
    for week in weeks(explained.days):
        yield "  " + "".join(_cell(words, day, coloured=coloured) for day in week).rstrip()
    counting = ("running", "stopped", "unknown", "excluded")
    legend = [f"{said.mark(words, code)} {said.name(words, code)}" for code in counting]
    legend.append(words.choose("· 不在册或未结束", "· not on the register or not over yet"))
    yield "  " + "  ".join(legend)


def _cell(words: Words, day: ExplainedDay | None, *, coloured: bool) -> str:
    if day is None:
        return " " * _CELL
    text = f"{day.day.day:>2}{said.mark(words, day.mark)}"
    return _painted(text, _COLOURS[day.mark], on=coloured) + " " * (_CELL - width(text))


def _days(explained: Explanation, words: Words, zone: ZoneInfo) -> Iterator[str]:
    heads = tuple(words.choose(*head) for head in _DAY_HEADS)
    today = explained.until + ONE_DAY
    rows = [_row(day, words, zone, today) for day in explained.days]
    yield from (f"  {line}" for line in aligned([heads, *rows], (3, 4, 5)))


def _row(day: ExplainedDay, words: Words, zone: ZoneInfo, today: date) -> tuple[str, ...]:
    verdict = day.verdict
    corrected = ""
    if verdict is not None and verdict.corrected_by:
        corrected = f"{verdict.corrected_by}{words.choose('：', ': ')}{verdict.correction_reason or ''}"
    return (
        str(day.day),
        said.name(words, day.mark),
        said.reason(words, day) or _EMPTY,
        _figure(verdict.energy_kwh if verdict else None, 2),
        _figure(verdict.volume_m3 if verdict else None, 2),
        _figure(verdict.valid_hours if verdict else None, 1),
        said.stop_text(words, day, zone, today) or _EMPTY,
        corrected or _EMPTY,
        words.choose("；", "; ").join(said.replaced(words, row, zone) for row in day.replaced) or _EMPTY,
    )


def _result(words: Words, code: str) -> str:
    known = {"normal": ("正常", "normal"), "abnormal": ("非正常", "not normal")}
    return words.choose(*known.get(code, (code, code)))


def _figure(value: float | None, digits: int) -> str:
    return _EMPTY if value is None else f"{value:,.{digits}f}"


def _padded(text: str) -> str:
    return text + " " * (_CELL - width(text))


def _painted(text: str, colour: str, *, on: bool) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if on else text
