"""How a service of the centre works on and on: whatever fails is told and tried again."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from registry.database import Registry
from registry.services import release_lease
from service.conditions import Conditions
from service.process import first_line
from service.systemd import no_manager


def work_until(  # noqa: PLR0913 - each by its name
    stop: threading.Event,
    step: Callable[[], bool],
    conditions: Conditions,
    logger: logging.Logger,
    *,
    wait_s: float,
    say: Callable[[], None],
    failures: tuple[type[Exception], ...] = (),
    beat: Callable[[], None] = no_manager,
) -> None:
    """Take step after step until told to stop.

    Args:
        stop: ends it.
        step: what is due now; says whether more waits, so that the next one follows at once.
        conditions: `stores` while a store cannot be used, `worker` after a failure that nobody foresaw.
        logger: takes the traceback of the first of these.
        wait_s: between two steps.
        say: reports the service's health, also while something fails, which may be the registry itself.
        failures: what means, beside an error of the registry, that a store cannot be used.
        beat: tells the service manager after each step that we work, also while stores are waited for.
    """
    told: tuple[type[Exception], ...] = (SQLAlchemyError, *failures)
    while not stop.is_set():
        has_more = False
        try:
            has_more = step()
            conditions.end("stores")
            conditions.end("worker")
        except told as error:
            conditions.begin("stores", first_line(error))
            with suppress(SQLAlchemyError):
                say()
        except Exception as error:
            if "worker" not in conditions.current():
                logger.exception("unexpected failure, going on with the next round")
            conditions.begin("worker", f"unexpected failure: {error!r}")
            with suppress(SQLAlchemyError):
                say()
        beat()
        if not has_more:
            stop.wait(wait_s)


def give_back(registry: Registry, name: str, holder: str, logger: logging.Logger) -> None:
    """Give a lease back, so that another service need not wait until it runs out."""
    try:
        with registry.writing() as session:
            release_lease(session, name, holder)
    except SQLAlchemyError as error:
        logger.warning("lease not given back: %s", first_line(error))
