"""Group robots of WeCom, DingTalk and Feishu, whose answer says whether they took a message.

They answer 200 also when they refuse, with the reason in the body, which apprise does not read; and DingTalk
refuses the signature that apprise encodes twice. The addresses are apprise's own forms, or the web address
as the robot's page shows it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from notify.delivery_error import DeliveryError, reason, redacted

SERVERS = {
    "wecombot": "https://qyapi.weixin.qq.com",
    "dingtalk": "https://oapi.dingtalk.com",
    "feishu": "https://open.feishu.cn",
    "lark": "https://open.larksuite.com",
}
_PATHS = {
    "wecombot": "/cgi-bin/webhook/send?key={token}",
    "dingtalk": "/robot/send?access_token={token}",
    "feishu": "/open-apis/bot/v2/hook/{token}",
    "lark": "/open-apis/bot/v2/hook/{token}",
}
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
TIMEOUTS_S = (5.0, 10.0)
"""To connect, and to wait for the answer."""


class Robot(NamedTuple):
    """A robot: its kind, its token, the secret of its signatures, and whom it calls by phone number."""

    kind: str
    token: str
    secret: str = ""
    phones: tuple[str, ...] = ()


def robot_of(address: str) -> Robot | None:
    """The robot of an address such as `dingtalk://SECRET@TOKEN/`; none if it is something else.

    Raises:
        DeliveryError: it is a robot's address without a token in it.
    """
    try:
        split = urlsplit(address)
    except ValueError:
        return None
    query = parse_qs(split.query)
    kind = split.scheme.lower()
    secret, _, host = split.netloc.rpartition("@")
    token, phones = unquote(host), [each for each in split.path.split("/") if each.isdigit()]
    if kind == "https":
        found = next((name for name, server in SERVERS.items() if server == f"https://{host.lower()}"), "")
        kind, phones = found, []
        token = (query.get("key") or query.get("access_token") or [split.path.rpartition("/")[2]])[0]
    if kind not in SERVERS:
        return None
    secret = unquote(secret) or query.get("secret", [""])[0]
    if not _TOKEN.fullmatch(token):
        raise DeliveryError("its address holds no token of a robot")
    return Robot(kind, token, secret, tuple(phones))


def request_of(robot: Robot, text: str, now_ms: int) -> tuple[str, dict[str, str], dict[str, Any]]:
    """What to post: the path, further parameters of it and the JSON body."""
    path = _PATHS[robot.kind].format(token=robot.token)
    if robot.kind == "wecombot":
        return path, {}, {"msgtype": "text", "text": {"content": text}}
    if robot.kind == "dingtalk":
        signature = _signature(robot.secret.encode(), f"{now_ms}\n{robot.secret}".encode())
        signed = {"timestamp": str(now_ms), "sign": signature} if robot.secret else {}
        call = {"atMobiles": list(robot.phones), "isAtAll": False}
        return path, signed, {"msgtype": "text", "text": {"content": text}, "at": call}
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if robot.secret:
        second = str(now_ms // 1000)
        signature = _signature(f"{second}\n{robot.secret}".encode(), b"")
        body |= {"timestamp": second, "sign": signature}
    return path, {}, body


def refusal(answer: object) -> str:
    """Why a robot did not take a message; empty if it did."""
    if not isinstance(answer, dict):
        return "the answer is not a robot's"
    code = next((answer[name] for name in ("errcode", "code", "StatusCode") if name in answer), None)
    if code == 0 and not isinstance(code, bool):
        return ""
    words = next((answer[name] for name in ("errmsg", "msg", "StatusMessage") if name in answer), "")
    return f"the robot refused with {code}: {words}"


def post(robot: Robot, text: str, address: str, now_ms: int, servers: Mapping[str, str] = SERVERS) -> None:
    """Post a text to a robot.

    Raises:
        DeliveryError: it cannot be reached or does not take it.
    """
    import requests  # noqa: PLC0415 - loaded on use

    path, parameters, body = request_of(robot, text, now_ms)
    try:
        answer = requests.post(
            servers[robot.kind] + path, params=parameters, json=body, timeout=TIMEOUTS_S,
            allow_redirects=False,
        )  # fmt: skip
        if answer.status_code != requests.codes.ok:
            raise DeliveryError(f"HTTP {answer.status_code}")
    except requests.RequestException as error:
        raise DeliveryError(reason([str(error)], address)) from None  # the cause holds the address
    try:
        said = answer.json()
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, lists in lists in lists
        raise DeliveryError("the answer is not a robot's") from None
    if why := refusal(said):
        raise DeliveryError(redacted(why, address))


def _signature(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
