"""A collector's own numbers: what it counts, and how Prometheus reads that."""

import re
import urllib.request
from contextlib import closing

import msgspec
import pytest
from collector_centre import A, B, Outside, reading
from prometheus_client.parser import text_string_to_metric_families
from servers import free_port, wait_until

from collector.figures import WRITE_BOUNDS_S, Figures
from collector.metrics import conditions, families, served
from service.process import UnavailableError


def samples(text):
    """Name and labels to value, without when a counter was made."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = [value for key, value in sorted(sample.labels.items()) if key != "service"]
            found[sample.name, *labels] = sample.value
    return found


def read(port):
    with closing(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)) as answer:
        assert re.match("text/plain|application/openmetrics-text", answer.headers["content-type"])
        return samples(answer.read().decode())


def test_what_a_collector_did_is_served(centre, mosquitto):
    centre.register(A)
    port = free_port()
    with centre.running() as collector:

        def collect():
            yield from families({"collector": msgspec.to_builtins(collector.figures)})
            yield conditions({"collector": collector.conditions.current()})

        with served("127.0.0.1", port, collect), Outside(mosquitto.port, A) as one:
            before = read(port)
            one.send(reading(1), reading(2), reading(3, t=0))
            one.publish(b"poison")
            with Outside(mosquitto.port, B) as unknown:
                unknown.send(reading(1))
                unknown.until(lambda: unknown.acks, "it is held")
            one.until(lambda: len(one.acks) == 2, "both are answered")
            now = read(port)
            centre.history.is_failing = True
            one.send(reading(4))
            wait_until(lambda: ("qingliu_condition", "store") in read(port), "the trouble shows")
            failing = read(port)
            centre.history.is_failing = False
            one.until(lambda: 4 in one.stored(), "it is stored in the end")
    name = "qingliu_collector_"
    assert now[f"{name}stored_readings_total",] - before[f"{name}stored_readings_total",] == 2
    assert now[f"{name}acknowledged_readings_total",] == 2
    assert now[f"{name}refused_readings_total", "implausible_time"] == 1
    assert now[f"{name}unreadable_messages_total", "not_json"] == 1
    assert now[f"{name}held_total", "unknown_station"] >= 1
    assert now[f"{name}quarantined_total",] >= 3
    assert now[f"{name}messages_total", "taken"] - before[f"{name}messages_total", "taken"] == 3
    assert now[f"{name}write_seconds_count",] >= 1
    assert now[f"{name}write_seconds_bucket", "+Inf"] == now[f"{name}write_seconds_count",]
    assert now[f"{name}exceptions_total",] == 0
    assert ("qingliu_condition", "store") not in now
    assert failing[f"{name}store_failures_total",] >= 1
    assert failing[f"{name}queue_messages",] == 1


def test_durations_are_sorted_into_classes_that_add_up():
    figures = Figures()
    for took_s in (0.001, 0.005, 0.006, 9.0, 99.0):
        figures.wrote(10, took_s)
    (writes,) = (each for each in families({"c": msgspec.to_builtins(figures)}) if "write" in each.name)
    buckets = [sample.value for sample in writes.samples if sample.name.endswith("_bucket")]
    assert (buckets[0], buckets[1], buckets[-2], buckets[-1]) == (2, 3, 4, 5)
    assert len(buckets) == len(WRITE_BOUNDS_S) + 1
    assert [s.value for s in writes.samples if s.name.endswith("_sum")] == [pytest.approx(108.012)]
    assert figures.readings_stored == 50


def test_a_port_that_is_taken_is_said_in_one_line():
    with served("127.0.0.1", port := free_port(), list):
        with pytest.raises(UnavailableError, match=f"metrics 127.0.0.1:{port}: .*metrics_port"):
            served("127.0.0.1", port, list).__enter__()
        assert read(port) == {}
