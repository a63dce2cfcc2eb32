"""`qingliu alerting list | show` from outside, in both languages and for machines."""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from desk_seed import HOUR_MS, A, B, C, DutyDesk

from alerting.alarm_face import HEADS, Reader
from alerting.alarm_life import Quiet
from registry.tables import AlarmEvent, Notification
from service.columns import width
from service.process import now_ms

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def desk(tmp_path, capsys):
    return DutyDesk(tmp_path, capsys)


def ids(lines):
    """The numbers that the lines of a table begin with."""
    return [int(found[1]) for line in lines[1:] if (found := re.match(r" *(\d+)  ", line))]


def short(desk, ago_h, *, is_end=False):
    """The wall clock so many hours before the alarms were made."""
    return Reader("zh-CN", ZONE, now_ms()).clock(desk.now_ms - ago_h * HOUR_MS, is_end=is_end)


def seeded(desk):
    """One alarm for each list; their numbers by it."""
    numbers = {
        "ringing": desk.raised(),
        "seen": desk.raised("flow_without_power", severity="high", reason="effluent_without_energy"),
        "followed": desk.raised(subject=B),
        "shelved": desk.raised(subject=C),
        "out": desk.raised("low_load", B, "low", ago_h=3),
        "area": desk.raised(
            "area_event", "410882/柏香镇", reason="area_silent", evidence={"stations": 2, "of": 3}
        ),
    }
    desk.act(lambda at: at.acknowledge(numbers["seen"]))
    desk.act(lambda at: at.assign(numbers["followed"], company="清源水务", due_ms=desk.now_ms + HOUR_MS))
    desk.act(lambda at: at.shelve(numbers["shelved"], "waiting_for_parts"))
    desk.act(lambda at: at.take_out_of_service(B, "low_load", "nuisance"))
    beneath = Quiet(suppressed_by="area_event")
    for subject in (A, B):
        numbers[subject] = desk.raised(
            "offline", subject, "low", quiet=beneath, parent_id=numbers["area"], reason="nothing_heard"
        )
    return numbers


def test_what_rings_in_chinese(desk):
    numbers = seeded(desk)
    code, lines, err = desk("list")
    assert (code, err) == (0, [])
    assert lines[0].split() == list(HEADS[0])
    assert ids(lines) == [numbers["seen"], numbers["ringing"], numbers["area"]]
    assert re.split("  +", lines[1].strip()) == [
        str(numbers["seen"]), "高", "有水无电", "沁阳市", "柏香镇", f"{A} 甲村站", short(desk, 3),
        short(desk, 2), "赵工 已确认", "有出水但无用电",
    ]  # fmt: skip
    assert re.split("  +", lines[2].strip())[1:3] == ["中", "停运"]
    assert re.split("  +", lines[3].strip())[2:6] == ["区域事件", "沁阳市", "柏香镇", "2/3 座站点"]
    assert lines[4:] == ["另有：整改中 1，搁置 1，抑制 2，停用 1（--show 查看）"]
    starts = {width(line[: line.index(word)]) for line, word in zip(
        lines[:4], ["原因", "有出水", "无用电", "多站"], strict=True)}  # fmt: skip
    assert len(starts) == 1


def test_what_rings_in_english(desk):
    seeded(desk)
    desk.write("en")
    _, lines, _ = desk("list", "--county", "410882", "--severity", "medium")
    assert re.split("  +", lines[0].strip()) == list(HEADS[1])
    assert "unacknowledged  no energy used" in lines[1]
    assert "2 of 3 stations" in lines[2]
    assert lines[3:] == ["also: follow-up 1 (see --show)"]


@pytest.mark.parametrize(
    ("show", "wanted"),
    [
        ("active", "seen ringing followed shelved area out"),
        ("持续中", "seen ringing followed shelved area out"),
        ("unacknowledged", "ringing area"),
        ("follow-up", "followed"),
        ("shelved", "shelved"),
        ("suppressed", f"area {A} {B}"),
        ("out-of-service", "out"),
        ("closed", ""),
    ],
)
def test_the_other_lists(desk, show, wanted):
    numbers = seeded(desk)
    code, lines, _ = desk("list", "--show", show)
    assert (code, ids(lines)) == (0, [numbers[each] for each in wanted.split()])


def test_those_beneath_an_area_event_stand_below_it(desk):
    numbers = seeded(desk)
    _, lines, _ = desk("list", "--show", "suppressed", "--station", B)
    assert ids(lines) == [numbers["area"], numbers[B]]
    assert "└ 离线" in lines[2]
    assert f"区域事件 {numbers['area']} 下" in lines[2]
    _, lines, _ = desk("list", "--show", "suppressed", "--json")
    rows = json.loads("".join(lines))
    assert [(row["id"], row["parent_id"], row["state"]) for row in rows] == [
        (numbers[A], numbers["area"], "suppressed"),
        (numbers[B], numbers["area"], "suppressed"),
    ]


def test_what_is_over_and_how_long_it_stood(desk):
    first, second = desk.raised(ago_h=30), desk.raised("offline", B, "low", ago_h=4)
    desk.act(lambda at: at.acknowledge(first), ago_h=29)
    desk.returned(first, ago_h=2)
    desk.returned(second, ago_h=1)
    _, lines, _ = desk("list", "--show", "closed")
    assert ids(lines) == [second, first]
    assert re.split("  +", lines[2].strip())[6:] == [
        short(desk, 31), short(desk, 2), "1 天 5 小时", "赵工", "无用电",
    ]  # fmt: skip
    assert re.split("  +", lines[1].strip())[8:10] == ["4 小时 0 分", "-"]
    assert desk("list")[1] == ["没有告警"]


def test_only_the_last_closed_are_listed_and_that_is_said(desk, monkeypatch):
    for ago_h in (3, 2):
        desk.returned(desk.raised("offline", severity="low", ago_h=ago_h + 1), ago_h=ago_h)
    monkeypatch.setattr("alerting.list_command.LAST_CLOSED", 2)
    assert desk("list", "--show", "closed")[1][-1] == "仅列出最近 2 条"


def test_nothing_there_is_one_line(desk):
    assert desk("list") == (0, ["没有告警"], [])
    assert desk("list", "--json") == (0, ["[]"], [])
    number = desk.raised()
    desk.act(lambda at: at.shelve(number, "testing"))
    desk.write("en")
    assert desk("list") == (0, ["no alarms", "also: shelved 1 (see --show)"], [])


def test_the_list_for_machines(desk):
    number = desk.raised(evidence={"energy_kwh": 0.1})
    [row] = json.loads("".join(desk("list", "--json")[1]))
    assert (row["id"], row["state"], row["evidence"]) == (number, "unacknowledged", {"energy_kwh": 0.1})
    assert (row["county"], row["town"], row["company"]) == ("沁阳市", "柏香镇", "碧水环保")
    raised = datetime.fromisoformat(row["raised"])
    assert raised.timestamp() * 1000 == desk.now_ms - 2 * HOUR_MS
    assert row["raised"].endswith("+08:00")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["--show", "all"],
            (
                "--show: must be one of open 在响, active 持续中, unacknowledged 未确认, follow_up 整改中, "
                'shelved 搁置, suppressed 抑制, out_of_service 停用, closed 已关闭 (got "all"). '
                "Use one of these."
            ),
        ),
        (
            ["--county", "410800"],
            '--county: must be a known county\'s code (got "410800"). Known: 410822, 410882.',
        ),
        (
            ["--company", "碧水"],
            '--company: must be a known company\'s name (got "碧水"). Known: 清源水务, 碧水环保.',
        ),
        (["--station", "x"], '--station: is not on the register (got "x"). See qingliu stations list.'),
        (
            ["--severity", "grave"],
            '--severity: must be one of low 低, medium 中, high 高 (got "grave"). Use one of these.',
        ),
    ],
)
def test_a_mistake_is_one_line_and_2(desk, words, line):
    assert desk("list", *words) == (2, [], [f"qingliu alerting list: {line}"])


def test_all_mistakes_are_told_at_once(desk):
    code, out, err = desk("list", "--type", "tired", "--severity", "grave", "--county", "1")
    assert (code, out) == (2, [])
    assert [line.split(": ")[1] for line in err] == ["--type", "--severity", "--county"]


def put(desk, number, event, **columns):
    """A row of the outbox that tells of a step."""
    with desk.registry() as registry, registry.writing() as session:
        step = session.query(AlarmEvent).filter_by(alarm_id=number, event=event).one()
        row = {"key": f"event-{step.id}", "created_ms": step.at_ms, "due_ms": step.at_ms, "content": {}}
        session.add(Notification(alarm_event_id=step.id, **row | columns))


def told(desk):
    """An alarm with a story; its number."""
    number = desk.raised(
        ago_h=5, evidence={"energy_kwh": 0.125, "since_ms": desk.now_ms, "device": "power-1"}
    )
    desk.act(lambda at: at.assign(number, company="清源水务", due_ms=desk.now_ms, cause="blower"), ago_h=4)
    desk.act(lambda at: at.shelve(number, "testing", desk.now_ms + HOUR_MS, "等风机"), ago_h=3)
    desk.act(lambda at: at.unshelve(number), ago_h=2, by="李工")
    desk.act(lambda at: at.note(number, "村里说在修"), ago_h=1)
    put(desk, number, "raised", channel="duty-desk", sent_ms=desk.now_ms - 5 * HOUR_MS)
    put(desk, number, "raised", channel="mail", failed_ms=desk.now_ms - 4 * HOUR_MS, last_error="no route")
    put(desk, number, "rang_again", channel="duty-desk")
    return number


def test_the_whole_story_in_chinese(desk):
    number = told(desk)
    code, lines, err = desk("show", number)
    assert (code, err) == (0, [])
    facts = dict(re.split("  +", line, maxsplit=1) for line in lines[: lines.index("")])
    assert (facts["编号"], facts["类型"], facts["站点"]) == (str(number), "停运", f"{A} 甲村站")
    assert (facts["运维单位"], facts["故障原因"]) == ("清源水务", "风机故障")
    assert facts["历时"].startswith("6 小时 ")
    assert facts["状态"].startswith("未确认，")
    assert facts["状态"].endswith(" 已逾期")
    text = "\n".join(lines)
    assert "依据\n  energy_kwh  0.125\n  since_ms    " in text
    steps = [
        re.split("  +", line.strip()) for line in lines[lines.index("经过") + 1 : lines.index("静音") - 1]
    ]
    assert [step[:4] for step in steps if step[0] != "→ duty-desk" and step[0] != "→ mail"] == [
        [short(desk, 5), "报警", "-", "无用电"],
        [short(desk, 4), "派单", "赵工", f"清源水务，至 {short(desk, 0, is_end=True)}，风机故障"],
        [short(desk, 4), "确认", "赵工", "-"],
        [short(desk, 3), "搁置", "赵工", f"至 {short(desk, -1, is_end=True)}，调试"],
        [short(desk, 2), "搁置结束", "李工", "-"],
        [short(desk, 2), "重新报警", "-", "-"],
        [short(desk, 1), "备注", "赵工", "-"],
    ]
    assert steps[1] == ["→ duty-desk", f"已发 {short(desk, 5)}"]
    assert steps[2] == ["→ mail", f"失败 {short(desk, 4)}", "no route"]
    assert steps[-2] == ["→ duty-desk", f"待发 {short(desk, 2)}"]
    assert re.split("  +", lines[-1].strip()) == [
        short(desk, 3), "搁置", "赵工", "调试", f"至 {short(desk, 2)}", "李工", "等风机",
    ]  # fmt: skip


def test_the_story_in_english_and_of_what_is_over(desk):
    number = told(desk)
    desk.returned(number, ago_h=0)
    desk.act(lambda at: at.acknowledge(number), ago_h=0)
    desk.write("en")
    text = "\n".join(desk("show", number)[1])
    for words in ("state        closed", "what happened", "shelved", "rang again", "returned to normal",
                  "→ mail  failed", "kept quiet", "O&M company  清源水务"):  # fmt: skip
        assert words in text


def test_the_story_for_machines(desk):
    number = told(desk)
    row = json.loads("".join(desk("show", number, "--json")[1]))
    assert (row["id"], row["state"], row["county"]) == (number, "overdue", "沁阳市")
    assert [event["event"] for event in row["events"]] == [
        "raised", "assigned", "acknowledged", "shelved", "unshelved", "rang_again", "noted",
    ]  # fmt: skip
    assert [(one["channel"], one["state"]) for one in row["events"][0]["told"]] == [
        ("duty-desk", "sent"),
        ("mail", "failed"),
    ]
    assert row["events"][5]["told"][0]["state"] == "pending"
    assert row["events"][6]["note"] == "村里说在修"
    assert [(mute["kind"], mute["note"]) for mute in row["mutes"]] == [("shelved", "等风机")]


def test_only_what_kept_this_alarm_quiet_is_part_of_its_story(desk):
    number = desk.raised(ago_h=5)
    other = desk.raised("offline", ago_h=5)
    desk.act(lambda at: at.shelve(other, "testing"), ago_h=4)
    desk.act(lambda at: at.acknowledge(number), ago_h=4)
    desk.returned(number, ago_h=3)
    desk.act(lambda at: at.take_out_of_service(A, "", "testing"), ago_h=2)
    assert json.loads("".join(desk("show", number, "--json")[1]))["mutes"] == []
    kinds = [mute["kind"] for mute in json.loads("".join(desk("show", other, "--json")[1]))["mutes"]]
    assert kinds == ["shelved", "out_of_service"]


def test_an_alarm_that_is_not_there(desk):
    assert desk("show", 77) == (
        1, [], ["qingliu alerting show: there is no alarm 77. `qingliu alerting list` names them"]
    )  # fmt: skip
    rule = 'ID: must be the number of an alarm such as 17 (got "x"). See qingliu alerting list.'
    assert desk("show", "x") == (2, [], [f"qingliu alerting show: {rule}"])
