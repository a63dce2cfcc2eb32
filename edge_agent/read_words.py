"""The words of `qingliu agent read`: in English the contract's own names, in Chinese those on the meters."""

from typing import NamedTuple

from edge_agent.language import Language
from telemetry.quantities import BY_NAME
from telemetry.reading import Quality


class Words(NamedTuple):
    """The same fields in braces in each language."""

    quality: dict[Quality, str]
    quantities: dict[str, str]
    head: str
    why: str
    left_out: str
    reports: str
    failed: str
    waiting: str


WORDS: dict[Language, Words] = {
    "en": Words(
        quality={"good": "good", "suspect": "suspect", "missing": "missing"},
        quantities={name: name for name in BY_NAME},
        head="{device}: {quality}{why}  [{profile}, unit {unit} on {bus}]",
        why=" ({why})",
        left_out="left out",
        reports="  the meter reports: {alarm}",
        failed="{device}: {why}: {text}",
        waiting="waiting for the running agent to end its round …",
    ),
    "zh-CN": Words(
        quality={"good": "有效", "suspect": "可疑", "missing": "缺失"},
        quantities={
            "active_power_kw": "有功功率",
            "voltage_l1_v": "A 相电压",
            "voltage_l2_v": "B 相电压",
            "voltage_l3_v": "C 相电压",
            "current_l1_a": "A 相电流",
            "current_l2_a": "B 相电流",
            "current_l3_a": "C 相电流",
            "power_factor": "功率因数",
            "frequency_hz": "频率",
            "energy_kwh": "正向有功电量",
            "flow_m3h": "瞬时流量",
            "level_m": "液位",
            "volume_m3": "正向累计水量",
        },
        head="{device}：{quality}{why}  [{profile}，{bus} 地址 {unit}]",
        why="（{why}）",
        left_out="未采用",
        reports="  仪表自报：{alarm}",
        failed="{device}：{why}（{text}）",
        waiting="正在等待采集程序结束本轮轮询……",
    ),
}
