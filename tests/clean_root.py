"""A clean root to install into: this machine's system beneath an overlay, nothing of ours in it, no network.

What is written goes to memory and is gone at the end. It needs root (or sudo without a password) and a kernel
that lets us mount; where that is not so, the tests are skipped and say why. `make test-arm64` does the same
in a Debian made from nothing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pytest

HERE = Path(__file__).parent
AS_ROOT = HERE.parent / "scripts" / "as-root"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOUNTS = """
set -eu
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=$6,upperdir=upper,workdir=work" root
mount -t proc proc root/proc
mount --rbind /dev root/dev
for folder in tmp run opt media; do mount -t tmpfs -o mode=0755 tmpfs root/$folder; done
chmod 1777 root/tmp
mkdir -p root/run/systemd/system root/run/stub root/media/given
mount --bind "$2" root/media/given
rm -rf root/etc/qingliu root/var/lib/qingliu* root/usr/local/bin/qingliu root/etc/systemd/system/qingliu*
for name in user group; do chroot root ${name}del qingliu >/dev/null 2>&1 || true; done
install -m 0755 "$3" root/usr/bin/systemctl
# a second takes a tenth of one here
printf '#!/bin/sh\nexec /usr/bin/sleep 0.1\n' >root/usr/local/bin/sleep
chmod 0755 root/usr/local/bin/sleep
folder=$4
while [ "$folder" != / ]; do chmod o+rx "root$folder"; folder=$(dirname "$folder"); done
exec chroot root "$5" -I -c '
import fcntl, signal, socket, struct
with socket.socket() as any_socket:  # loopback up, as on every system; SIOCSIFFLAGS with IFF_UP
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH", b"lo", 0x1))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody else buries the dead here
print("ready", flush=True)
signal.pause()'
"""


class CannotBeMadeError(Exception):
    """This machine does not let us make a root of our own; why."""


class CleanRoot:
    """A root in mount, process and network namespaces of its own; `given` appears in it as /media/given.

    Args:
        folder: where it is mounted; made here.
        given: what is shared with it; made if missing.
        system: the system beneath: this machine's, or a Debian made by scripts/debian-root.
        has_network: it shares this machine's network.

    Raises:
        CannotBeMadeError: this machine does not allow it.
    """

    def __init__(
        self, folder: Path, given: Path, *, system: Path = Path("/"), has_network: bool = False
    ) -> None:
        folder.mkdir()
        given.mkdir(exist_ok=True)
        self.given = given
        asked = subprocess.run(
            [HERE.parent / "scripts" / "as-root"], capture_output=True, text=True, check=False
        )
        if asked.returncode:
            raise CannotBeMadeError("it needs root, or sudo without a password")
        self._as_root = asked.stdout.split()
        self._inside = 0
        python = _python() if system == Path("/") else Path("/usr/bin/python3")
        # the system's own Python; where the wheels are for another one, that which runs the tests
        self.path = _PATH if python.parent == Path("/usr/bin") else f"{python.parent}:{_PATH}"
        command = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
        command += [] if has_network else ["--net"]
        stub = HERE / "systemctl_stub.sh"
        places = (folder, given, stub, python.parent, python, system)
        script = ["sh", "-c", _MOUNTS, "sh", *map(str, places)]
        self._holder = subprocess.Popen(
            [*self._as_root, *command, *script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._holder.stdout
        assert self._holder.stderr
        if self._holder.stdout.readline().strip() != "ready":
            said = self._holder.stderr.read().strip()
            self._end()
            raise CannotBeMadeError(said)
        self._inside = next(
            child.pid
            for child in psutil.Process(self._holder.pid).children(recursive=True)
            if not child.children()
        )

    def run(
        self,
        *command: str,
        user: str = "root",
        environment: Mapping[str, str] | None = None,
        without_network: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in there; its output, both streams apart."""
        alone = ["unshare", "--net"] if without_network else []
        spaces = ["--mount", "--pid", *([] if without_network else ["--net"]), "--root", "--wd"]
        enter = [*self._as_root, *alone, "nsenter", "--target", str(self._inside), *spaces]
        become = [] if user == "root" else ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
        values = {"PATH": self.path, "HOME": "/", "LANG": "C.UTF-8", **(environment or {})}
        settings = ["env", "-i", *(f"{name}={value}" for name, value in values.items())]
        return subprocess.run(
            [*enter, *become, *settings, *command],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def said(self, *command: str, user: str = "root") -> str:
        """What a command that must succeed prints."""
        done = self.run(*command, user=user)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout.strip()

    def install(self, bundle: Path, *options: str, code: int = 0, language: str = "en") -> str:
        """Run install.sh of an unpacked archive that was given, which ends with this code; what it says."""
        script = f"/media/given/{bundle.relative_to(self.given)}/install.sh"
        # a cautious administrator's shell: what is installed must be readable for the service all the same
        careful = ["sh", "-c", 'umask 077; exec sh "$@"', "sh", script]
        done = self.run(*careful, *options, environment={"QINGLIU_LANGUAGE": language})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def write(self, path: str, text: str) -> None:
        """Put a file into the root."""
        (self.given / "text").write_text(text)
        self.said("cp", "/media/given/text", path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._inside:  # the first process of its own: with it goes all that runs in there
            subprocess.run([*self._as_root, "kill", "-KILL", str(self._inside)], check=False)
        self._holder.wait(10)
        for stream in (self._holder.stdout, self._holder.stderr):
            if stream:
                stream.close()


def _python() -> Path:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    system = Path("/usr/bin", name)
    has_its_name = system.exists() and Path("/usr/bin/python3").resolve() == system.resolve()
    return system if has_its_name else Path(sys.base_prefix, "bin", name)


@contextmanager
def clean_root(folder: Path, *, system: Path = Path("/"), has_network: bool = False) -> Iterator[CleanRoot]:
    """A clean root mounted below a folder; the test is skipped where none can be made."""
    try:
        made = CleanRoot(folder / "root", folder / "given", system=system, has_network=has_network)
    except CannotBeMadeError as error:
        pytest.skip(f"no clean root can be made here: {error}")
    with made:
        yield made


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack an archive as an administrator would; the folder with install.sh."""
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    return next(path.parent for path in folder.glob("*/install.sh"))


def copied(bundle: Path, folder: Path) -> Path:
    """A copy of an unpacked archive, to be spoilt."""
    return Path(shutil.copytree(bundle, folder, copy_function=os.link))
