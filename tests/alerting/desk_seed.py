"""A centre with alarms of every kind on its lists, and the command line as the duty desk types it."""

from contextlib import closing

import pytest
from fresh_registry import fresh_registry

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import Quiet, clear, rise
from alerting.desk import Desk
from qingliu.cli import main
from registry.database import Registry
from registry.tables import Alarm, Company, County, Station, Town
from service.process import now_ms

A, B, C, D = "410882-0001", "410882-0002", "410822-0003", "410882-0004"
HOUR_MS = 3_600_000
COUNTIES = {"410882": "沁阳市", "410822": "博爱县"}


class DutyDesk:
    """Settings, a registry with four stations, and what `qingliu alerting …` answers."""

    def __init__(self, folder, capsys):
        self._capsys = capsys
        self.now_ms = now_ms() // 60_000 * 60_000
        self.url = f"sqlite:///{folder}/registry.db"
        self.config = folder / "centre.toml"
        self.write("zh-CN")
        with closing(fresh_registry(self.url)) as registry, registry.writing() as session:
            session.add_all([County(code=code, name=name) for code, name in COUNTIES.items()])
            session.add_all([Company(name="碧水环保"), Company(name="清源水务")])
            session.flush()
            town = Town(county_code="410882", name="柏香镇")
            session.add(town)
            session.flush()
            session.add_all(
                [
                    Station(id=A, name="甲村站", county_code="410882", town_id=town.id, company_id=1),
                    Station(id=B, name="乙村站", county_code="410882", town_id=town.id, company_id=2),
                    Station(id=C, name="", county_code="410822"),
                    Station(id=D, name="丁村站", county_code="410882"),
                ]
            )

    def write(self, language, notify=""):
        self.config.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "{self.url}"\n'
            f'[centre]\nlanguage = "{language}"\n{notify}'
        )

    def __call__(self, command, *words):
        """The exit code, and the lines of both outputs."""
        code = main(["alerting", command, *map(str, words), "--config", str(self.config)])
        said = self._capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    def refused(self, command, *words):
        """What the parser itself says on its last line."""
        with pytest.raises(SystemExit, match=r"^2$"):
            self(command, *words)
        return self._capsys.readouterr().err.splitlines()[-1]

    def registry(self):
        return closing(Registry(self.url))

    def raised(self, type_="stopped", subject=A, severity="medium", *, ago_h=2, quiet=None, **columns):
        """A new alarm, raised so many hours ago; its number."""
        at_ms = self.now_ms - int(ago_h * HOUR_MS)
        alarm = Alarm(
            type=type_, subject=subject, station_id=subject if "-" in subject else None, severity=severity,
            start_ms=at_ms - HOUR_MS, **{"reason": "no_energy", "evidence": {}, **columns},
        )  # fmt: skip
        with self.registry() as registry, registry.writing() as session:
            book = AlarmBook(session, at_ms)
            rise(book, alarm, quiet or Quiet())
            book.write()
            return alarm.id

    def returned(self, number, *, ago_h=1):
        with self.registry() as registry, registry.writing() as session:
            book = AlarmBook(session, self.now_ms - int(ago_h * HOUR_MS))
            clear(book, session.get_one(Alarm, number), is_attended=True)
            book.write()

    def act(self, do, *, ago_h=1, by="赵工"):
        with self.registry() as registry, registry.writing() as session:
            do(Desk(session, by, self.now_ms - int(ago_h * HOUR_MS)))

    def alarm(self, number):
        with self.registry() as registry, registry.reading() as session:
            return session.get_one(Alarm, number)
