"""The words of the status page, one table a language; texts of the log and of meters stay as they are."""

from typing import NamedTuple

from edge_agent.language import Language


class Words(NamedTuple):
    """Everything that the page says; the same fields in braces in each language."""

    well: str
    one_trouble: str
    troubles: str
    colon: str
    comma: str
    semicolon: str
    span: tuple[str, str, str, str]
    ago: str
    station: str
    agent: str
    clock: str
    link: str
    outbox: str
    heads: tuple[str, str, str, str, str, str]
    running: str
    trust: dict[str, str]
    no_trust: str
    connected: str
    connected_since: str
    not_connected: str
    not_connected_since: str
    last_ack: str
    no_ack: str
    outstanding: str
    holds: dict[str, str]
    held: str
    unacknowledged: str
    nothing_waits: str
    waiting: str
    oldest: str
    room: str
    thinned: str
    refused: str
    undated: str
    nearly_full: str
    disk_nearly_full: str
    unit: str
    never: str
    failed: str
    why: dict[str, str]
    last_good: str
    none_good: str
    not_lately: str
    backing_off: str
    reports: str
    not_running: str
    forbidden: str
    not_understood: str


_ENGLISH = Words(
    well="well",
    one_trouble="1 trouble",
    troubles="{number} troubles",
    colon=": ",
    comma=", ",
    semicolon="; ",
    span=("{} s", "{} min", "{} h", "{} d"),
    ago="{span} ago",
    station="station",
    agent="agent",
    clock="clock",
    link="link",
    outbox="outbox",
    heads=("meter", "model", "line", "last good", "polls", "failed"),
    running="version {version}, process {pid}, running for {span}",
    trust={"ntp": "set by NTP", "centre": "set by the centre"},
    no_trust="the time is not known: neither NTP nor the centre has told it, so nothing is sent yet",
    connected="connected to {broker}",
    connected_since="connected to {broker} for {span}",
    not_connected="not connected to {broker}",
    not_connected_since="not connected to {broker} for {span}",
    last_ack="last ack {ago}",
    no_ack="no ack yet",
    outstanding="{number} sent and not acknowledged",
    holds={
        "unknown_station": "it does not know this station yet; import the station there",
        "clock": "it says that this box's clock is wrong",
    },
    held="the centre takes no readings",
    unacknowledged="connected, but the centre has acknowledged nothing for {span}; is its collector running?",
    nothing_waits="nothing waits",
    waiting="{number} waiting",
    oldest="the oldest {ago}",
    room="{size} of {most} MB used, {free} MB free on the disk",
    thinned="{number} old readings thinned out for want of room",
    refused="{number} refused by the centre",
    undated="undated",
    nearly_full="nearly full ({size} of {most} MB): old readings are thinned out",
    disk_nearly_full="the disk is nearly full ({free} MB free); free some space",
    unit="{bus}, unit {unit}",
    never="never",
    failed="{number} ({list})",
    why={
        "no_response": "no answer",
        "garbled": "garbled answer",
        "echo": "our own echo",
        "other_unit": "another meter answers",
        "wrong_shape": "answer of the wrong length",
        "device_exception": "the meter refuses",
        "port_gone": "the serial adapter is gone",
        "backing_off": "left alone for a while",
        "implausible": "implausible value",
        "not_a_number": "value is not a number",
    },
    last_good="last good reading {ago}",
    none_good="it answers, but no reading was good yet; look with: qingliu agent read",
    not_lately="no good reading for {span}; look with: qingliu agent read",
    backing_off="asked less often now",
    reports="the meter reports {list}",
    not_running="{path}: no running agent answers (got {found}). Start it, or see its log.",
    forbidden="{path}: may not ask the agent (got {found}). Ask as its user or as root, with sudo.",
    not_understood="{path}: the agent's answer is not understood (got {found}). Is it of another version?",
)

_CHINESE = Words(
    well="正常",
    one_trouble="1 项异常",
    troubles="{number} 项异常",
    colon="：",
    comma="、",
    semicolon="；",
    span=("{} 秒", "{} 分钟", "{} 小时", "{} 天"),
    ago="{span}前",
    station="站点",
    agent="采集程序",
    clock="时钟",
    link="通信",
    outbox="待发箱",
    heads=("仪表", "型号", "总线", "最近有效", "轮询", "失败"),
    running="版本 {version}，进程 {pid}，已运行 {span}",
    trust={"ntp": "由 NTP 校准", "centre": "由中心校准"},
    no_trust="时间未知：NTP 与中心均未校时，暂不发送数据",
    connected="已连接 {broker}",
    connected_since="已连接 {broker}，持续 {span}",
    not_connected="未连接 {broker}",
    not_connected_since="未连接 {broker}，已 {span}",
    last_ack="最近确认 {ago}",
    no_ack="尚无确认",
    outstanding="{number} 批已发未确认",
    holds={"unknown_station": "中心尚无此站点，请先在中心导入", "clock": "中心认为本机时钟有误"},
    held="中心暂不接收数据",
    unacknowledged="已连接，但中心 {span}未确认任何数据；请检查中心的采集服务",
    nothing_waits="无待发数据",
    waiting="待发 {number} 条",
    oldest="最早 {ago}",
    room="已用 {size}/{most} MB，磁盘剩余 {free} MB",
    thinned="因空间不足已抽稀旧数据 {number} 条",
    refused="被中心拒收 {number} 条",
    undated="无时间",
    nearly_full="即将写满（{size}/{most} MB），旧数据将被抽稀",
    disk_nearly_full="磁盘即将写满（剩余 {free} MB），请清理空间",
    unit="{bus}，地址 {unit}",
    never="从未",
    failed="{number}（{list}）",
    why={
        "no_response": "无应答",
        "garbled": "应答报文损坏",
        "echo": "总线回显",
        "other_unit": "其他仪表应答",
        "wrong_shape": "应答长度不符",
        "device_exception": "仪表拒绝请求",
        "port_gone": "串口适配器丢失",
        "backing_off": "多次失败，延时重试",
        "implausible": "数值不合理",
        "not_a_number": "数值无效",
    },
    last_good="最近有效读数 {ago}",
    none_good="有应答，但尚无有效读数；请查看：qingliu agent read",
    not_lately="{span}无有效读数；请查看：qingliu agent read",
    backing_off="已降低轮询频率",
    reports="仪表自报 {list}",
    not_running="{path}：没有运行中的采集程序应答（实际：{found}）。请启动程序，或查看其日志。",
    forbidden="{path}：无权询问采集程序（实际：{found}）。请用 sudo 以 root 身份查询。",
    not_understood="{path}：无法理解采集程序的应答（实际：{found}）。程序版本是否不同？",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}


def span_in(words: Words, seconds: int) -> str:
    """Say for how long, in the two greatest units that matter: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    amounts = (seconds % 60, seconds // 60 % 60, seconds // 3_600 % 24, seconds // 86_400)
    greatest = max((place for place, amount in enumerate(amounts) if amount), default=0)
    said = [words.span[greatest].format(amounts[greatest])]
    if greatest >= 2 and amounts[greatest - 1]:
        said.append(words.span[greatest - 1].format(amounts[greatest - 1]))
    return " ".join(said)
