import gzip
import io
import random
import tarfile
from pathlib import Path

import pytest
from certificates import Authority
from edge_bundle import SKELETON, STATION, packed, packed_members, parts, written
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.bundle import LARGEST, MEMBERS, bundle_of, read_bundle
from edge_agent.commissioning.enrol_words import WORDS
from edge_agent.commissioning.setup_error import SetupError

NAME = Path("b.tar.gz")
EN = WORDS["en"]


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, bytes]:
    centre = Authority(tmp_path_factory.mktemp("centre"))
    return parts(centre, centre.client(STATION))


def refusal(octets: bytes) -> tuple[str, str]:
    with pytest.raises(SetupError) as caught:
        bundle_of(octets, NAME, EN)
    with pytest.raises(SetupError) as chinese:
        bundle_of(octets, NAME, WORDS["zh-CN"])
    assert chinese.value.code == caught.value.code
    assert len(chinese.value.lines()) == 1
    [line] = caught.value.lines()
    assert line.startswith("b.tar.gz: ")
    return caught.value.code, line.removeprefix("b.tar.gz: ")


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_bundle_is_read_also_when_a_phone_has_unzipped_it(good, mode):
    bundle = bundle_of(packed(good, mode), NAME, EN)
    assert bundle.files == good
    assert (bundle.settings.station.id, bundle.has_certificate) == (STATION, True)


def test_a_bundle_for_a_password_needs_no_certificate(good):
    files = {"agent.toml": good["agent.toml"], "ca.crt": good["ca.crt"], "password": b"secret\n"}
    assert not bundle_of(packed(files), NAME, EN).has_certificate
    assert refusal(packed(files | {"password": b" \n"}))[0] == "bad_password"
    assert refusal(packed(files | {"password": b"two\nlines\n"}))[0] == "bad_password"


@pytest.mark.parametrize("name", ["agent.toml", "ca.crt", "station.crt", "station.key"])
def test_what_is_missing_is_named(good, name):
    code, line = refusal(packed({key: each for key, each in good.items() if key != name}))
    assert code in ("missing", "half_identity")
    assert f"{name} is missing. Ask the centre for a new bundle." in line


def test_neither_certificate_nor_password_is_no_identity(good):
    assert refusal(packed({key: good[key] for key in ("agent.toml", "ca.crt")}))[0] == "no_identity"


def test_what_is_no_archive_is_said_to_be_none(tmp_path):
    for octets in (b"", b"hello", b"PK\x03\x04" + bytes(600), gzip.compress(b"hello"), bytes(2048)):
        assert refusal(octets)[0] == "not_a_bundle"
    assert refusal(gzip.compress(b"x" * 9)[:-3])[0] == "damaged"
    missing = tmp_path / "none.tar.gz"
    with pytest.raises(SetupError) as caught:
        read_bundle(missing, EN)
    assert caught.value.lines() == [
        f"{missing}: there is no such file. Name the bundle that the centre made."
    ]
    with pytest.raises(SetupError, match="cannot be read: Is a directory"):
        read_bundle(tmp_path, EN)


def test_a_bomb_does_not_go_off(good, tmp_path):
    assert refusal(gzip.compress(bytes(30_000_000), 6))[0] == "too_large"
    assert refusal(packed(good | {"ca.crt": bytes(2 * LARGEST)}))[0] == "too_large"
    noise = tmp_path / "noise.tar.gz"
    noise.write_bytes(random.Random(1).randbytes(3 * LARGEST))
    with pytest.raises(SetupError, match="larger than 1 MB"):
        read_bundle(noise, EN)


@pytest.mark.parametrize(
    "name", ["../agent.toml", "/etc/passwd", "./agent.toml", "extra", "sub/ca.crt", "a\nb\x1b[2J" + "x" * 90]
)
def test_a_foreign_name_is_refused_and_shown_harmlessly(good, name):
    code, line = refusal(packed({name: b"x"} | good))
    assert code == "foreign_member"
    assert line.isprintable()
    assert len(line) < 160


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_what_is_no_plain_file_is_refused(good, kind):
    member = tarfile.TarInfo("station.key")
    member.type, member.linkname = kind, "/etc/shadow"
    rest = [(tarfile.TarInfo(name), each) for name, each in good.items() if name != "station.key"]
    assert refusal(packed_members([*rest, (member, b"")]))[0] == "not_a_file"


def test_a_sparse_member_is_refused(good):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("ca.crt")
        member.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.map": "0,0",
            "GNU.sparse.size": "99999999999",
        }
        archive.addfile(member)
    assert refusal(target.getvalue())[0] in ("not_a_file", "damaged")


def test_a_name_that_comes_twice_is_refused(good):
    twice = [(tarfile.TarInfo(name), each) for name, each in [*good.items(), ("ca.crt", b"other")]]
    assert refusal(packed_members(twice))[0] == "twice"


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"\xff\xfe", "not_text", "agent.toml: is no UTF-8 text"),
        (b"[station", "bad_settings", "agent.toml: not valid TOML"),
        (b"[mqtt]\nhost = 'h'\n", "bad_settings", "agent.toml: station: is required"),
        (
            SKELETON.replace(STATION, "no good").encode(),
            "bad_settings",
            "station.id: must be 1 to 32 letters",
        ),
        (SKELETON.replace("host", "hots").encode(), "bad_settings", "Did you mean 'host'?"),
        (SKELETON.replace('host = "', 'tls = false\nhost = "').encode(), "tls_off", "mqtt.tls is false"),
    ],
)
def test_a_wrong_agent_toml_is_refused_with_its_place(good, content, code, said):
    with pytest.raises(SetupError) as caught:
        bundle_of(packed(good | {"agent.toml": content}), NAME, EN)
    assert caught.value.code == code
    assert any(said in line for line in caught.value.lines())
    assert all(line.startswith("b.tar.gz: ") for line in caught.value.lines())


def test_a_written_bundle_is_read(good, tmp_path):
    assert read_bundle(written(tmp_path / "b.tar.gz", good), EN).files == good


@given(octets=st.binary(max_size=2000), is_zipped=st.booleans())
def test_random_bytes_are_refused_in_one_line(octets, is_zipped):
    refusal(gzip.compress(octets, 1) if is_zipped else octets)


@given(data=st.data())
def test_a_damaged_bundle_is_refused_or_still_whole(good, data):
    mode = data.draw(st.sampled_from(["w:gz", "w"]))
    octets = bytearray(packed(good, mode))
    for place in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=3)):
        octets[place] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.integers(0, len(octets)))
    try:
        bundle = bundle_of(bytes(octets[:cut]), NAME, EN)
    except SetupError as error:
        assert error.lines()  # noqa: PT017 - any of them will do, but no other error
    else:
        assert set(bundle.files) <= set(MEMBERS)


FIELDS = [(0, 100), (100, 8), (124, 12), (156, 1), (157, 100), (257, 8)]
"""Name, mode, size, type, target and magic of a member, by place and length."""
octal_numbers = st.from_regex(rb"[0-7]{1,11}\0?", fullmatch=True)


@given(data=st.data())
def test_archives_of_any_members_are_refused_or_whole(good, data):
    """Headers that a hand has changed, with their sums put right, which random bytes hardly ever have."""
    octets = bytearray(packed(good, "w"))
    for _ in range(data.draw(st.integers(1, 3))):
        field, size = data.draw(
            st.sampled_from([(0, 100), (100, 8), (124, 12), (156, 1), (157, 100), (257, 8)])
        )
        value = data.draw(
            st.one_of(st.binary(max_size=size), st.from_regex(rb"[0-7]{1,11}\0?", fullmatch=True))
        )
        octets[field : field + len(value[:size])] = value[:size]
    octets[148:156] = b" " * 8
    octets[148:156] = b"%06o\0 " % sum(octets[:512])
    try:
        bundle = bundle_of(bytes(octets), NAME, EN)
    except SetupError as error:
        assert error.lines()  # noqa: PT017 - any of them will do, but no other error
    else:
        assert set(bundle.files) <= set(MEMBERS)
