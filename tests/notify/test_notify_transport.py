"""What leaves the house, to real servers; and that no secret ever stands in a log or an error."""

import base64
import hashlib
import hmac
import logging
import time
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_receivers import NOW_MS, Mute
from servers import free_port

from notify import robots, transport
from notify.address import address_of, scheme_of
from notify.delivery_error import redacted
from notify.robots import SERVERS, robot_of
from notify.transport import AppriseTransport, DeliveryError


def refusal_of(url, servers=SERVERS, files=()):
    with pytest.raises(DeliveryError) as caught:
        AppriseTransport(servers).send(url, "标题", "正文", list(files))
    return str(caught.value)


def test_a_web_hook_gets_title_and_text(web):
    AppriseTransport().send(web.url, "【清流】停运", "武陟县\n编号 event-1", [])
    assert [(each["title"], each["message"]) for each in web.got] == [
        ("【清流】停运", "武陟县\n编号 event-1")
    ]


def test_a_mail_is_plain_text_with_its_attachments(mail, tmp_path):
    report = tmp_path / "月报 2026-10?.xlsx"
    report.write_bytes(b"PK\x03\x04 workbook")
    AppriseTransport().send(mail.url, "【清流】月报", "请查收\n编号 report-2026-10-r1", [str(report)])
    (got,) = mail.got
    assert (got["Subject"], got["To"]) == ("【清流】月报", "boss@example.cn")
    text = got.get_body(("plain",))
    assert text.get_content().strip().splitlines() == ["请查收", "编号 report-2026-10-r1"]
    assert got.get_body(("html",)) is None
    (file,) = got.iter_attachments()
    assert (file.get_filename(), file.get_content()) == (report.name, b"PK\x03\x04 workbook")


def test_a_missing_attachment_is_no_delivery(mail, tmp_path):
    assert refusal_of(mail.url, files=[tmp_path / "月报.xlsx"]) == "the file 月报.xlsx is not there"
    assert mail.got == []


@pytest.mark.parametrize(
    ("address", "path", "body"),
    [
        ("wecombot://KEY-1", "/cgi-bin/webhook/send?key=KEY-1",
         {"msgtype": "text", "text": {"content": "标题\n正文"}}),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY-1", "/cgi-bin/webhook/send?key=KEY-1",
         {"msgtype": "text", "text": {"content": "标题\n正文"}}),
        ("dingtalk://TOKEN1/13800138000/", "/robot/send?access_token=TOKEN1",
         {"msgtype": "text", "text": {"content": "标题\n正文"},
          "at": {"atMobiles": ["13800138000"], "isAtAll": False}}),
        ("feishu://tok-en-1", "/open-apis/bot/v2/hook/tok-en-1",
         {"msg_type": "text", "content": {"text": "标题\n正文"}}),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/tok-en-1", "/open-apis/bot/v2/hook/tok-en-1",
         {"msg_type": "text", "content": {"text": "标题\n正文"}}),
    ],
)  # fmt: skip
def test_a_robot_is_posted_what_it_understands(web, address, path, body):
    servers = dict.fromkeys(SERVERS, f"http://127.0.0.1:{web.port}")
    AppriseTransport(servers).send(address, "标题", "正文", [])
    assert web.got == [body | {"path": path}]


def test_a_signed_dingtalk_message_carries_a_signature_encoded_once(web):
    servers = dict.fromkeys(SERVERS, f"http://127.0.0.1:{web.port}")
    AppriseTransport(servers, lambda: NOW_MS).send("dingtalk://SEC123@TOKEN1/", "标题", "正文", [])
    query = parse_qs(urlsplit(web.got[0]["path"]).query)
    wanted = hmac.new(b"SEC123", f"{NOW_MS}\nSEC123".encode(), hashlib.sha256).digest()
    assert query["timestamp"] == [str(NOW_MS)]
    assert base64.b64decode(query["sign"][0], validate=True) == wanted


def test_a_signed_feishu_message_carries_its_signature(web):
    servers = dict.fromkeys(SERVERS, f"http://127.0.0.1:{web.port}")
    AppriseTransport(servers, lambda: NOW_MS).send("feishu://sEc@tok-1", "标题", "正文", [])
    second = NOW_MS // 1000
    wanted = hmac.new(f"{second}\nsEc".encode(), b"", hashlib.sha256).digest()
    assert web.got[0]["timestamp"] == str(second)
    assert base64.b64decode(web.got[0]["sign"], validate=True) == wanted


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (200, {"errcode": 93000, "errmsg": "invalid webhook url KEY-1234"},
         "the robot refused with 93000: invalid webhook url ***"),
        (200, {"errcode": 45009, "errmsg": "api freq out of limit"},
         "the robot refused with 45009: api freq out of limit"),
        (200, {"code": 19024, "msg": "Key Words Not Found"},
         "the robot refused with 19024: Key Words Not Found"),
        (200, {}, "the robot refused with None: "),
        (200, [], "the answer is not a robot's"),
        (200, "<html>please log in</html>", "the answer is not a robot's"),
        (200, "[" * 100_000, "the answer is not a robot's"),
        (200, f'{{"errcode": {"9" * 5_000}}}', "the answer is not a robot's"),
        (302, {"errcode": 0}, "HTTP 302"),
        (502, "", "HTTP 502"),
    ],
)  # fmt: skip
def test_a_robot_s_refusal_is_no_delivery_whatever_the_status(web, status, answer, why):
    web.status, web.answer = status, answer
    servers = dict.fromkeys(SERVERS, f"http://127.0.0.1:{web.port}")
    assert refusal_of("wecombot://KEY-1234", servers).strip() == why.strip()


def test_a_web_hook_that_sends_elsewhere_has_not_taken_the_message(web):
    web.status = 302
    assert refusal_of(web.url) == "HTTP 302"


def test_why_a_delivery_failed_is_said_in_few_words(web, mail, tmp_path):
    web.status = 503
    assert refusal_of(web.url) == "HTTP 503"
    web.status, web.breaks_off = 200, True
    assert refusal_of(web.url) == "the server broke the connection off"
    nobody = free_port()
    assert refusal_of(f"json://127.0.0.1:{nobody}/a") == "connection refused"
    assert refusal_of(f"mailto://127.0.0.1:{nobody}?from=a@b.cn&to=c@d.cn") == "connection refused"
    mail.refuses = "550 boss@example.cn has gone"
    assert refusal_of(mail.url) == "SMTP 550 *** has gone"
    assert refusal_of("nosuch://thing") == "its address is none that apprise knows"
    assert refusal_of("wecombot://") == "its address holds no token of a robot"
    assert refusal_of(str(tmp_path / "none.url")) == "its file cannot be read: No such file or directory"


def test_servers_that_say_nothing_are_left_soon(monkeypatch):
    for room in (transport, robots):
        monkeypatch.setattr(room, "TIMEOUTS_S", (0.3, 0.3))
    monkeypatch.setattr(transport, "_MAIL_TIMEOUT_S", 0.3)
    with closing(Mute()) as mute:
        servers = dict.fromkeys(SERVERS, f"http://127.0.0.1:{mute.port}")
        for url in (
            f"json://127.0.0.1:{mute.port}/a?rto=600&cto=600",
            f"mailto://127.0.0.1:{mute.port}?from=a@b.cn&to=c@d.cn",
            "wecombot://KEY-1",
        ):
            began = time.monotonic()
            assert refusal_of(url, servers) == "timed out"
            assert time.monotonic() - began < 60


def test_no_log_holds_an_address(web, mail, caplog, capfd):
    web.status = 500
    caplog.set_level(logging.NOTSET)
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")  # another test may have made it quiet
    logging.getLogger("urllib3.connectionpool").debug("another room speaks")
    servers = dict.fromkeys(SERVERS, f"http://127.0.0.1:{web.port}")
    refusal_of(f"json://user77:passw0rd-9@127.0.0.1:{web.port}/hook/tok3n?+X-Key=head3r", servers)
    refusal_of("wecombot://KEY-1234", servers)
    refusal_of(f"mailto://user77:passw0rd-9@127.0.0.1:{mail.port}?to=boss@example.cn", servers)
    web.status = 200
    AppriseTransport(servers).send("dingtalk://SEC123@TOKEN1/", "标题", "正文", [])
    said = caplog.text + "".join(capfd.readouterr())
    assert "another room speaks" in said
    for secret in ("passw0rd-9", "tok3n", "head3r", "KEY-1234", "boss@example", "SEC123", "TOKEN1", "user77"):
        assert secret not in said


def test_an_address_file_is_read_anew_each_time(tmp_path, web):
    path = tmp_path / "desk.url"
    path.write_text("# 值班群机器人\n\nwecombot://OLD\n")
    assert address_of(str(path)) == "wecombot://OLD"
    path.write_text("\ufeffwecombot://NEW", encoding="utf-8")
    assert (address_of(str(path)), scheme_of(str(path))) == ("wecombot://NEW", "wecombot")
    for text, why in (
        ("# nothing\n", "its file must hold one address, it holds 0"),
        ("wecombot://A\nwecombot://B\n", "its file must hold one address, it holds 2"),
        ("KEY-1234", "its file holds no address such as wecombot://KEY"),
    ):
        path.write_text(text)
        assert refusal_of(str(path)) == why
    path.write_bytes(b"\xff\xfe\x00")
    assert refusal_of(str(path)) == "its file is not UTF-8 text"


def test_what_is_no_robot_is_apprise_s():
    for address in ("json://h/x", "mailto://a", "https://example.cn/hook?key=1", "wecom://x", "http://[bad"):
        assert robot_of(address) is None


SECRET = st.text("abcdefghijkXYZ0123456789-_%+", min_size=4, max_size=20)


@given(SECRET, SECRET, st.text(max_size=20))
def test_no_part_of_an_address_is_left_in_a_text(token, password, around):
    address = f"json://user:{password}@h.example.cn/hook/{token}?to={token}"
    for part in (token, password):
        assert part not in redacted(f"{around}{part}/{address} {part.upper()}", address).replace("***", "")
