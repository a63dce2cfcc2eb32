"""A second reading of the operating rate's definition: dates, sets and decimals, and nothing of the product.

An `Office` is what stands in the four files; `expected` is what must stand in the two results.
"""

import calendar
import csv
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

CLASSES = ("in_use", "rebuilding", "to_sewer", "retired", "shut")
CHINESE = {
    "in_use": "在用", "rebuilding": "改造", "to_sewer": "纳管", "retired": "退出", "shut": "停用",
    "running": "运行", "stopped": "停运", "unknown": "数据不足", "excluded": "剔除",
    "abnormal": "非正常", "normal": "正常",
}  # fmt: skip
LETTERS = {"R": "running", "S": "stopped", "U": "unknown", "X": "excluded"}
ONE = timedelta(days=1)


@dataclass
class Facility:
    id: str
    county: str = "A"
    design: str = ""
    class_: str = ""
    commissioned: date | None = None
    retired: date | None = None
    days: dict = field(default_factory=dict)
    stops: list = field(default_factory=list)
    visits: list = field(default_factory=list)


@dataclass
class Office:
    year: int
    month: int
    facilities: list


def days_of(year, month):
    return [date(year, month, n + 1) for n in range(calendar.monthrange(year, month)[1])]


def is_registered(facility, day):
    if facility.commissioned is not None and day < facility.commissioned:
        return False
    if facility.retired is not None:
        return day < facility.retired
    return facility.class_ in ("", "in_use", "rebuilding")


def is_excluded(facility, day):
    """Whether a stop that was entered by the 10th of the month after the day's takes it away."""
    following = date(day.year, day.month, 28) + timedelta(days=4)
    closing = date(following.year, following.month, 10)
    return any(first <= day <= last and entered <= closing for first, last, entered in facility.stops)


def stands(facility, day):
    return (
        is_registered(facility, day)
        and not is_excluded(facility, day)
        and facility.days.get(day) == "stopped"
    )


def has_long_stop(facility, days):
    """Whether four days in a row that stand have one of them in the month."""
    return any(
        all(stands(facility, day + (shift + n) * ONE) for n in range(4))
        for day in days
        for shift in range(-3, 1)
    )


def station_row(facility, year, month):
    """C, X, K, R, S, U and the verdict."""
    days = days_of(year, month)
    registered = {day for day in days if is_registered(facility, day)}
    excluded = {day for day in registered if is_excluded(facility, day)}
    countable = registered - excluded
    running = {day for day in countable if facility.days.get(day) == "running"}
    stopped = {day for day in countable if facility.days.get(day) == "stopped"}
    unknown = countable - running - stopped
    marked = any(
        word == "abnormal" and (day.year, day.month) == (year, month) for word, day in facility.visits
    )
    if not countable:
        verdict = "not_counted"
    elif Decimal(len(unknown)) > Decimal("0.25") * len(countable):
        verdict = "not_assessable"
    elif (
        Decimal(len(running)) < Decimal("0.9") * (len(countable) - len(unknown))
        or has_long_stop(facility, days)
        or marked
    ):
        verdict = "not_normal"
    else:
        verdict = "normal"
    sets = (registered, excluded, countable, running, stopped, unknown)
    return (*(len(each) for each in sets), verdict)


def digits(part, whole):
    if not whole:
        return ""
    with localcontext() as context:
        context.prec = 60
        return str((Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001"), ROUND_HALF_UP))


def county_row(name, judged):
    """The row of a county from its facilities and their rows."""
    due = [(facility, row) for facility, row in judged if row[2]]
    normal = [(facility, row) for facility, row in due if row[6] == "normal"]
    bad = sum(row[6] == "not_normal" for _, row in due)
    dark = sum(row[6] == "not_assessable" for _, row in due)
    countable, unknown = sum(row[2] for _, row in due), sum(row[5] for _, row in due)
    known = countable - unknown
    designs, normal_designs = (
        sum((Decimal(facility.design or 0) for facility, _ in each), Decimal()) for each in (due, normal)
    )
    return (
        name, str(len(due)), str(len(normal)), str(bad), str(dark),
        digits(len(normal), len(due)), digits(len(normal), len(normal) + bad),
        digits(sum(row[3] for _, row in due), known), digits(normal_designs, designs),
        digits(known, countable),
    )  # fmt: skip


def expected(office):
    """The rows below the heads of `rate_counties.csv` and `rate_stations.csv`."""
    judged = [(each, station_row(each, office.year, office.month)) for each in office.facilities]
    counties = [county_row("city", judged)]
    codes = {each.county for each in office.facilities}
    counties += [
        county_row(code, [(each, row) for each, row in judged if each.county == code])
        for code in [*sorted(codes - {""}), *(codes & {""})]
    ]
    stations = [
        (each.id, each.county, *map(str, row)) for each, row in sorted(judged, key=lambda pair: pair[0].id)
    ]
    return counties, stations


def written(office, folder, dice=None):
    """Write the office's files; with a dice, words are at times Chinese and rows stand anyhow."""

    def word(text):
        return CHINESE.get(text, text) if dice and dice.random() < 0.3 else text

    def day(each):
        if each is None:
            return ""
        return f"{each.year}/{each.month}/{each.day}" if dice and dice.random() < 0.1 else each.isoformat()

    sheets = {
        "stations": [("station", "county", "design_m3_per_day", "class", "commissioned", "retired")],
        "days": [("station", "date", "verdict")],
        "exclusions": [("station", "start", "end", "reason", "applicant", "approver", "entered")],
        "inspections": [("station", "result", "date")],
    }
    for each in office.facilities:
        sheets["stations"].append(
            (each.id, each.county, each.design, word(each.class_), day(each.commissioned), day(each.retired))
        )
        sheets["days"] += [(each.id, day(when), word(verdict)) for when, verdict in each.days.items()]
        sheets["exclusions"] += [
            (each.id, day(first), day(last), "maintenance", "张", "李", day(entered))
            for first, last, entered in each.stops
        ]
        sheets["inspections"] += [(each.id, word(result), day(when)) for result, when in each.visits]
    files = {}
    for name, (head, *rows) in sheets.items():
        if dice:
            dice.shuffle(rows)
        files[name] = folder / f"{name}.csv"
        with files[name].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    return files


def drawn_office(dice, size):
    """A month of facilities, most of them at one of the definition's edges."""
    year, month = dice.choice([(2024, 2), (2026, 2), (2026, 9), (2026, 10), (2026, 12), (2027, 1)])
    facilities = [drawn_facility(dice, f"{dice.choice('ABC')}-{n:03}", year, month) for n in range(size)]
    return Office(year, month, facilities)


def drawn_facility(dice, name, year, month):
    days = days_of(year, month)
    first, last = days[0], days[-1]
    around = [first + n * ONE for n in range(-8, len(days) + 8)]
    facility = Facility(
        name, dice.choice(["A", "B", "C", ""]),
        dice.choice(["", "0", "5", "0.1", "12.5", "20", "33.3"]), dice.choice(["", "in_use", "rebuilding"]),
    )  # fmt: skip
    if dice.random() < 0.25:
        facility.commissioned = dice.choice([first, last, first - ONE, last + ONE, dice.choice(around)])
    if dice.random() < 0.2:
        facility.retired = dice.choice([first, last, first + ONE, last + ONE, dice.choice(around)])
    if dice.random() < 0.2:
        facility.class_ = dice.choice(CLASSES)
    facility.days = dict.fromkeys(around, "running")
    dice.choice([_ninety, _quarter, _edge_stop, _anyhow])(dice, facility, days, around)
    for _ in range(dice.choice([0, 0, 1, 1, 2, 3])):
        begin = dice.choice([*around, first, first - 40 * ONE, last, last - 2 * ONE])
        end = begin + dice.choice([0, 0, 1, 3, 9, 31, 70]) * ONE
        closing = [_tenth(when) for when in (begin, first, last, last + ONE)]
        facility.stops.append((begin, end, dice.choice(closing) + dice.choice([-30, -1, 0, 1, 2]) * ONE))
    if dice.random() < 0.15:
        when = dice.choice([first, last, first - ONE, last + ONE, first.replace(year=year - 1)])
        facility.visits.append((dice.choice(["abnormal", "normal"]), when))
    for each in dice.sample(around, dice.choice([0, 0, 0, 2])):
        del facility.days[each]
    return facility


def _tenth(day):
    following = day.replace(day=28) + 4 * ONE
    return following.replace(day=10)


def _ninety(dice, facility, days, _around):
    """About one known day in ten stopped, one apart from the other."""
    for each in days[:: dice.choice([9, 10, 11])]:
        facility.days[each] = "stopped"
    for each in dice.sample(days, dice.choice([0, 1, 8])):
        facility.days[each] = "unknown"


def _quarter(dice, facility, days, _around):
    """About a quarter of the days unknown, some only for want of a row."""
    for each in dice.sample(days, max(len(days) // 4 + dice.choice([-1, 0, 0, 1, 2]), 0)):
        facility.days[each] = dice.choice(["unknown", "unknown", "excluded"])


def _edge_stop(dice, facility, _days, around):
    """A stop about four days long about either edge, at times broken by another day."""
    start = dice.choice([*range(3, 11), *range(len(around) - 14, len(around) - 6)])
    length = dice.choice([3, 4, 4, 5])
    for each in around[start : start + length]:
        facility.days[each] = "stopped"
    if dice.random() < 0.3:
        facility.days[dice.choice(around[start : start + length])] = dice.choice(["unknown", "excluded"])
    if dice.random() < 0.3:
        when = dice.choice(around[start : start + length])
        facility.stops.append((when, when, dice.choice([_tenth(when), _tenth(when) + ONE])))


def _anyhow(dice, facility, _days, around):
    words = dice.choice(
        [["running", "stopped"], ["running"] * 9 + ["stopped", "unknown", "excluded"], ["stopped"]]
    )
    for each in around:
        facility.days[each] = dice.choice(words)


def in_letters(facility, first, text):
    """The facility with verdicts from a day on, written as letters; a dot is a day without a row."""
    days = {first + n * ONE: LETTERS[letter] for n, letter in enumerate(text) if letter != "."}
    return replace(facility, days=days)
