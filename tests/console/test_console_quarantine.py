"""The quarantine's pages: filters, paging, one entry with everything, and what is not there."""

import re
import zlib

import pytest
from console_centre import HOSTILE, NOW_MS, RUNNING
from console_login import Limits, log_in

from collector import ingest
from console import words
from registry.quarantine import EVERYTHING as ALL
from registry.quarantine import Entry, find_ids, put_aside, remove

JSON = b'{"v":1,"outbox":"9f3c21ab","readings":[{"q":"\xc2\x9b<b>"}]}'


def aside(centre, *entries):
    with centre.registry.writing() as session:
        put_aside(session, entries)
        return find_ids(session, ALL)[-len(entries) :]


def listed(text):
    return [int(number) for number in re.findall(r'<th scope="row"[^>]*><a href="/quarantine/(\d+)"', text)]


def test_the_list_is_filtered_by_station_and_code(client):
    assert listed(client.get("/quarantine").text) == [3, 2, 1]
    assert listed(client.get("/quarantine", params={"station": "0882-00"}).text) == [3, 1]
    found = client.get("/quarantine", params={"station": RUNNING, "code": "too_large"}).text
    assert listed(found) == [3]
    assert f'value="{RUNNING}"' in found
    assert '<input type="hidden" name="code" value="too_large">' in found
    assert f'href="/quarantine?station={RUNNING}"' in found  # all codes of this station
    other = client.get("/quarantine", params={"station": RUNNING, "code": "not_json"}).text
    assert "Nothing in quarantine fits." in other
    assert f'href="/quarantine?station={RUNNING}&amp;code=too_large"' in other


@pytest.mark.parametrize(
    "asked", [{"station": "%"}, {"station": HOSTILE}, {"code": HOSTILE}, {"code": "\x00"}, {"station": "'--"}]
)
def test_any_filter_is_taken_as_it_is_written(client, asked):
    answer = client.get("/quarantine", params=asked)
    assert answer.status_code == 200
    assert HOSTILE not in answer.text


def test_many_entries_are_paged_and_keep_their_filter(client, centre):
    aside(centre, *(Entry(NOW_MS, "many", "not_json", f"fault {n}", b"") for n in range(120)))
    first = client.get("/quarantine", params={"station": "many"}).text
    assert len(listed(first)) == 50
    assert "page 1 of 3" in first
    onward = re.search(r'<a rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = client.get(onward).text
    assert listed(second)[0] == listed(first)[-1] - 1
    last = client.get("/quarantine", params={"station": "many", "page": "999"}).text
    assert len(listed(last)) == 20
    assert 'rel="next"' not in last


def test_an_empty_quarantine_says_so(client, centre):
    with centre.registry.writing() as session:
        remove(session, find_ids(session, ALL))
    assert "Nothing is in quarantine." in client.get("/quarantine").text


def test_an_entry_shows_everything_and_its_payload_inflated(client, centre):
    packed = zlib.compress(JSON)
    number = aside(centre, *[Entry(NOW_MS, RUNNING, "wrong_version", HOSTILE, packed)] * 3)[-1]
    assert "{&#34;v&#34;:1,&#34;outbox&#34;" in client.get("/quarantine").text
    log_in(client, centre.registry, Limits("operator"))  # who may handle it has buttons instead of commands
    text = client.get(f"/quarantine/{number}").text
    for said in (
        f"Quarantine, entry {number}", "2026-11-21 14:05", "北寨村污水处理站", f'href="/stations/{RUNNING}"',
        "<code>wrong_version</code>", "update the centre or the agent.", f"{len(packed)} B",
        f"{len(JSON)} B", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;", "<dd>3</dd>",
        "those of the repetitions were not kept",
        '<pre class="json">{\n  &#34;v&#34;: 1,\n', "&#34;q&#34;: &#34;\\u009b&lt;b&gt;&#34;",
        f"qingliu collector quarantine replay {number}\nqingliu collector quarantine purge {number}</pre>",
        'href="/quarantine" aria-current="true"',
    ):  # fmt: skip
        assert said in text
    chinese = client.get(f"/quarantine/{number}", headers={"accept-language": "zh-CN"}).text
    assert f"隔离数据，第 {number} 条" in chinese
    assert "请升级中心或采集终端程序。" in chinese


def test_a_capped_entry_is_not_offered_for_replay(client, centre):
    assert 'value="replay"' not in client.get("/quarantine/3").text
    log_in(client, centre.registry, Limits("operator"))
    text = client.get("/quarantine/3").text
    assert "Only the first 4,096 B were kept, so that it cannot be replayed." in text
    assert '<pre class="hex">000000  78 9c ' in text
    assert "quarantine replay" not in text
    assert "quarantine purge 3" in text


def test_an_entry_of_a_station_that_nobody_knows(client):
    text = client.get("/quarantine/1").text
    assert "not on the register" in text
    assert 'href="/stations/410882-0099"' not in text


def test_a_bomb_makes_a_page_of_bounded_size(client, centre):
    bomb = zlib.compress(b"[" * 900 + b"1," * 400_000, 9)
    [number] = aside(centre, Entry(NOW_MS, RUNNING, "not_json", "bomb", bomb))
    answer = client.get(f"/quarantine/{number}")
    assert len(answer.content) < 1_500_000
    assert f"qingliu collector quarantine show --raw {number}" in answer.text
    assert client.get("/quarantine").status_code == 200


@pytest.mark.parametrize("number", ["4711", "0", "x", "-1", "9" * 30, "１"])
def test_an_entry_that_is_not_there(client, number):
    answer = client.get(f"/quarantine/{number}")
    assert answer.status_code == 404
    assert "There is no such entry in quarantine" in answer.text
    assert 'href="/quarantine"' in answer.text


def test_every_code_of_the_collector_is_explained():
    said = set(words.QUARANTINE_CODES)
    assert {ingest.STORE_REFUSES, ingest.HOLD_UNKNOWN_STATION, "implausible_time"} <= said
    assert {"too_large", "bad_zlib", "not_json", "wrong_version", "malformed"} <= said
