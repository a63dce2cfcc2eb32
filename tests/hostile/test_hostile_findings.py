"""What `make fuzz` and its shorter brother found once: each input, and what must become of it."""

import base64
import io
import logging
import tarfile
import time
import zipfile
from collections.abc import Callable

import hostile_files
import hostile_folder
import hostile_tables
import msgspec
import pytest
from hostile_target import is_one_line

from console.admin_certificates import _rows
from edge_agent.commissioning.own_certificate import own_certificate
from edge_agent.config import AgentSettings, load_agent
from edge_agent.phone.asked import MOST_FIELDS, FormError, form_of
from edge_agent.phone.checklist import opened, sealed
from edge_agent.phone.signature import SignatureError, _check_issuer, verified
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.renew_key import main as renew_key
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import FORMAT, MANIFEST, Manifest, Member
from qingliu.backup_reading import read_archive
from registry.identity.authority_folder import authority_certificate
from registry.identity.errors import IdentityError
from registry.identity.renewal import RenewalError, _asked_key
from registry.sheet import read_sheet
from service.process import start_log
from service.settings import SettingsError, parse

DEEP = 30_000
KIND = "multipart/form-data; boundary=b"


def refused(text: str, model: type = AgentSettings) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(text, "f.toml", model)
    return caught.value.lines()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = " + "[" * DEEP, "f.toml: not valid TOML: nested too deeply."),
        ("a = " + "{a=" * DEEP, "f.toml: not valid TOML: nested too deeply."),
        ("a = " + "7" * 5_000, "f.toml: not valid TOML: a number has too many digits."),
    ],
)
def test_toml_beyond_what_python_reads_is_refused_in_a_line(text, line):
    assert refused(text) == [line]


@pytest.mark.parametrize("part", ["a", '"! "', "'='"])
@pytest.mark.parametrize("form", ["{} = 1", "[ {} ]", "[[{}]]", "x = {{ {} = 1 }}"])
def test_a_key_of_thousands_of_parts_costs_no_time(part, form):
    """The library took 37 s over 30,000 parts, and longer by the square."""
    begun = time.process_time()
    assert refused(form.format(" . ".join([part] * DEEP))) == [
        "f.toml: not valid TOML here: a key of more than 50 parts. Mend that line."
    ]
    assert time.process_time() - begun < 10  # seconds of the processor; it takes none to speak of


def test_looking_for_such_a_key_costs_no_time_either():
    begun = time.process_time()
    for text in ("a" * 900_000, '"' * 900_000, "a." * 40 + "a = 1\n", "- " * 400_000, "'" + "a" * 900_000):
        refused(text)
    assert time.process_time() - begun < 20  # seconds of the processor; it takes less than one


def test_what_is_too_large_to_show_is_named_by_its_kind():
    huge = refused(f"[station]\nid = 0x{'f' * 9_000}\n")
    assert any("(got a int too large to show)" in line for line in huge)


@pytest.mark.parametrize("key", ["k" * 9_000, "a\\u000c\\u2028\\u001b[31mb"])
def test_a_key_of_any_letters_keeps_a_fault_in_its_line(key):
    for line in refused(f'"{key}" = 1\n[bus."{key}"]\nport = 1\n'):
        assert is_one_line(line)
        assert len(line) < 700


@pytest.mark.parametrize("name", ["x" * 300, "a/b", "..", "a\\u0000b"])
def test_a_profile_that_can_be_no_file_is_not_known(tmp_path, name):
    config = tmp_path / "agent.toml"
    text = (hostile_folder.ROOT / "configs" / "agent.toml").read_text("utf-8")
    config.write_text(text.replace("chint-dtsu666", name), "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_agent(config)
    assert any("there is no such profile" in line for line in caught.value.lines())


def test_a_folder_of_profiles_that_cannot_be_looked_into_has_none(tmp_path):
    shipped = profile_names()
    for folder in (tmp_path / ("x" * 300), tmp_path / "none"):
        assert profile_names(folder) == shipped
        assert load_profile(shipped[0], folder).name


@pytest.mark.parametrize("head", ["a\x0cb", "a\u2028b", "h" * 40_000])
def test_a_column_s_head_keeps_a_fault_in_its_line(tmp_path, head):
    path = tmp_path / "t.csv"
    path.write_text(f'station,"{head}"\n1,2\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        read_sheet(path, {"station": ()}, ("station",))
    for line in caught.value.lines():
        assert is_one_line(line)
        assert len(line) < 700


def patched(data: bytes, size: int) -> bytes:
    """A zip whose last part says that it is so large."""
    place = data.rindex(b"PK\x01\x02") + 24  # in the central directory
    return data[:place] + size.to_bytes(4, "little") + data[place + 4 :]


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(patched(hostile_tables.workbook_seeds()[0], 2**31))
    with pytest.raises(SettingsError, match="larger than 512 MB unpacked"):
        read_sheet(path, {"station": ()}, ("station",))


def test_a_workbook_whose_entities_unfold_is_refused(tmp_path):
    """Nine levels of ten times make a thousand million letters of one."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "{"a" * 10}">{levels}]>'
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(hostile_tables.workbook_seeds()[0])) as old,
        zipfile.ZipFile(made, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name).decode()
            if name == "xl/sharedStrings.xml":
                content = bomb + content.partition("?>")[2].replace("</t>", "&e9;</t>", 1)
            new.writestr(name, content)
    path = tmp_path / "t.xlsx"
    path.write_bytes(made.getvalue())
    begun = time.process_time()
    with pytest.raises(SettingsError, match="not a workbook that can be read"):
        read_sheet(path, {"station": ()}, ("station",))
    assert time.process_time() - begun < 20  # seconds of the processor; it takes less than one


def test_a_form_s_heads_cost_no_time_however_they_are_written():
    """Python's reader of mail took 19 s over 60 kB of the first, and longer by the square."""
    for junk in (b"a." * 400_000, b"(" * 800_000, b'"' * 800_000, b"[" * 800_000):
        body = b'--b\r\nContent-Disposition: form-data; name="token"' + junk + b"\r\n\r\nabc\r\n--b--\r\n"
        begun = time.process_time()
        with pytest.raises(FormError):
            form_of(KIND, body)
        assert time.process_time() - begun < 5  # seconds of the processor; it takes milliseconds


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--b", b"--b--\r\ntail\r\n--b\r\n", b"--b\r\n\r\nno head\r\n--b--", b"x--b--",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut',
        b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--b--',
        b'--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--b--',
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * (MOST_FIELDS + 3) + b"--b--",
    ],
)  # fmt: skip
def test_bytes_that_are_no_form_of_parts_are_refused(body):
    with pytest.raises(FormError):
        form_of(KIND, body)


def test_a_form_of_parts_as_browsers_write_it():
    body = (
        b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n \r\n--c \r\n\r\n'
        b"--b\r\ncontent-type: application/gzip\r\n"
        b'CONTENT-DISPOSITION: form-data; name="f"; filename="\xe7\xab\x99.gz"\r\n'
        b"\r\n\x1f\x8b\r\n\r\n--b--\r\n"
    )
    form = form_of(KIND, body)
    assert form.fields == {"token": [" \r\n--c \r\n"]}
    assert form.files == {"f": b"\x1f\x8b\r\n"}
    assert form_of(KIND, b"--b--\r\n") == ({}, {})


def archive_with(path, content: bytes) -> None:
    """An archive whose manifest is these bytes."""
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))


def manifest(rows=None, members=()) -> bytes:
    return msgspec.json.encode(
        Manifest(format=FORMAT, made_ms=0, centre="c", version="0", revision="r", registry="sqlite",
                 history="influxdb", config="/c", rows=rows or {}, missing=[], members=list(members))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"format":1,"x":' + b"[" * DEEP, "its manifest cannot be read"),
        (b'{"format":[\n1,"\xc3\xa4"]}', "is of format"),
        (manifest({"../../x.db": {"station": 1}}), "counts the rows of '../../x.db', which is not in it"),
        (manifest({"registry.db": {"station": 1}}), "counts the rows of 'registry.db', which is not in it"),
        (manifest(members=[Member("registry.db", "/r", 1, "0" * 64, 0o4755)]), "its manifest cannot be read"),
        (manifest(members=[Member("registry.db", "/r", 1, "0" * 64, 2**80)]), "its manifest cannot be read"),
    ],
)  # fmt: skip
def test_a_manifest_is_not_believed(tmp_path, content, said):
    archive_with(tmp_path / "b.tar.gz", content)
    with pytest.raises(BackupError) as caught:
        read_archive(tmp_path / "b.tar.gz", None, lambda _name: False, lambda _share: None)
    assert said in str(caught.value)
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize("length", [b"9" * 20, b"9" * 5_000, b"0", b"-1"])
def test_a_member_s_extended_head_of_any_length_is_refused(tmp_path, length):
    path = tmp_path / "b.tar.gz"
    content = length + b" path=registry.db\n"
    with tarfile.open(path, "w:gz") as tar:
        for name, kind in (("x", tarfile.XHDTYPE), ("registry.db", tarfile.REGTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content)
            tar.addfile(info, io.BytesIO(content))
    with pytest.raises(BackupError) as caught:
        read_archive(path, None, lambda _name: False, lambda _share: None)
    assert is_one_line(str(caught.value))


def altered(pem: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A certificate, or a request for one, with other octets."""
    head, *lines, tail = pem.decode().strip().split("\n")
    text = base64.encodebytes(change(base64.b64decode("".join(lines)))).decode()
    return f"{head}\n{text}{tail}\n".encode()


def of_another_version(pem: bytes, version: bytes) -> bytes:
    """Of a version that there is not, which the library tells by an error of no usual kind."""
    return altered(pem, lambda der: der.replace(version, version[:-1] + b"\x07", 1))


def test_a_certificate_whose_subject_is_no_text_is_shown_as_unreadable(tmp_path):
    path, name = tmp_path / "ca.crt", hostile_files.NAME.encode()
    path.write_bytes(
        altered(hostile_files.identity()["ca.crt"], lambda der: der.replace(name, b"\xff" * len(name)))
    )
    assert [row.condition for row in _rows("authority", path, 0)] == ["unreadable"]


def request() -> bytes:
    return of_another_version(hostile_files.identity()["csr"], b"\x02\x01\x00")


def certificate() -> bytes:
    return of_another_version(hostile_files.identity()["ca.crt"], b"\xa0\x03\x02\x01\x02")


def test_a_request_of_an_unknown_version_is_unreadable():
    with pytest.raises(RenewalError) as caught:
        _asked_key(request().decode(), hostile_folder.STATION)
    assert caught.value.code == "unreadable"


def test_a_certificate_of_an_unknown_version_is_unreadable_wherever_one_is_read(tmp_path, capsys):
    path = tmp_path / "ca.crt"
    path.write_bytes(certificate())
    with pytest.raises(IdentityError, match="is no certificate"):
        authority_certificate(tmp_path)
    with pytest.raises(ValueError, match="version"):
        list(own_certificate(path, hostile_folder.STATION, 0.0, is_dated=True))
    assert [row.condition for row in _rows("authority", path, 0)] == ["unreadable"]
    content = opened(hostile_files.checklist_seeds()[0]).content
    hostile = msgspec.structs.replace(content, algorithm="ecdsa-sha256", certificate=certificate().decode())
    with pytest.raises(SignatureError, match="bad_signature"):
        verified(sealed(hostile, "AAAA"))
    with pytest.raises(SignatureError, match="no_ca"):
        _check_issuer(None, certificate())
    assert renew_key(["ask", str(path), str(tmp_path / "key"), hostile_folder.STATION, "0"]) == 1
    assert is_one_line(capsys.readouterr().err.rstrip("\n"))


def test_foreign_text_writes_no_line_of_its_own_into_the_log(capsys):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        start_log()
        logging.getLogger("agent").warning("held: %s", "x\n2026-01-01 ERROR forged\r\x1b[31m\u2028清流")
        error = ValueError("a\nb")
        logging.getLogger("agent").error("fails", exc_info=(ValueError, error, None))
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    first, second, *trace = capsys.readouterr().err.splitlines()
    assert first.endswith("held: x\\n2026-01-01 ERROR forged\\r\\x1b[31m\\u2028清流")
    assert second.endswith("fails")
    assert trace == ["ValueError: a", "b"]
