"""The columns of the facility file as people see them: heads, closed lists in two languages, limits. Data."""

from typing import Literal, NamedTuple

Kind = Literal["text", "number", "day", "choice", "yes", "tags"]


class Column(NamedTuple):
    """A column of the facility file.

    Attributes:
        name: in CSV files and for the program.
        heads: other heads by which it is known; the first stands on the template.
        note: what goes in, for people.
        example: a cell such as it might be.
        length: most letters of a text.
        span: least and greatest number.
        wide: letters of half the width of a Chinese one.
    """

    name: str
    kind: Kind
    heads: tuple[str, ...]
    note: str
    example: str
    length: int = 0
    span: tuple[float, float] = (0.0, 0.0)
    wide: int = 14


STATION_COLUMNS = (
    Column(
        "station",
        "text",
        ("站点编号", "设施编码", "站点编码", "站点", "编号", "station_id", "id"),
        "必填。1 至 32 个字母、数字、- 或 _，不得重复。",
        "410882-0001",
        32,
        wide=18,
    ),
    Column(
        "name", "text", ("名称", "站点名称", "设施名称"), "最多 200 字。", "北寨村污水处理站", 200, wide=30
    ),
    Column(
        "county",
        "text",
        ("区县代码", "县区代码", "行政区划代码"),
        "GB/T 2260 代码。已登记的区县可只填“区县名称”。",
        "410882",
        12,
        wide=12,
    ),
    Column(
        "county_name",
        "text",
        ("区县名称", "区县", "县区", "县(市、区)", "所属区县"),
        "可从列表中选；新的区县须同时填代码。",
        "沁阳市",
        100,
        wide=14,
    ),
    Column(
        "town",
        "text",
        ("乡镇", "街道", "乡镇(街道)", "所属乡镇"),
        "乡镇或街道，须同时有区县。",
        "崇义镇",
        100,
    ),
    Column("village", "text", ("村", "行政村", "村庄", "所属村"), "最多 100 字。", "北寨村", 100),
    Column("process", "choice", ("工艺", "处理工艺"), "从列表中选。", "A²/O", wide=12),
    Column(
        "design_m3_per_day",
        "number",
        ("设计规模(m³/d)", "设计规模m³/d", "设计规模(t/d)", "处理规模", "规模"),
        "数字，单位 m³/d。",
        "20",
        span=(0, 1e7),
        wide=12,
    ),
    Column(
        "rated_kw",
        "number",
        ("额定功率(kW)", "额定功率kW", "装机功率"),
        "数字，单位 kW。",
        "3.5",
        span=(0, 1e5),
        wide=12,
    ),
    Column("longitude", "number", ("经度",), "十进制度，-180 至 180。", "112.9", span=(-180, 180), wide=12),
    Column("latitude", "number", ("纬度",), "十进制度，-90 至 90。", "35.1", span=(-90, 90), wide=12),
    Column(
        "company", "text", ("运维单位", "运维公司", "运营单位"), "最多 200 字。", "清源运维", 200, wide=22
    ),
    Column("tier", "choice", ("级别", "设施级别"), "从列表中选：乡镇或村。", "村", wide=8),
    Column(
        "commissioned",
        "day",
        ("投运日期", "投运时间"),
        "日期，如 2024-06-01；从这一天起计入运行率。",
        "2024-06-01",
    ),
    Column("connected_from", "day", ("接入日期", "联网日期"), "日期；从这一天起应有数据。", "2026-03-01"),
    Column("powered", "yes", ("是否用电", "有动力", "用电"), "是或否。", "是", wide=10),
    Column(
        "tags",
        "tags",
        ("标签", "标记"),
        "用 ; 或 、 隔开，如 南水北调保护区。填 - 则清空。",
        "南水北调保护区",
        64,
        wide=22,
    ),
    Column(
        "class",
        "choice",
        ("分类", "设施分类", "状态分类"),
        "从列表中选；变更须写起始日期，历史不被覆盖。",
        "在用",
        wide=8,
    ),
    Column("class_since", "day", ("分类起始日期", "分类日期"), "日期；新分类从这一天起。", "2024-06-01"),
    Column(
        "class_document",
        "text",
        ("分类依据文件", "分类文件", "依据文件"),
        "批准分类的文件，最多 200 字。",
        "焦环文〔2026〕1号（虚构）",
        200,
        wide=26,
    ),
    Column("class_approver", "text", ("分类批准人", "批准人"), "最多 64 字。", "李（虚构）", 64),
    Column(
        "review", "choice", ("审核", "核实", "审核状态"), "已核或待核；空着导入即为已核。", "已核", wide=8
    ),
)
"""All columns, in the order of the files that the program writes."""

BY_NAME = {column.name: column for column in STATION_COLUMNS}
HEADS = {column.name: column.heads for column in STATION_COLUMNS}
SHEETS = ("站点", "stations")
"""What the sheet of the stations may be called."""

PROCESSES = ("A2O", "AO", "contact_oxidation", "MBR", "SBR", "biofilter", "wetland", "pond", "other")
TIERS = ("town", "village")
"""乡镇 or 村."""
CLASSES = ("in_use", "rebuilding", "to_sewer", "retired", "shut")
REVIEWS = ("confirmed", "pending")
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "process": {
        "A2O": ("A²/O", "AAO", "A/A/O"),
        "AO": ("A/O",),
        "contact_oxidation": ("接触氧化", "生物接触氧化"),
        "MBR": ("膜生物反应器",),
        "SBR": ("序批式",),
        "biofilter": ("生物滤池",),
        "wetland": ("人工湿地",),
        "pond": ("稳定塘", "氧化塘"),
        "other": ("其他", "其它"),
    },
    "tier": {"town": ("乡镇", "乡镇级"), "village": ("村", "村级")},
    "class": {
        "in_use": ("在用",),
        "rebuilding": ("改造",),
        "to_sewer": ("纳管",),
        "retired": ("退出",),
        "shut": ("停用",),
    },
    "review": {"confirmed": ("已核", "已审"), "pending": ("待核", "待审")},
}
"""What the cells of closed lists may be: by the program's word the Chinese ones; the first is written."""
CHINESE_WRITTEN = {"AO": "AO", "MBR": "MBR", "SBR": "SBR"}
"""Words that Chinese files write as the program does."""

COLUMNS = tuple(column.name for column in STATION_COLUMNS[:15])
"""What describes a station itself; what follows in a file is powered, tags, class and review."""
TEXT_LENGTHS = {
    name: BY_NAME[name].length for name in ("name", "county", "county_name", "town", "village", "company")
}
"""Letters that the columns of the tables take."""
EXAMPLE_STATIONS = ("EXAMPLE-1", "EXAMPLE-2")
"""The invented stations on the template, which no import takes."""
EXAMPLE_MARK = "导入前删除"
"""Stands in their names."""


def chinese(column: str, word: str) -> str:
    """A word of a closed list as Chinese files write it."""
    return CHINESE_WRITTEN.get(word) or CHOICES[column].get(word, (word,))[0]
