"""All pages of the console: each room gives its own."""

from console.access import Route
from console.account_pages import account_routes
from console.admin_pages import admin_routes
from console.alarm_pages import alarm_routes
from console.api_pages import api_routes
from console.chart_script import chart_script_routes
from console.desk import Desk
from console.exclusion_pages import exclusion_routes
from console.facility_file import facility_file_routes
from console.gate import Gate
from console.login_pages import login_routes
from console.overview import overview_routes
from console.quarantine_pages import quarantine_routes
from console.registry_pages import registry_routes
from console.report_pages import report_routes
from console.station_charts import station_chart_routes
from console.station_list_pages import station_list_routes
from console.station_month import station_month_routes
from console.station_month_list import station_month_list_routes
from console.station_notes import station_note_routes
from console.station_pages import station_routes
from console.watch_pages import watch_routes


def pages(desk: Desk, gate: Gate) -> list[Route]:
    """All pages of one desk: whatever is not here does not exist."""
    return [
        *watch_routes(desk),
        *login_routes(desk, gate),
        *account_routes(desk, gate),
        *station_month_routes(desk),
        *station_month_list_routes(desk),  # before a report's file of any name
        *overview_routes(desk),
        *chart_script_routes(desk),
        *station_list_routes(desk),
        *station_routes(desk),
        *station_chart_routes(desk),
        *station_note_routes(desk),
        *facility_file_routes(desk),
        *alarm_routes(desk),
        *report_routes(desk),
        *quarantine_routes(desk),
        *admin_routes(desk, gate),
        *registry_routes(desk),
        *exclusion_routes(desk),
        *api_routes(desk),
    ]
