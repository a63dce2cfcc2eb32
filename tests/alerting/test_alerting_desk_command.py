"""`qingliu alerting ack | shelve | unshelve | note | assign | out-of-service` from outside."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk_seed import HOUR_MS, A, B, DutyDesk

from alerting.alarm_face import Reader
from alerting.alarm_life import quiet_of
from alerting.alarm_words import CAUSES, SHELVE_REASONS, TYPES
from registry.audit import first_broken
from registry.tables import AlarmEvent, AlarmMute, Audit, Company, Notification
from service.civil import start_of
from service.process import now_ms

ZONE = ZoneInfo("Asia/Shanghai")
CHANNEL = """[notify]
channels = [{name = "duty-desk", url = "json://127.0.0.1:1/"}]
"""
REASONS = (
    "must be one of repair_ordered 已派修, waiting_for_parts 等待配件, known_cause 原因已知, "
    "testing 调试, nuisance 频繁误报, other 其他"
)


@pytest.fixture
def desk(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "duty")
    return DutyDesk(tmp_path, capsys)


def tomorrow(hours=0):
    day = datetime.now(ZONE).date() + timedelta(days=1)
    return day, start_of(day, ZONE) + hours * HOUR_MS


def clock(ms):
    return Reader("zh-CN", ZONE, now_ms()).clock(ms, is_end=True)


def last_event(desk, number):
    with desk.registry() as registry, registry.reading() as session:
        row = session.query(AlarmEvent).filter_by(alarm_id=number).order_by(AlarmEvent.id.desc()).first()
        return row.event, row.actor, row.note


def count(desk, table):
    with desk.registry() as registry, registry.reading() as session:
        return session.query(table).count()


def test_several_are_acknowledged_at_once(desk):
    first, second = desk.raised(), desk.raised(subject=B)
    desk.returned(second)
    code, lines, err = desk("ack", first, second, first, "--by", " 赵工 ", "--note", "已电话通知")
    assert (code, err) == (0, [])
    assert lines == [f"{first} {A} 停运：已确认", f"{second} {B} 停运：已确认；已关闭"]
    assert last_event(desk, first) == ("acknowledged", "赵工", "已电话通知")


def test_who_acts_is_the_system_s_user_if_nobody_is_named(desk):
    number = desk.raised()
    desk.write("en")
    assert desk("ack", number) == (0, [f"{number} {A} stopped: acknowledged"], [])
    assert desk.alarm(number).acknowledged_by == "cli:duty"


def test_what_cannot_be_done_is_told_and_the_others_are_done(desk):
    first, second = desk.raised(), desk.raised(subject=B)
    desk.act(lambda at: at.acknowledge(first))
    code, lines, err = desk("ack", 99, first, second)
    assert (code, lines) == (1, [f"{second} {B} 停运：已确认"])
    assert err == [
        "qingliu alerting ack: there is no alarm 99. `qingliu alerting list` names them",
        f"qingliu alerting ack: alarm {first} was acknowledged by 赵工 already",
    ]
    assert desk.alarm(second).acknowledged_by == "cli:duty"


@pytest.mark.parametrize(("words", "hours"), [([], 24), (["--for", "3d"], 72), (["--for", "6h"], 6)])
def test_a_shelf_for_a_while(desk, words, hours):
    number = desk.raised()
    code, [line], err = desk("shelve", number, "--reason", "testing", "--note", "试车", *words)
    alarm = desk.alarm(number)
    until_ms = alarm.shelved_until_ms
    assert (code, err) == (0, [])
    assert until_ms >= desk.now_ms + hours * HOUR_MS
    assert (alarm.shelve_reason, quiet_of(alarm).why) == ("testing", "shelved")
    assert line == f"{number} {A} 停运：已搁置；搁置至 {clock(until_ms)}（调试）"
    with desk.registry() as registry, registry.reading() as session:
        mute = session.query(AlarmMute).one()
        assert (mute.by, mute.note, mute.until_ms) == ("cli:duty", "试车", until_ms)
        assert session.query(Audit).one().actor == "cli:duty"


def test_a_shelf_until_a_time_and_its_reason_in_words(desk):
    number = desk.raised()
    day, at_ms = tomorrow(8)
    desk.write("en")
    code, [line], _ = desk("shelve", number, "--reason", "等待配件", "--until", f"{day} 08:00")
    assert (code, desk.alarm(number).shelved_until_ms) == (0, at_ms)
    assert line == (f"{number} {A} stopped: shelved; shelved until {clock(at_ms)} (waiting for parts)")
    desk("shelve", number, "--reason", "testing", "--until", day)
    assert desk.alarm(number).shelved_until_ms == at_ms + 16 * HOUR_MS


def test_what_is_unshelved_rings_again_and_is_told_in_the_same_transaction(desk):
    number = desk.raised()
    desk.write("zh-CN", CHANNEL)
    desk.act(lambda at: at.shelve(number, "testing"))
    assert desk("unshelve", number) == (
        0, [f"{number} {A} 停运：已取消搁置；重新报警；未确认"], []
    )  # fmt: skip
    assert desk("unshelve", number) == (1, [], [f"qingliu alerting unshelve: alarm {number} is not shelved"])
    with desk.registry() as registry, registry.reading() as session:
        [row] = session.query(Notification)
        event = session.get_one(AlarmEvent, row.alarm_event_id)
        assert (row.channel, row.key, event.event) == ("duty-desk", f"event-{event.id}", "rang_again")
        assert (event.alarm_id, row.sent_ms, row.content["county"]) == (number, None, "410882")
        assert "甲村站" in row.content["text"]["zh-CN"]


def test_without_channels_nothing_is_told(desk):
    number = desk.raised()
    desk.act(lambda at: at.shelve(number, "testing"))
    desk("unshelve", number)
    assert desk.alarm(number).rang_ms > desk.now_ms - HOUR_MS
    assert count(desk, Notification) == 0


def test_a_remark(desk):
    number = desk.raised("offline", severity="low")
    desk.returned(number)
    assert desk("note", number, " 村里检修线路 ") == (0, [f"{number} {A} 离线：已备注"], [])
    assert last_event(desk, number) == ("noted", "cli:duty", "村里检修线路")


def test_assigning_with_a_day_that_ends_at_its_midnight(desk):
    number = desk.raised()
    day, at_ms = tomorrow(24)
    code, [line], err = desk(
        "assign", number, "--company", "清源水务", "--due", day, "--cause", "风机故障", "--note", "加急"
    )
    alarm = desk.alarm(number)
    assert (code, err, alarm.due_ms, alarm.cause) == (0, [], at_ms, "blower")
    assert clock(at_ms).endswith(" 24:00")
    assert line == f"{number} {A} 停运：已派单；cli:duty 已确认，限 {clock(at_ms)} 前"
    with desk.registry() as registry, registry.reading() as session:
        assert session.get_one(Company, alarm.assigned_company_id).name == "清源水务"
    assert desk("list", "--company", "清源水务", "--show", "follow-up")[1][1].split()[0] == str(number)


def test_assigning_with_a_time_to_several(desk):
    numbers = desk.raised(), desk.raised(subject=B)
    day, at_ms = tomorrow(18)
    code, lines, _ = desk("assign", *numbers, "--due", f"{day} 18:00")
    assert (code, len(lines)) == (0, 2)
    assert [desk.alarm(number).due_ms for number in numbers] == [at_ms, at_ms]
    assert desk.alarm(numbers[0]).assigned_company_id is None


def test_out_of_service_until_somebody_puts_it_back(desk):
    stopped, offline = desk.raised(), desk.raised("offline", severity="low")
    words = ("--reason", "testing", "--by", "赵工", "--note", "改造")
    assert desk("out-of-service", A, *words) == (0, [f"{A} 全部类型：已停用"], [])
    assert desk.alarm(stopped).out_of_service
    assert desk.alarm(offline).out_of_service
    assert desk("out-of-service", A, *words) == (
        1, [], [f"qingliu alerting out-of-service: {A}: these alarms are out of service already"]
    )  # fmt: skip
    assert desk("out-of-service", A, "--end") == (0, [f"{A} 全部类型：已恢复使用，重新报警"], [])
    assert not desk.alarm(stopped).out_of_service
    assert desk("out-of-service", A, "--end") == (
        1, [], [f"qingliu alerting out-of-service: {A}: these alarms are not out of service"]
    )  # fmt: skip
    with desk.registry() as registry, registry.reading() as session:
        assert first_broken(session) is None
        assert [row.actor for row in session.query(Audit).order_by(Audit.id)] == ["赵工", "cli:duty"]


def test_one_type_out_of_service(desk):
    stopped, offline = desk.raised(), desk.raised("offline", severity="low")
    desk.write("en", CHANNEL)
    assert desk("out-of-service", A, "--type", "离线", "--reason", "nuisance") == (
        0, [f"{A} offline: out of service"], []
    )  # fmt: skip
    assert [desk.alarm(number).out_of_service for number in (stopped, offline)] == [False, True]
    desk.write("en")
    assert desk("out-of-service", A, "--end", "--type", "offline") == (
        0, [f"{A} offline: back in service, what still stands rings again"], []
    )  # fmt: skip


def test_what_is_out_of_service(desk):
    assert desk("out-of-service", "--list") == (0, ["没有停用的告警"], [])
    assert desk("out-of-service", "--list", "--json") == (0, ["[]"], [])
    number = desk.raised()
    desk.act(lambda at: at.shelve(number, "testing"))
    desk.act(lambda at: at.take_out_of_service(B, "offline", "known_cause"), ago_h=2)
    desk.act(lambda at: at.take_out_of_service(A, "", "testing", "改造"), ago_h=50)
    desk.act(lambda at: at.take_out_of_service(A, "stopped", "testing"), ago_h=40)
    desk.act(lambda at: at.return_to_service(A, "stopped"), ago_h=39)
    code, lines, err = desk("out-of-service", "--list")
    assert (code, err) == (0, [])
    assert lines[0].split() == ["站点", "名称", "区县", "类型", "原因", "经办人", "起始", "历时", "备注"]
    assert lines[1].split()[:6] == [A, "甲村站", "沁阳市", "全部类型", "调试", "赵工"]
    assert lines[1].endswith("  2 天 2 小时  改造")
    assert lines[2].split()[:6] == [B, "乙村站", "沁阳市", "离线", "原因已知", "赵工"]
    assert len(lines) == 3
    assert len(desk("out-of-service", B, "--list")[1]) == 2
    desk.write("en")
    [first, second] = json.loads("".join(desk("out-of-service", "--list", "--json")[1]))
    assert (first["subject"], first["type"], first["station_name"], first["county"]) == (
        A,
        "",
        "甲村站",
        "沁阳市",
    )
    since = datetime.fromisoformat(first["since"])
    assert since.timestamp() * 1000 == desk.now_ms - 50 * HOUR_MS
    assert (second["type"], second["ended"], second["lasted_s"] >= 7_200) == ("offline", None, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ack", "x"], ['ID: must be the number of an alarm such as 17 (got "x"). See ']),
        (["ack", "1", "--by", " "], ["--by: is required. Fill it in."]),
        (
            ["ack", "1", "--note", "x" * 501],
            [f'--note: must have at most 500 letters (got "{"x" * 20}… (501 letters)"). Shorten it.'],
        ),
        (["ack", "1", "--by", "x" * 65, "--note", "a\x1bb"], ["--note: must have no control characters",
                                                              "--by: must have at most 64 letters"]),
        (["shelve", "1", "--reason", "moon"], [f'--reason: {REASONS} (got "moon"). Use one of these.']),
        (
            ["shelve", "1", "--reason", "testing", "--for", "8d"],
            ['--for: must end within 7 days (got "8d"). What must be quiet for longer is taken '],
        ),
        (
            ["shelve", "1", "--reason", "testing", "--for", "soon"],
            ['--for: must be hours or days such as 24h or 3d (got "soon"). Correct it.'],
        ),
        (
            ["shelve", "1", "--reason", "testing", "--until", "2020-01-01 08:00"],
            ['--until: must lie ahead (got "2020-01-01 08:00"). Give a later time.'],
        ),
        (
            ["shelve", "1", "--reason", "testing", "--until", "2999-01-01"],
            ['--until: must end within 7 days (got "2999-01-01"). '],
        ),
        (
            ["shelve", "1", "--reason", "testing", "--until", "noon"],
            ["--until: must be a day or a time such as 2026-11-25 or 2026-11-25 08:00"],
        ),
        (["note", "1", " "], ["TEXT: is required. Fill it in."]),
        (["note", "1", "x" * 501], ["TEXT: must have at most 500 letters"]),
        (["assign", "1", "--note", "x"], ["nothing to assign. Give --company, --due or --cause."]),
        (
            ["assign", "1", "--company", "x", "--due", "2020-01-01", "--cause", "moon"],
            ["--cause: must be one of power_outage 供电中断, ", "--due: must lie ahead",
             '--company: must be a known company\'s name (got "x"). Known: 清源水务, 碧水环保.'],
        ),
        (["out-of-service"], ["STATION: is required. Fill it in.", "--reason: is required. Fill it in."]),
        (
            ["out-of-service", "x", "--reason", "testing"],
            ['STATION: is not on the register (got "x"). See qingliu stations list.'],
        ),
        (["out-of-service", A], ["--reason: is required. Fill it in."]),
        (
            ["out-of-service", A, "--type", "area_event", "--reason", "x"],
            ["--type: must be one of stopped 停运, ", f'--reason: {REASONS} (got "x"). Use one of these.'],
        ),
        (
            ["out-of-service", A, "--end", "--reason", "testing"],
            ["--reason: does not go with --end. Leave one of them out."],
        ),
        (["out-of-service", "--list", "--end"], ["--end: does not go with --list. Leave one of them out."]),
        (["out-of-service", A, "--json", "--end"], ["--json: goes with --list only. Leave it out."]),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_2_and_nothing_is_done(desk, words, said):
    desk.raised()
    before = count(desk, AlarmEvent)
    code, out, err = desk(*words)
    assert (code, out, len(err)) == (2, [], len(said))
    for line, begin in zip(err, said, strict=True):
        assert line.startswith(f"qingliu alerting {words[0]}: {begin}")
    assert (count(desk, AlarmEvent), count(desk, AlarmMute)) == (before, 0)


def test_how_long_and_until_when_exclude_each_other(desk):
    words = ("--reason", "testing", "--for", "1h", "--until", tomorrow()[0])
    rule = "--for: does not go with --until. Leave one of them out."
    assert desk("shelve", desk.raised(), *words) == (2, [], [f"qingliu alerting shelve: {rule}"])


def test_what_a_command_needs(desk):
    assert desk.refused("shelve", "1").endswith("the following arguments are required: --reason")
    assert desk.refused("ack").endswith("the following arguments are required: ID")
    assert desk.refused("note", "1").endswith("the following arguments are required: TEXT")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ack", []),
        ("shelve", SHELVE_REASONS),
        ("unshelve", []),
        ("note", []),
        ("assign", CAUSES),
        ("out-of-service", SHELVE_REASONS),
        ("list", TYPES),
        ("show", []),
    ],
)
def test_the_help_names_the_codes_with_their_words_and_examples(command, words, desk, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        desk(command, "--help")
    text = capsys.readouterr().out
    assert f"\n  qingliu alerting {command}" in text[text.index("examples:") :]
    for code in words:
        chinese, english = words[code]
        assert f"  {code:<20} {chinese}, {english}\n" in text
