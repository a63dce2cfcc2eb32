"""The words of the scan, one table a language."""

from typing import NamedTuple

from edge_agent.commissioning.findings import Evidence, RemarkCode
from edge_agent.language import Language


class RemarkWords(NamedTuple):
    """What is the matter, and what to do about it."""

    what: str
    remedy: str


class Words(NamedTuple):
    """The same fields in braces in each language."""

    found: str
    found_one: str
    found_none: str
    unit: str
    looks_like: str
    perhaps: str
    alternative: str
    no_profile: str
    told: str
    told_unknown: str
    because: str
    comma: str
    evidence: dict[Evidence, str]
    remarks: dict[RemarkCode, RemarkWords]
    place: str
    times: str
    next: str
    waiting: str
    lost: str
    no_port: str
    asking_645: str


_ENGLISH = Words(
    found="{port}: {number} meters in {seconds} s",
    found_one="{port}: 1 meter in {seconds} s",
    found_none="{port}: no meter found in {seconds} s",
    unit="unit {unit}",
    looks_like="looks like {title}",
    perhaps="perhaps {title}",
    alternative="or {title}",
    no_profile="answers, but no profile fits; scan while water flows, or see docs/profiles.md",
    told="answers at {line} unit {unit}, {what}",
    told_unknown="answers at {line} unit {unit}, but no profile fits",
    because="{profile}: {evidence}",
    comma=", ",
    evidence={
        "identity": "model register",
        "mains": "mains voltage",
        "power_agrees": "power agrees",
        "counter_steady": "counter does not fall",
        "unit_known": "unit code",
        "in_range": "values possible",
    },
    remarks={
        "echo": RemarkWords(
            "the adapter echoes what it sends", "agent.toml needs echo = true; --write puts it there"
        ),
        "no_frames": RemarkWords("bytes, but no valid answer", "swap A and B; check the termination"),
        "noise": RemarkWords("noise beside good answers", "check termination and common ground"),
        "duplicate": RemarkWords(
            "several meters share one address, or the parity is wrong",
            "connect them one by one, and see address and parity in the menu",
        ),
        "dlt645": RemarkWords(
            "a meter speaks DL/T 645, not Modbus: {detail}", "set its menu to Modbus-RTU and scan again"
        ),
        "refused_settings": RemarkWords("the port cannot do this", "needs another adapter if a meter does"),
        "foreign_master": RemarkWords("another master asks on this line", "only one may: disconnect it"),
        "slow": RemarkWords(
            "answers late: {detail} s", "agent.toml needs a longer timeout_s; --write sets it"
        ),
        "silence": RemarkWords("not one byte", "is the meter powered, are A and B connected?"),
        "stopped": RemarkWords("stopped before all was asked", "scan again for the rest"),
    },
    place=" ({list})",
    times="{number} times",
    next="Next: {command}",
    waiting="waiting for the running agent to end its round …",
    lost="port {port}: the running agent has taken its line back. Scan again.",
    no_port="no serial port: is the adapter plugged in? See: ls /dev/serial/by-id; or name it: --port FILE",
    asking_645="DL/T 645",
)

_CHINESE = Words(
    found="{port}：{seconds} 秒，找到 {number} 台仪表",
    found_one="{port}：{seconds} 秒，找到 1 台仪表",
    found_none="{port}：{seconds} 秒，未找到仪表",
    unit="地址 {unit}",
    looks_like="疑似 {title}",
    perhaps="可能是 {title}",
    alternative="或 {title}",
    no_profile="有应答，但没有匹配的型号；请在有水流时再扫描，或见 docs/profiles.md",
    told="{line} 地址 {unit} 有应答，{what}",
    told_unknown="{line} 地址 {unit} 有应答，但没有匹配的型号",
    because="{profile}：{evidence}",
    comma="、",
    evidence={
        "identity": "型号寄存器相符",
        "mains": "市电电压",
        "power_agrees": "功率相符",
        "counter_steady": "累计值未回落",
        "unit_known": "单位代码",
        "in_range": "数值合理",
    },
    remarks={
        "echo": RemarkWords("适配器有回显", "agent.toml 需设 echo = true，--write 会写入"),
        "no_frames": RemarkWords("有字节，但无有效应答", "请对调 A、B，检查终端电阻"),
        "noise": RemarkWords("应答正常，但有干扰", "请检查终端电阻和公共地"),
        "duplicate": RemarkWords(
            "多台仪表地址相同，或校验方式不符", "请逐台接入扫描，在菜单中核对地址和校验"
        ),
        "dlt645": RemarkWords(
            "仪表用 DL/T 645，不是 Modbus：{detail}", "请在菜单中改为 Modbus-RTU 后重新扫描"
        ),
        "refused_settings": RemarkWords("串口不支持此参数", "若仪表需要，请更换适配器"),
        "foreign_master": RemarkWords("总线上另有主站", "只能有一个主站，请断开另一个"),
        "slow": RemarkWords("应答较慢：{detail} 秒", "agent.toml 需放宽 timeout_s，--write 会写入"),
        "silence": RemarkWords("一个字节也没有", "仪表有电吗？A、B 接好了吗？"),
        "stopped": RemarkWords("提前停止，未问完", "其余请重新扫描"),
    },
    place="（{list}）",
    times="{number} 次",
    next="下一步：{command}",
    waiting="正在等待采集程序结束本轮轮询……",
    lost="串口 {port}：采集程序已收回总线，请重新扫描。",
    no_port="没有串口：适配器插好了吗？请查看：ls /dev/serial/by-id；或用 --port FILE 指定",
    asking_645="DL/T 645",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
