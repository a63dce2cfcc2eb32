"""PDF set by the installed typst, in a child process (`python -m reporting.typesetting`).

The library keeps what it has set: a worker that drew 26 drafts of one month held 840 MB, and the worker
that makes reports runs for months. A child of its own costs a fifth of a second.
"""

import json
import subprocess
import sys

from service.process import UnavailableError

_TIMEOUT_S = 300


class TypesettingError(UnavailableError):
    """The document cannot be set; the text says why."""


def as_pdf(template: str, data: str, made_s: int) -> bytes:
    """Set a template with its data; equal inputs make equal bytes, and nothing is fetched.

    Args:
        template: in typst's language; it reads the data as `sys.inputs.data`.
        data: a JSON document.
        made_s: the instant that the file says it was made at, seconds since the epoch, UTC.

    Raises:
        TypesettingError: the template does not go with its data, or typst is missing or fails.
    """
    order = json.dumps({"template": template, "data": data, "made_s": made_s})
    command = [sys.executable, "-m", "reporting.typesetting"]
    try:
        done = subprocess.run(  # noqa: S603 - our own room
            command, input=order.encode(), check=True, capture_output=True, timeout=_TIMEOUT_S
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise TypesettingError(f"report as PDF: {said[-1] if said else error}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TypesettingError(f"report as PDF: {error}") from error
    return done.stdout


def _main() -> int:
    order = json.load(sys.stdin.buffer)
    try:
        import typst  # noqa: PLC0415 - wanted in the child process only

        made = typst.compile(
            order["template"].encode(), format="pdf", sys_inputs={"data": order["data"]},
            timestamp=order["made_s"],
        )  # fmt: skip
    except (ImportError, RuntimeError) as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 1
    sys.stdout.buffer.write(bytes(made))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
