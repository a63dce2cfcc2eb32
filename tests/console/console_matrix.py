"""Who may ask for what, written down a second time by hand: what the program says must agree with it."""

EVERYBODY = "everybody"
LOGGED_IN = "viewer operator manager admin contractor"
CENTRE = "viewer operator manager admin"
DESK = "operator manager admin"
DESK_AND_CONTRACTOR = "operator manager admin contractor"
MANAGERS = "manager admin"
ADMIN = "admin"

MATRIX = {
    "GET /health": EVERYBODY,
    "GET /login": EVERYBODY,
    "POST /login": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /static/vega-{version}.js": EVERYBODY,
    "GET /": LOGGED_IN,
    "GET /account": LOGGED_IN,
    "POST /account/password": LOGGED_IN,
    "POST /account/sessions": LOGGED_IN,
    "POST /logout": LOGGED_IN,
    "GET /alarms": LOGGED_IN,
    "GET /alarms/ringing.json": LOGGED_IN,
    "GET /alarms/{alarm_id}": LOGGED_IN,
    "GET /alarms/{alarm_id}/proof/{event_id}": LOGGED_IN,
    "GET /api/v1/alarms": LOGGED_IN,
    "GET /api/v1/alarms/closed": LOGGED_IN,
    "GET /api/v1/stations": LOGGED_IN,
    "GET /api/v1/stations/{station_id}": LOGGED_IN,
    "GET /api/v1/stations/{station_id}/days": LOGGED_IN,
    "GET /exclusions": LOGGED_IN,
    "GET /exclusions/{exclusion_id}": LOGGED_IN,
    "GET /exclusions/{exclusion_id}/attachment": LOGGED_IN,
    "GET /map": LOGGED_IN,
    "GET /overview/trend.json": LOGGED_IN,
    "GET /reports/months/{month}": LOGGED_IN,
    "GET /stations": LOGGED_IN,
    "GET /stations.csv": LOGGED_IN,
    "GET /stations/{station_id}": LOGGED_IN,
    "GET /stations/{station_id}/chart.json": LOGGED_IN,
    "GET /stations/{station_id}/file": LOGGED_IN,
    "GET /stations/{station_id}/months/{month}": LOGGED_IN,
    "GET /admin": CENTRE,
    "GET /admin/system": CENTRE,
    "GET /alarms/performance": CENTRE,
    "GET /alarms/performance.json": CENTRE,
    "GET /api/v1/reports": CENTRE,
    "GET /reports": CENTRE,
    "GET /reports/{report_id}": CENTRE,
    "GET /reports/{report_id}/{filename}": CENTRE,
    "POST /alarms/{alarm_id}/answer": DESK_AND_CONTRACTOR,
    "POST /alarms/act": DESK,
    "GET /exclusions/new": DESK,
    "POST /exclusions/new": DESK,
    "POST /exclusions/{exclusion_id}/withdraw": DESK,
    "GET /quarantine": DESK,
    "GET /quarantine/{entry_id}": DESK,
    "POST /stations/{station_id}/notes": DESK,
    "POST /exclusions/{exclusion_id}/approve": MANAGERS,
    "POST /exclusions/{exclusion_id}/refuse": MANAGERS,
    "POST /quarantine/handle": MANAGERS,
    "POST /reports/{report_id}/freeze": MANAGERS,
    "GET /stations/{station_id}/edit": MANAGERS,
    "POST /stations/{station_id}/edit": MANAGERS,
    "GET /admin/audit": ADMIN,
    "GET /admin/audit.csv": ADMIN,
    "POST /admin/audit/verify": ADMIN,
    "GET /admin/channels": ADMIN,
    "POST /admin/channels/test": ADMIN,
    "GET /admin/users": ADMIN,
    "POST /admin/users": ADMIN,
    "GET /admin/users/{user_id}": ADMIN,
    "POST /admin/users/{user_id}": ADMIN,
}
"""Method and address of each route, and the roles that may; docs/console.md says it in words."""

PARTS = {
    "station_id": "410882-0001", "alarm_id": "1", "event_id": "1", "report_id": "1", "filename": "none.xlsx",
    "entry_id": "1", "exclusion_id": "1", "version": "0", "month": "2026-10", "user_id": "1",
}  # fmt: skip
"""What stands in an address where the small centre has something, or nothing."""
SCOPES = {"all": (), "own county": ("410882",), "other county": ("410823",)}
OTHERS = {"station_id", "alarm_id"}
"""Parts of which the small centre has one in 410882 alone."""


def routes_of(app):
    """Every route, those of routers within routers too."""
    waiting, found = list(app.routes), []
    while waiting:
        route = waiting.pop()
        inner = getattr(route, "original_router", None)
        waiting += inner.routes if inner is not None else []
        found += [route] if inner is None else []
    return found
