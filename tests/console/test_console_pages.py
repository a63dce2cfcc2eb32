"""Every page, over real stores: what it says, in both languages, and what it must never let out."""

import re
from contextlib import contextmanager

import pytest
from console_centre import HOSTILE, MINUTE_MS, NOW_MS, RUNNING, change_state
from sqlalchemy import event

from console import words
from console.app import SECURITY_HEADERS
from console.desk import FOLDER
from registry.tables import Station

STATIONS = tuple(f"/stations/{name}" for name in (RUNNING, "410882-0004", "hostile", "new-box"))
PAGES = ("/", "/stations", "/alarms", "/reports", "/quarantine", "/quarantine/2", "/quarantine/3", *STATIONS)
FOREIGN = re.compile(r"https?://(?!www\.w3\.org/)[^\s\"'<>]+|(?:src|href)=\"//")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_safe_and_needs_nothing_from_outside(client, path, language):
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert answer.text.rstrip().endswith("</html>")
    assert HOSTILE not in answer.text
    assert not FOREIGN.findall(answer.text)
    assert "style-src 'self' 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert (
        SECURITY_HEADERS.items()
        <= {k.title().replace("Nosniff", ""): v for k, v in answer.headers.items()}.items()
    )
    ids = re.findall(r'\bid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_a_fragment_has_the_same_live_regions_as_its_page(client, path):
    def regions(text):
        return set(re.findall(r'<\w+ id="([\w-]+)"[^>]*data-live', text))

    whole, fragment = client.get(path), client.get(path, params={"fragment": "1"})
    assert "<html" not in fragment.text
    assert regions(fragment.text) == regions(whole.text) >= {"open-alarms", "announcement"}


@pytest.mark.parametrize("path", [*PAGES, "/health", f"/stations/{RUNNING}/chart.json"])
def test_who_has_an_answer_already_is_told_not_modified(client, path):
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-security-policy" in again.headers
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_page_can_be_asked_for_without_its_body(client):
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_overview_counts_every_state(client):
    text = client.get("/").text
    assert "12 stations by state" in text
    for state, word in words.STATES.items():
        count = 3 if state == "unknown" else 1  # two stations have never been judged
        tile = re.search(rf'href="/stations\?state={state}"><span class="figure">(\d+)</span>', text)
        assert tile
        assert int(tile[1]) == count
        assert word in text
        assert f'href="#m-{state}"' in text
    assert "6 of 12 heard in the last hour" in text


def test_the_overview_says_what_is_wrong_with_the_centre_itself(client, centre):
    centre.clock.now_ms += 5 * MINUTE_MS
    text = client.get("/").text
    assert text.count("silent</li>") == 3
    assert "5 minutes ago" in text


def test_every_state_has_its_own_mark():
    sprite = (FOLDER / "templates" / "marks.svg").read_text(encoding="utf-8")
    marks = re.findall(r'<symbol id="m-(\w+)".*?>(.*)</symbol>', sprite)
    assert {name for name, _ in marks} == {*words.ALARM_TYPES, "met", "missed"}
    assert len({shape for _, shape in marks}) == len(marks)


def test_stations_are_searched_filtered_and_counted(client):
    assert "12 stations<" in client.get("/stations").text
    found = client.get("/stations", params={"q": "西万"}).text
    assert "1 station<" in found
    assert "410882-0004" in found
    assert 'value="西万"' in found
    stopped = client.get("/stations", params={"state": "stopped", "q": "沁阳 污水"}).text
    assert re.findall(r'<th scope="row"><a href="/stations/([\w-]+)"', stopped) == ["410882-0004"]
    assert "No station fits." in client.get("/stations", params={"q": "100%_"}).text
    assert "No station fits." in client.get("/stations", params={"state": "<b>"}).text
    assert client.get("/stations", params={"page": "-1e9"}).status_code == 200


def test_many_stations_are_paged_fifty_at_a_time(client, centre):
    with centre.registry.writing() as session:
        session.add_all(Station(id=f"410883-{n:04d}", name=f"{n}号站") for n in range(100))
    first = client.get("/stations", params={"q": "号站"}).text
    assert first.count('<th scope="row">') == 50
    assert "100 stations, page 1 of 2" in first
    assert 'rel="next"' in first
    last = client.get("/stations", params={"q": "号站", "page": "99"}).text
    assert "410883-0099" in last
    assert 'rel="next"' not in last


def test_the_facility_file_shows_state_reason_values_and_presence(client):
    text = client.get("/stations/410882-0004").text
    assert "Neither energy nor effluent. In the last 4 hours: 0.02 kWh used (stop floor 0.08 kWh)" in text
    assert "since 2026-11-20 18:05 (20 hours)" in text
    for figure in ("98 %", "40 m³/d", "清源环保运维有限公司", "崇义镇", "2024-06-01", "21,400 MB", "-0.24 s"):
        assert figure in text
    running = client.get(f"/stations/{RUNNING}").text
    for figure in ("229.40", "20,302.10", "m³/h", "10 minutes ago", "DTSD1352"):
        assert figure in running
    mute = client.get("/stations/410882-0007").text
    assert "the meter does not answer" in mute


def test_the_same_file_in_chinese(client):
    text = client.get("/stations/410882-0004", params={"lang": "zh-CN"}).text
    assert "既无用电，也无出水。近 4 小时：用电 0.02 kWh（停运下限 0.08 kWh），出水 0.00 m³。" in text
    assert "自 2026-11-20 18:05 起（已 20 小时）" in text
    assert "36 分钟前" in text


def test_without_a_chart_script_the_page_says_so_and_shows_figures(client):
    text = client.get(f"/stations/{RUNNING}").text
    assert "The chart script has not been made on this server" in text
    assert "vega" not in text
    table = text[text.index('class="means"') : text.index('id="days"')]
    assert len(re.findall(r'<th scope="row"><a href="\?day=2026-11-', table)) == 8
    assert client.get("/static/vega-0.js").status_code == 404


def test_quarantine_shows_hostile_bytes_as_text(client):
    text = client.get("/quarantine").text
    text = text[text.index("<tbody>") :]
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\\x00\\x9c\\xff\\u202e清" in text
    assert text.index("too_large") < text.index("not_json") < text.index("unknown_station")
    assert "5,122 B" in text


def test_the_language_is_asked_kept_or_the_browsers(client):
    assert "Overview" in client.get("/").text
    answer = client.get("/", params={"lang": "zh-CN"})
    assert "总览" in answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert "lang=zh-cn" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "总览" in client.get("/").text  # the cookie goes before the browser's wish
    client.cookies.delete("lang")
    assert "set-cookie" not in client.get("/", params={"lang": "../x"}).headers


def test_the_centres_language_is_the_last_resort(client):
    assert "总览" in client.get("/", headers={"accept-language": "fr, *;q=0.1, xx;q=z"}).text
    assert "总览" in client.get("/", headers={"accept-language": "en;q=0.2, zh-TW;q=0.7"}).text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nowhere", "There is no page at this address"),
        ("/static/nothing.css", "There is no page at this address"),
        ("/stations/410882-4711", "There is no such station on the register"),
        ("/docs", "There is no page at this address"),
    ],
)
def test_what_is_not_there_is_said_with_care(client, path, said):
    answer = client.get(path)
    assert answer.status_code == 404
    assert said in answer.text
    assert 'href="/stations"' in answer.text
    assert answer.headers["content-security-policy"]
    assert "没有" in client.get(path, headers={"accept-language": "zh-CN"}).text


def test_a_present_state_moves_with_the_registry(client, centre):
    before = client.get(f"/stations/{RUNNING}", params={"fragment": "1"})
    change_state(centre, RUNNING, "stopped", "no_energy_no_effluent", NOW_MS)
    after = client.get(
        f"/stations/{RUNNING}", params={"fragment": "1"}, headers={"if-none-match": before.headers["etag"]}
    )
    assert after.status_code == 200
    assert re.search(r'id="state".*?Stopped', after.text, re.DOTALL)


def test_a_broken_history_is_said_and_logged_once(client, centre, caplog):
    centre.history.close()
    for path in (f"/stations/{RUNNING}", f"/stations/{RUNNING}?fragment=1"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "The measurements cannot be read just now" in answer.text
        assert "Traceback" not in answer.text
        assert "sqlite" not in answer.text.lower()
        assert "content-security-policy" in answer.headers
    assert client.get(f"/stations/{RUNNING}/chart.json").json() == {"error": "history"}
    assert client.get("/stations").status_code == 200
    assert [record.message[:8] for record in caplog.records if record.levelname == "WARNING"] == ["history:"]


def test_a_broken_registry_is_said(client, centre):
    with centre.registry.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE state_periods RENAME TO gone")
    answer = client.get("/")
    assert answer.status_code == 503
    assert "The register cannot be read just now" in answer.text
    assert "data-retry" in answer.text
    assert "state_periods" not in answer.text


def test_a_fault_of_our_own_is_a_page_too(client, monkeypatch):
    monkeypatch.setattr("console.overview.judged", None)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "This request could not be answered" in answer.text
    assert "NoneType" not in answer.text
    assert "content-security-policy" in answer.headers


@contextmanager
def counting(registry):
    statements = []
    listener = lambda *given: statements.append(given[2])  # noqa: E731
    event.listen(registry._engine, "before_cursor_execute", listener)
    yield statements
    event.remove(registry._engine, "before_cursor_execute", listener)


@pytest.mark.parametrize(
    ("path", "first", "then"),
    [
        ("/", 22, 12),
        ("/stations", 7, 7),
        (f"/stations/{RUNNING}", 22, 12),
        ("/alarms", 14, 14),
        ("/reports", 5, 5),
        ("/quarantine", 4, 4),
        ("/quarantine/2", 4, 4),
    ],
)
def test_the_number_of_statements_does_not_grow_with_the_rows(client, centre, path, first, then):
    """One asks for the session. The rates of two months are read once, then kept for a while."""
    for most in (first, then):
        with counting(centre.registry) as statements:
            assert client.get(path).status_code == 200
        assert len([s for s in statements if s.startswith("SELECT")]) <= most
