"""The conversation with the installer, and the same without a word where all is clear or given beforehand."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence

from edge_agent.commissioning.answers import answer_rule, answer_to, bad_set, help_of, shown
from edge_agent.commissioning.findings import FoundUnit, Scan
from edge_agent.commissioning.layout import Chosen, Former, Named
from edge_agent.commissioning.scan_page import figures
from edge_agent.commissioning.setup_error import SetupError
from edge_agent.commissioning.setup_words import Words
from edge_agent.config import DeviceSettings
from edge_agent.profile import Parameter
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.terminal import table, wrapped

Ask = Callable[[str], str]
Say = Callable[[str], None]

LINE_COLUMNS = 76
LEAVE_OUT = "-"
LIST_ALL = "?"


class Interview:
    """One conversation; without `ask` it takes what is likeliest and refuses what is not clear."""

    def __init__(
        self, former: Former, ask: Ask | None, say: Say, words: Words, given: Mapping[str, str]
    ) -> None:
        self._former = former
        self._ask = ask
        self._say = say
        self._words = words
        self._given = given
        self._profiles = profile_names(former.folder)
        self._known: list[str] = []

    def choose(self, scans: Sequence[Scan]) -> list[Chosen]:
        """Which units shall be read, and as what.

        Raises:
            SettingsError: an answer given beforehand is wrong, or nobody is asked and it is not clear.
        """
        self._refuse_ambiguous(scans)
        return [each for scan in scans for each in self._choose(scan)]

    def stays(self, device: DeviceSettings) -> bool:
        """Whether a meter of the file that did not answer shall stay there."""
        words = self._words
        if self._ask is None:
            self._say(words.kept_silent.format(device=device.id, unit=device.unit_id))
            return True
        self._say("")
        self._say(words.silent.format(device=device.id, profile=device.profile, unit=device.unit_id))
        return self._ask(words.ask_silent).strip() != LEAVE_OUT

    def parameters(self, meter: Named) -> dict[str, float | str]:
        """What the meter's profile asks for, without what is left at its default.

        Raises:
            SetupError: an answer given beforehand is wrong, or nobody is asked and there is no default.
        """
        answers: dict[str, float | str] = {}
        profile, old = meter.chosen.profile, meter.former
        before = old.parameters if old is not None and old.profile == profile.name else {}
        for key, parameter in profile.parameters.items():
            answer = self._answer(meter.id, key, parameter, before.get(key, parameter.default))
            if answer != parameter.default:
                answers[key] = answer
        return answers

    def refuse_unknown(self, meters: Sequence[Named], also: Sequence[str]) -> None:
        """Complain of an answer given beforehand to a question that nobody asks.

        Raises:
            SetupError: with what could have been given.
        """
        known = [*self._known, *also]
        known += [f"{each.id}.{key}" for each in meters for key in each.chosen.profile.parameters]
        for key in self._given:
            if key not in known:
                line = self._words.unknown_set.format(key=key, known=self._words.comma.join(known))
                raise SetupError("", line, "unknown_set")

    def _choose(self, scan: Scan) -> Iterable[Chosen]:
        for unit in sorted(scan.units, key=lambda unit: unit.unit_id):
            key = f"unit-{unit.unit_id}.profile"
            self._known.append(key)
            if key in self._given:
                name = self._given[key]
                fault = None if name == LEAVE_OUT else self._profile_fault(name)
                if fault:
                    raise bad_set(key, name, fault, self._words)
            elif self._ask is None:
                name = self._likeliest(scan, unit)
            else:
                name = self._asked(self._ask, scan, unit)
            if name != LEAVE_OUT:
                yield Chosen(scan, unit, load_profile(name, self._former.folder))

    def _offers(self, scan: Scan, unit: FoundUnit) -> tuple[list[str], bool]:
        """The profiles that it may be, the likeliest first, and whether that one is certain.

        What the file says so far decides between equals, and where nothing fits.
        """
        offers = [each.profile for each in unit.candidates]
        old = self._former.at(scan.port, unit.unit_id)
        if old is not None and old.profile in self._profiles:
            points = {each.profile: each.points for each in unit.candidates}
            if not offers or points.get(old.profile) == unit.candidates[0].points:
                return [old.profile, *(each for each in offers if each != old.profile)], True
        return offers, unit.is_clear

    def _likeliest(self, scan: Scan, unit: FoundUnit) -> str:
        offers, is_certain = self._offers(scan, unit)
        if is_certain:
            return offers[0]
        words = self._words
        pattern = words.unclear if offers else words.unclear_none
        line = pattern.format(unit=unit.unit_id, port=scan.port, names=words.comma.join(offers))
        raise SetupError("", line, "unclear")

    def _asked(self, ask: Ask, scan: Scan, unit: FoundUnit) -> str:
        words, say = self._words, self._say
        offers, is_certain = self._offers(scan, unit)
        say("")
        say(words.unit.format(unit=unit.unit_id, line=unit.line, port=scan.port))
        if not offers:
            say(f"  {words.no_profile_fits}")
        else:
            self._show(unit, offers, is_certain=is_certain)
        prompt = words.ask_profile.format(name=offers[0]) if offers else words.ask_profile_no_default
        while True:
            name = self._understood(ask(prompt).strip(), offers)
            if name == LEAVE_OUT:
                say(f"  {words.left_out.format(unit=unit.unit_id)}")
            if name is not None:
                return name

    def _show(self, unit: FoundUnit, offers: Sequence[str], *, is_certain: bool) -> None:
        """The offers, with the values that decide between them."""
        values = {each.profile: figures(each.values) for each in unit.candidates}
        rows = [(str(number), name, self._title(name)) for number, name in enumerate(offers, 1)]
        for name, line in zip(offers, table(rows, indent="  "), strict=True):
            self._say(line)
            if values.get(name) and (name == offers[0] or not is_certain):
                self._say(f"     {values[name]}")
        if not is_certain:
            self._say(f"  {self._words.unsure}")

    def _understood(self, typed: str, offers: Sequence[str]) -> str | None:
        """The profile that was meant; None, with a word about it, if none was."""
        words, fault = self._words, None
        if typed == LIST_ALL:
            self._say(words.all_profiles)
            for name in self._profiles:
                self._say(f"  {name}")
        elif typed.isdecimal():
            if 1 <= int(typed) <= len(offers):
                return offers[int(typed) - 1]
            fault = words.bad_number.format(number=typed)
        elif not typed:
            return offers[0] if offers else None
        elif typed == LEAVE_OUT or not (fault := self._profile_fault(typed)):
            return typed
        if fault:
            self._say(f"  {fault}")
        return None

    def _title(self, name: str) -> str:
        profile = load_profile(name, self._former.folder)
        return f"{profile.maker} {profile.model}"

    def _profile_fault(self, name: str) -> str | None:
        """Why there is no such profile, with those of a similar name; None if there is."""
        if name in self._profiles:
            return None
        words = self._words
        near = [each for each in self._profiles if name.lower() in each]
        near = near or difflib.get_close_matches(name.lower(), self._profiles, 3, 0.6)
        hint = words.near.format(names=words.comma.join(near[:3])) if near else words.no_near
        return f"{words.unknown_profile.format(name=name)}{words.space}{hint}"

    def _answer(
        self, device: str, key: str, parameter: Parameter, present: float | str | None
    ) -> float | str:
        words, place = self._words, f"{device}.{key}"
        if place in self._given:
            answer = answer_to(parameter, self._given[place])
            if answer is None:
                rule = answer_rule(key, parameter, self._given[place], words)
                raise bad_set(place, self._given[place], rule, words)
            return answer
        if self._ask is None:
            if present is None:
                raise SetupError("", words.needed_set.format(key=place), "needed")
            return present
        self._say("")
        told = words.parameter.format(device=device, help=help_of(parameter, words))
        for line in wrapped(told, LINE_COLUMNS):
            self._say(line)
        if parameter.choices:
            self._say(f"  {words.one_of.format(choices=words.comma.join(parameter.choices))}")
        pattern = words.ask_parameter_no_default if present is None else words.ask_parameter
        while True:
            typed = self._ask(pattern.format(name=key, default=shown(present))).strip()
            if not typed and present is not None:
                return present
            answer = answer_to(parameter, typed)
            if answer is not None:
                return answer
            self._say(f"  {answer_rule(key, parameter, typed, words)}")

    def _refuse_ambiguous(self, scans: Sequence[Scan]) -> None:
        words = self._words
        ports: dict[int, list[str]] = {}
        for scan in scans:
            for unit in scan.units:
                ports.setdefault(unit.unit_id, []).append(scan.port)
        for unit_id, places in ports.items():
            key = f"unit-{unit_id}.profile"
            if len(places) > 1 and key in self._given:
                line = words.ambiguous_set.format(key=key, unit=unit_id, ports=words.comma.join(places))
                raise SetupError("", line, "ambiguous")
