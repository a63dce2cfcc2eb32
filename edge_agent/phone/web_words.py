"""What `qingliu agent web` says on the console, one table a language."""

from typing import NamedTuple

from edge_agent.language import Language


class Words(NamedTuple):
    """The same fields in braces in each language."""

    open: str
    pin: str
    pin_of_file: str
    closes: str
    closed: str
    ended: str
    taken: str


_ENGLISH = Words(
    open="Open on the phone, on the box's Wi-Fi:",
    pin="PIN: {pin}",
    pin_of_file="PIN: as in {path}",
    closes="Closes by itself after {minutes} min; Ctrl-C ends it.",
    closed="closed: the time is over",
    ended="closed",
    taken="{place}: cannot listen: {reason}. Choose another --port, or end what has it.",
)

_CHINESE = Words(
    open="手机连接采集箱 Wi-Fi 后打开：",
    pin="PIN 码：{pin}",
    pin_of_file="PIN 码：见 {path}",
    closes="{minutes} 分钟后自动关闭，Ctrl-C 结束。",
    closed="已关闭：时间已到",
    ended="已关闭",
    taken="{place}：无法监听：{reason}。请换 --port，或结束占用它的程序。",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
