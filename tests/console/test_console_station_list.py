"""The list of stations: filters, order, paging, and the same search as CSV, over two thousand of them."""

import csv
import io
import re
from contextlib import closing
from datetime import date, timedelta
from time import perf_counter

import pytest
from console_centre import MINUTE_MS, NOW_MS, STATES
from console_login import SEES_ALL, Limits, log_in
from fresh_registry import fresh_registry

from console.station_csv import harmless
from console.station_list import choices, every_station, station_page
from console.station_search import EVERY_STATION, SORTS, Search, search_of
from registry.tables import Company, County, Device, Presence, StatePeriod, Station, StationClass, Town

PROCESSES = ("A2O", "AO", "wetland", "")
ROW = re.compile(r'<th scope="row"><a href="/stations/([\w-]+)"')


def rows(answer):
    return ROW.findall(answer.text)


def add_many(registry, count=2_000):
    """Stations of two counties, ten towns, two companies, in every state; every third is rebuilt."""
    with registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
        session.add(Company(id=2, name="甲运维（虚构）"))
        session.flush()
        session.add_all(Town(id=10 + n, county_code="410823", name=f"{n}镇") for n in range(10))
        session.flush()
        ids = [f"410823-{n:04d}" for n in range(count)]
        session.add_all(
            Station(id=station, name=f"{(n * 7) % count}号站", county_code="410823", town_id=10 + n % 10,
                    company_id=2 if n % 2 else None, process=PROCESSES[n % 4],
                    design_m3_per_day=None if n % 5 == 0 else float((n * 13) % count))
            for n, station in enumerate(ids)
        )  # fmt: skip
        session.flush()
        states = list(STATES)
        session.add_all(
            StatePeriod(station_id=station, state=states[n % 10], start_ms=NOW_MS - n, decided_ms=NOW_MS,
                        reason="as_expected", evidence={})
            for n, station in enumerate(ids)
        )  # fmt: skip
        session.add_all(Device(station_id=station, device="power-1", kind="power") for station in ids)
        session.add_all(
            Presence(station_id=station, last_reading_ms=NOW_MS - n * MINUTE_MS)
            for n, station in enumerate(ids)
        )
        session.add_all(
            StationClass(station_id=station, class_="rebuilding", entered_ms=NOW_MS,
                         since=date(2026, 11, 1) + timedelta(days=n % 2 * 60))
            for n, station in enumerate(ids) if n % 3 == 0
        )  # fmt: skip


def test_every_filter_narrows_and_they_hold_together(client, centre):
    add_many(centre.registry, 120)
    ask = lambda **question: client.get("/stations.csv", params=question).text.count("\r\n") - 1  # noqa: E731
    assert ask() == 132
    assert ask(county="410823") == 120
    assert ask(town="11") == 12
    assert ask(company="2") == 60
    assert ask(process="wetland", county="410823") == 30
    assert ask(state="stopped") == 13
    # of 40 that were entered as rebuilding, those with an even number are so today already
    assert ask(**{"class": "rebuilding"}) == 20
    assert ask(**{"class": "in_use"}) == 112
    assert ask(county="410823", town="11", state="low_load") == 12
    assert ask(town="x", company="'; --") == 132
    text = client.get("/stations", params={"county": "410823", "company": "2"}).text
    assert '<option value="2" selected>甲运维（虚构）</option>' in text
    assert '<optgroup label="武陟县">' in text
    assert "崇义镇" not in text  # a town of another county


def test_every_column_sorts_both_ways_and_says_so(client, centre):
    add_many(centre.registry, 40)
    for column in SORTS:
        up, down = (client.get("/stations", params={"sort": sign + column}) for sign in ("", "-"))
        assert up.text.count("aria-sort") == 1
        assert f'aria-sort="ascending"><a href="/stations?sort=-{column}"' in up.text
        assert f'<a href="/stations?sort={column}"' in down.text
        assert 'aria-sort="descending"' in down.text
        assert rows(up) != rows(down)
        assert len(rows(up)) == 50
    worst_first, best_first = (
        rows(client.get("/stations", params={"sort": sort})) for sort in ("state", "-state")
    )
    assert (worst_first[0], best_first[0]) == ("410823-0003", "410823-0000")  # stopped, running


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_both_databases_find_and_order_alike(request, tmp_path, kind):
    url = f"sqlite:///{tmp_path}/registry.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    today = date(2026, 11, 21)
    with closing(fresh_registry(url)) as registry:
        add_many(registry, 60)
        with registry.reading() as session:
            for column in SORTS:
                for sort in (column, f"-{column}"):
                    search = Search(sort=sort, class_="in_use", county="410823", process="AO")
                    page = station_page(session, SEES_ALL, search, 1, today)
                    known = list(every_station(session, SEES_ALL, search, today))
                    assert (page.total, [row.class_ for row in page.rows]) == (15, ["in_use"] * 15)
                    assert known == page.rows
            by_design = station_page(session, SEES_ALL, Search(sort="-design"), 1, today).rows
            figures = [row.design_m3_per_day for row in by_design if row.design_m3_per_day is not None]
            assert figures == sorted(figures, reverse=True)
            assert len(choices(session, SEES_ALL, "410823").towns) == 10


def test_what_is_not_known_stands_last_either_way(client, centre):
    add_many(centre.registry, 30)
    question = {"county": "410823", "sort": "design"}
    up = rows(client.get("/stations", params=question))
    down = rows(client.get("/stations", params=question | {"sort": "-design"}))
    unknown = [f"410823-{n:04d}" for n in range(0, 30, 5)]
    assert up[-6:] == down[-6:] == unknown
    assert up[:24] == down[23::-1]


def test_a_search_keeps_its_order_and_filters_from_page_to_page(client, centre):
    add_many(centre.registry, 120)
    seen, page = [], {"county": "410823", "sort": "-name"}
    answer = client.get("/stations", params=page)
    for number in (2, 3):
        seen += rows(answer)
        assert f'rel="next" href="/stations?county=410823&amp;sort=-name&amp;page={number}"' in answer.text
        answer = client.get("/stations", params=page | {"page": number})
    seen += rows(answer)
    assert (len(seen), len(set(seen))) == (120, 120)


def test_odd_questions_are_left_out():
    assert search_of({"sort": "; drop", "town": "-1", "company": "1e9", "q": "\x00x"}) == Search(words="x")
    assert search_of({"q": "x" * 500}).words == "x" * 100
    assert EVERY_STATION.address() == "/stations"
    assert (
        Search(words="a&b", sort="-id").address(page=2, state="x")
        == "/stations?q=a%26b&state=x&sort=-id&page=2"
    )
    assert Search(sort="id").sorted_by("id") == "/stations?sort=-id"


def test_the_csv_is_the_same_list_and_no_cell_of_it_is_a_formula(client, centre):
    with centre.registry.writing() as session:
        session.add_all(
            Station(id=f"f-{n}", name=name, process="A2O", design_m3_per_day=20.5)
            for n, name in enumerate(("=1+1", "+1", "-1", "@x", "\tx", 'a,"b"', "清水"))
        )
    answer = client.get("/stations.csv", params={"q": "f-", "lang": "zh-CN"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="stations-2026-11-21.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert head[:3] == ["站点", "名称", "区县"]
    assert [line[1] for line in lines] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", 'a,"b"', "清水"]
    assert (lines[0][5], lines[0][7]) == ("A²/O", "20.5")
    assert client.get("/stations.csv", headers={"if-none-match": answer.headers["etag"]}).status_code == 200
    assert [harmless(text) for text in ("", "x=1", "\r=1", "-5")] == ["", "x=1", "'\r=1", "'-5"]


def test_filters_offer_only_what_is_seen(client, centre):
    add_many(centre.registry, 4)
    log_in(client, centre.registry, Limits("contractor", company="甲运维（虚构）"))
    text = client.get("/stations").text
    assert "清源环保" not in text
    assert "崇义镇" not in text
    assert rows(client.get("/stations")) == ["410823-0001", "410823-0003"]
    assert client.get("/stations.csv").text.count("410823-") == 2


def test_two_thousand_stations_are_listed_quickly(client, centre):
    """The budget is 200 ms; no clock of a busy machine is trusted to the millisecond."""
    add_many(centre.registry)
    client.get("/stations")
    for question in ({}, {"sort": "-class", "q": "号站"}, {"class": "rebuilding", "sort": "reading"}):
        began = perf_counter()
        assert client.get("/stations", params=question).status_code == 200
        assert perf_counter() - began < 2
    assert client.get("/stations.csv").text.count("\r\n") == 2_013
