"""Targets of tables: what offices hand in as CSV and XLSX."""

import math

from hostile_folder import NOW_MS, STATION, ZONE, assert_finite, laid, told
from hostile_target import Target, assert_lines, is_one_line

from alerting import backtest_readings, backtest_stations
from history.readings_csv import COLUMNS, UnreadableFileError, rows
from notify.roster_file import read_shifts
from registry.record_cells import Cells
from registry.record_kinds import CT_CORRECTION, EXCHANGE, EXCLUSION, INSPECTION, MANUAL_READING
from registry.sheet import read_sheet
from registry.stations_import import read_stations
from registry.stations_rows import plan_of
from registry.stations_workbook import stations_workbook
from reporting.rate_files import RateFiles, month_of_files
from service.civil import Month


def table(head: str, *lines: str) -> bytes:
    return "\n".join((head, *lines, "")).encode()


def station_seeds() -> tuple[bytes, ...]:
    rows_of_csv = table(
        "station,name,county,county_name,town,process,design_m3_per_day,commissioned,class,tags",
        f'{STATION},"北寨村, 站",410882,沁阳市,崇义镇,A2O,20,2024-06-01,in_use,南水北调保护区',
        "410882-0002,东石寺,410882,沁阳市,崇义镇,wetland,15.5,2024/6/1,在用,",
    )
    return (
        rows_of_csv,
        rows_of_csv.decode().encode("utf-16"),
        b"sep=;\n" + rows_of_csv.replace(b",", b";"),
        rows_of_csv.decode().encode("gb18030"),
    )


def check_stations(data: bytes) -> None:
    with told():
        sheet = read_stations(laid("stations.csv", data))
        plan = plan_of(sheet, {}, {})
        if plan.bad:
            assert_lines(fault.line("f") for faults in plan.bad.values() for fault in faults)
        for change in plan.changes:
            assert is_one_line(change.station)
            numbers = [each for each in change.after.values() if isinstance(each, float)]
            assert all(map(math.isfinite, numbers))


def workbook_seeds() -> tuple[bytes, ...]:
    return (stations_workbook({}, {"410882": "沁阳市"}, NOW_MS, is_template=True),)


def records_seeds() -> tuple[bytes, ...]:
    return (
        table("station,device,at,old_final,new_initial,note,since,factor,value,reader",
              f"{STATION},power-1,2026-10-01 08:30,20411.2,0,换表,2026-10-01,1.5,12.5,王工"),
        table("station,day,result,occasion,findings,inspector,samples",
              f"{STATION},2026-10-05,normal,patrol,无,李工,COD=45:mg/L:60;NH3-N=3"),
        table("station,start,end,reason,applicant,approver,entered",
              f"{STATION},2026-10-01,2026-10-03,planned_works,甲,乙,2026-09-20"),
    )  # fmt: skip


KINDS = (EXCHANGE, CT_CORRECTION, MANUAL_READING, INSPECTION, EXCLUSION)


def check_records(data: bytes) -> None:
    path = laid("records.csv", data)
    columns = {name: others for kind in KINDS for name, others in kind.columns.items()}
    with told():
        sheet = read_sheet(path, columns, ("station",))
        for row in sheet.rows[:50]:
            for kind in KINDS:
                cells = Cells(row.cells, sheet.heads, ZONE)
                record = kind.read(cells)
                if cells.faults:
                    assert_lines(fault.line("f") for fault in cells.faults)
                else:
                    assert_finite(record)


def roster_seeds() -> tuple[bytes, ...]:
    return (
        table("from,to,name,channel,counties", "2026-11-22 08:00,2026-11-22 24:00,王工,duty,410882 410823"),
    )


def check_roster(data: bytes) -> None:
    with told():
        for shift in read_shifts(laid("roster.csv", data), ZONE, ("duty",)):
            assert shift.channel == "duty"


def readings_seeds() -> tuple[bytes, ...]:
    cells = {"station": STATION, "device": "power-1", "kind": "power", "quality": "good", "energy_kwh": "1.5"}
    times = [{"time": f"2026-10-01T00:0{minute}:00+08:00"} for minute in range(3)]
    lines = [",".join((cells | at).get(name, "") for name in (*COLUMNS, "why")) for at in times]
    return (table(",".join((*COLUMNS, "why")), *lines),)


def check_readings(data: bytes) -> None:
    path = laid("readings.csv", data)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            for row in rows(file, {STATION}, NOW_MS):
                if row.reading is None:
                    assert_lines(flaw.text("f") for flaw in row.flaws)
                else:
                    assert row.reading.station == STATION
                    assert_finite(row.reading.reading)
                    assert row.reading.reading.t <= NOW_MS + 600_000
        except UnreadableFileError as error:
            assert_lines([str(error)])


def rate_seeds() -> tuple[bytes, ...]:
    return (
        table("station,county,design_m3_per_day,class,commissioned,retired",
              f"{STATION},410882,20,in_use,2024-06-01,"),
        table("station,date,verdict", f"{STATION},2026-10-01,running", f"{STATION},2026-10-02,停运"),
        table("station,start,end,reason,applicant,approver,entered",
              f"{STATION},2026-10-01,2026-10-03,planned_works,甲,乙,2026-09-20"),
        table("station,date,result", f"{STATION},2026-10-05,abnormal"),
    )  # fmt: skip


def check_rate(data: bytes) -> None:
    """The spoilt file stands in the place of each in turn."""
    good = [laid(f"rate-{number}.csv", seed) for number, seed in enumerate(rate_seeds())]
    spoilt = laid("rate-spoilt.csv", data)
    for place in range(4):
        with told():
            files = RateFiles(*(spoilt if number == place else path for number, path in enumerate(good)))
            month = month_of_files(files, Month(2026, 10), ZONE)
            for each in month.stations:
                assert 0 <= each.countable_days <= each.calendar_days <= 31
                assert each.running + each.stopped + each.unknown == each.countable_days


def backtest_seeds() -> tuple[bytes, ...]:
    return (
        table("station,device,kind,time,q,active_power_kw,energy_kwh,voltage_l1_v",
              f"{STATION},power-1,power,2026-10-01T00:00:00Z,good,1.8,20411.2,229"),
        table("station,county,process,design_m3_per_day,rated_kw,commissioned",
              f"{STATION},410882,A2O,20,3.5,2024-06-01"),
        table("station,start,end,reason,applicant,approver", f"{STATION},2026-10-01,2026-10-03,works,甲,乙"),
    )  # fmt: skip


def check_backtest(data: bytes) -> None:
    path = laid("backtest.csv", data)
    with told():
        for row in backtest_readings.rows_of(path, lambda _share: None):
            assert not any(map(math.isinf, row.values))
            assert row.station
    with told():
        stations = backtest_stations.stations_of(path)
        assert_finite([[each.design_m3_per_day, each.rated_kw] for each in stations.values()])
    with told():
        backtest_stations.exclusions_of(path, {}, ZONE)


TARGETS = (
    Target("stations", station_seeds, check_stations, 60),
    Target("workbook", workbook_seeds, check_stations, 8),
    Target("records", records_seeds, check_records, 25),
    Target("roster", roster_seeds, check_roster, 30),
    Target("readings-csv", readings_seeds, check_readings, 50),
    Target("rate", rate_seeds, check_rate, 10),
    Target("backtest", backtest_seeds, check_backtest, 40),
)
