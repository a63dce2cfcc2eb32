"""The one command: what it takes, what it says when that is wrong, and what it does not import."""

import json
import os
import subprocess
import sys

import pytest

from qingliu.cli import ROOMS, main

HEAVY = {
    "agent": {
        "sqlalchemy",
        "alembic",
        "fastapi",
        "uvicorn",
        "polars",
        "jinja2",
        "vl_convert",
        "amqtt",
        "psycopg",
    },
    "simulate": {
        "sqlalchemy",
        "alembic",
        "fastapi",
        "uvicorn",
        "polars",
        "paho",
        "amqtt",
        "vl_convert",
        "serial",
    },
    "collector": {"fastapi", "uvicorn", "jinja2", "polars", "pymodbus", "serial", "amqtt", "vl_convert"},
    "alerting": {
        *("fastapi", "uvicorn", "jinja2", "polars", "pymodbus", "serial", "amqtt", "vl_convert"),
        *("apprise", "requests"),
    },
    "report": {
        "fastapi",
        "uvicorn",
        "pymodbus",
        "serial",
        "amqtt",
        "vl_convert",
        "polars",
        "paho",
        "typst",
        "xlsxwriter",
    },
    "history": {
        "fastapi",
        "uvicorn",
        "jinja2",
        "polars",
        "pymodbus",
        "serial",
        "amqtt",
        "vl_convert",
        "paho",
        "influxdb_client",
        "urllib3",
    },
    "stations": {
        *("fastapi", "uvicorn", "jinja2", "polars", "pymodbus", "serial", "amqtt", "vl_convert"),
        *("openpyxl", "xlsxwriter"),
    },
    "console": {"pymodbus", "serial", "amqtt", "polars"},
    "demo": {"fastapi", "uvicorn", "pymodbus", "serial", "amqtt", "vl_convert", "polars"},
    "serve": {
        *("fastapi", "uvicorn", "jinja2", "polars", "pymodbus", "serial", "amqtt", "vl_convert", "paho"),
        "influxdb_client",
    },
    **{
        name: {
            *("fastapi", "uvicorn", "jinja2", "polars", "pymodbus", "serial", "amqtt", "vl_convert", "paho"),
            *("influxdb_client", "urllib3", "typst", "cryptography", "apprise"),
        }
        for name in ("doctor", "backup", "restore")
    },
}
WATCHED = """
import sys
from qingliu.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print("\\nMODULES", *sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(code)
"""


def qingliu(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "qingliu", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env=os.environ | environment,
    )


def modules_after(*words):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    text, _, modules = done.stdout.rpartition("MODULES")
    return text, set(modules.split())


def test_help_names_every_room_and_imports_none():
    text, modules = modules_after("--help")
    for name, (_, summary) in ROOMS.items():
        assert name in text
        assert summary.split(",")[0] in " ".join(text.split())
    assert "examples:" in text
    packages = {module.partition(".")[0] for module, _ in ROOMS.values()} - {"qingliu"}
    assert not modules & packages
    assert not modules & set.union(*HEAVY.values())


def test_version_is_the_package_s():
    done = qingliu("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.1.0\n", "")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_s_help_works_and_brings_no_other_room_s_libraries(room):
    text, modules = modules_after(room, "--help")
    assert f"usage: qingliu {room}" in text
    assert modules & HEAVY[room] == set()


def test_the_agent_on_a_small_box_pays_for_nothing_of_the_centre():
    text, modules = modules_after("agent", "profiles")
    assert "chint-dtsu666" in text
    assert modules & (HEAVY["agent"] | {"registry", "history", "collector", "console", "alerting"}) == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["collector"], "the following arguments are required: COMMAND"),
        (["collector", "fly"], "invalid choice: 'fly'"),
        (["collector", "run", "--fly"], "unrecognized arguments: --fly"),
        (["stations", "import"], "the following arguments are required: file"),
        (["demo", "--port", "70000"], "argument --port: must be a port from 0 to 65535 (got 70000)"),
        (["demo", "--port", "-1"], "argument --port: must be a port from 0 to 65535 (got -1)"),
        (["demo", "--port", "http"], "argument --port: must be a port from 0 to 65535 (got http)"),
    ],
)
def test_bad_usage_ends_with_2(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


CENTRE_COMMANDS = [
    ["collector", "run"], ["collector", "quarantine", "list"], ["alerting", "run"], ["console", "run"],
    ["report", "run"], ["report", "month", "2026-10"], ["report", "year", "2026"], ["report", "list"],
    ["report", "freeze", "2026-10", "--by", "赵工"], ["report", "verify"],
    ["report", "explain", "a", "2026-10"],
    ["stations", "list"], ["stations", "import", "x.csv"],
    ["history", "check"], ["history", "import", "x.csv"],
    ["history", "export", "--station", "a", "--from", "2026-10-01", "--to", "2026-10-01"],
]  # fmt: skip


@pytest.mark.parametrize("words", CENTRE_COMMANDS, ids=" ".join)
def test_a_bad_configuration_ends_with_2_and_every_fault_in_a_line(words, tmp_path):
    config = tmp_path / "centre.toml"
    config.write_text('[mqtt]\nprot = 1\n[console]\nport = "http"\n')
    wanted = (
        f"{config}: mqtt.prot: unknown key. Did you mean 'port'?\n"
        f'{config}: mqtt.host: is required. Write for example host = "centre.example.cn".\n'
        f'{config}: console.port: must be a whole number (got "http"). Write for example port = 8080.\n'
    )
    if "list" in words:
        done = qingliu(*words, QINGLIU_CONFIG=str(config))
    else:
        done = qingliu(*words, "--config", str(config))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", wanted)


def test_the_agent_s_bad_configuration_ends_with_2(tmp_path):
    for command in ("run", "read"):
        done = qingliu("agent", command, "--config", str(tmp_path / "none.toml"))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"{tmp_path}/none.toml: there is no such file. Name another one or make it.\n"


@pytest.mark.parametrize(
    "words", [["collector", "run"], ["alerting", "run"], ["console", "run", "--port", "0"]]
)
def test_a_store_that_cannot_be_had_ends_with_1_in_one_line(words, tmp_path):
    (tmp_path / "file").write_text("")
    config = tmp_path / "centre.toml"
    registry, history = f"sqlite:///{tmp_path}/registry.db", f"{tmp_path}/file/deep/history.db"
    for url, path, said in (
        (registry, history, f"history {history}: Not a directory"),
        (f"sqlite:///{history}", f"{tmp_path}/h.db", f"registry {history}: Not a directory"),
    ):
        config.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n'
            f'[registry]\nurl = "{url}"\n[history]\npath = "{path}"\n'
        )
        done = qingliu(*words, "--config", str(config))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1] == said
        assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_failure(tmp_path):
    """`qingliu … | head`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "qingliu", "agent", "profiles", "--json"]
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_profiles_as_json():
    done = qingliu("agent", "profiles", "--json")
    assert done.returncode == 0
    assert {each["kind"] for each in json.loads(done.stdout)} == {"power", "flow"}


def test_a_machine_without_the_libraries_is_told_which_extra_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for module in ("registry.cli", "registry.database"):  # as if nothing had loaded them yet
        monkeypatch.delitem(sys.modules, module, raising=False)
    assert main(["stations", "list"]) == 1
    assert capsys.readouterr().err == (
        "qingliu stations: the package sqlalchemy is not installed. At a station install qingliu[edge], "
        "at the centre qingliu[centre], for the demo qingliu[demo].\n"
    )
