"""The list of the plan's targets."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from reporting.month_lines import PlanLine
from reporting.plan import read_plan
from service.settings import SettingsError

HEAD = "county,name,villages,treated,target\n"


def plan_of(text, folder, encoding="utf-8"):
    file = folder / "plan.csv"
    file.write_bytes(text.encode(encoding))
    return read_plan(file)


def test_a_list_in_its_own_order_with_exact_shares(tmp_path):
    text = HEAD + "410882,沁阳市（虚构）,300,141,45%\n410823,武陟县,0,0,0.45\n410825,,10,10,\n"
    assert plan_of(text, tmp_path) == [
        PlanLine("410882", "沁阳市（虚构）", 300, 141, Fraction(9, 20)),
        PlanLine("410823", "武陟县", 0, 0, Fraction(9, 20)),
        PlanLine("410825", "", 10, 10, None),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_as_an_office_writes_it(encoding, tmp_path):
    text = "备注,目标,已治理村数,行政村数,县区,县区代码\r\n虚构,４５ ％,141,300,沁阳市,410882\r\n"
    assert plan_of(text, tmp_path, encoding) == [PlanLine("410882", "沁阳市", 300, 141, Fraction(9, 20))]


def test_a_workbook_with_a_percentage(tmp_path):
    book = Workbook()
    book.active.append(["县区代码", "县区", "行政村数", "已治理村数", "目标"])
    book.active.append([410882, "沁阳市", 300, 141, 0.45])
    book.active["E2"].number_format = "0%"
    book.save(tmp_path / "plan.xlsx")
    assert read_plan(str(tmp_path / "plan.xlsx")) == [PlanLine("410882", "沁阳市", 300, 141, Fraction(9, 20))]


def test_all_faults_at_once(tmp_path):
    text = HEAD + (
        "410882,甲,10,5,0.5\n410882,乙,10,11,45\n,丙,ten,-1,half\n410823,丁,10.5,3,120%\n410825,戊,1,1,0.5,x\n"
    )
    with pytest.raises(SettingsError) as told:
        plan_of(text, tmp_path)
    file = tmp_path / "plan.csv"
    assert told.value.lines() == [
        f'{file}: line 6: has more cells than the head (got "x"). Put a text with a separator in quotes.',
        f'{file}: line 3: county: stands twice (got "410882"). Leave one of them.',
        f'{file}: line 3: treated: must not be more than the villages, 10 (got "11"). Correct one of them.',
        f'{file}: line 3: target: must be a share such as 0.45 or 45% (got "45"). Correct it.',
        f"{file}: line 4: county: is required. Write the county's code.",
        f'{file}: line 4: villages: must be a whole number (got "ten"). Correct it.',
        f'{file}: line 4: treated: must be a whole number (got "-1"). Correct it.',
        f'{file}: line 4: target: must be a share such as 0.45 or 45% (got "half"). Correct it.',
        f'{file}: line 5: villages: must be a whole number (got "10.5"). Correct it.',
        f'{file}: line 5: target: must be a share such as 0.45 or 45% (got "120%"). Correct it.',
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ": needs a head. Known are county, name, villages, treated, target."),
        (HEAD, ": names no county. Add them."),
        ("county,name\n1,2\n", ': line 1: needs a column villages or 行政村数 (got "county, name"). Add it.'),
        (HEAD + '410882,"open,1,1,\n', ": line 2: cannot be read: unexpected end of data. Look for a"),
    ],
)
def test_a_file_that_is_no_such_list(text, line, tmp_path):
    with pytest.raises(SettingsError) as told:
        plan_of(text, tmp_path)
    assert told.value.lines()[0].startswith(f"{tmp_path / 'plan.csv'}{line}")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file or directory"):
        read_plan(tmp_path / "none.csv")


@given(st.fractions(0, 1, max_denominator=10**6), st.booleans())
def test_a_share_is_what_is_written(tmp_path_factory, share, is_percent):
    millionths = round(share * 10**6)
    text = f"{millionths / 10**4:.4f}%" if is_percent else f"{millionths / 10**6:.6f}"
    (line,) = plan_of(f"{HEAD}1,,2,1,{text}\n", tmp_path_factory.mktemp("plan"))
    assert line.target == Fraction(millionths, 10**6)
