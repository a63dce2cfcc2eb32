"""A real PostgreSQL of the run's own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from servers import free_port

from registry.database import open_registry

_MIGRATED = "qingliu_migrated"


class Postgres:
    """A PostgreSQL in a folder of its own, on a unix socket there and a free loopback port."""

    def __init__(self, programs: Path) -> None:
        self.port = free_port()
        self._programs = programs
        # Not in pytest's own folder: every new run closes that one to the server's user.
        self._folder = Path(tempfile.mkdtemp(prefix="qingliu-postgres-"))
        self._count = 0
        self._has_migrated = False
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def start(self) -> None:
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", str(self._folder / "data"), "-A", "trust", "-U", self._user, "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        self._run(
            "pg_ctl",
            "-D",
            str(self._folder / "data"),
            "-w",
            "-l",
            str(self._folder / "log"),
            "-o",
            options,
            "start",
        )

    def new_database(self) -> str:
        """An empty database; returns its URL."""
        self._count += 1
        return self._create(f"qingliu_{self._count}")

    def new_registry(self) -> str:
        """A database with all tables of a registry, copied from one migrated once; returns its URL."""
        if not self._has_migrated:
            open_registry(self._create(_MIGRATED)).close()
            self._has_migrated = True
        self._count += 1
        return self._create(f"qingliu_{self._count}", _MIGRATED)

    def _create(self, name: str, template: str = "template1") -> str:
        address = f"{self._user}@127.0.0.1:{self.port}"
        with psycopg.connect(f"postgresql://{address}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://{address}/{name}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self._user, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")
