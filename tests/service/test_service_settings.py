from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.settings import Fault, SettingsError, load, parse


class Lamp(msgspec.Struct, kw_only=True, frozen=True):
    colour: Literal["red", "green"]
    watts: Annotated[float, msgspec.Meta(gt=0, le=100, examples=[5])] = 5.0


Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{1,4}\Z")]


class House(msgspec.Struct, kw_only=True, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, examples=["home"])]
    code: Annotated[Code, msgspec.Meta(extra={"rule": "must be 1 to 4 of a-z"}, examples=["abc"])] = "a"
    floors: Annotated[int, msgspec.Meta(ge=1, le=9, examples=[2])] = 2
    door: Annotated[int, msgspec.Meta(ge=1, examples=[7])] | None = None
    heated: bool = True
    lamp: dict[str, Lamp] = {}
    guest: list[Lamp] = []
    sizes: list[int] = []
    extras: dict[str, float | str] = {}


def complaint(text: str, check=lambda _: ()) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text, "house.toml", House, check)
    assert str(caught.value) == "\n".join(caught.value.lines())
    return str(caught.value)


MISTAKES = {
    "unknown key, near one": ("nam = 'x'\nname = 'y'", "nam: unknown key. Did you mean 'name'?"),
    "unknown key, near none": (
        "name = 'y'\nzzz = 1",
        "zzz: unknown key. Known here: name, code, floors, door, heated, lamp, guest, sizes, extras.",
    ),
    "missing key": ("floors = 1", 'name: is required. Write for example name = "home".'),
    "missing key without an example": (
        "name = 'y'\n[lamp.hall]\nwatts = 3",
        "lamp.hall.colour: is required. Add it.",
    ),
    "empty text": ("name = ''", 'name: must not be empty (got ""). Write for example name = "home".'),
    "wrong type: text": (
        "name = 3",
        'name: must be a text in quotes (got 3). Write for example name = "home".',
    ),
    "wrong type: whole number": (
        "name = 'y'\nfloors = 1.5",
        "floors: must be a whole number (got 1.5). Write for example floors = 2.",
    ),
    "wrong type: true is no number": (
        "name = 'y'\nfloors = true",
        "floors: must be a whole number (got true). Write for example floors = 2.",
    ),
    "wrong type: yes or no": ("name = 'y'\nheated = 'yes'", 'heated: must be true or false (got "yes").'),
    "wrong type: a date": (
        "name = 2026-11-21",
        'name: must be a text in quotes (got 2026-11-21). Write for example name = "home".',
    ),
    "wrong type: either of two": (
        "name = 'y'\nextras = { a = true }",
        "extras.a: must be a number or a text in quotes (got true).",
    ),
    "optional key of the wrong type": (
        "name = 'y'\ndoor = 'x'",
        'door: must be a whole number (got "x"). Write for example door = 7.',
    ),
    "optional key out of range": (
        "name = 'y'\ndoor = 0",
        "door: must be >= 1 (got 0). Write for example door = 7.",
    ),
    "above the range": (
        "name = 'y'\nfloors = 10",
        "floors: must be <= 9 (got 10). Write for example floors = 2.",
    ),
    "far above the range": (
        f"name = 'y'\nfloors = {10**25}",
        f"floors: must be <= 9 (got {10**25}). Write for example floors = 2.",
    ),
    "below the range": (
        "name = 'y'\nlamp.hall = { colour = 'red', watts = 0 }",
        "lamp.hall.watts: must be > 0.0 (got 0). Write for example watts = 5.",
    ),
    "not a number at all": (
        "name = 'y'\nlamp.hall = { colour = 'red', watts = nan }",
        "lamp.hall.watts: must be > 0.0 (got NaN). Write for example watts = 5.",
    ),
    "endless": (
        "name = 'y'\nlamp.hall = { colour = 'red', watts = inf }",
        "lamp.hall.watts: must be <= 100.0 (got Infinity). Write for example watts = 5.",
    ),
    "wrong word of a few": (
        "name = 'y'\nlamp.hall = { colour = 'blue' }",
        'lamp.hall.colour: must be one of "red", "green" (got "blue").',
    ),
    "a pattern in words": (
        "name = 'y'\ncode = 'A B'",
        'code: must be 1 to 4 of a-z (got "A B"). Write for example code = "abc".',
    ),
    "a value where a table should be": (
        "name = 'y'\nlamp.hall = 3",
        "lamp.hall: must be a table (got 3). Write [lamp.hall] and its keys below it.",
    ),
    "a value where tables should be": ("name = 'y'\nlamp = 3", "lamp: must be a table (got 3)."),
    "a table where a list should be": (
        "name = 'y'\n[guest]\ncolour = 'red'",
        'guest: must be a list [ … ] (got {"colour": "red"}).',
    ),
    "an item of a list": (
        "name = 'y'\n[[guest]]\ncolour = 'red'\n[[guest]]\ncolour = 'red'\nwatt = 3",
        "guest[1].watt: unknown key. Did you mean 'watts'?",
    ),
    "a plain item of a list": ("name = 'y'\nsizes = [1, 'b']", 'sizes[1]: must be a whole number (got "b").'),
    "a long value is cut": (
        f"name = 'y'\nheated = '{'x' * 80}'",
        f'heated: must be true or false (got "{"x" * 56}…).',
    ),
    "a key that is no word": (
        'name = "y"\n"a\\nb" = 1',
        '"a\\nb": unknown key. Known here: name, code, floors, door, heated, lamp, guest, sizes, extras.',
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_one_mistake_one_line(text, expected):
    assert complaint(text) == f"house.toml: {expected}"


def test_several_mistakes_come_together():
    assert complaint("floors = 0\nheated = 1\n[lamp.hall]\ncolor = 'red'\nwatts = -1").splitlines() == [
        'house.toml: name: is required. Write for example name = "home".',
        "house.toml: floors: must be >= 1 (got 0). Write for example floors = 2.",
        "house.toml: heated: must be true or false (got 1).",
        "house.toml: lamp.hall.color: unknown key. Did you mean 'colour'?",
        "house.toml: lamp.hall.colour: is required. Add it.",
        "house.toml: lamp.hall.watts: must be > 0.0 (got -1). Write for example watts = 5.",
    ]


def test_the_check_of_the_caller_adds_its_own():
    check = lambda house: [Fault("floors", "must fit the door", house.floors, "Move."), Fault("", "is odd")]  # noqa: E731
    assert complaint("name = 'x'", check) == (
        "house.toml: floors: must fit the door (got 2). Move.\nhouse.toml: is odd."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'x'\nfloors =\n", "Invalid value (at line 2, column 9)"),
        ("name = 'x'\n[lamp\n", "Expected ']' at the end of a table declaration (at line 2, column 6)"),
        ("name = 'x'\nname = 'y'\n", "Cannot overwrite a value (at line 2, column 11)"),
        ("name = 'x", 'Expected "\'" (at end of document)'),
    ],
)
def test_what_is_no_toml_names_the_line(text, expected):
    assert complaint(text) == f"house.toml: not valid TOML: {expected}. Mend that line."


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.toml", House)
    assert str(caught.value) == f"{tmp_path}/none.toml: there is no such file. Name another one or make it."


def test_files_that_cannot_be_read(tmp_path: Path):
    latin = tmp_path / "latin.toml"
    latin.write_bytes("name = 'Höhe'".encode("latin-1"))
    for path, reason in ((latin, "not UTF-8 text"), (tmp_path, "Is a directory")):
        with pytest.raises(SettingsError) as caught:
            load(path, House)
        assert str(caught.value) == f"{path}: cannot be read: {reason}."


def test_a_file_saved_by_a_windows_editor(tmp_path: Path):
    path = tmp_path / "house.toml"
    path.write_bytes("\ufeffname = '北寨村'\r\nfloors = 3\r\n".encode())
    assert load(path, House) == House(name="北寨村", floors=3)


lamps = st.builds(
    Lamp,
    colour=st.sampled_from(["red", "green"]),
    watts=st.floats(0, 100, exclude_min=True, allow_subnormal=False),
)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
houses = st.builds(
    House,
    name=words,
    code=st.from_regex(r"[a-z]{1,4}", fullmatch=True),
    floors=st.integers(1, 9),
    door=st.none() | st.integers(1, 2**53),
    heated=st.booleans(),
    lamp=st.dictionaries(words, lamps, max_size=3),
    guest=st.lists(lamps, max_size=3),
    sizes=st.lists(st.integers(-(2**53), 2**53), max_size=4),
    extras=st.dictionaries(words, st.floats(allow_nan=False, allow_infinity=False) | words, max_size=3),
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return msgspec.json.encode(value).decode() if isinstance(value, str) else repr(value)


@given(houses)
def test_a_valid_file_comes_back_as_it_was_meant(house):
    told = {key: value for key, value in msgspec.to_builtins(house).items() if value is not None}
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in told.items())
    assert parse(text, "house.toml", House) == house


values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([*House.__struct_fields__, "nmae", "a b", "x\ny", ""])


@given(st.dictionaries(KEYS, values, max_size=5))
def test_whatever_stands_there_is_taken_or_refused_in_single_lines(data):
    text = "\n".join(f"{msgspec.json.encode(key).decode()} = {_toml(value)}" for key, value in data.items())
    lines = []
    try:
        parse(text, "house.toml", House)
    except SettingsError as error:
        lines = error.lines() or ["no reason"]
    assert all(line.startswith("house.toml: ") and len(line.splitlines()) == 1 for line in lines)
