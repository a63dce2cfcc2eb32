"""The words of the pages of values, checks, station and link, one table a language."""

from typing import NamedTuple

from edge_agent.language import Language
from telemetry.reading import Quality


class Words(NamedTuple):
    """The same fields in braces in each language."""

    live_title: str
    no_meters: str
    to_meters: str
    waiting: str
    seen: str
    line_busy: str
    quality: dict[Quality, str]
    quantities: dict[str, str]
    left_out: str
    reports: str
    checks_title: str
    checks_run: str
    checks_again: str
    checks_stop: str
    looking_at: str
    all_green: str
    some_red: str
    no_red: str
    check_states: dict[str, str]
    station_title: str
    station_id: str
    centre: str
    unknown: str
    name: str
    name_help: str
    name_save: str
    named: str
    name_wrong: str
    bundle: str
    bundle_help: str
    bundle_file: str
    bundle_send: str
    bundle_none: str
    link_title: str
    link_well: str
    link_ill: str
    link_none: str
    connection: str
    ack: str
    backlog: str
    clock: str
    agent: str


_ENGLISH = Words(
    live_title="Live values",
    no_meters="No meters in agent.toml yet.",
    to_meters="Find the meters",
    waiting="asking the meters …",
    seen="{seconds} s ago",
    line_busy="The line is busy with something else; these values are older.",
    quality={"good": "good", "suspect": "suspect", "missing": "missing"},
    quantities={
        "active_power_kw": "Power",
        "voltage_l1_v": "L1",
        "voltage_l2_v": "L2",
        "voltage_l3_v": "L3",
        "current_l1_a": "Current L1",
        "current_l2_a": "Current L2",
        "current_l3_a": "Current L3",
        "power_factor": "Power factor",
        "frequency_hz": "Frequency",
        "energy_kwh": "Energy",
        "flow_m3h": "Flow",
        "level_m": "Level",
        "volume_m3": "Volume",
    },
    left_out="not believed: {list}",
    reports="The meter reports: {list}",
    checks_title="Checks",
    checks_run="Run the checks",
    checks_again="Run them again",
    checks_stop="Stop",
    looking_at="looking at: {what} …",
    all_green="All green.",
    some_red="{number} red: see what to do.",
    no_red="Nothing red, {number} to look at.",
    check_states={"ok": "fine", "warn": "look", "fail": "red", "skipped": "skipped"},
    station_title="Station and identity",
    station_id="Station id",
    centre="Centre",
    unknown="not known yet",
    name="Name of the station",
    name_help="As the village calls it; shown at the centre.",
    name_save="Save the name",
    named="The name is saved.",
    name_wrong="A name has 1 to 60 printable letters.",
    bundle="Enrol with a bundle",
    bundle_help="BUNDLE.tar.gz from the centre, at most 60 kB. Send it to this phone first.",
    bundle_file="Bundle file",
    bundle_send="Install the bundle",
    bundle_none="Choose a file first.",
    link_title="Link to the centre",
    link_well="All is well",
    link_ill="{number} to mend",
    link_none="No agent is running, so nothing is sent yet. The checks try the whole way without it.",
    connection="Connection",
    ack="Last ack of the centre",
    backlog="Waiting to be sent",
    clock="Clock",
    agent="Agent",
)

_CHINESE = Words(
    live_title="实时数值",
    no_meters="agent.toml 中尚无仪表。",
    to_meters="查找仪表",
    waiting="正在读取仪表…",
    seen="{seconds} 秒前",
    line_busy="总线正被占用，以下为较早的数值。",
    quality={"good": "有效", "suspect": "可疑", "missing": "缺失"},
    quantities={
        "active_power_kw": "功率",
        "voltage_l1_v": "A 相",
        "voltage_l2_v": "B 相",
        "voltage_l3_v": "C 相",
        "current_l1_a": "A 相电流",
        "current_l2_a": "B 相电流",
        "current_l3_a": "C 相电流",
        "power_factor": "功率因数",
        "frequency_hz": "频率",
        "energy_kwh": "电量",
        "flow_m3h": "流量",
        "level_m": "液位",
        "volume_m3": "累计水量",
    },
    left_out="不可信：{list}",
    reports="仪表自报：{list}",
    checks_title="逐项检查",
    checks_run="开始检查",
    checks_again="重新检查",
    checks_stop="停止",
    looking_at="正在检查：{what}…",
    all_green="全部通过。",
    some_red="{number} 项不通过，请按提示处理。",
    no_red="无不通过，{number} 项需注意。",
    check_states={"ok": "通过", "warn": "注意", "fail": "不通过", "skipped": "跳过"},
    station_title="站点与身份",
    station_id="站点编号",
    centre="中心",
    unknown="尚不知道",
    name="站点名称",
    name_help="按当地习惯填写，将显示在中心。",
    name_save="保存名称",
    named="名称已保存。",
    name_wrong="名称须为 1 至 60 个可见字符。",
    bundle="用开通包开通",
    bundle_help="中心生成的 BUNDLE.tar.gz，不超过 60 kB，请先发到本手机。",
    bundle_file="开通包文件",
    bundle_send="安装开通包",
    bundle_none="请先选择文件。",
    link_title="与中心通信",
    link_well="一切正常",
    link_ill="{number} 项待处理",
    link_none="采集程序未运行，尚未发送数据。“逐项检查”可在其未运行时测试全程。",
    connection="连接",
    ack="中心最近确认",
    backlog="待发数据",
    clock="时钟",
    agent="采集程序",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
