"""The script that draws charts in the browser: made once from the installed vl-convert, kept as a file.

Making it costs seconds and 150 MB, so a child process does it (`python -m console.chart_bundle FILE`).
No script of others is kept in the source tree, and none is fetched from the net.
"""

import gzip
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from service.whole_file import write_whole

_TIMEOUT_S = 120


class BundleError(Exception):
    """The script could not be made; the console works without it, showing tables."""


def bundle_path() -> Path:
    """Where the script for the installed version is kept; it need not exist yet."""
    try:
        installed = version("vl-convert-python")
    except PackageNotFoundError:
        installed = "none"
    return _cache_folder() / f"vega-{installed}.js"


def compressed(path: Path) -> Path:
    """The same script, gzipped, beside it."""
    return path.with_name(f"{path.name}.gz")


def is_made(path: Path) -> bool:
    """Whether both forms are there."""
    return path.is_file() and compressed(path).is_file()


def ensure(path: Path) -> None:
    """Make the script in a child process unless it is there already.

    Raises:
        BundleError: with the reason in one line.
    """
    if is_made(path):
        return
    command = [sys.executable, "-m", "console.chart_bundle", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)  # noqa: S603
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        raise BundleError(f"chart script {path}: {reason}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BundleError(f"chart script {path}: {error}") from error


def make(path: Path) -> None:
    """Write the script and its gzipped form; each appears whole or not at all.

    Raises:
        BundleError: vl-convert is missing or fails, or the folder cannot be written.
    """
    try:
        import vl_convert  # noqa: PLC0415 - 150 MB, wanted in the child process only

        script = vl_convert.javascript_bundle().encode()  # type: ignore[call-arg] # the stub lacks the default
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(compressed(path), gzip.compress(script, mtime=0), mode=0o644)
        write_whole(path, script, mode=0o644)
    except (ImportError, ValueError, OSError) as error:
        raise BundleError(str(error)) from error


def _cache_folder() -> Path:
    """The cache folder systemd gives, else the user's own."""
    given = os.environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qingliu"


def _main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m console.chart_bundle FILE\n")
        return 2
    try:
        make(Path(arguments[0]))
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
