"""Which county a row of the facility file means: by its code, by a known name, or a new one. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from registry.sheet import SheetRow
from registry.stations_cells import BadCellError
from registry.stations_columns import BY_NAME

_CODE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_LONGEST_CODE = BY_NAME["county"].length


class Counties:
    """The counties of the registry, and those that the file itself names.

    Attributes:
        named: the name that the file gives to a code, where it is not the one known.
    """

    def __init__(self, known: Mapping[str, str], rows: Iterable[SheetRow]) -> None:
        self.named: dict[str, str] = {}
        self._known = dict(known)
        self._codes: defaultdict[str, set[str]] = defaultdict(set)
        for code, name in known.items():
            self._codes[name].add(code)
        for row in rows:
            code, name = row.cells.get("county", ""), row.cells.get("county_name", "")
            if name and _CODE.fullmatch(code) and code not in self._codes:
                self._codes[name].add(code)

    def code_of(self, county: str) -> str:
        """The code of the county that a cell means by its code or name.

        Raises:
            BadCellError: none, or more than one.
        """
        is_code = _CODE.fullmatch(county) is not None
        if county in self._known or (is_code and county not in self._codes):
            if len(county) > _LONGEST_CODE:
                raise BadCellError(f"must have at most {_LONGEST_CODE} letters", county)
            return county
        codes = self._codes.get(county, set())
        if len(codes) > 1:
            raise BadCellError(f"is the name of {', '.join(sorted(codes))}; give the code", county)
        if not codes:
            known = f"; known are {', '.join(sorted(self._known.values()))}" if self._known else ""
            raise BadCellError(f"must be a county's code or a known name{known}", county)
        return next(iter(codes))

    def note_name(self, code: str, name: str) -> None:
        """Note the name that a row gives to a county, if any.

        Raises:
            BadCellError: it contradicts another row, or is another county's name.
        """
        if not name:
            return
        if self.named.get(code, name) != name:
            raise BadCellError(f"{code} is called {self.named[code]} further up", name)
        others = {other for other, called in self._known.items() if called == name} - {code}
        if others and self._known.get(code) != name:
            raise BadCellError(f"is the name of {', '.join(sorted(others))}", name)
        self.named[code] = name
