"""What is looked for in the list of stations, as its address says it; nobody's typing may break it. Pure."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from console.address import read_number

LONGEST = 100
SORTS = (
    "state", "id", "name", "county", "town", "company", "process", "class", "design", "reading",
)  # fmt: skip
"""The columns that the list can be sorted by; "-" before one turns the order round."""
_NAMES = {
    "words": "q",
    "county": "county",
    "town": "town",
    "company": "company",
    "process": "process",
    "class_": "class",
    "state": "state",
    "sort": "sort",
}
"""Each field as the address has it."""


class Search(NamedTuple):
    """What is looked for, and in which order; what is empty fits every station.

    Attributes:
        words: all of them stand in a station's id, name, village, town or county.
        county: code.
        town: number of the town.
        company: number of the O&M company.
        process: code.
        class_: what the station is on the register as today.
        state: code of its present state.
        sort: one of SORTS, "-" before it turns the order round; empty for the order of ids.
    """

    words: str = ""
    county: str = ""
    town: str = ""
    company: str = ""
    process: str = ""
    class_: str = ""
    state: str = ""
    sort: str = ""

    @property
    def column(self) -> str:
        """The column that it is sorted by."""
        return self.sort.removeprefix("-") or "id"

    @property
    def is_descending(self) -> bool:
        """Whether the order is turned round."""
        return self.sort.startswith("-")

    @property
    def looks_for_something(self) -> bool:
        """Whether a station may not fit."""
        return any(self[:-1])

    def address(self, path: str = "/stations", page: int = 1, **changes: str) -> str:
        """The address of the same search with some of it changed."""
        wanted = self._replace(**changes)
        asked = {_NAMES[name]: value for name, value in wanted._asdict().items() if value}
        if page > 1:
            asked["page"] = str(page)
        return f"{path}?{urlencode(asked)}" if asked else path

    def sorted_by(self, column: str) -> str:
        """The address that sorts by a column; the other way round if it is sorted by it already."""
        is_turned = column == self.column and not self.is_descending
        return self.address(sort=f"-{column}" if is_turned else column)


EVERY_STATION = Search()


def search_of(asked: Mapping[str, str]) -> Search:
    """The search that an address's question asks for."""
    found = Search(**{field: asked.get(name, "").strip()[:LONGEST] for field, name in _NAMES.items()})
    found = found._replace(words=found.words.replace("\x00", ""))
    if found.sort.removeprefix("-") not in SORTS:
        found = found._replace(sort="")
    for field in ("town", "company"):
        if read_number(getattr(found, field)) is None:
            found = found._replace(**{field: ""})
    return found
