"""A browser without JavaScript of somebody with certain limits, whose forms carry their token."""

from console_login import ETERNAL_MS, PASSWORDS, Limits, token_of
from fastapi.testclient import TestClient

from console.app import create_app
from console.person import csrf_of

ADMIN = Limits("admin")


class AdminBrowser:
    """Asks in English, follows where it is led."""

    def __init__(self, centre, tmp_path, limits=ADMIN, language="en"):
        stores = centre.registry, centre.history, centre.clock
        app = create_app(centre.settings, *stores, tmp_path / "vega-0.js", passwords=PASSWORDS)
        self.client = TestClient(app, headers={"accept-language": language}, raise_server_exceptions=False)
        token = token_of(centre.registry, limits, ETERNAL_MS)
        self.client.cookies.set("session", token)
        self.csrf = csrf_of(token)

    def get(self, path):
        return self.client.get(path)

    def post(self, path, **fields):
        return self.client.post(path, data={"csrf": self.csrf, **fields})
