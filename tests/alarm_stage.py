"""A county of stations whose states a test sets, with real alarms, outbox and desk; time by hand."""

from zoneinfo import ZoneInfo

from sqlalchemy import select

from alerting.alarm_round import follow_all
from alerting.desk import Desk
from alerting.fleet_cards import fleet_cards
from alerting.judging import Rules
from alerting.known import Decision
from alerting.mutes import standing_mutes
from alerting.states import open_periods, record
from alerting.telling import tell
from notify.post import post_of
from registry.alarm_settings import AlarmSettings
from registry.config import AlertingSettings
from registry.notify_settings import Channel, NotifySettings
from registry.tables import Alarm, AlarmEvent, Company, County, Notification, Station, Town

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
NOW_MS = 1_795_000_200_000
COUNTY = "410823"
EVERYTHING = NotifySettings(channels=[Channel(url="json://127.0.0.1", name="desk", severity="low")])


class Stage:
    """Stations of one county, in towns of ten."""

    def __init__(self, registry, stations=10, alarms=None, notify=EVERYTHING):
        self._enter(registry, notify, alarms)
        self.stations = [f"{COUNTY}-{number:04}" for number in range(1, stations + 1)]
        with registry.writing() as session:
            session.add(County(code=COUNTY, name="武陟县"))
            session.add(Company(id=1, name="甲运维公司"))
            session.flush()
            towns = [Town(county_code=COUNTY, name=f"镇{number}") for number in range((stations + 9) // 10)]
            session.add_all(towns)
            session.flush()
            for number, station in enumerate(self.stations):
                session.add(
                    Station(
                        id=station, name=f"站{number + 1}", county_code=COUNTY, company_id=1,
                        town_id=towns[number // 10].id, design_m3_per_day=50.0,
                    )
                )  # fmt: skip
        self.be("running", self.stations, start_ms=self.now_ms - 30 * DAY_MS)

    def be(self, state, stations, start_ms=None, reason=None, **evidence):
        """Stations are found to be in a state now."""
        with self.registry.writing() as session:
            periods = open_periods(session)
            for station in stations:
                start = self.now_ms if start_ms is None else start_ms
                decision = Decision(state, start, reason or f"because_{state}", evidence)
                record(session, station, decision, periods.get(station), self.now_ms)

    @classmethod
    def again(cls, registry, url):
        """The same stations, for another process."""
        stage = cls.__new__(cls)
        stage._enter(registry, NotifySettings(channels=[Channel(url=url, name="desk")]))
        return stage

    def _enter(self, registry, notify, alarms=None):
        self.registry = registry
        self.now_ms = NOW_MS
        self.hears = True
        self.rules = Rules(AlertingSettings(), ZONE, alarms=alarms or AlarmSettings(grace_s=0))
        self.post = post_of(notify, ZONE, "zh-CN")

    def tick(self, minutes=0.0):
        """Time passes, and the worker looks."""
        self.now_ms += int(minutes * MINUTE_MS)
        with self.registry.writing() as session:
            cards = fleet_cards(session, self.rules.alarms)
            periods = open_periods(session)
            return follow_all(
                session, periods, cards, self.rules, self.post, hears=self.hears, now_ms=self.now_ms
            )

    def desk(self, act, *arguments, by="李四", **named):
        """Somebody at the desk does something."""
        with self.registry.writing() as session:
            desk = Desk(session, by, self.now_ms)
            getattr(desk, act)(*arguments, **named)
            tell(session, desk.told, fleet_cards(session, self.rules.alarms), self.post, self.now_ms)

    def alarms(self, *names, **equal):
        """Columns of the alarms, in order; whole rows without names."""
        with self.registry.reading() as session:
            rows = list(session.scalars(select(Alarm).filter_by(**equal).order_by(Alarm.id)))
        return [tuple(getattr(row, name) for name in names) for row in rows] if names else rows

    def events(self, alarm_id=None):
        """What happened, in order."""
        with self.registry.reading() as session:
            found = select(AlarmEvent).order_by(AlarmEvent.id)
            rows = session.scalars(found if alarm_id is None else found.filter_by(alarm_id=alarm_id))
            return [row.event for row in rows]

    def event_rows(self):
        with self.registry.reading() as session:
            return list(session.scalars(select(AlarmEvent).order_by(AlarmEvent.id)))

    def told(self):
        """The texts in the outbox, in order."""
        with self.registry.reading() as session:
            rows = session.scalars(select(Notification).order_by(Notification.id))
            return [row.content["text"]["en"] for row in rows]

    def notifications(self):
        with self.registry.reading() as session:
            return list(session.scalars(select(Notification).order_by(Notification.id)))

    def mutes(self):
        with self.registry.reading() as session:
            return standing_mutes(session)
