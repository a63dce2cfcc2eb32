"""The map: places are where they belong, marks differ by shape, nothing outside is asked."""

import json
import logging
import re
from contextlib import contextmanager
from itertools import combinations

import msgspec
import pytest
from console_centre import NOW_MS, RUNNING
from console_login import Limits, log_in
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from console.app import create_app
from console.map_drawing import chart, scheme
from console.map_marks import SHAPES, SIDE, Spot, layers
from console.map_outlines import Outline, OutlineError, drawn, read_outlines
from console.map_plane import HEIGHTS, WIDTH, fitted, near
from console.map_stations import Placed, quarters
from console.map_tiles import POLICY, content_policy, pictures
from console.words import STATES
from registry.console_settings import is_tile_url
from registry.tables import County, StatePeriod, Station
from service.conditions import Conditions

SQUARE = [[113.0, 35.0], [113.4, 35.0], [113.4, 35.3], [113.0, 35.3], [113.0, 35.0]]
NAMES = {"410882": "沁阳市", "410883": "孟州市"}


def feature(code, name, kind="Polygon", coordinates=None, **given):
    geometry = {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates}
    return {"type": "Feature", "properties": {"name": name, "adcode": code}, "geometry": geometry, **given}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.fixture
def outlines_file(tmp_path):
    """Writes a file of outlines and says where it is."""

    def written(content):
        path = tmp_path / "outlines.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return written


def test_every_state_has_a_shape_of_its_own():
    assert set(SHAPES) == set(STATES)
    for one, other in combinations(SHAPES.values(), 2):
        assert one != other


def test_the_worst_lies_on_top_and_is_a_link_first():
    states = ["stopped", "running", "offline", "stopped", "nobody_knows_it"]
    spots = [Spot(f"s-{number}", "", state, 10, 20) for number, state in enumerate(states)]
    found = layers(spots, most_links=3)
    assert [layer.state for layer in found] == ["running", "unknown", "offline", "stopped"]
    assert {layer.state: [spot.id for spot in layer.links] for layer in found} == {
        "running": [], "unknown": [], "offline": ["s-2"], "stopped": ["s-0", "s-3"],
    }  # fmt: skip
    by_state = {layer.state: layer for layer in found}
    assert by_state["running"].path == f"M6 16{SHAPES['running']}"
    assert by_state["stopped"].path == ""
    assert SIDE == 8  # the corner of the mark lies half of it up and left of the place


def test_a_place_lies_on_the_tile_that_tile_servers_give_for_it():
    london = (-0.1275, 51.5072)  # tile 10/511/340 by the formula that OpenStreetMap's wiki gives
    plane = fitted([(london[0] - 0.3, london[1] - 0.2), (london[0] + 0.3, london[1] + 0.2)])
    assert plane is not None
    x, y = plane.point(london)
    own = {(tile.z, tile.x, tile.y): tile for tile in plane.tiles()}
    zoom = next(iter(own))[0]
    factor = 2 ** (zoom - 10)
    (tile,) = [
        each for each in own.values()
        if each.left <= x < each.left + each.side and each.top <= y < each.top + each.side
    ]  # fmt: skip
    assert (int(tile.x / factor), int(tile.y / factor)) == (511, 340)


@given(
    st.lists(
        st.tuples(st.floats(112.5, 113.7, allow_nan=False), st.floats(34.8, 35.5, allow_nan=False)),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_all_places_fit_and_the_tiles_cover_the_drawing_without_being_many(places):
    plane = fitted(places)
    assert HEIGHTS[0] <= plane.height <= HEIGHTS[1]
    assert all(plane.shows(plane.point(place)) for place in places)
    tiles = plane.tiles()
    assert len(tiles) <= 42
    assert min(tile.left for tile in tiles) <= 0
    assert min(tile.top for tile in tiles) <= 0
    assert max(tile.left + tile.side for tile in tiles) >= WIDTH - 1
    assert max(tile.top + tile.side for tile in tiles) >= plane.height - 1


def test_nothing_has_no_plane_and_a_slip_of_the_pen_does_not_shrink_the_map():
    assert fitted([]) is None
    assert near([]) == []
    right = [(113.0, 35.0), (113.1, 35.1), (113.2, 35.2)]
    assert near([*right, (35.1, 113.1), (0.0, 0.0)]) == right


def test_outlines_are_read_with_all_their_rings(outlines_file):
    path = outlines_file(
        b"\xef\xbb\xbf"
        + json.dumps(
            collection(
                feature(410882, "沁阳市"),
                feature(None, "孟州市", "MultiPolygon", [[SQUARE], [SQUARE, SQUARE]], id="410883"),
                feature(1, "a well", "Point", [113.0, 35.0]),
                {"type": "Feature", "properties": None, "geometry": None},
            )
        ).encode()
    )
    assert [(one.code, one.name, len(one.rings)) for one in read_outlines(path)] == [
        ("410882", "沁阳市", 1),
        ("410883", "孟州市", 3),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no GeoJSON: Input data was truncated"),
        ({"type": "Topology", "features": []}, "is no GeoJSON: Invalid value 'Topology' - at `$.type`"),
        (collection(), "holds no area"),
        (collection(feature(1, "", "Point", [1, 2])), "holds no area"),
        (collection(feature(1, "", coordinates=[[["x", "y"]]])), "feature 1: could not convert string"),
        (collection(feature(1, "", coordinates=[[[35.0, 113.0]]])), "must be degrees (got 35, 113)"),
        (collection(feature(1, "", coordinates=[[[3.9e6, 4.1e6]]])), "must be degrees"),
        (collection(feature(1, "", coordinates=[[[1]]])), "feature 1: list index out of range"),
        (collection(feature(1, "", coordinates=[7])), "feature 1: 'int' object is not iterable"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(outlines_file, content, said):
    path = outlines_file(content)
    with pytest.raises(OutlineError) as caught:
        read_outlines(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: {said}") or said in text
    assert text.endswith("Write a FeatureCollection of Polygons in longitude and latitude (WGS84).")
    with pytest.raises(OutlineError, match=r"Mend console\.counties_geojson"):
        read_outlines(path.parent / "none")


def test_an_outline_is_drawn_without_what_is_too_fine(outlines_file):
    ring = [(113.0 + n / 100_000, 35.0) for n in range(5_000)] + [(113.05, 35.04), (113.0, 35.0)]
    one = Outline("410882", "", [ring, [(113.0, 35.0)]])
    plane = fitted(one.places)
    path = drawn(one, plane)
    assert path.count("M") == 1  # a ring of one point is nothing
    assert path.count(",") < 400
    assert path.endswith("z")


def a_station(number, county="410882", town="崇义镇", place=(113.2, 35.1), state="running"):
    return Placed(f"{county}-{number:04d}", f"{number}号站", county, town, *place, state)


def test_stations_stand_where_they_are_and_who_has_no_place_is_counted():
    stations = [
        a_station(1, place=(113.0, 35.3), state="stopped"),
        a_station(2, place=(113.4, 35.0)),
        a_station(3, place=(113.2, 35.15)),
        a_station(4, place=(None, 35.1)),
        a_station(5, place=(35.1, 113.2)),
    ]
    outline = Outline("", "沁阳市", [[tuple(point) for point in SQUARE]])
    found = chart(stations, [outline], NAMES, "", links=9)
    assert found.left_out == 2
    (border,) = found.borders
    assert (border.code, border.name) == ("410882", "沁阳市")  # told by its name
    spots = {spot.id[-1]: spot for layer in found.layers for spot in layer.links}
    assert spots["1"].x < spots["3"].x < spots["2"].x
    assert spots["1"].y < spots["3"].y < spots["2"].y
    assert abs(spots["3"].x - border.x) <= 1
    assert found.pictures == []
    alone = chart(stations, [], NAMES, "/tiles/{z}/{x}/{y}.png", links=9)
    assert alone.left_out == 2
    assert alone.borders == []
    assert all(re.fullmatch(r"/tiles/\d+/\d+/\d+\.png", address) for _, address in alone.pictures)
    assert chart([a_station(4, place=(None, None))], [], NAMES, "/{z}{x}{y}", links=9) is None


def test_in_the_scheme_a_station_keeps_its_place_while_its_state_changes():
    stations = [a_station(number, county, town) for county in NAMES
                for town in ("一镇", "名字特别长的街道办事处", "") for number in range(25)]  # fmt: skip
    before = scheme(stations, links=1_000)
    after = scheme([each._replace(state="stopped") for each in stations], links=1_000)

    def places(blocks):
        return {
            (spot.id, spot.x, spot.y) for block in blocks for layer in block.layers for spot in layer.links
        }

    assert places(before) == places(after)
    assert len({(block.code, x, y) for block in before for x, y in marks_of(block)}) == len(stations)
    assert [block.total for block in before] == [75, 75]
    assert [label.text for label in before[0].labels] == ["一镇", "名字特别长的…", ""]
    assert before[0].labels[1].whole == "名字特别长的街道办事处"
    few = scheme(stations, links=10)
    assert [sum(len(layer.links) for layer in block.layers) for block in few] == [5, 5]
    assert sum(quarter.total for quarter in quarters(stations)) == len(stations)
    assert scheme([], links=9) == []


def marks_of(block):
    return [(spot.x, spot.y) for layer in block.layers for spot in layer.links]


@pytest.mark.parametrize(
    ("tile_url", "is_one", "policy"),
    [
        ("/tiles/{z}/{x}/{y}.png", True, POLICY),
        ("https://tiles.example/{z}/{x}/{y}", True, f"{POLICY}; img-src 'self' https://tiles.example"),
        ("http://10.0.0.7:81/{z}/{x}/{y}", True, f"{POLICY}; img-src 'self' http://10.0.0.7:81"),
        ("https://t.example/?x={x}&y={y}&l={z}", True, f"{POLICY}; img-src 'self' https://t.example"),
        ("//tiles.example/{z}/{x}/{y}", False, ""),
        ("https://{x}.example/{z}/{y}", False, ""),
        ("https://tiles.example/{z}/{x}", False, ""),
        ("https://a.example; script-src *//{z}/{x}/{y}", False, ""),
        ("javascript:{z}{x}{y}", False, ""),
        ("tiles/{z}/{x}/{y}", False, ""),
        ("https://[::1/{z}/{x}/{y}", False, ""),
        ("https://tiles.example:port/{z}/{x}/{y}", False, ""),
    ],
)
def test_only_a_plain_address_of_tiles_gets_into_the_page_and_its_header(tile_url, is_one, policy):
    assert is_tile_url(tile_url) is is_one
    if is_one:
        assert content_policy(tile_url) == policy


def test_without_a_tile_server_there_are_no_pictures():
    assert pictures(fitted([(113.0, 35.0), (113.1, 35.1)]), "") == []
    assert content_policy("") == POLICY == "default-src 'self'; style-src 'self' 'unsafe-inline'"


@contextmanager
def browsing(centre, tmp_path, **console):
    settings = msgspec.structs.replace(
        centre.settings, console=msgspec.structs.replace(centre.settings.console, **console)
    )
    conditions = Conditions(logging.getLogger("test"))
    app = create_app(
        settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js", conditions,
        open_demo=True,
    )  # fmt: skip
    with TestClient(app, base_url="http://127.0.0.1", headers={"accept-language": "en"}) as client:
        yield client, conditions


def test_the_scheme_leads_to_stations_and_the_list_says_the_same(client):
    text = client.get("/map").text
    assert (
        f'<a href="/stations/{RUNNING}" tabindex="-1"><title>北寨村污水处理站 {RUNNING}, Running</title>'
        in text
    )
    row = re.search(r"<tr><td[^>]*>沁阳市</td>.*?</tr>", text, re.DOTALL)[0]
    assert 'href="/stations?county=410882&amp;q=' in row or "/stations?county=410882&q=" in row
    assert re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).split() == [
        "沁阳市",
        "崇义镇",
        "10",
        *["1"] * 10,
    ]
    chinese = client.get("/map?county=410882&lang=zh-CN").text
    assert "地图的列表形式" in chinese
    assert "no county" not in chinese
    assert f"{RUNNING}，运行</title>" in chinese
    assert client.get("/map?county=%27%3Cx").status_code == 200
    assert 'id="map"' in client.get("/").text


def test_an_empty_register_has_an_empty_map(client, centre):
    with centre.registry.writing() as session:
        session.add(County(code="410883", name="孟州市"))
    text = client.get("/map?county=410883").text
    assert text.count("No station here.") == 2
    assert "<svg viewBox" not in text


def test_with_outlines_the_map_is_drawn_over_them(centre, tmp_path, outlines_file):
    path = outlines_file(collection(feature("410882", "沁阳市"), feature("410999", "别的县")))
    with centre.registry.writing() as session:
        session.get(Station, RUNNING).longitude, session.get(Station, RUNNING).latitude = 113.2, 35.15
    with browsing(centre, tmp_path, counties_geojson=str(path)) as (client, conditions):
        whole, county = client.get("/").text, client.get("/map?county=410882").text
    assert conditions.current() == {}
    assert whole.count('class="border"') == 1  # a county without a station that is seen has no outline
    assert '<a href="/map?county=410882" tabindex="-1"><text' in whole
    assert "别的县" not in whole
    assert county.count('class="border"') == 1
    assert "9 stations have no place on the map" in county
    assert "<image" not in whole + county


def test_outlines_that_cannot_be_used_are_said_and_the_scheme_is_drawn(centre, tmp_path, outlines_file):
    path = outlines_file(b"[]")
    with browsing(centre, tmp_path, counties_geojson=str(path)) as (client, conditions):
        assert 'class="block"' in client.get("/").text
    assert conditions.current()["counties_geojson"].startswith(f"{path}: is no GeoJSON")


def test_pictures_are_asked_of_the_server_that_is_named_and_of_no_other(centre, tmp_path, outlines_file):
    path = outlines_file(collection(feature("410882", "沁阳市")))
    given = {"counties_geojson": str(path), "tile_url": "https://tiles.example/{z}/{x}/{y}.png?a=1&b=2"}
    with browsing(centre, tmp_path, **given) as (client, _):
        answer = client.get("/map")
        assert answer.headers["content-security-policy"] == content_policy(given["tile_url"])
        addresses = re.findall(r'<image href="([^"]+)"', answer.text)
        assert addresses
        for address in addresses:
            assert re.fullmatch(r"https://tiles\.example/\d+/\d+/\d+\.png\?a=1&amp;b=2", address)
    with browsing(centre, tmp_path, counties_geojson=str(path)) as (client, _):
        answer = client.get("/map")
        assert answer.headers["content-security-policy"] == POLICY
        assert not re.search(r'(?:href|src)="(?:https?:)?//', answer.text)


def test_two_thousand_stations_stay_within_the_budget(centre, tmp_path, outlines_file):
    path = outlines_file(collection(feature("410882", "沁阳市"), feature("410883", "孟州市")))
    with centre.registry.writing() as session:
        session.add(County(code="410883", name="孟州市"))
        session.flush()
        for number in range(2_000):
            name = f"410883-{number:04d}"
            session.add(
                Station(id=name, name=f"{number}号污水处理站", county_code="410883",
                        longitude=113.0 + number % 40 / 100, latitude=35.0 + number // 40 * 0.3 / 50)
            )  # fmt: skip
            session.flush()
            session.add(StatePeriod(station_id=name, state="offline", start_ms=NOW_MS, decided_ms=NOW_MS,
                                    reason="nothing_heard", evidence={}))  # fmt: skip
    for setting in ({}, {"counties_geojson": str(path)}):
        with browsing(centre, tmp_path, **setting) as (client, _):
            whole = client.get("/").text
            assert len(whole.encode()) <= 300_000
            assert whole.count(SHAPES["offline"]) >= 2_000
            assert len(client.get("/map").content) <= 300_000
            county = client.get("/map?county=410883").text
            assert county.count('tabindex="-1"><title>') == 1_000


def test_a_county_outside_is_not_drawn(centre, tmp_path, outlines_file):
    path = outlines_file(collection(feature("410882", "沁阳市"), feature("410883", "孟州市")))
    with centre.registry.writing() as session:
        session.add(County(code="410883", name="孟州市"))
        session.flush()
        session.add(
            Station(id="410883-0001", name="外面的站", county_code="410883", longitude=113.1, latitude=35.1)
        )
    settings = msgspec.structs.replace(
        centre.settings,
        console=msgspec.structs.replace(centre.settings.console, counties_geojson=str(path)),
    )
    app = create_app(settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")
    with TestClient(app) as client:
        log_in(client, centre.registry, Limits("viewer", ("410882",)))
        for address in ("/", "/map", "/map?county=410883"):
            text = client.get(address).text
            assert "410883" not in text.replace(address, "").replace("county%3D410883", "").replace(
                "county=410883", ""
            )
            assert "孟州市" not in text
            assert text.count('class="border"') == 1
