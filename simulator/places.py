"""Where the invented city's stations stand: real counties, but invented towns and companies."""

from typing import NamedTuple

from simulator.chance import fraction


class County(NamedTuple):
    """One of the 11 county-level units of Jiaozuo.

    Attributes:
        code: GB/T 2260.
        name: as written on reports.
        longitude: of its middle, degrees.
        latitude: likewise.
        reach: how far its stations lie from there, degrees.
        towns: invented.
        company: the O&M company of the county, invented.
    """

    code: str
    name: str
    longitude: float
    latitude: float
    reach: float
    towns: tuple[str, ...]
    company: str


_WATER = (
    "清沁水务运维有限公司（虚构）",
    "怀源环境服务有限公司（虚构）",
    "太行碧流环保有限公司（虚构）",
    "丹水治污运营有限公司（虚构）",
)
COUNTIES = {
    county.code: county
    for county in (
        County("410802", "解放区", 113.22, 35.25, 0.02, ("云栖街道",), _WATER[0]),
        County("410803", "中站区", 113.16, 35.24, 0.03, ("石泉街道",), _WATER[0]),
        County("410804", "马村区", 113.33, 35.27, 0.03, ("枫桥街道",), _WATER[1]),
        County("410811", "山阳区", 113.27, 35.22, 0.02, ("柳岸街道",), _WATER[1]),
        County("410821", "修武县", 113.42, 35.24, 0.07, ("青屏镇", "云溪镇"), _WATER[2]),
        County("410822", "博爱县", 113.06, 35.16, 0.06, ("竹涧镇", "月湾镇"), _WATER[3]),
        County("410823", "武陟县", 113.38, 35.08, 0.08, ("芦洲镇", "沙渡镇"), _WATER[2]),
        County("410825", "温县", 113.06, 34.95, 0.06, ("稻香镇", "荷池镇"), _WATER[0]),
        County(
            "410871", "高新区（代码待核）", 113.28, 35.17, 0.02, ("启新街道",), _WATER[1]
        ),  # statistical code
        County("410882", "沁阳市", 112.94, 35.10, 0.07, ("演示镇", "松陂镇", "槐荫镇"), _WATER[3]),
        County("410883", "孟州市", 112.80, 34.92, 0.07, ("桑梓镇", "黄壤镇"), _WATER[3]),
    )
}
OUTAGE_TOWN = ("410823", "芦洲镇")
"""All of its stations lose their power on one day."""

_SIDES = ("东", "西", "南", "北", "上", "下", "前", "后", "大", "小", "新", "老")
_STEMS = (
    *("柳泉", "石桥", "杏林", "芦塘", "桃坞", "松岗", "竹园", "荷塘", "梅岭", "兰溪", "枣坡"),
    *("榆钱", "桑园", "麦陇", "稻畦", "苇湾", "沙丘", "白鹭", "青石", "黄坡", "红叶", "银杏"),
)
_ENDS = ("村", "庄", "湾")
VILLAGES = len(_SIDES) * len(_STEMS) * len(_ENDS)


def village(number: int) -> str:
    """Name a village; each number below `VILLAGES` has a name of its own."""
    place = 61 * number % VILLAGES  # 61 has no divisor in common with it
    rest, side = divmod(place, len(_SIDES))
    end, stem = divmod(rest, len(_STEMS))
    return _SIDES[side] + _STEMS[stem] + _ENDS[end]


def position(county: County, seed: int) -> tuple[float, float]:
    """Longitude and latitude of a station, degrees, with five digits."""
    east, north = (2 * fraction(seed, axis) - 1 for axis in ("east", "north"))
    return (
        round(county.longitude + county.reach * east, 5),
        round(county.latitude + county.reach * north, 5),
    )
