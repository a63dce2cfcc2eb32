"""What people read: one message as it is, many in a few lines, never too long, no count lost."""

import re

from hypothesis import given
from hypothesis import strategies as st
from notify_receivers import ZONE, message

from notify.message import content_of, in_language, message_of
from notify.wording import MOST_BYTES, MOST_GROUPS, consolidated, render

LINK = "https://qingliu.example.cn"


def test_one_message_is_its_own_text():
    told = render([message(17)], "zh-CN", ZONE, LINK, ["张三", "李四"])
    assert told == (
        "【清流】武陟县 17号村污水处理站停运",
        "17号村污水处理站停运\n值班：张三、李四\nhttps://qingliu.example.cn\n编号 event-17",
    )
    assert render([message(17)], "en", ZONE) == (
        "[Qingliu] 武陟县: 17号村污水处理站 stopped",
        "station 17 stopped\nref event-17",
    )


def test_several_are_grouped_worst_first():
    messages = [message(number) for number in (3, 1, 2)]
    messages += [message(4, place="修武县", severity="high"), message(5, place="修武县")]
    messages += [message(6, place="", subject="", title={"zh-CN": "区域断电"}, since_ms=None)]
    subject, body = render(messages, "zh-CN", ZONE, LINK)
    assert subject == "【清流】6 条告警"
    assert body.splitlines() == [
        "修武县 2 站停运，最久：4号村污水处理站（自 11-22 00:04 起）",
        "武陟县 3 站停运，最久：1号村污水处理站（自 11-22 00:01 起）",
        "区域断电",
        LINK,
        "编号 event-3 等 6 条",
    ]
    assert render(messages, "en", ZONE)[1].splitlines() == [
        "2 stations in 修武县 stopped, longest: 4号村污水处理站 (since 11-22 00:04)",
        "3 stations in 武陟县 stopped, longest: 1号村污水处理站 (since 11-22 00:01)",
        "区域断电",
        "ref event-3 and 6 in all",
    ]


def test_the_longest_is_looked_for_within_the_highest_severity():
    messages = [message(1), message(2, severity="high"), message(3, severity="high", since_ms=None)]
    assert "最久：2号村" in render(messages, "zh-CN", ZONE)[1]


def test_a_station_told_of_twice_is_not_counted_as_two_stations():
    messages = [message(1), message(2, subject="1号村污水处理站")]
    assert render(messages, "zh-CN", ZONE)[1].startswith("武陟县 停运 2 条，最久：1号村污水处理站（")
    nowhere = [message(1, place=""), message(2, place="")]
    assert render(nowhere, "en", ZONE)[1].startswith("2 stations stopped, longest: 1号村")


def test_what_is_beyond_twelve_groups_is_counted():
    messages = [message(number, place=f"第{number:02}县") for number in range(20)]
    body = render(messages, "zh-CN", ZONE)[1].splitlines()
    assert (len(body), body[-2], body[-1]) == (MOST_GROUPS + 2, "…及其他 8 条", "编号 event-0 等 20 条")
    assert body[0] == "第00县 0号村污水处理站停运（自 11-22 00:00 起）"


def test_nothing_in_a_name_can_start_a_line_or_a_header():
    subject, body = render([message(1, subject="甲村\nBcc: x@y.cn\x1b[2J"), message(2)], "zh-CN", ZONE)
    assert len(body.splitlines()) == 2
    subject, _ = render([message(1, subject="甲村\nBcc: x@y.cn")], "zh-CN", ZONE)
    assert subject.isprintable()


def test_a_language_that_is_not_there_falls_back():
    assert (in_language({"zh-CN": "停运"}, "en"), in_language({}, "en")) == ("停运", "")


MESSAGES = st.lists(
    st.builds(
        message,
        number=st.integers(0, 30),
        severity=st.sampled_from(["low", "medium", "high"]),
        place=st.sampled_from(["", "武陟县", "修武县", "温" * 100]) | st.text(max_size=5),
        subject=st.sampled_from(["", "一站", "二站", "长" * 300]) | st.text(max_size=5),
        title=st.fixed_dictionaries({"zh-CN": st.sampled_from(["停运", "离线", "很长" * 80])}),
        text=st.fixed_dictionaries({"zh-CN": st.text(max_size=50) | st.just("话" * 3_000)}),
        since_ms=st.none() | st.integers(0, 4_000_000_000_000),
    ),
    min_size=1,
    max_size=60,
)


@given(MESSAGES, st.sampled_from(["zh-CN", "en"]), st.lists(st.text(max_size=300), max_size=5))
def test_a_message_is_never_too_long_and_always_the_same(messages, language, names):
    subject, body = render(messages, language, ZONE, LINK + "/x" * 300, names)
    assert len(f"{subject}\r\n{body}".encode()) <= MOST_BYTES
    assert len(subject) <= 200
    assert subject.isprintable()
    assert body
    assert messages[0].key in body
    assert render(list(messages), language, ZONE, LINK + "/x" * 300, names) == (subject, body)


@given(MESSAGES, st.sampled_from(["zh-CN", "en"]), st.integers(300, 2_000))
def test_no_count_is_lost(messages, language, room):
    told = consolidated(messages, language, ZONE, room)
    assert sum(line.messages for line in told.lines) + told.more == len(messages)
    assert sum(len(line.text.encode()) + 1 for line in told.lines) <= room
    assert len(told.lines) <= MOST_GROUPS
    assert consolidated(messages[::-1], language, ZONE, room).lines == told.lines or len(messages) != len(
        {each.key for each in messages}
    )


@given(st.lists(st.integers(1, 40), min_size=2, max_size=30))
def test_the_counts_that_people_read_add_up(sizes):
    messages = [
        message(number, place=f"第{county}县", key=f"event-{county}-{number}")
        for county, size in enumerate(sizes)
        for number in range(size)
    ]
    *lines, _ = render(messages, "zh-CN", ZONE)[1].splitlines()
    counts = [re.search(r"县 (\d+) 站停运|及其他 (\d+) 条", line) for line in lines]
    assert sum(int(each[1] or each[2]) if each else 1 for each in counts) == len(messages)


@given(st.text(max_size=20), st.text(max_size=20), st.integers() | st.none())
def test_a_message_survives_the_registry(subject, text, since_ms):
    given_one = message(1, subject=subject, text={"en": text}, since_ms=since_ms, attachments=["a.pdf"])
    assert message_of(content_of(given_one)) == given_one
