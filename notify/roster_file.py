"""The roster's file, CSV or XLSX, as the office keeps it; read again when it changes."""

import re
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from notify.roster import Roster, Shift
from registry.cells import cell_day
from registry.record_cells import instant_of
from registry.sheet import Sheet, SheetRow, read_sheet
from service.civil import start_of
from service.settings import Fault, SettingsError

COLUMNS = {
    "from": ("开始", "开始时间", "起"),
    "to": ("结束", "结束时间", "止"),
    "name": ("值班人", "值班人员", "姓名"),
    "channel": ("渠道", "通道"),
    "counties": ("县区", "区县", "county"),
}
REQUIRED = ("from", "to", "name", "channel")
_MIDNIGHT = re.compile(r"(\S+?)[ T]+24:00(?::00)?", re.ASCII)
_WHEN = "must be a local time such as 2026-11-22 08:00"
_CODE = re.compile(r"[0-9]{6,12}\Z", re.ASCII)
_Stamp = tuple[int, int, int]


def read_shifts(path: Path, zone: ZoneInfo, channels: Collection[str]) -> list[Shift]:
    """Read a roster.

    Args:
        path: the file.
        zone: its times are of the clock on this zone's walls.
        channels: the names that a row may give.

    Raises:
        SettingsError: with all faults of the file.
    """
    sheet = read_sheet(path, COLUMNS, REQUIRED)
    faults: list[Fault] = []
    shifts = [_shift(sheet, row, zone, channels, faults) for row in sheet.rows]
    if faults:
        raise SettingsError(sheet.file, faults)
    return shifts


class RosterFile(Roster):
    """A roster that follows its file; a new version with faults leaves the old one in force."""

    def __init__(self, path: Path, zone: ZoneInfo, channels: Collection[str]) -> None:
        """Read the file.

        Raises:
            SettingsError: with all faults of the file.
        """
        self._path, self._zone, self._channels = path, zone, frozenset(channels)
        self._read = _stamp(path)
        self._fault = ""
        super().__init__(read_shifts(path, zone, self._channels))

    def refresh(self) -> str:
        """Read the file again if it has changed; what is wrong with it in one line, else an empty text."""
        stamp = _stamp(self._path)
        if stamp is None or stamp != self._read:
            self._read = stamp
            try:
                self.shifts = tuple(read_shifts(self._path, self._zone, self._channels))
                self._fault = ""
            except SettingsError as error:
                first, *others = error.lines()
                more = f" And {len(others)} more." if others else ""
                self._fault = f"{first}{more} The roster of before stays in force."
        return self._fault


def _stamp(path: Path) -> _Stamp | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def _shift(
    sheet: Sheet, row: SheetRow, zone: ZoneInfo, channels: Collection[str], faults: list[Fault]
) -> Shift:
    """The row's shift; worth nothing once there are faults."""
    faults += row.faults
    for column in REQUIRED:
        if column not in row.cells:
            faults.append(sheet.fault(row.number, column, "is required", remedy="Fill it in."))
    begin, end = (_instant(sheet, row, column, zone, faults) for column in ("from", "to"))
    if begin is not None and end is not None and begin >= end:
        faults.append(
            sheet.fault(row.number, "to", "must lie after the beginning", row.cells["to"], "Correct one.")
        )
    channel = row.cells.get("channel", "")
    if channel and channel not in channels:
        known = ", ".join(sorted(channels)) or "none"
        faults.append(
            sheet.fault(row.number, "channel", "must be a channel of [notify]", channel, f"Known: {known}.")
        )
    counties = tuple(each for each in re.split(r"[\s,;、，；]+", row.cells.get("counties", "")) if each)
    for each in counties:
        if not _CODE.match(each):
            remedy = "Write codes such as 410882, with spaces between."
            faults.append(sheet.fault(row.number, "counties", "must be counties' codes", each, remedy))
    return Shift(begin or 0, end or 0, row.cells.get("name", ""), channel, counties)


def _instant(sheet: Sheet, row: SheetRow, column: str, zone: ZoneInfo, faults: list[Fault]) -> int | None:
    text = row.cells.get(column, "")
    if not text:
        return None
    try:
        if midnight := _MIDNIGHT.fullmatch(text):
            return start_of(cell_day(midnight[1]) + timedelta(days=1), zone)
        if ":" in text or _is_workbook_day(sheet):
            return instant_of(text, zone)
    except (ValueError, OverflowError):
        pass  # said below
    faults.append(sheet.fault(row.number, column, _WHEN, text))
    return None


def _is_workbook_day(sheet: Sheet) -> bool:
    """In a workbook an instant at midnight is kept as a day."""
    return sheet.file.lower().endswith(".xlsx")
