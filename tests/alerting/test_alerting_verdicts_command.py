"""`qingliu alerting verdicts` from outside: lists, corrections, withdrawals, and how they fail."""

import argparse
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry

from alerting import verdicts_command
from registry.database import Registry, RegistryError, upsert
from registry.day_reasons import DAY_REASONS, day_reason
from registry.exclusions import REASONS
from registry.tables import Audit, DayVerdict, Station

ZONE = ZoneInfo("Asia/Shanghai")
A = "410882-0001"
TODAY = datetime.now(UTC).astimezone(ZONE).date()
YESTERDAY, BEFORE, LONG_AGO = (TODAY - timedelta(days=n) for n in (1, 2, 40))
PROGRAM = "qingliu alerting verdicts"
RUNNING = {
    "station_id": A, "verdict": "running", "energy_kwh": 9.6, "volume_m3": 19.25, "valid_hours": 24.0,
    "reason": "energy_as_expected", "evidence": {"energy_kwh": 9.6}, "rule_version": "2", "computed_ms": 0,
}  # fmt: skip
EXCLUDED = RUNNING | {
    "verdict": "excluded", "energy_kwh": None, "volume_m3": None, "valid_hours": 0.5,
    "reason": "approved_stop", "evidence": {"stop": "grid_outage"},
}  # fmt: skip


class Command:
    def __init__(self, folder, capsys):
        self._capsys = capsys
        self.url = f"sqlite:///{folder}/registry.db"
        self.config = folder / "centre.toml"
        self.write("zh-CN")
        with closing(fresh_registry(self.url)) as registry, registry.writing() as session:
            session.add(Station(id=A))
            session.flush()
            days = {LONG_AGO: RUNNING, BEFORE: EXCLUDED, YESTERDAY: RUNNING}
            for day, row in days.items():
                upsert(session, DayVerdict, [row | {"day": day}])

    def write(self, language, url=None):
        self.config.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "{url or self.url}"\n'
            f'[centre]\nlanguage = "{language}"\n'
        )

    def __call__(self, *words):
        parser = argparse.ArgumentParser(prog=PROGRAM)
        verdicts_command.register(parser)
        parsed = parser.parse_args([*map(str, words), "--config", str(self.config)])
        code = parsed.run(parsed)
        said = self._capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    def correct(self, day=YESTERDAY, verdict="stopped", by="赵工", reason="现场停机"):
        return self(
            "correct", "--station", A, "--day", day, "--verdict", verdict, "--by", by, "--reason", reason
        )

    def verdict(self, day=YESTERDAY):
        with closing(Registry(self.url)) as registry, registry.reading() as session:
            return session.get_one(DayVerdict, (A, day))


@pytest.fixture
def command(tmp_path, capsys):
    return Command(tmp_path, capsys)


def test_the_list_says_the_reasons_in_the_centre_s_language(command):
    code, lines, err = command("list", "--station", A)
    assert (code, err) == (0, [])
    assert lines == [
        "day         verdict   reason                 kWh     m³  valid hours  corrected by",
        f"{BEFORE}  excluded  批准停运（电网停电）     -      -          0.5  -",
        f"{YESTERDAY}  running   用电正常              9.60  19.25           24  -",
    ]
    command.write("en")
    reasons = [line[22:49].strip() for line in command("list", "--station", A)[1]]
    assert reasons == ["reason", "approved stop (grid outage)", "energy as expected"]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (["--from", LONG_AGO], [LONG_AGO, BEFORE, YESTERDAY]),
        (["--to", BEFORE], [BEFORE]),
        (["--from", BEFORE, "--to", BEFORE], [BEFORE]),
        (["--from", LONG_AGO, "--to", LONG_AGO + timedelta(days=1)], [LONG_AGO]),
        (["--to", LONG_AGO + timedelta(days=30)], [LONG_AGO]),
        (["--to", LONG_AGO + timedelta(days=31)], []),
        (["--to", "0001-01-05"], []),
    ],
)
def test_the_days_listed_are_those_asked_for_or_the_last_31(command, words, days):
    code, lines, _ = command("list", "--station", A, "--json", *words)
    assert (code, [row["day"] for row in json.loads(lines[0])]) == (0, [str(day) for day in days])


def test_the_list_for_machines_has_codes_and_figures(command):
    command.correct()
    _, [line], _ = command("list", "--station", A, "--from", BEFORE, "--json")
    excluded, corrected = json.loads(line)
    assert excluded == {
        "day": str(BEFORE), "reason_words": "批准停运（电网停电）", "verdict": "excluded",
        "reason": "approved_stop", "energy_kwh": None, "volume_m3": None, "valid_hours": 0.5,
        "evidence": {"stop": "grid_outage"}, "corrected_by": None, "correction_reason": None,
    }  # fmt: skip
    assert (corrected["verdict"], corrected["reason"], corrected["energy_kwh"]) == (
        "stopped",
        "corrected",
        9.6,
    )
    assert (corrected["corrected_by"], corrected["correction_reason"]) == ("赵工", "现场停机")


def test_nothing_to_list_is_said_aside(command):
    assert command("list", "--station", A, "--to", "2020-01-31") == (
        0, [], [f"no day of {A} from 2020-01-01 to 2020-01-31 has a verdict"]
    )  # fmt: skip
    assert command("history", "--station", A, "--day", "2020-01-31") == (
        0, [], [f"{A} has no verdict of 2020-01-31"]
    )  # fmt: skip


def test_a_day_is_corrected_and_the_correction_withdrawn(command):
    assert command.correct(by=" 赵工 ") == (0, [f"{A} {YESTERDAY}: stopped, by 赵工"], [])
    assert (command.verdict().verdict, command.verdict().corrected_by) == ("stopped", "赵工")
    assert command("list", "--station", A)[1][-1].endswith(
        "人工更正              9.60  19.25           24  赵工"
    )
    done = command("withdraw", "--station", A, "--day", YESTERDAY, "--by", "李工", "--reason", "误填")
    assert done == (0, [f"{A} {YESTERDAY}: correction withdrawn, the day is judged anew"], [])
    assert (command.verdict().verdict, command.verdict().corrected_by) == ("running", None)
    with closing(Registry(command.url)) as registry, registry.reading() as session:
        rows = session.query(Audit).order_by(Audit.id)
        assert [(row.action, row.actor) for row in rows] == [
            ("verdict.correct", "赵工"),
            ("verdict.withdraw", "李工"),
        ]


def test_the_history_of_a_day_has_every_verdict_newest_first(command):
    command.correct()
    command.correct(verdict="unknown", by="李工", reason="无法核实")
    code, (head, *lines), err = command("history", "--station", A, "--day", YESTERDAY)
    assert (code, err) == (0, [])
    assert head.split() == [
        "until", "verdict", "reason", "kWh", "m³", "judged", "rules", "corrected", "by", "because"
    ]  # fmt: skip
    assert lines[0].startswith("now ")
    assert lines[0].endswith("2      李工          无法核实")
    assert lines[1].endswith("2      赵工          现场停机")
    assert lines[2].startswith(str(TODAY))
    assert lines[2].endswith("running  用电正常  9.60  19.25  1970-01-01 08:00     2      -             -")
    _, [line], _ = command("history", "--station", A, "--day", YESTERDAY, "--json")
    told = json.loads(line)
    assert [(row["verdict"], row["reason"], row["corrected_by"]) for row in told] == [
        ("unknown", "corrected", "李工"),
        ("stopped", "corrected", "赵工"),
        ("running", "energy_as_expected", None),
    ]
    assert (told[0]["replaced_ms"], told[2]["computed_ms"]) == (None, 0)
    assert told[1]["replaced_ms"] == told[0]["computed_ms"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["list", "--station", "x"],
            f'{PROGRAM} list: --station: is not on the register (got "x"). See qingliu stations list.',
        ),
        (
            ["list", "--station", A, "--from", "yesterday"],
            f'{PROGRAM} list: --from: must be a day such as 2026-10-09 (got "yesterday"). Correct it.',
        ),
        (
            ["list", "--station", A, "--from", "2026-10-02", "--to", "2026-10-01"],
            f'{PROGRAM} list: --from: must not lie after 2026-10-01 (got "2026-10-02"). Correct one of them.',
        ),
        (
            ["history", "--station", A, "--day", "2026-13-01"],
            f'{PROGRAM} history: --day: must be a day such as 2026-10-09 (got "2026-13-01"). Correct it.',
        ),
        (
            ["correct", "--station", A, "--day", TODAY, "--verdict", "stopped", "--by", "x", "--reason", "y"],
            (
                f'{PROGRAM} correct: --day: is not over yet (got "{TODAY}"). '
                "Correct the date, or wait until it has been judged."
            ),
        ),
        (
            [
                "correct",
                "--station",
                A,
                "--day",
                YESTERDAY,
                "--verdict",
                "excluded",
                "--by",
                "x",
                "--reason",
                "y",
            ],
            (
                f'{PROGRAM} correct: --verdict: must be one of running, stopped, unknown (got "excluded"). '
                "A day is excluded by an approved stop: qingliu stations exclude."
            ),
        ),
        (
            ["withdraw", "--station", A, "--day", YESTERDAY, "--by", "x", "--reason", "y"],
            (
                f'{PROGRAM} withdraw: --day: was not corrected (got "{YESTERDAY}"). '
                "See qingliu alerting verdicts list."
            ),
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_and_2(command, words, line):
    assert command(*words) == (2, [], [line])
    assert command.verdict().verdict == "running"


def test_everything_wrong_is_told_at_once(command):
    code, out, err = command.correct(by=" ", reason="", verdict="?")
    assert (code, out) == (2, [])
    assert [line.split(": ")[1] for line in err] == ["--by", "--reason", "--verdict"]


@pytest.mark.parametrize("missing", ["--by", "--reason", "--verdict", "--day", "--station"])
def test_a_correction_asks_for_all_its_parts(command, missing, capsys):
    words = {"--station": A, "--day": str(YESTERDAY), "--verdict": "stopped", "--by": "x", "--reason": "y"}
    given = [word for option, value in words.items() if option != missing for word in (option, value)]
    with pytest.raises(SystemExit) as ended:
        command("correct", *given)
    assert ended.value.code == 2
    assert f"the following arguments are required: {missing}" in capsys.readouterr().err


def test_a_registry_that_cannot_be_opened_is_one_line(command, tmp_path):
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 1_000)
    command.write("en", f"sqlite:///{broken}")
    with pytest.raises(RegistryError, match="file is not a database"):
        command("list", "--station", A)


def test_every_reason_has_words_and_an_unknown_one_is_shown_as_it_is():
    for code in DAY_REASONS:
        assert day_reason(code, None, "zh-CN") != code
    assert day_reason("not_yet_named", None, "en") == "not_yet_named"
    assert day_reason("no_data", 3.5, "en") == "no data"
    assert day_reason("no_data", None, "de") == "无数据"
    for stop in REASONS:
        assert stop not in day_reason("approved_stop", stop, "zh-CN")
    assert day_reason("approved_stop", "odd", "zh-CN") == "批准停运（odd）"


def test_the_help_shows_examples(capsys):
    parser = argparse.ArgumentParser(prog=PROGRAM, description=verdicts_command.HELP)
    verdicts_command.register(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    assert "--verdict running --by 赵工 \\\n" in capsys.readouterr().out
