"""The words of the site's frame, its PIN page and its start, one table a language."""

from typing import NamedTuple

from edge_agent.language import Language


class Words(NamedTuple):
    """The same fields in braces in each language."""

    other_language: str
    product: str
    skip: str
    nameless: str
    no_station: str
    left: str
    longer: str
    back: str
    onward: str
    steps: str
    lost: str
    no_page: str
    stale: str
    bad_form: str
    busy: str
    jobs: dict[str, str]
    unexpected: str
    pin_title: str
    pin_hint: str
    pin_label: str
    pin_open: str
    pin_wrong: str
    pin_wait: str
    start_title: str
    states: dict[str, str]
    step_names: dict[str, str]
    enrolled: str
    not_enrolled: str
    no_password: str
    meters: str
    no_meters: str
    values_good: str
    values_bad: str
    values_unseen: str
    checks_green: str
    checks_red: str
    checks_yellow: str
    checks_unseen: str
    checks_running: str
    link_up: str
    link_down: str
    signed: str
    unsigned: str
    config_faults: str


_ENGLISH = Words(
    other_language="中文",
    product="Qingliu · commissioning",
    skip="To the content",
    nameless="(no name yet)",
    no_station="Station not enrolled yet",
    left="This page closes in {minutes} min",
    longer="Stay open {minutes} min more",
    back="All steps",
    onward="Next: {step}",
    steps="Steps",
    lost="No connection to the box. Is the phone still on its Wi-Fi?",
    no_page="There is no such page.",
    stale="This page was out of date; nothing was changed. Please try again.",
    bad_form="The form did not arrive whole; nothing was changed. Please try again.",
    busy="Busy with: {what}. Wait for its end or stop it.",
    jobs={"scan": "the scan", "checks": "the checks"},
    unexpected="Something unexpected went wrong: {text}",
    pin_title="Enter the PIN",
    pin_hint="Six digits: on the console where the page was started, or on the label in the cabinet.",
    pin_label="PIN",
    pin_open="Open",
    pin_wrong="Wrong PIN.",
    pin_wait="Too many wrong PINs: wait {seconds} s, then try again.",
    start_title="Commissioning this station",
    states={"done": "done", "open": "to do", "wrong": "wrong", "running": "running", "warn": "look"},
    step_names={
        "station": "Station and identity",
        "meters": "Find the meters",
        "live": "Live values",
        "checks": "Checks",
        "link": "Link to the centre",
        "finish": "Checklist and signature",
    },
    enrolled="identity installed, centre {host}",
    not_enrolled="no identity yet: upload the bundle",
    no_password="files of the identity are missing: upload the bundle",  # noqa: S106 - a sentence
    meters="{number} in agent.toml",
    no_meters="no meter in agent.toml yet",
    values_good="all good",
    values_bad="not good: {list}",
    values_unseen="not looked at yet",
    checks_green="all green",
    checks_red="{number} red",
    checks_yellow="nothing red, {number} yellow",
    checks_unseen="not run yet",
    checks_running="running",
    link_up="connected, last ack {ago}",
    link_down="not connected, or no ack yet",
    signed="signed {when}",
    unsigned="not signed yet",
    config_faults="agent.toml cannot be used yet:",
)

_CHINESE = Words(
    other_language="English",
    product="清流 · 现场调试",
    skip="跳到正文",
    nameless="（未命名）",
    no_station="站点尚未开通",
    left="本页 {minutes} 分钟后关闭",
    longer="延长 {minutes} 分钟",
    back="全部步骤",
    onward="下一步：{step}",
    steps="步骤",
    lost="与采集箱失去连接。手机还连着采集箱的 Wi-Fi 吗？",
    no_page="没有此页面。",
    stale="页面已过期，未作任何更改，请重试。",
    bad_form="表单未完整送达，未作任何更改，请重试。",
    busy="正在{what}，请等待完成或先停止。",
    jobs={"scan": "扫描", "checks": "检查"},
    unexpected="发生意外错误：{text}",
    pin_title="输入 PIN 码",
    pin_hint="6 位数字：见启动本页的终端，或柜内标签。",
    pin_label="PIN 码",
    pin_open="进入",
    pin_wrong="PIN 码错误。",
    pin_wait="错误次数过多：请等待 {seconds} 秒后再试。",
    start_title="站点调试",
    states={"done": "完成", "open": "待办", "wrong": "异常", "running": "进行中", "warn": "注意"},
    step_names={
        "station": "站点与身份",
        "meters": "查找仪表",
        "live": "实时数值",
        "checks": "逐项检查",
        "link": "与中心通信",
        "finish": "验收单与签名",
    },
    enrolled="身份已安装，中心 {host}",
    not_enrolled="尚无身份：请上传开通包",
    no_password="身份文件缺失：请上传开通包",  # noqa: S106 - a sentence
    meters="agent.toml 中有 {number} 台",
    no_meters="agent.toml 中尚无仪表",
    values_good="全部有效",
    values_bad="无效：{list}",
    values_unseen="尚未查看",
    checks_green="全部通过",
    checks_red="{number} 项不通过",
    checks_yellow="无不通过，{number} 项注意",
    checks_unseen="尚未检查",
    checks_running="正在检查",
    link_up="已连接，最近确认 {ago}",
    link_down="未连接，或尚无确认",
    signed="已签名 {when}",
    unsigned="尚未签名",
    config_faults="agent.toml 暂不可用：",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
