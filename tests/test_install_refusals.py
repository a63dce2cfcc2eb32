"""What stands in the way of install.sh: each ends with one sentence that says the next step."""

import hashlib
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from bundles import bundle_of
from clean_root import CleanRoot, clean_root, copied
from programs import needed
from wheels_at_hand import ROOT

CHINESE = re.compile(r"[\u4e00-\u9fff]")
INSTALL = ROOT / "install"
SCRIPTS = [INSTALL / "install.sh", *sorted((INSTALL / "lib").glob("*.sh"))]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle_of("agent", tmp_path_factory.mktemp("packed") / "agent")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[CleanRoot]:
    with clean_root(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """One root for all cases that leave it as it is, as a refusal must."""
    with clean_root(tmp_path_factory.mktemp("shared")) as made:
        yield made


class Case(NamedTuple):
    """One bad situation: how it comes about, in the root and in the archive, and what is said."""

    name: str
    said: str
    root: Callable[[CleanRoot], object] | None = None
    bundle: Callable[[Path], object] = lambda bundle: None
    options: tuple[str, ...] = ()
    code: int = 1
    user: str = "root"
    has_command: bool = False


def release(**values: str) -> Callable[[Path], None]:
    """Change values of RELEASE, with the checksums made anew."""

    def change(bundle: Path) -> None:
        text = (bundle / "RELEASE").read_text()
        for key, value in values.items():
            text = re.sub(f"^{key}=.*$", f"{key}={value}", text, flags=re.MULTILINE)
        rewrite(bundle / "RELEASE", text)
        sign(bundle)

    return change


def without(pattern: str) -> Callable[[Path], None]:
    """Take wheels out, with the checksums made anew."""

    def change(bundle: Path) -> None:
        for path in bundle.glob(pattern):
            path.unlink()
        sign(bundle)

    return change


def spoil(bundle: Path) -> None:
    path = next(bundle.glob("wheels/tomlkit-*"))
    content = path.read_bytes()
    path.unlink()  # it is linked with the good one
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def rewrite(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def sign(bundle: Path) -> None:
    files = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    sums = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bundle)}\n" for path in files
    )
    rewrite(bundle / "SHA256SUMS", "".join(sums))


def python_that_says(about: str, *, is_bare: bool = False) -> Callable[[CleanRoot], None]:
    """The only Python there is says this of itself."""

    def change(root: CleanRoot) -> None:
        no_python(root)
        bare = 'case "$3" in "import sqlite3"*) exit 1 ;; esac\n' if is_bare else ""
        root.write("/usr/local/bin/python3", f"#!/bin/sh\n{bare}echo {about}\n")
        root.said("chmod", "755", "/usr/local/bin/python3")

    return change


def no_python(root: CleanRoot) -> None:
    root.said("sh", "-c", "rm -f /usr/bin/python3* /usr/local/bin/python3*")
    root.path = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def centre_in(prefix: str) -> Callable[[CleanRoot], None]:
    """The supervision centre is installed there, as far as the script looks."""

    def change(root: CleanRoot) -> None:
        version = f"{prefix}/versions/1"
        root.said("mkdir", "-p", f"{version}/release", f"{version}/bin")
        root.write(f"{version}/release/RELEASE", "role=centre\nversion=0.1.0\n")
        root.write(f"{version}/bin/qingliu", "")
        root.said("ln", "-s", "versions/1", f"{prefix}/current")

    return change


def centre_elsewhere(root: CleanRoot) -> None:
    centre_in("/srv/qingliu")(root)
    root.said("ln", "-s", "/srv/qingliu/current/bin/qingliu", "/usr/local/bin/qingliu")


def busy(root: CleanRoot) -> None:
    root.said("mkdir", "-p", "/opt/qingliu")
    held = "exec 9>/opt/qingliu/.lock; flock 9; exec setsid /usr/bin/sleep 60 >/dev/null 2>&1 &"
    root.said("sh", "-c", f"({held})")
    root.said("sh", "-c", "while flock --nonblock /opt/qingliu/.lock true; do sleep 1; done")


CASES = [
    Case("not root", "This must run as root. Run: sudo sh /media/given/not root/install.sh", user="daemon"),
    Case(
        "other machine", "This archive runs on riscv64; this machine is", bundle=release(machines="riscv64")
    ),
    Case("spoilt wheel", "The archive is damaged or incomplete (wheels/tomlkit-", bundle=spoil),
    Case(
        "lost wheel",
        "The archive is damaged or incomplete (wheels/tomlkit-",
        bundle=lambda bundle: next(bundle.glob("wheels/tomlkit-*")).unlink(),
    ),
    Case(
        "no checksums",
        "The archive is damaged or incomplete (SHA256SUMS)",
        bundle=lambda bundle: (bundle / "SHA256SUMS").unlink(),
    ),
    Case(
        "no RELEASE",
        "The archive is damaged or incomplete (RELEASE)",
        bundle=lambda bundle: (bundle / "RELEASE").unlink(),
    ),
    Case("no Python", "No Python 3 was found. Run: apt-get install python3", no_python),
    Case("old Python", "Python 3.9 is too old, 3.11 is the oldest", python_that_says("3.9 64 glibc 2.31")),
    Case("new Python", "Python 3.99 is newer than this archive", python_that_says("3.99 64 glibc 2.41")),
    Case("bare Python", "Python 3.11 lacks parts", python_that_says("3.11 64 glibc 2.36", is_bare=True)),
    Case("32-bit system", "this system is a 32-bit one", python_that_says("3.11 32 glibc 2.36")),
    Case("musl", "no GNU C library of 2.28 or newer (found: - -)", python_that_says("3.11 64 - -")),
    Case("old glibc", "of 2.28 or newer (found: glibc 2.9)", python_that_says("3.11 64 glibc 2.9")),
    Case("no such Python", "/bin/true is no Python", options=("--python", "/bin/true")),
    Case("no wheels", "This archive holds no packages for", bundle=without("wheels/*-cp3*-cp3*.whl")),
    Case(
        "a wheel short",
        "The packages could not be installed: ERROR: No matching distribution found for paho-mqtt",
        bundle=without("wheels/paho_mqtt-*"),
    ),
    Case("small disk", "Too little room in /opt/qingliu: 99999999 MB", bundle=release(needs_mb="99999999")),
    Case("no systemd", "This system has no systemd", lambda root: root.said("rm", "/usr/bin/systemctl")),
    Case(
        "a person's account",
        "The account qingliu exists and is a person's (login shell /bin/bash)",
        lambda root: root.said("useradd", "--shell", "/bin/bash", "qingliu"),
    ),
    Case(
        "other role there",
        "The centre is installed on this machine already (/opt/qingliu/current), and the two would take each"
        " other's settings. Install the agent on another machine, or remove that one first.",
        centre_in("/opt/qingliu"),
    ),
    Case(
        "other role elsewhere",
        "The centre is installed on this machine already (/srv/qingliu/versions/1)",
        centre_elsewhere,
        has_command=True,
    ),
    Case(
        "other role to remove",
        "In /opt/qingliu there is the centre, not the agent. Its own script removes it:"
        " sudo sh /opt/qingliu/current/release/install.sh --uninstall",
        centre_in("/opt/qingliu"),
        options=("--uninstall",),
    ),
    Case("busy", "Another installation runs at this moment", busy),
    Case("other archive", "does not hold the centre, but the agent", options=("--role", "centre")),
    Case("nothing to remove", "Nothing is installed in /opt/qingliu", options=("--uninstall",)),
    Case("nothing to go back to", "There is no former version", options=("--rollback",)),
    Case("unknown option", "Unknown option --fast", options=("--fast",), code=2),
    Case("option without value", "--prefix needs a value", options=("--prefix",), code=2),
    Case("unknown role", "--role is agent or centre (got pump)", options=("--role", "pump"), code=2),
    Case("prefix /usr", "--prefix must be a folder of its own", options=("--prefix", "/usr"), code=2),
    Case("prefix ../x", "--prefix must be a folder of its own", options=("--prefix", "../x"), code=2),
    Case("prefix with a bar", "--prefix must be a folder of its own", options=("--prefix", "/a|b"), code=2),
    Case("wait", "--wait takes whole seconds (got 1m)", options=("--wait", "1m"), code=2),
    Case("purge alone", "--purge goes with --uninstall only", options=("--purge",), code=2),
]


@pytest.mark.parametrize("case", [case for case in CASES if case.root], ids=lambda case: case.name)
def test_a_system_that_cannot_take_it(case: Case, tmp_path: Path, packed: Path) -> None:
    assert case.root
    with clean_root(tmp_path) as root:
        case.root(root)
        refuses(root, case, packed)


@pytest.mark.parametrize("case", [case for case in CASES if not case.root], ids=lambda case: case.name)
def test_an_archive_or_a_command_line_that_cannot_be(case: Case, shared: CleanRoot, packed: Path) -> None:
    refuses(shared, case, packed)


def refuses(root: CleanRoot, case: Case, packed: Path) -> None:
    """One sentence is said, and nothing is changed."""
    bundle = copied(packed, root.given / case.name)
    case.bundle(bundle)
    done = root.run("sh", f"/media/given/{case.name}/install.sh", *case.options, user=case.user)
    assert done.returncode == case.code, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert case.said in done.stderr
    assert root.run("test", "-e", "/etc/qingliu").returncode == 1
    assert root.run("test", "-e", "/usr/local/bin/qingliu").returncode == (0 if case.has_command else 1)


def test_a_program_that_cannot_run_here_changes_nothing(root: CleanRoot) -> None:
    broken = {"edge_agent/cli.py": "raise SystemExit('no such instruction')\n"}
    bundle_of("agent", root.given / "broken", instead=broken)
    done = root.run("sh", "-c", "sh /media/given/broken/*/install.sh", environment={"LANG": "zh_CN.UTF-8"})
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "新程序在本机不能运行：no such instruction。本机没有任何改动，原有版本（如有）仍在运行。"
    )
    assert root.said("ls", "/opt/qingliu/versions") == ""
    assert root.run("getent", "passwd", "qingliu").returncode == 2


def test_a_clock_before_the_archive_is_told_and_stops_nothing(root: CleanRoot, packed: Path) -> None:
    release(built="99999999999")(copied(packed, root.given / "agent"))
    busy(root)
    done = root.run("sh", "/media/given/agent/install.sh")
    assert done.stderr.splitlines()[0].startswith("Attention: the clock says 20")
    assert "Another installation runs" in done.stderr.splitlines()[1]


def sentences(file: str) -> dict[str, str]:
    text = (INSTALL / "lib" / file).read_text()
    return dict(re.findall(r"^    ([a-z0-9_]+)\) echo '(.*?)' ;;$", text, re.MULTILINE | re.DOTALL))


def test_every_sentence_is_there_in_both_languages_and_takes_the_same_values() -> None:
    english, chinese = sentences("words_en.sh"), sentences("words_zh.sh")
    assert english.keys() == chinese.keys()
    used = {
        key
        for path in SCRIPTS
        for line in path.read_text().splitlines()
        if "words_" not in path.name and not line.lstrip().startswith("#")
        for key in re.findall(r"\b(?:say|warn|refuse|misuse|sentence) ([a-z0-9_]{3,})", line)
    }
    assert used ^ english.keys() == set()
    for key, text in english.items():
        assert text.count("%s") == chinese[key].count("%s"), key
        assert CHINESE.search(chinese[key]), key


def test_the_scripts_are_without_findings() -> None:
    shellcheck = needed("shellcheck", "shellcheck")
    others = [
        ROOT / "scripts" / "bundle",
        ROOT / "scripts" / "debian-root",
        ROOT / "tests" / "systemctl_stub.sh",
    ]
    for arguments in (["-x", INSTALL / "install.sh"], others):
        done = subprocess.run(
            [shellcheck, *arguments], cwd=INSTALL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
