"""Servers that take messages, or behave badly: a web hook and a mail server on free ports of 127.0.0.1."""

import json
import logging
import socket
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from servers import free_port

from notify.message import Message
from notify.post import Post
from notify.roster import Roster
from registry.notify_settings import Channel

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = 1_763_740_800_000  # 2025-11-22 00:00 in Shanghai


def message(number=1, **other):
    """An alarm of the station with that number."""
    given = {
        "key": f"event-{number}",
        "matter": "alarms",
        "county": "410823",
        "place": "武陟县",
        "subject": f"{number}号村污水处理站",
        "title": {"zh-CN": "停运", "en": "stopped"},
        "text": {"zh-CN": f"{number}号村污水处理站停运", "en": f"station {number} stopped"},
        "since_ms": NOW_MS + number * 60_000,
    }
    return Message(**given | other)


def post(*channels, roster=None, language="zh-CN", link=""):
    return Post(list(channels), roster or Roster(), ZONE, language, link)


def channel(name="desk", **other):
    return Channel(**{"url": f"json://127.0.0.1/{name}", "name": name, "severity": "low"} | other)


class WebReceiver:
    """Answers as it is told to.

    Attributes:
        status, answer: of every request.
        got: the JSON bodies it took, with the path under `path`.
        gate: clear it and no request is answered until it is set.
        breaks_off: it closes the connection in the middle of the answer.
    """

    def __init__(self):
        receiver = self
        self.status, self.answer, self.breaks_off = 200, {"errcode": 0, "errmsg": "ok"}, False
        self.got = []
        self.headers = []
        self.gate = threading.Event()
        self.gate.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append(body | {"path": self.path})
                receiver.gate.wait(20)
                said = receiver.answer
                text = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(receiver.status)
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/login")
                self.send_header("Content-Length", str(len(text) + (50 if receiver.breaks_off else 0)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):  # where a redirection leads
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            block_on_close = True

            def handle_error(self, *_):  # the client has gone
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"json://127.0.0.1:{self.port}/hook/tok3n-of-the-gateway"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Mailbox:
    """A mail server without TLS; `refuses` is its answer to a mail, such as `550 no such user`."""

    def __init__(self):
        self.got = []
        self.refuses = ""
        mailbox = self
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the server's own

        class Handler:
            async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
                if mailbox.refuses:
                    return mailbox.refuses
                mailbox.got.append(message_from_bytes(envelope.content, policy=policy.default))
                return "250 taken"

        self.port = free_port()
        self._controller = Controller(Handler(), hostname="127.0.0.1", port=self.port)
        self._controller.start()
        self.url = f"mailto://127.0.0.1:{self.port}?from=centre@example.cn&to=boss@example.cn"

    def close(self):
        self._controller.stop()


class Mute:
    """Takes connections and never says anything."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def close(self):
        self._socket.close()
