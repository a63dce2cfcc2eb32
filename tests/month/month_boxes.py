"""A process of boxes: `python month_boxes.py FOLDER NUMBER OF BOOTS`, told what to do on stdin.

It answers each line with one of JSON.

    take AFTER_MS UNTIL_MS WITHIN_S    accept what is due, deliver it, wait so long until all is delivered
    end                                say how all are, and stop
"""

import json
import sys
import time
from pathlib import Path

import msgspec
from month_box import MonthBox, played
from month_cast import month_cast
from month_clock import MonthClock
from month_polls import rounds

from service.mqtt import Mqtt
from service.process import start_log
from simulator.trial_life import live


def main() -> int:
    """Be the boxes of every so-manieth station."""
    folder, number, of, boots = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    start_log()
    clock = MonthClock(folder / "clock")
    played(clock.now_ms)
    cast = month_cast(**json.loads((folder / "cast.json").read_text()))
    links = json.loads((folder / "links.json").read_text())
    boxes = []
    for station in cast.stations[number::of]:
        life = live(station, cast.window, cast.seed)
        boxes.append(
            MonthBox(
                station,
                msgspec.convert(links[station.id], Mqtt),
                folder / "boxes",
                rounds(station, life, cast.window, cast.seed),
                clock.now_ms,
                has_clock=station.id not in cast.clockless,
                boots=boots,
            )
        )
    _say({"boxes": len(boxes)})
    for line in sys.stdin:
        word, *values = line.split()
        if word == "end":
            break
        _say(_take(boxes, int(values[0]), int(values[1]), float(values[2])))
    states = {box.station.id: box.state() for box in boxes}
    for box in boxes:
        box._stop.set()
        box.wake()
    for box in boxes:
        box.stop()
    _say(states)
    return 0


def _take(boxes: list[MonthBox], after_ms: int, until_ms: int, within_s: float) -> dict:
    made = sum(box.take(after_ms, until_ms) for box in boxes)
    for box in boxes:
        box.live(until_ms)
    deadline_s, waiting = time.monotonic() + within_s, boxes
    while True:
        waiting = [box for box in waiting if box.waits]
        if not waiting or time.monotonic() > deadline_s:
            return {"made": made, "waiting": [box.station.id for box in waiting]}
        time.sleep(0.005)


def _say(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
