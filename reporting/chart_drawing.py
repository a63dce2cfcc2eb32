"""Charts drawn as SVG by the installed vl-convert, in a child process (`python -m reporting.chart_drawing`).

The library's engine stays in the process that has used it once, with its threads, four sockets and 65 MB;
the worker that makes reports runs for months.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from service.process import UnavailableError

FONT = "Noto Sans CJK SC"
_TIMEOUT_S = 60
_CLIP = re.compile(r'(?<=<clipPath id="clip)\d+(?=")|(?<=clip-path="url\(#clip)\d+(?=\)")')


class DrawingError(UnavailableError):
    """The charts cannot be drawn; the text says why."""


def as_svgs(specs: Sequence[Mapping[str, Any]], font: str = FONT) -> list[str]:
    """Draw Vega-Lite with its data inside; equal charts make equal texts, and nothing is fetched.

    Args:
        specs: of the charts; the first takes 0.7 s, each other a tenth of that.
        font: family of all lettering; it should be installed, as what is written is measured by it.

    Raises:
        DrawingError: one is no specification of a chart, or vl-convert is missing or fails.
    """
    lettered = [{**spec, "config": {**spec.get("config", {}), "font": font}} for spec in specs]
    command = [sys.executable, "-m", "reporting.chart_drawing"]
    try:
        done = subprocess.run(  # noqa: S603 - our own room
            command, input=json.dumps(lettered), check=True, capture_output=True, text=True, encoding="utf-8",
            timeout=_TIMEOUT_S,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        raise DrawingError(f"charts of the report: {reason}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrawingError(f"charts of the report: {error}") from error
    drawn: list[str] = json.loads(done.stdout)
    return drawn


def _drawn(spec: dict[str, Any]) -> str:
    import vl_convert  # noqa: PLC0415 - wanted in the child process only

    made = str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    numbers: dict[str, int] = {}  # areas are numbered through the life of a process
    return _CLIP.sub(lambda found: str(numbers.setdefault(found[0], len(numbers) + 1)), made)


def _main() -> int:
    try:
        drawn = [_drawn(spec) for spec in json.load(sys.stdin)]
    except (ImportError, ValueError) as error:
        sys.stderr.write(" ".join(str(error).split("\n    at ")[0].split()) + "\n")
        return 1
    sys.stdout.write(json.dumps(drawn))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
