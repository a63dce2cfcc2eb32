"""The kinds of record that people enter: their columns, how a row becomes a record, and who writes it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from registry import exclusions, inspections, meter_records
from registry.cells import cell_number
from registry.meter_rules import NewCtCorrection, NewExchange, NewManualReading
from registry.record_cells import Cells
from registry.record_entry import By, Entered
from service.settings import Fault

Names = tuple[str, ...]
_STATION: Names = ("站点编号", "设施编码", "站点编码", "站点", "编号", "station_id", "id")
_DEVICE: Names = ("仪表", "设备", "仪表编号", "设备编号")
_NOTE: Names = ("备注", "说明")
_SAMPLE = re.compile(
    r"(?P<name>[^=＝]+)[=＝](?P<value>[^:：]+)(?:[:：](?P<unit>[^:：]*))?(?:[:：](?P<limit>.+))?"
)
SAMPLE_RULE = "must be PARAMETER=VALUE[:UNIT[:LIMIT]] such as COD=45:mg/L:60"


class Kind(NamedTuple):
    """A kind of record.

    Attributes:
        noun: what one is called.
        columns: other heads of each column of a file, by the column's name.
        required: columns that a file must have.
        read: makes the record from its cells; it is only to be used if the cells have no faults.
        check: what is wrong with it; it may be held against what is on record.
        enter: checks it and writes it, or raises RecordError.
        remove: takes one away by its number, giving a reason.
        approve: notes by its number that a manager, who is named, approved it; None where that is not asked.
    """

    noun: str
    columns: Mapping[str, Names]
    required: Names
    read: Callable[[Cells], Any]
    check: Callable[[Session, Any, By], list[Fault]]
    enter: Callable[[Session, Any, By], Entered]
    remove: Callable[[Session, int, str, By], Entered]
    approve: Callable[[Session, int, str, By], Entered] | None = None


def _exchange(cells: Cells) -> NewExchange:
    return NewExchange(
        station=cells.required("station"),
        device=cells.required("device"),
        at_ms=cells.instant("at") or 0,
        old_final=cells.number("old_final"),
        new_initial=cells.number("new_initial"),
        note=cells.text("note"),
    )


def _ct_correction(cells: Cells) -> NewCtCorrection:
    return NewCtCorrection(
        station=cells.required("station"),
        device=cells.required("device"),
        since_ms=cells.instant("since") or 0,
        factor=cells.number("factor"),
        note=cells.text("note"),
    )


def _manual_reading(cells: Cells) -> NewManualReading:
    return NewManualReading(
        station=cells.required("station"),
        device=cells.required("device"),
        at_ms=cells.instant("at") or 0,
        value=cells.number("value"),
        reader=cells.required("reader"),
    )


def _inspection(cells: Cells) -> inspections.NewInspection:
    is_brief = not cells.has("inspector")
    return inspections.NewInspection(
        station=cells.required("station"),
        day=cells.day("day"),
        result=cells.choice("result", inspections.RESULTS),
        occasion=cells.choice("occasion", inspections.OCCASIONS, "unannounced" if is_brief else ""),
        findings=cells.text("findings"),
        inspector=cells.text("inspector") if is_brief else cells.required("inspector"),
        samples=_samples(cells),
        is_brief=is_brief,
    )


def _exclusion(cells: Cells) -> exclusions.NewExclusion:
    return exclusions.NewExclusion(
        station=cells.required("station"),
        start=cells.day("start"),
        end=cells.day("end"),
        reason=cells.choice("reason", exclusions.REASON_WORDS),
        applicant=cells.required("applicant"),
        approver=cells.required("approver"),
        attachment=cells.text("attachment"),
        entered_ms=cells.instant("entered", is_required=False),
        manager=cells.text("manager"),
    )


def _samples(cells: Cells) -> tuple[inspections.NewSample, ...]:
    samples = []
    for text in re.split("[;；、\n]", cells.text("samples")):
        if not text.strip():
            continue
        try:
            samples.append(sample_of(text))
        except ValueError as error:
            cells.faults.append(Fault("samples", str(error), text.strip(), "Correct it."))
    return tuple(samples)


def sample_of(text: str) -> inspections.NewSample:
    """The sample that a text such as `COD=45:mg/L:60` says; unit and limit may be left out.

    Raises:
        ValueError: it says none.
    """
    found = _SAMPLE.fullmatch(text.strip())
    if found is None:
        raise ValueError(SAMPLE_RULE)
    names = {
        word.casefold(): code
        for code, (chinese, _) in inspections.PARAMETERS.items()
        for word in (code, chinese, code.replace("-", ""))
    }
    given = found["name"].strip()
    name = names.get(given.casefold(), given)
    unit = (found["unit"] or "").strip() or inspections.PARAMETERS.get(name, ("", ""))[1]
    limit = (found["limit"] or "").strip()
    try:
        value = cell_number(found["value"].strip())
        return inspections.NewSample(name, value, unit, cell_number(limit) if limit else None)
    except ValueError as error:
        raise ValueError(SAMPLE_RULE) from error


EXCHANGE = Kind(
    "exchange",
    {
        "station": _STATION, "device": _DEVICE, "at": ("换表时间", "时间"),
        "old_final": ("旧表止码", "旧表止数", "旧表止度"),
        "new_initial": ("新表起码", "新表起数", "新表起度"),
        "note": _NOTE,
    },
    ("station", "device", "at", "old_final", "new_initial"),
    _exchange,
    meter_records.check_exchange,
    meter_records.enter_exchange,
    meter_records.remove_exchange,
)  # fmt: skip
CT_CORRECTION = Kind(
    "CT correction",
    {
        "station": _STATION, "device": _DEVICE, "since": ("起始时间", "自", "时间"),
        "factor": ("修正系数", "系数", "倍率修正"), "note": _NOTE,
    },
    ("station", "device", "since", "factor"),
    _ct_correction,
    meter_records.check_ct_correction,
    meter_records.enter_ct_correction,
    meter_records.remove_ct_correction,
)  # fmt: skip
MANUAL_READING = Kind(
    "manual reading",
    {
        "station": _STATION, "device": _DEVICE, "at": ("抄表时间", "抄表日期", "时间"),
        "value": ("读数", "示数", "表码"), "reader": ("抄表人", "抄表员"),
    },
    ("station", "device", "at", "value", "reader"),
    _manual_reading,
    meter_records.check_manual_reading,
    meter_records.enter_manual_reading,
    meter_records.remove_manual_reading,
)  # fmt: skip
INSPECTION = Kind(
    "inspection",
    {
        "station": _STATION, "day": ("date", "检查日期", "日期"), "result": ("检查结果", "结果"),
        "occasion": ("检查方式", "检查类型"), "findings": ("发现问题", "问题", "检查情况"),
        "inspector": ("检查人", "检查人员"), "samples": ("水质", "水样", "水质监测"),
    },
    ("station", "day", "result"),
    _inspection,
    inspections.check_inspection,
    inspections.enter_inspection,
    inspections.remove_inspection,
)  # fmt: skip
EXCLUSION = Kind(
    "approved stop",
    {
        "station": _STATION, "start": ("from", "开始日期", "起始日期", "停运开始"),
        "end": ("to", "结束日期", "截止日期", "停运结束"), "reason": ("原因", "停运原因"),
        "applicant": ("申请人",), "approver": ("批准人", "审批人"), "attachment": ("附件", "批文"),
        "entered": ("录入日期", "录入时间", "登记日期"), "manager": ("主管批准", "主管批准人", "主管"),
    },
    ("station", "start", "end", "reason", "applicant", "approver"),
    _exclusion,
    exclusions.check_approved_stop,
    exclusions.enter_approved_stop,
    exclusions.withdraw_exclusion,
    exclusions.approve_exclusion,
)  # fmt: skip
