"""Stations from files: everything wrong is said at once, and nothing is imported unless all is well."""

from datetime import date

import pytest
from sqlalchemy import select

from registry.stations import TEXT_LENGTHS, import_csv, known_ids, note_pending
from registry.stations_columns import STATION_COLUMNS
from registry.tables import Company, County, Station, Town
from service.settings import SettingsError

GOOD = (
    "station,name,county,county_name,town,village,process,design_m3_per_day,rated_kw,longitude,latitude,"
    "commissioned,connected_from\n"
    "410882-0001,北寨村污水处理站,410882,沁阳市,崇义镇,北寨村,A2O,20,3.5,112.9,35.1,2024-06-01,2026-03-01\n"
    "410882-0002,靳作村污水处理站,410882,沁阳市,崇义镇,,,,,,,,\n"
    "wetland_1,,,,,,,,,,,,\n"
)


def put(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "stations.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def bring_in(registry, tmp_path, text, encoding="utf-8"):
    with registry.writing() as session:
        return import_csv(session, put(tmp_path, text, encoding))


def stored(registry, station="410882-0001"):
    with registry.reading() as session:
        return session.get_one(Station, station)


def ids(registry):
    with registry.reading() as session:
        return known_ids(session)


def refused(registry, tmp_path, text, encoding="utf-8"):
    lines = refused_again(registry, tmp_path, text, encoding)
    assert ids(registry) == set()
    return lines


def refused_again(registry, tmp_path, text, encoding="utf-8"):
    with pytest.raises(SettingsError) as caught, registry.writing() as session:
        import_csv(session, put(tmp_path, text, encoding))
    return [line.removeprefix(f"{tmp_path}/") for line in caught.value.lines()]


def test_a_good_file_is_imported_whole(registry, tmp_path):
    assert bring_in(registry, tmp_path, GOOD) == 3
    one = stored(registry)
    assert (one.name, one.village, one.process) == ("北寨村污水处理站", "北寨村", "A2O")
    assert (one.design_m3_per_day, one.rated_kw, one.longitude, one.latitude) == (20, 3.5, 112.9, 35.1)
    assert (one.commissioned, one.connected_from) == (date(2024, 6, 1), date(2026, 3, 1))
    assert (one.review, one.tier, one.powered, one.overrides) == ("confirmed", "village", True, {})
    two = stored(registry, "410882-0002")
    assert (two.town_id, two.county_code) == (one.town_id, "410882")
    assert (two.process, two.design_m3_per_day, two.commissioned) == ("", None, None)
    with registry.reading() as session:
        assert [row.name for row in session.scalars(select(Town))] == ["崇义镇"]
        assert [(row.code, row.name) for row in session.scalars(select(County))] == [("410882", "沁阳市")]


def test_importing_again_changes_what_is_given_and_leaves_what_is_empty(registry, tmp_path):
    bring_in(registry, tmp_path, GOOD)
    bring_in(registry, tmp_path, GOOD)
    again = "station,name,rated_kw,county,county_name,town\n410882-0001,,4,410882,沁阳,西向镇\n"
    assert bring_in(registry, tmp_path, again) == 1
    one = stored(registry)
    assert (one.name, one.rated_kw, one.design_m3_per_day) == ("北寨村污水处理站", 4, 20)
    assert one.commissioned == date(2024, 6, 1)
    with registry.reading() as session:
        assert session.get_one(Town, one.town_id).name == "西向镇"
        assert session.get_one(County, "410882").name == "沁阳"
    assert len(ids(registry)) == 3


def test_a_county_without_a_name_goes_by_its_code_until_it_has_one(registry, tmp_path):
    bring_in(registry, tmp_path, "station,county\na,410882\n")
    with registry.reading() as session:
        assert session.get_one(County, "410882").name == "410882"
    bring_in(registry, tmp_path, "station,county,county_name\nb,410882,沁阳市\n")
    bring_in(registry, tmp_path, "station,county\nc,410882\n")
    with registry.reading() as session:
        assert session.get_one(County, "410882").name == "沁阳市"


def test_the_import_confirms_a_station_that_announced_itself(registry, tmp_path):
    for _ in range(2):
        with registry.writing() as session:
            note_pending(session, "a")
    assert stored(registry, "a").review == "pending"
    bring_in(registry, tmp_path, "station\na\n")
    assert stored(registry, "a").review == "confirmed"
    with registry.writing() as session:
        note_pending(session, "a")
    assert stored(registry, "a").review == "confirmed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_excel_s_line_ends_quotes_and_mark_are_read(registry, tmp_path, encoding):
    text = 'station,name\r\n"a","北寨村, ""东"""\r\n\r\n  b  ,  x \r\n'
    assert bring_in(registry, tmp_path, text, encoding) == 2
    assert stored(registry, "a").name == '北寨村, "东"'
    assert stored(registry, "b").name == "x"


def test_every_bad_row_is_told_at_once_and_nothing_is_imported(registry, tmp_path):
    text = (
        "station,county,town,process,design_m3_per_day,rated_kw,longitude,latitude,commissioned\n"
        "good,410882,崇义镇,A2O,20,3.5,112.9,35.1,2024-06-01\n"
        "has space,,,,,,,,\n"
        ",,,AO,,,,,\n"
        "good,,,,,,,,\n"
        "b,,崇义镇,AB,nan,inf,1131,-90.5,2025-02-30\n"
        "c,,,,-1,1e999,x,,01.06.2024\n"
        f"{'x' * 33},,,,,,,,\n"
        "d,沁阳市,,,,,,,1905-07-03\n"
    )
    processes = (
        "A2O (A²/O), AO, contact_oxidation (接触氧化), MBR, SBR, biofilter (生物滤池), wetland (人工湿地), "
        "pond (稳定塘), other (其他)"
    )
    an_id = "must be 1 to 32 letters, digits, - or _"
    told = [
        f'row 3: column station: {an_id} (got "has space").',
        f'row 4: column station: {an_id} (got "").',
        'row 5: column station: stands twice in the file, first in row 2 (got "good").',
        f'row 6: column process: must be one of {processes} (got "AB").',
        'row 6: column design_m3_per_day: must be a number from 0 to 1e+07 (got "nan").',
        'row 6: column rated_kw: must be a number from 0 to 100000 (got "inf").',
        "row 6: column longitude: must lie between -180 and 180 (got 1131).",
        "row 6: column latitude: must lie between -90 and 90 (got -90.5).",
        'row 6: column commissioned: must be a date of the calendar such as 2025-06-30 (got "2025-02-30").',
        "row 6: column county: is required with a town. Write its code or name.",
        "row 7: column design_m3_per_day: must lie between 0 and 1e+07 (got -1).",
        'row 7: column rated_kw: must be a number from 0 to 100000 (got "1e999").',
        'row 7: column longitude: must be a number from -180 to 180 (got "x").',
        'row 7: column commissioned: must be a date such as 2025-06-30 (got "01.06.2024").',
        f'row 8: column station: {an_id} (got "{"x" * 33}").',
        'row 9: column commissioned: must lie between 1950-01-01 and 2100-12-31 (got "1905-07-03").',
        'row 9: column county: must be a county\'s code or a known name (got "沁阳市").',
    ]
    assert refused(registry, tmp_path, text) == [
        f"stations.csv: {line}" + ("" if line.endswith("name.") else " Correct it.") for line in told
    ]


def test_columns_nobody_knows_are_told_once(registry, tmp_path):
    first, second = refused(registry, tmp_path, "station,colour,longitud\na,red,x\nb,blue,y\n")
    known = ", ".join(column.name for column in STATION_COLUMNS)
    assert first == f"stations.csv: row 1: column colour: unknown column. Known are {known}."
    assert second == "stations.csv: row 1: column longitud: unknown column. Did you mean 'longitude'?"


def test_a_row_with_more_cells_than_the_head_is_refused(registry, tmp_path):
    """One comma too many shifts every value behind it."""
    (line,) = refused(registry, tmp_path, "station,name\na,北寨村\nb,西万,村,x\n")
    assert line.startswith('stations.csv: row 3: has more cells than the head (got "村, x"). Put ')


def test_a_row_with_fewer_cells_leaves_the_rest_as_it_is(registry, tmp_path):
    assert bring_in(registry, tmp_path, "station,name,rated_kw\na,北寨村\nb\n") == 2
    assert stored(registry, "a").name == "北寨村"


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("name", "x" * 201, "at most 200 letters"),
        ("village", "村" * 101, "at most 100 letters"),
        ("county", "4" * 13, "at most 12 letters"),
        ("name", "nul\x00", "no control characters"),
        ("village", "bell\x07", "no control characters"),
    ],
)
def test_a_text_that_no_store_takes_is_refused_with_its_row(registry, tmp_path, column, value, rule):
    (line,) = refused(registry, tmp_path, f"station,{column}\na,{value}\n")
    assert line.startswith(f"stations.csv: row 2: column {column}: must have {rule} (got ")


def test_company_and_tier_come_along(registry, tmp_path):
    text = "station,company,tier\na,清源运维,town\nb,清源运维,\nc,,village\n"
    bring_in(registry, tmp_path, text)
    a, b, c = (stored(registry, station) for station in "abc")
    assert (a.tier, b.tier, c.tier) == ("town", "village", "village")
    assert (a.company_id, c.company_id) == (b.company_id, None)
    with registry.reading() as session:
        assert session.get_one(Company, a.company_id).name == "清源运维"
    bring_in(registry, tmp_path, "station,company\na,\nc,清源运维\n")
    assert stored(registry, "a").company_id == stored(registry, "c").company_id == b.company_id
    assert refused_again(registry, tmp_path, "station,tier\na,city\n") == [
        'stations.csv: row 2: column tier: must be one of town (乡镇), village (村) (got "city"). Correct it.'
    ]


def test_a_full_width_space_is_a_letter_like_others(registry, tmp_path):
    bring_in(registry, tmp_path, "station,name\na,北寨　村\n")
    assert stored(registry, "a").name == "北寨　村"


def test_town_and_county_name_have_their_lengths_too(registry, tmp_path):
    text = f"station,county,county_name,town\na,1,{'n' * 101},{'t' * 101}\n"
    assert [line.split(" (got")[0] for line in refused(registry, tmp_path, text)] == [
        "stations.csv: row 2: column county_name: must have at most 100 letters",
        "stations.csv: row 2: column town: must have at most 100 letters",
    ]


def test_the_lengths_are_those_of_the_tables():
    tables = {"name": Station.name, "village": Station.village, "county": County.code,
              "county_name": County.name, "town": Town.name, "company": Company.name}  # fmt: skip
    assert {name: column.type.length for name, column in tables.items()} == TEXT_LENGTHS


@pytest.mark.parametrize("text", ["", "station,name\n", "station,name\r\n\r\n"])
def test_a_file_without_rows_is_refused(registry, tmp_path, text):
    assert refused(registry, tmp_path, text) == ["stations.csv: needs a head and at least one row."]


def test_a_file_without_the_station_column_is_refused(registry, tmp_path):
    assert refused(registry, tmp_path, "name\nx\n") == [
        "stations.csv: row 1: needs a column station or 站点编号. Add it."
    ]


def test_a_file_that_cannot_be_read_is_told_in_one_line(registry, tmp_path):
    with pytest.raises(SettingsError) as caught, registry.writing() as session:
        import_csv(session, tmp_path / "nothing.csv")
    assert caught.value.lines() == [f"{tmp_path}/nothing.csv: cannot be read: No such file or directory."]
    (line,) = refused(registry, tmp_path, b"station,name\na,\xff\xff\n")
    assert line == 'stations.csv: cannot be read: neither UTF-8 nor GB18030 text. Save it as "CSV UTF-8".'
    (line,) = refused(registry, tmp_path, b"station,name\na," + b"x" * 200_000 + b"\n")
    assert line == "stations.csv: cannot be read: field larger than field limit (131072)."
