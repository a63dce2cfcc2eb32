"""A registry of the first release, full of rows, is brought up to date without harm, on both databases."""

from contextlib import closing
from datetime import date

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, select, text

from registry.database import migration_config, open_registry
from registry.tables import Base

AT = 1_760_000_000_000
DAY = date(2026, 10, 1)
JSON = {"甲": [1, 2.5, None], "b": {"c": True}}
A, KEPT = "410882-0001", {"station_id": "410882-0001"}
ROWS = {
    "counties": [{"code": "410882", "name": "沁阳市"}, {"code": "410822", "name": "博爱县"}],
    "towns": [{"id": 1, "county_code": "410882", "name": "崇义镇"}],
    "companies": [{"id": 1, "name": "清源运维（虚构）", "contact": "王", "phone": "1"}],
    "users": [
        {"id": 1, "name": "wang", "password_hash": "$argon2id$x", "role": "viewer", "counties": ["410882"],
         "company_id": 1, "created_ms": AT, "disabled_ms": None, "failed_logins": 2, "locked_until_ms": AT},
    ],
    "sessions": [
        {"token_sha256": "a" * 64, "user_id": 1, "created_ms": AT, "last_used_ms": AT, "address": "127.0.0.1"}
    ],
    "stations": [
        {"id": A, "name": "北寨村污水处理站", "county_code": "410882", "town_id": 1, "village": "北寨村",
         "longitude": 112.9, "latitude": 35.1, "process": "A2O", "design_m3_per_day": 20.5, "rated_kw": 3.5,
         "company_id": 1, "tier": "town", "powered": False, "commissioned": DAY, "connected_from": None,
         "review": "confirmed", "overrides": JSON},
        {"id": "b", "name": "", "county_code": None, "town_id": None, "village": "", "longitude": None,
         "latitude": None, "process": "", "design_m3_per_day": None, "rated_kw": None, "company_id": None,
         "tier": "village", "powered": True, "commissioned": None, "connected_from": DAY,
         "review": "pending", "overrides": {}},
    ],
    "station_tags": [{**KEPT, "tag": "南水北调保护区"}],
    "station_classes": [
        {"id": 1, **KEPT, "class": "in_use", "since": DAY, "document": "文", "approver": "李",
         "entered_ms": AT}
    ],
    "devices": [
        {**KEPT, "device": "power-1", "kind": "power", "make": "正泰", "model": "DTSU666", "serial": "1",
         "first_seen_ms": AT}
    ],
    "meter_exchanges": [
        {"id": 1, **KEPT, "device": "power-1", "at_ms": AT, "old_final": 1234.5, "new_initial": 0.25,
         "note": "换表", "entered_by": "王", "entered_ms": AT}
    ],
    "ct_corrections": [
        {"id": 1, **KEPT, "device": "power-1", "since_ms": AT, "factor": 1.5, "note": "", "entered_by": "王",
         "entered_ms": AT}
    ],
    "manual_readings": [
        {"id": 1, **KEPT, "device": "power-1", "at_ms": AT, "value": 77.25, "reader": "赵", "entered_ms": AT}
    ],
    "inspections": [
        {"id": 1, **KEPT, "day": DAY, "occasion": "unannounced", "result": "abnormal", "findings": "风机停",
         "inspector": "丙", "entered_ms": AT}
    ],
    "water_samples": [
        {"id": 1, "inspection_id": 1, "parameter": "COD", "value": 45.5, "unit": "mg/L", "limit": 60.0}
    ],
    "exclusions": [
        {"id": 1, **KEPT, "start": DAY, "end": DAY, "reason": "maintenance", "applicant": "甲",
         "approver": "乙", "attachment": "", "entered_ms": AT, "withdrawn_ms": None}
    ],
    "presence": [
        {**KEPT, "online": True, "online_changed_ms": AT, "last_seen_ms": AT, "last_reading_ms": AT,
         "version": "0.1.0", "boot": "x", "clock": "ntp", "clock_offset_ms": -3, "backlog": 1,
         "oldest_unsent_ms": None, "disk_free_mb": 900, "thinned": 0, "refused": 0, "devices": JSON}
    ],
    "quarantine": [
        {"id": 1, "received_ms": AT, "station_id": "x", "code": "not_json", "text": "t", "count": 3,
         "size_bytes": 4, "payload": b"\x00\xff{}"}
    ],
    "dirty_quarter_hours": [{**KEPT, "start_ms": AT}],
    "leases": [{"name": "alerting", "holder": "x", "until_ms": AT}],
    "service_health": [{"name": "alerting", "seen_ms": AT, "conditions": JSON, "figures": {}}],
    "state_periods": [
        {"id": 1, **KEPT, "state": "running", "start_ms": AT, "end_ms": AT + 1, "decided_ms": AT,
         "reason": "r", "evidence": JSON},
        {"id": 2, **KEPT, "state": "stopped", "start_ms": AT + 1, "end_ms": None, "decided_ms": AT,
         "reason": "r", "evidence": {}},
    ],
    "day_verdicts": [
        {**KEPT, "day": DAY, "verdict": "running", "energy_kwh": 12.5, "volume_m3": None,
         "valid_hours": 23.75, "reason": "as_usual", "evidence": JSON, "rule_version": "1", "computed_ms": AT,
         "corrected_by": "王", "correction_reason": "抄表"}
    ],
    "alarms": [
        {"id": 1, "type": "stopped", "subject": A, **KEPT, "parent_id": None, "severity": "high",
         "start_ms": AT, "raised_ms": AT, "cleared_ms": None, "acknowledged_ms": AT, "acknowledged_by": "王",
         "shelved_until_ms": None, "shelve_reason": None, "suppressed_by": None, "out_of_service": False,
         "closed_ms": None, "cause": None, "assigned_company_id": 1, "due_ms": AT, "reason": "r",
         "evidence": JSON}
    ],
    "alarm_events": [
        {"id": 1, "alarm_id": 1, "at_ms": AT, "event": "raised", "actor": "", "note": "", "details": JSON}
    ],
    "notifications": [
        {"id": 1, "alarm_event_id": 1, "channel": "wecom", "created_ms": AT, "due_ms": AT, "sent_ms": None,
         "attempts": 2, "last_error": "x", "content": JSON}
    ],
    "reports": [
        {"id": 1, "month": "2026-09", "scope": "city", "revision": 1, "status": "frozen", "made_ms": AT,
         "frozen_ms": AT, "data_cutoff_ms": AT, "rule_version": "1", "author": "王", "files": JSON,
         "summary": JSON}
    ],
    "audit": [
        {"id": 1, "at_ms": AT, "actor": "王", "address": "", "action": "station.add", "object": A,
         "before": None, "after": JSON, "previous_sha256": "0" * 64, "sha256": "b" * 64}
    ],
}  # fmt: skip
"""A row or two of each table of the first release."""


@pytest.fixture
def first_release(registry_url):
    """A database as revision 0001 made it, full of rows."""
    engine = create_engine(registry_url)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        old = MetaData()
        old.reflect(connection)
        assert set(ROWS) == set(old.tables) - {"alembic_version"}
        for table in old.sorted_tables:
            if table.name in ROWS:
                assert set(ROWS[table.name][0]) == set(table.columns.keys()), table.name
                connection.execute(table.insert(), ROWS[table.name])
    yield engine, old
    engine.dispose()


def rows_of(connection, metadata):
    """The rows, by the first release's columns."""
    found = {}
    for name in ROWS:
        table = metadata.tables[name]
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        found[name] = [dict(row) for row in rows]
    return found


def sorted_rows():
    keys = {
        table.name: [column.name for column in table.primary_key] for table in Base.metadata.sorted_tables
    }
    return {
        name: sorted(rows, key=lambda row: [row[key] for key in keys[name]]) for name, rows in ROWS.items()
    }


def test_the_rows_of_the_first_release_live_on_and_the_tables_are_the_model_s(first_release, registry_url):
    engine, old = first_release
    with engine.connect() as connection:
        assert rows_of(connection, old) == sorted_rows()
    with closing(open_registry(registry_url)) as registry:
        with engine.connect() as connection:
            assert rows_of(connection, old) == sorted_rows()
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, Base.metadata) == []
            head = ScriptDirectory.from_config(migration_config()).get_current_head()
            assert context.get_current_revision() == head
            if engine.dialect.name == "sqlite":
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        with registry.reading() as session:
            for mapper in Base.registry.mappers:
                assert len(session.scalars(select(mapper.class_)).all()) == len(
                    ROWS.get(mapper.local_table.name, [])
                )


def test_the_migrations_are_one_line_from_the_first(tmp_path):
    revisions = [each.revision for each in ScriptDirectory.from_config(migration_config()).walk_revisions()]
    assert revisions == [f"{number:04}" for number in range(len(revisions), 0, -1)]
