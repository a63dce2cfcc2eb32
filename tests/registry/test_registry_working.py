"""The loop of the centre's services: whatever fails is told and tried again."""

import logging
import threading

from sqlalchemy.exc import OperationalError

from registry.working import work_until
from service.conditions import Conditions

logger = logging.getLogger("working")


class DiskError(Exception):
    """What a store of the test says."""


def works(outcomes, say=lambda: None):
    """Each step does what stands next in the list, and the loop ends with it: what was wrong after each."""
    stop, conditions, seen = threading.Event(), Conditions(logger), []
    left = list(outcomes)

    def step():
        seen.append(conditions.current())
        if not left:
            stop.set()
            return False
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    work_until(stop, step, conditions, logger, wait_s=0.001, say=say, failures=(DiskError,))
    return seen[1:]


def test_what_fails_is_a_condition_until_a_step_goes_well(caplog):
    caplog.set_level(logging.INFO, "working")
    lost = OperationalError("SELECT 1", {}, Exception("no such table"))
    assert works(
        [True, lost, DiskError("disk is gone\nsecond line"), ValueError("odd"), ValueError("odd"), True]
    ) == [
        {},
        {"stores": "(builtins.Exception) no such table"},
        {"stores": "disk is gone"},
        {"stores": "disk is gone", "worker": "unexpected failure: ValueError('odd')"},
        {"stores": "disk is gone", "worker": "unexpected failure: ValueError('odd')"},
        {},
    ]
    assert [record.exc_info is not None for record in caplog.records].count(True) == 1


def test_a_failure_without_words_is_told_by_its_name():
    assert works([DiskError(), True]) == [{"stores": "DiskError"}, {}]


def test_health_is_told_while_something_fails_even_if_that_fails_too():
    told = []

    def say():
        told.append(len(told))
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    assert works([DiskError("gone"), ValueError("odd"), False], say)[-1] == {}
    assert told == [0, 1]
