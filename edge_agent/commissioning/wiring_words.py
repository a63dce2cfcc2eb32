"""What to look at where the wires are the likely cause, one table a language; each line stands for itself."""

from typing import NamedTuple

from edge_agent.commissioning.findings import RemarkCode
from edge_agent.language import Language

WIRED: frozenset[RemarkCode] = frozenset(
    {"no_frames", "noise", "duplicate", "dlt645", "foreign_master", "silence"}
)
"""Remarks after which the wires are worth a look."""


class Words(NamedTuple):
    """The same advice in each language, the likeliest fault first."""

    title: str
    advice: tuple[str, ...]


_ENGLISH = Words(
    title="Wiring",
    advice=(
        "A to A, B to B. A is also called A+, D+, 485+; B is B-, D-, 485-.",
        "Makers mix the names up: swap the two wires and scan again, no harm done.",
        "Is the meter powered? Which terminals are RS-485 stands on its lid.",
        "Meter's menu: Modbus-RTU, not DL/T 645 and not ASCII.",
        "Every meter has its own address (1 to 247) and the same speed and parity.",
        "One master only: take off any other box, display or DTU.",
        "One line from meter to meter, no star; 120 ohm at its two ends only.",
        "Join the grounds (GND, COM) of all; earth the shield at one end only.",
    ),
)

_CHINESE = Words(
    title="接线检查",
    advice=(
        "A 接 A，B 接 B。A 又标 A+、D+、485+；B 又标 B-、D-、485-。",
        "各厂标法不一：可对调两线再扫描，不会损坏设备。",
        "仪表有电吗？RS-485 端子号见表盖接线图。",
        "仪表菜单：通信规约选 Modbus-RTU，不是 DL/T 645，也不是 ASCII。",
        "每台仪表地址不同（1 至 247），波特率和校验须一致。",
        "只能有一个主站：请拆下其他采集器、触摸屏或 DTU 的接线。",
        "总线逐台串接，不要星形；仅在两端各接一个 120 欧终端电阻。",
        "各设备的信号地（GND、COM）相连；屏蔽层仅一端接地。",
    ),
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
