"""The installer's site on a free port of 127.0.0.1, with a tiny visitor that keeps its cookies."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from edge_agent.commissioning.findings import LineSettings
from edge_agent.commissioning.sweep import Wanted
from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.gate import Gate
from edge_agent.phone.real_tools import RealTools
from edge_agent.phone.server import REQUEST_S, PhoneServer
from edge_agent.phone.site import Opening, Site

PIN = "270318"
STATION = "410882-0012"
CONFIG = f"""# invented station
[station]
id = "{STATION}"
name = "北寨村污水处理站"
[bus.main]
port = "PORT"
[mqtt]
host = "127.0.0.1"
port = 1
tls = false
[outbox]
path = "FOLDER/outbox.db"
"""
METERS = """
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
"""
WANTED = Wanted((LineSettings(9600),), (1, 2), dlt645=False)


def config_in(folder: Path, port: object = "/dev/null", more: str = "") -> Path:
    path = folder / "agent.toml"
    text = CONFIG.replace("PORT", str(port)).replace("FOLDER", str(folder)) + more
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def serving(cabinet: Cabinet, *, names=(), request_s: float = REQUEST_S) -> Iterator[PhoneServer]:
    gate = Gate(PIN, open_s=1800, now_s=time.monotonic())
    site = Site(gate, cabinet, Opening(1800, "zh-CN"), time.monotonic)
    with PhoneServer("127.0.0.1", 0, site.answer, names=names, request_s=request_s) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            cabinet.jobs.end()


@contextmanager
def phone_site(config: Path, **options) -> Iterator[PhoneServer]:
    with serving(Cabinet(config, RealTools(wanted=lambda _: WANTED)), **options) as server:
        yield server


class Reply:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def place(self) -> str | None:
        return self.headers["Location"]


class Visitor:
    """Somebody with a phone."""

    def __init__(self, server: PhoneServer) -> None:
        self.port = server.port
        self.host = f"127.0.0.1:{server.port}"
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Reply:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form=(), **headers: str) -> Reply:
        body = urlencode(form, doseq=True).encode()
        given = {"Origin": f"http://{self.host}", "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, body, given | headers)

    def enter(self) -> "Visitor":
        assert self.post("/pin", {"pin": PIN}).place == "/"
        return self

    def token(self) -> str:
        return re.search(r'name="token" value="([0-9a-f]{32})"', self.get("/station").text)[1]

    def upload(self, path: str, octets: bytes) -> Reply:
        edge = "edge-7d1"
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{self.token()}\r\n'.encode(),
            f'--{edge}\r\nContent-Disposition: form-data; name="bundle"; filename="b.tar.gz"\r\n'.encode(),
            b"Content-Type: application/gzip\r\n\r\n" + octets + f"\r\n--{edge}--\r\n".encode(),
        ]
        given = {"Origin": f"http://{self.host}", "Content-Type": f"multipart/form-data; boundary={edge}"}
        return self._ask("POST", path, b"".join(parts), given)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {"Host": self.host} | ({"Cookie": cookie} if cookie else {}) | headers
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            reply = Reply(connection.getresponse())
        for said in reply.headers.get_all("Set-Cookie") or []:
            name, _, value = said.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply
