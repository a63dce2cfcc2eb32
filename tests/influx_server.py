"""A real influxd from Debian, behind an nginx that gives it the write endpoint of newer versions.

Debian's 1.6.7 lacks `/api/v2/write`; the shim turns it into `/write`, as 1.8 does inside.
"""

import json
import os
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import free_port, listens, wait_until

from history.influx_wal import seal

_INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "inmem"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  auth-enabled = {auth}
  log-enabled = false
[logging]
  level = "warn"
"""
_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_max_body_size 25m;
  client_body_buffer_size 4m;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  map $arg_bucket $db {{
    ~*^(?<name>.+?)(/|%2F) $name;
    default $arg_bucket;
  }}
  map $arg_bucket $rp {{
    ~*(/|%2F)(?<name>.+)$ $name;
    default "";
  }}
  upstream influxd {{
    server 127.0.0.1:{influxd};
    keepalive 8;
  }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    if (-f {folder}/away) {{
      return 503;
    }}
    location = /api/v2/write {{
      rewrite ^ /write?db=$db&rp=$rp&precision=$arg_precision? break;
      proxy_pass http://influxd;
    }}
    location / {{
      proxy_pass http://influxd;
    }}
  }}
}}
"""


def programs() -> tuple[str, str]:
    """influxd and nginx; the test is skipped by name where they are not installed."""
    found = []
    for package, name in (("influxdb", "influxd"), ("nginx-light", "nginx")):
        path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
        if path is None:
            pytest.skip(
                f"{package} is not installed; to enable this test run: sudo apt-get install {package}"
            )
        found.append(path)
    return found[0], found[1]


class InfluxServer:
    """One influxd and its shim; `url` is the shim's. It can be killed, started again, frozen and thawed."""

    def __init__(self, influxd: str, nginx: str, folder: Path, *, user: str = "", password: str = "") -> None:
        self.port = free_port()
        self._influxd_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._programs = influxd, nginx
        self._folder = folder
        self._user, self._password = user, password
        self._count = 0
        self._influxd: subprocess.Popen[bytes] | None = None
        self._nginx: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        auth = "true" if user else "false"
        places = {"folder": folder, "auth": auth, "rpc": free_port(), "port": self._influxd_port}
        (folder / "influxd.conf").write_text(_INFLUXD.format(**places))
        places = {"folder": folder, "port": self.port, "influxd": self._influxd_port}
        places["user"] = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_NGINX.format(**places))

    def start(self) -> None:
        """Start both, or influxd again where it was killed."""
        if self._nginx is None:
            words = ["-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
            self._nginx = self._run(self._programs[1], *words)
        self._run_influxd()
        wait_until(lambda: listens(self.port), "nginx listens")
        wait_until(self._answers, "influxd answers")
        if self._user and not (self._folder / "user").exists():
            self.query(f"CREATE USER {self._user} WITH PASSWORD '{self._password}' WITH ALL PRIVILEGES")
            (self._folder / "user").touch()

    def kill(self) -> None:
        """End influxd as a power cut would; the shim stays."""
        if self._influxd is not None:
            self._influxd.kill()
            self._influxd.wait()
            self._influxd = None

    def stop(self) -> None:
        """End both."""
        self.kill()
        if self._nginx is not None:
            self._nginx.kill()
            self._nginx.wait()

    @contextmanager
    def away(self) -> Iterator[None]:
        """The shim answers 503 for a while, as if influxd were gone."""
        (self._folder / "away").touch()
        yield
        (self._folder / "away").unlink()

    @contextmanager
    def reborn_unseen(self) -> Iterator[None]:
        """Killed, and started again behind the shim's 503: who writes through the shim is kept out so long.

        What `query` finds inside was there when influxd died.
        """
        (self._folder / "away").touch()
        self.kill()
        self._run_influxd()
        wait_until(self._shows_databases, "influxd answers")
        yield
        (self._folder / "away").unlink()

    def freeze(self) -> None:
        """Let influxd answer nothing, though its port is open."""
        assert self._influxd is not None
        self._influxd.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._influxd is not None
        self._influxd.send_signal(signal.SIGCONT)

    def new_database(self, duration: str = "INF") -> str:
        """An empty database whose shards are long, so that a wide span of times costs little."""
        self._count += 1
        name = f"qingliu_{self._count}"
        shards = "" if duration != "INF" else " SHARD DURATION 1040w"
        self.query(f"CREATE DATABASE {name} WITH DURATION {duration}{shards} NAME raw")
        return name

    def write(self, database: str, lines: str) -> None:
        """Write lines past the shim, their times in milliseconds."""
        url = f"http://127.0.0.1:{self._influxd_port}/write?db={database}&precision=ms"
        with urllib.request.urlopen(url, lines.encode(), timeout=10) as answer:
            assert answer.status == 204

    def query(self, query: str, database: str = "") -> dict:
        """Ask past the shim."""
        fields = {"q": query, "db": database, "epoch": "ms"}
        who = urllib.parse.urlencode({"u": self._user, "p": self._password})
        url = f"http://127.0.0.1:{self._influxd_port}/query?{who}"
        with urllib.request.urlopen(url, urllib.parse.urlencode(fields).encode(), timeout=60) as answer:
            (result,) = json.load(answer)["results"]
        assert "error" not in result, result
        return result

    def size_bytes(self) -> int:
        """What lies in the folder."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def _run_influxd(self) -> None:
        """Start it as the drop-in `configs/influxdb/qingliu.conf` does."""
        seal(self._folder / "wal")
        self._influxd = self._run(self._programs[0], "-config", str(self._folder / "influxd.conf"))
        wait_until(lambda: listens(self._influxd_port), "influxd listens")

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _shows_databases(self) -> bool:
        try:
            return bool(self.query("SHOW DATABASES"))
        except OSError:
            return False

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=1) as answer:
                return answer.status == 204
        except OSError:
            return False
