"""`qingliu stations ca | enrol | revoke | certificates` as they are typed."""

import json
import tarfile

import pytest

from qingliu.cli import main
from registry.identity.broker_passwords import names_in

STATIONS = (
    "station,name,county,county_name,town\n"
    "410882-0001,北寨村污水处理站,410882,沁阳市,崇义镇\n"
    "410882-0002,靳作村污水处理站,410882,沁阳市,崇义镇\n"
    "410822-0001,寨豁村污水处理站,410822,博爱县,寨豁乡\n"
)
A = "410882-0001"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    (tmp_path / "centre.toml").write_text(
        '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'
        f'[registry]\nurl = "sqlite:///{tmp_path}/r.db"\n'
        f'[identity]\npath = "{tmp_path}/ca"\nbroker_host = "centre.example.cn"\n'
    )
    (tmp_path / "stations.csv").write_text(STATIONS)
    (tmp_path / "passphrase").write_text("correct horse battery\n")
    (tmp_path / "passphrase").chmod(0o600)
    monkeypatch.setenv("QINGLIU_CONFIG", str(tmp_path / "centre.toml"))
    monkeypatch.setenv("QINGLIU_CA_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.setenv("LOGNAME", "wang")
    monkeypatch.chdir(tmp_path)

    def typed(*words):
        code = main(["stations", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    assert typed("import", "stations.csv")[0] == 0
    return typed


@pytest.fixture
def ready(run):
    assert run("ca", "init")[0] == 0
    return run


def test_an_authority_is_made_once(run, tmp_path):
    code, said, _ = run("ca", "init", "--days", "7300")
    assert (code, said.splitlines()[0].split(": ")[0]) == (0, f"{tmp_path}/ca")
    code, _, wrong = run("ca", "init")
    assert code == 1
    assert wrong.startswith(f"qingliu stations ca init: {tmp_path}/ca: holds something already")
    code, said, _ = run("ca", "show", "--json")
    shown = json.loads(said)
    assert (code, shown["name"], shown["revoked"]) == (0, "农村生活污水处理设施监管中心", 0)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["enrol", A, "-o", "x"], 1, "ca.crt: there is no such file. Make the authority first"),
        (["ca", "show"], 1, "ca.crt: there is no such file"),
        (["enrol", "-o", "x"], 2, "give a station's id or --all, one of the two."),
        (["enrol", A, "--all", "-o", "x"], 2, "give a station's id or --all, one of the two."),
        (["enrol", A, "--again", "-o", "x"], 2, "--county and --again go with --all. Leave them out."),
        (["enrol", "--all", "--revoke-old", "-o", "x"], 2, "--revoke-old goes with one station."),
        (["enrol", A, "--password", "-o", "x"], 2, "--password and --password-file go together."),
        (["enrol", A, "-o", "x", "--label", "x.png"], 2, "labels: must end with .pdf or .svg (got x.png)."),
        (["enrol", A, "-o", "x", "--days", "0"], 2, "--days: must be 1 to 36500 (got 0). Correct it."),
        (["revoke"], 2, "give a station's id or --serial, one of the two."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(run, words, code, said):
    got, out, wrong = run(*words)
    assert (got, out, wrong.count("\n")) == (code, "", 1)
    assert said in wrong
    assert wrong.startswith(f"qingliu stations {words[0]}")


def test_a_short_passphrase_makes_no_authority(run, tmp_path):
    (tmp_path / "passphrase").write_text("short\n")
    code, _, wrong = run("ca", "init")
    assert code == 2
    assert "must have at least 12 letters (got 5). Choose a longer one." in wrong
    assert not (tmp_path / "ca").exists()


def test_without_a_terminal_the_passphrase_is_asked_of_nobody(run, monkeypatch, tmp_path):
    monkeypatch.delenv("QINGLIU_CA_PASSPHRASE_FILE")
    monkeypatch.setattr("sys.stdin", (tmp_path / "centre.toml").open())
    code, _, wrong = run("ca", "init")
    assert code == 2
    assert "Name a file: --passphrase-file, $QINGLIU_CA_PASSPHRASE_FILE or identity.passphrase_file." in wrong
    import sys  # noqa: PLC0415 - the one put in place above

    sys.stdin.close()


def test_stations_are_told_no_loopback_address(ready, tmp_path):
    text = (tmp_path / "centre.toml").read_text().replace('broker_host = "centre.example.cn"\n', "")
    (tmp_path / "centre.toml").write_text(text)
    code, _, wrong = ready("enrol", A, "-o", "x")
    assert code == 2
    assert wrong == (
        "centre.toml: identity.broker_host: is required to enrol stations, because [mqtt] only has an address"
        ' of this machine (got "127.0.0.1"). Write for example broker_host = "centre.example.cn".\n'
    )


def test_a_station_is_enrolled_enrolled_again_and_revoked(ready, tmp_path):
    code, said, _ = ready("enrol", A, "-o", "a.tar.gz", "--label", "a.svg")
    assert code == 0
    assert said.splitlines()[0] == f"a.tar.gz: {A} 北寨村污水处理站"
    assert "Whoever has this file is the station" in said
    assert (tmp_path / "a.tar.gz").stat().st_mode & 0o777 == 0o600
    with tarfile.open("a.tar.gz") as bundle:
        assert bundle.getnames() == ["agent.toml", "ca.crt", "station.crt", "station.key"]
    before = (tmp_path / "a.tar.gz").read_bytes()
    code, _, wrong = ready("enrol", A, "-o", "a.tar.gz")
    assert (code, wrong) == (
        1, "qingliu stations enrol: a.tar.gz: is there already. Name another file, or say --force.\n",
    )  # fmt: skip
    assert (tmp_path / "a.tar.gz").read_bytes() == before
    (only,) = json.loads(ready("certificates", A, "--json")[1])  # the one that failed is not remembered
    said = ready("enrol", A, "-o", "b.tar.gz")[1]
    assert f"stays valid. To end that: qingliu stations revoke --serial {only['serial']}" in said
    told = json.loads(ready("enrol", A, "-o", "c.tar.gz", "--revoke-old", "--json")[1])
    assert (told["station"], len(told["older"])) == (A, 2)
    states = [each["state"] for each in json.loads(ready("certificates", A, "--json")[1])]
    assert states == ["revoked", "revoked", "holds"]
    assert json.loads(ready("ca", "show", "--json")[1])["revoked"] == 2
    code, said, _ = ready("revoke", A, "--why", "stolen")
    assert code == 0
    assert "is revoked\nCopy " in said
    assert ready("revoke", A)[0] == 1
    assert ready("ca", "crl", "--days", "30")[1].startswith(f"{tmp_path}/ca/crl.pem: 3 revoked; holds until ")


def test_a_county_is_enrolled_at_once_and_only_what_is_missing_later(ready, tmp_path):
    ready("enrol", A, "-o", "a.tar.gz")
    code, said, _ = ready("enrol", "--all", "--county", "沁阳市", "-o", "bundles", "--labels", "labels.pdf")
    assert (code, said.splitlines()[0]) == (
        0, "bundles: 1 station enrolled, 1 skipped since they are enrolled (--again enrols them too)",
    )  # fmt: skip
    assert [each.name for each in (tmp_path / "bundles").iterdir()] == ["410882-0002.tar.gz"]
    assert (tmp_path / "labels.pdf").read_bytes().startswith(b"%PDF")
    assert (
        "no station to enrol, 2 skipped" in ready("enrol", "--all", "--county", "410882", "-o", "bundles")[2]
    )
    assert len(json.loads(ready("enrol", "--all", "--again", "--force", "-o", "bundles", "--json")[1])) == 3
    code, _, wrong = ready("enrol", "--all", "--county", "x", "-o", "bundles")
    assert (code, "--county: is not known (got x)" in wrong) == (2, True)


def test_a_password_goes_into_the_bundle_and_its_hash_to_the_broker(ready, tmp_path):
    file = tmp_path / "passwords"
    code, said, _ = ready(
        "enrol", A, "--password", "--port", "8884", "--password-file", file, "-o", "a.tar.gz"
    )
    assert code == 0
    with tarfile.open("a.tar.gz") as bundle:
        assert {each.name: each.mode for each in bundle} == {
            "agent.toml": 0o644,
            "ca.crt": 0o644,
            "password": 0o600,
        }
        password = bundle.extractfile("password").read().decode()
        text = bundle.extractfile("agent.toml").read().decode()
        assert f'username = "{A}"' in text
        assert "port = 8884" in text
    assert password not in said + file.read_text()
    ready("enrol", "--all", "--password", "--password-file", file, "-o", "bundles")
    assert names_in(file) == {A, "410882-0002", "410822-0001"}
    assert ready("revoke", A, "--password-file", file)[0] == 0
    assert names_in(file) == {"410882-0002", "410822-0001"}
    code, _, wrong = ready("revoke", A, "--password-file", file)
    assert (code, f"has no password of {A}" in wrong) == (1, True)


def test_a_broker_s_folder_is_complete_and_replaced_only_when_asked(ready, tmp_path):
    code, said, _ = ready(
        "ca", "server", "--name", "centre.example.cn", "--name", "192.0.2.10", "-o", "broker"
    )
    assert code == 0
    assert said.startswith(
        "broker: server.crt, server.key, ca.crt, crl.pem for centre.example.cn, 192.0.2.10, until"
    )
    assert (tmp_path / "broker" / "server.key").stat().st_mode & 0o777 == 0o600
    assert ready("ca", "server", "--name", "x", "-o", "broker")[0] == 1
    assert ready("ca", "server", "--name", "x", "-o", "broker", "--force")[0] == 0
    assert ready("ca", "server", "--name", "a b", "-o", "other")[0] == 2
    assert not (tmp_path / "other").exists()
    lines = ready("certificates")[1].splitlines()
    assert lines[0].split() == ["FOR", "NAME", "UNTIL", "DAYS", "STATE", "ISSUED", "SERIAL"]
    assert {line.split()[0] for line in lines[1:]} == {"x", "centre.example.cn,"}
    assert ready("certificates", "--soon")[2] == "no certificate fits\n"
