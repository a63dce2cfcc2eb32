"""Archives of the tests: packed by scripts/bundle from wheels at hand, without a network, and unpacked."""

import atexit
import functools
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from clean_root import unpacked
from wheels_at_hand import ROOT, pack_all, pack_own, this_python

EXTRAS = {"agent": "edge", "centre": "centre"}


def bundle_of(
    role: str,
    folder: Path,
    *,
    named: str | None = None,
    instead: dict[str, str] | None = None,
    through_archive: bool = False,
    is_hollow: bool = False,
) -> Path:
    """The unpacked archive of this tree in a folder, as version `named`, with some files' texts replaced.

    The way through the archive itself takes a second longer. A hollow one lacks most wheels: enough for what
    is refused before any is installed.
    """
    wheels = folder.parent / f"{folder.name}-wheels"
    shutil.copytree(_needed("agent" if is_hollow else role), wheels, copy_function=os.link)
    pack_own(wheels, named=named, instead=instead)
    made = folder.parent / f"{folder.name}.tar" if through_archive else folder
    command = [ROOT / "scripts" / "bundle", role, "--wheels", wheels, "-o", made]
    command += [] if through_archive else ["--unpacked"]
    for_this = ["--machine", platform.machine(), "--pythons", this_python()]
    done = subprocess.run([*command, *for_this], check=True, capture_output=True, text=True)
    path = Path(done.stdout.split()[0])
    return unpacked(path, folder) if through_archive else path


@functools.cache
def _needed(role: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="qingliu-wheels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pack_all(EXTRAS[role], folder)
