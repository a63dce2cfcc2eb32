"""`qingliu console run`: starts, says where, answers, reports itself, and stops with exit code 0."""

import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest

from qingliu.cli import main
from registry.console_settings import PLAIN_HTTP
from registry.database import open_registry
from registry.services import health


@pytest.fixture
def config(tmp_path, chart_script, monkeypatch):
    monkeypatch.setenv("CACHE_DIRECTORY", str(chart_script.parent))
    path = tmp_path / "centre.toml"
    path.write_text(
        f"""
[registry]
url = "sqlite:///{tmp_path}/registry.db"
[history]
path = "{tmp_path}/history.db"
[mqtt]
host = "127.0.0.1"
tls = false
""",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_told_to_stop(config, tmp_path, number):
    start = "import sys; from qingliu.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "console", "run", "--config", str(config), "--port", "0"]
    command.append("--open-demo")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            name, _, address = process.stdout.readline().strip().partition(": ")
            assert name == "console"
            with urlopen(f"{address}stations", timeout=10) as answer:
                assert "台账中尚无站点" in urlopen(address, timeout=10).read().decode()
                assert answer.status == 200
        finally:
            process.send_signal(number)
            _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0, complaints
    assert "Traceback" not in complaints
    assert "GET /" not in complaints
    registry = open_registry(f"sqlite:///{tmp_path}/registry.db")
    with registry.reading() as session:
        assert [row.name for row in health(session)] == ["console"]
    registry.close()


def test_a_port_in_use_is_said_in_one_line_with_the_remedy(config, capfd):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["console", "run", "--config", str(config), "--port", str(port)]) == 1
    assert capfd.readouterr().err == (
        f"console: port {port} on 127.0.0.1 cannot be used: Address already in use."
        " Stop what uses it, or choose another with --port.\n"
    )


def test_a_history_that_cannot_be_opened_is_said(config, tmp_path, capfd):
    (tmp_path / "history.db").mkdir()
    assert main(["console", "run", "--config", str(config), "--port", "0"]) == 1
    assert capfd.readouterr().err.startswith(f"history {tmp_path}/history.db: ")


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org"])
def test_passwords_do_not_cross_the_network_in_clear_text(config, capfd, host):
    assert main(["console", "run", "--config", str(config), "--host", host]) == 2
    assert capfd.readouterr().err.startswith(
        f"console: --host: {PLAIN_HTTP} (got {host}). Write 127.0.0.1 with a reverse proxy in front"
    )


def test_a_demo_without_login_is_for_this_machine_only(config, capfd):
    assert main(["console", "run", "--config", str(config), "--host", "0.0.0.0", "--open-demo"]) == 2
    assert capfd.readouterr().err == (
        "console: --open-demo: must be on a loopback address (got 0.0.0.0). Write --host 127.0.0.1.\n"
    )


def test_a_bad_port_is_refused(config, capfd):
    with pytest.raises(SystemExit) as stopped:
        main(["console", "run", "--config", str(config), "--port", "70000"])
    assert stopped.value.code == 2
    assert "must be a port" in capfd.readouterr().err


def test_a_missing_config_is_said(tmp_path, capfd):
    assert main(["console", "run", "--config", str(tmp_path / "none.toml")]) == 2
    assert "there is no such file" in capfd.readouterr().err
