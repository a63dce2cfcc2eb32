"""The budgets, in the order in which the design lists them, and the benchmark that measures each."""

from typing import NamedTuple


class Budget(NamedTuple):
    """A row of the page's first table.

    Attributes:
        row: its name, by which a benchmark's figure says that it is the one.
        what: in words, with the conditions.
        budget: the bound.
        bench: the program in `benchmarks/` that measures it.
    """

    row: str
    what: str
    budget: str
    bench: str


BUDGETS = (
    Budget("agent-memory", "agent, resident memory at 2 meters, 60 s", "≤ 40 MB", "bench_agent"),
    Budget("agent-cpu", "agent, CPU at 2 meters, 60 s", "≤ 0.5 % of a core", "bench_agent"),
    Budget("requests", "requests per poll for 10 contiguous values", "1", "bench_agent"),
    Budget(
        "mobile-data",
        "mobile data, 60 s sampling, two meters, TLS, all overhead, TCP timestamps too, a month",
        "≤ 10 MB",
        "bench_mobile_data",
    ),
    Budget("outbox-size", "outbox: 1 year offline at 60 s, two meters", "≤ 256 MB", "bench_outbox"),
    Budget("outbox-lost", "outbox: of that year lost, once all is delivered", "0", "bench_outbox"),
    Budget("outbox-drain", "outbox: that year drained", "≥ 5,000 readings/s", "bench_outbox"),
    Budget(
        "collector-correct",
        "collector, batches of 10 readings, mosquitto + influxd on the same cores: lost or doubled",
        "0 at ≥ 20,000 readings/s",
        "bench_collector",
    ),
    Budget(
        "collector-influxd",
        "collector, mosquitto + influxd on the same cores: stored and acknowledged",
        "≥ 60,000 /s",
        "bench_collector",
    ),
    Budget(
        "collector-node-red",
        "collector against Node-RED's batch flow, the same flood in the same run",
        "≥ 1.2 ×",
        "bench_collector",
    ),
    Budget("collector-embedded", "collector on the embedded store", "≥ 40,000 readings/s", "bench_collector"),
    Budget(
        "round-embedded",
        "quarter hours + states for 2,000 stations, embedded store, the slowest later round",
        "≤ 5 s",
        "bench_round",
    ),
    Budget(
        "round-influxd",
        "quarter hours + states for 2,000 stations, influxd, the slowest later round",
        "≤ 5 s",
        "bench_round",
    ),
    Budget("report", "month report, 2,000 stations, xlsx + pdf, the whole process", "≤ 20 s", "bench_report"),
    Budget(
        "overview-time",
        "console, 2,000 stations: overview page, server time with fresh figures",
        "≤ 200 ms",
        "bench_console",
    ),
    Budget("overview-size", "console, 2,000 stations: overview page, size", "≤ 300 kB", "bench_console"),
    Budget(
        "alarm-on-screen",
        "console, 2,000 stations: an alarm on screen after it is raised, the slowest",
        "≤ 5 s",
        "bench_alarm_on_screen",
    ),
    Budget("demo", "fresh clone → demo page up, warm package cache", "≤ 90 s", "bench_demo"),
)
ROWS = {each.row: each for each in BUDGETS}
