"""Hostile input for longer: `make fuzz ARGS="--seconds 60 --only batch,ack"`.

Each target runs in a process of its own. Where atheris is installed, what the input reaches in the program
guides the next one; else spoilt messages are drawn one after another. Whatever a decoder throws that it must
not is written to the folder, once for each place in the program; the file is the input.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "build" / "fuzz"
ROOMS = (
    "alerting", "collector", "console", "edge_agent", "history", "notify", "qingliu", "registry", "reporting",
    "service", "telemetry",
)  # fmt: skip
MOST_MB = 2_048
LONGEST_S = 20
"""More memory, or longer over one input, is a finding."""


def main() -> int:
    """Run the targets one after another; 1 if anything was found."""
    parser = argparse.ArgumentParser(description="Feed hostile input to every decoder.")
    parser.add_argument("--seconds", type=int, default=60, help="for each target [60]")
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="these targets [all]")
    parser.add_argument("--again", type=Path, metavar="FILE", help="run one found input again, with --only")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    from hostile_targets import BY_NAME  # noqa: PLC0415 - the child loads it under atheris

    names = [name for name in asked.only.split(",") if name] or list(BY_NAME)
    unknown = [name for name in names if name not in BY_NAME]
    if unknown or asked.seconds < 1 or (asked.again and len(names) != 1):
        known = ", ".join(BY_NAME)
        rule = (
            f"unknown target {unknown[0]}" if unknown else "--seconds is 1 or more; --again needs one target"
        )
        sys.stderr.write(f"fuzz: {rule}. Known are: {known}.\n")
        return 2
    if asked.again:
        BY_NAME[names[0]].check(asked.again.read_bytes())
        say("nothing was thrown")
        return 0
    way = (
        "guided by coverage (atheris)" if find_spec("atheris") else "drawn by lot (atheris is not installed)"
    )
    say(f"{len(names)} targets, {asked.seconds} s each, {way}")
    say(f"{'target':<22}{'executions':>12}{'per second':>12}{'found':>7}")
    found = [name for name in names if not is_well(name, asked.seconds)]
    for name in found:
        for path in sorted((FOLDER / name).glob("*.txt")):
            say(f"{name}: {path.read_text('utf-8').splitlines()[-1]}")
        say(f"{name}: again with: make fuzz ARGS='--only {name} --again FILE', a FILE of {FOLDER / name}")
    return 1 if found else 0


def is_well(name: str, seconds: int) -> bool:
    """Run one target and print its line."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    begun = time.monotonic()
    command = [sys.executable, __file__, "--child", "--only", name, "--seconds", str(seconds)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    took = time.monotonic() - begun
    noted = folder / "count.json"
    count = json.loads(noted.read_text("utf-8")) if noted.exists() else 0
    noted.unlink(missing_ok=True)
    if ended.returncode:  # too slow, too much memory, or the interpreter itself
        (folder / "process.txt").write_text(
            ended.stderr[-4_000:] + f"\nended with {ended.returncode}", "utf-8"
        )
    inputs = [path for path in folder.iterdir() if path.suffix != ".txt"]
    many = max(len(inputs), int(bool(ended.returncode)))
    say(f"{name:<22}{count:>12}{count / took:>12.0f}{many:>7}")
    return not many


class Trial:
    """Runs a target's check, counts, and keeps what was thrown, once for each place."""

    def __init__(self, check: Callable[[bytes], None], folder: Path) -> None:
        self._check = check
        self._folder = folder
        self._seen: set[str] = set()
        self._count = 0

    def __call__(self, data: bytes) -> None:
        """Try one input."""
        self._count += 1
        if self._count % 256 == 1:
            self.note()
        try:
            self._check(data)
        except Exception as error:  # noqa: BLE001 - whatever is thrown is what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in frames if ".venv" not in frame.filename][-1]
            place = f"{type(error).__name__} {Path(ours.filename).name} {ours.lineno}"
            if place not in self._seen:
                self._seen.add(place)
                name = hashlib.sha256(data).hexdigest()[:16]
                (self._folder / name).write_bytes(data)
                (self._folder / f"{name}.txt").write_text(traceback.format_exc(), "utf-8")

    def note(self) -> None:
        """Write the count down: the library ends the process without a word."""
        (self._folder / "count.json").write_text(json.dumps(self._count), "utf-8")


def run_child(name: str, seconds: int) -> None:
    """Try inputs of one target until the time is over."""
    folder = FOLDER / name
    if not find_spec("atheris"):
        from hostile_targets import BY_NAME  # noqa: PLC0415 - see main

        target, chance, end_s = BY_NAME[name], Random(), time.monotonic() + seconds
        trial = Trial(target.check, folder)
        while time.monotonic() < end_s:
            trial(target.spoilt(chance.getrandbits(64)))
        trial.note()
        return
    import atheris  # noqa: PLC0415 - only where it is installed

    with atheris.instrument_imports(include=list(ROOMS)):
        from hostile_targets import BY_NAME  # noqa: PLC0415 - see main
    from hostile_mutation import mutated  # noqa: PLC0415 - likewise
    from hostile_target import made  # noqa: PLC0415 - likewise

    target = BY_NAME[name]
    seeds = made(target)
    corpus = FOLDER / f".seeds-{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)

    def spoil(data: bytes, most: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        return mutated(data or seeds[0], chance, seeds)[:most]

    options = [f"-max_total_time={seconds}", "-max_len=65536", f"-timeout={LONGEST_S}", "-verbosity=0",
               f"-rss_limit_mb={MOST_MB}", f"-artifact_prefix={folder}/"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], Trial(target.check, folder), custom_mutator=spoil)
    atheris.Fuzz()


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if "--child" in sys.argv:
        words = sys.argv
        run_child(words[words.index("--only") + 1], int(words[words.index("--seconds") + 1]))
        sys.exit(0)
    sys.exit(main())
