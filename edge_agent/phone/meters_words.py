"""The words of the pages that find the meters, one table a language."""

from typing import NamedTuple

from edge_agent.language import Language


class Words(NamedTuple):
    """The same fields in braces in each language."""

    title: str
    ports: str
    no_port: str
    scan: str
    again: str
    stop: str
    scanning: str
    asking: str
    found_so_far: str
    nothing: str
    found: str
    unit: str
    looks_like: str
    alternatives: str
    no_profile: str
    saving: str
    wiring: str
    profile: str
    likely: str
    others: str
    leave_out: str
    keep: str
    next: str
    none_chosen: str
    answers_title: str
    answers_none: str
    default: str
    save: str
    saved_title: str
    saved: str
    backup: str
    restart: str
    restart_how: str
    not_running: str
    to_live: str
    no_station: str


_ENGLISH = Words(
    title="Find the meters",
    ports="Serial ports",
    no_port="No serial port. Plug in the RS-485 adapter and reload this page.",
    scan="Start the scan",
    again="Scan again",
    stop="Stop",
    scanning="scanning",
    asking="{port}: {line}, unit {unit}",
    found_so_far="Found so far",
    nothing="No meter answered.",
    found="{number} found",
    unit="Unit {unit} · {line}",
    looks_like="looks like {title}",
    alternatives="or {titles}",
    no_profile="Answers, but no profile fits.",
    saving="Saving puts it into agent.toml.",
    wiring="Wiring: what to look at",
    profile="Unit {unit} ({line})",
    likely="Likely",
    others="All others",
    leave_out="– do not read –",
    keep="{name} did not answer: keep it all the same",
    next="Next",
    none_chosen="No meter was chosen; nothing was changed.",
    answers_title="What only you know",
    answers_none="Nothing to ask for this model.",
    default="usual: {value}",
    save="Save into agent.toml",
    saved_title="Saved",
    saved="agent.toml now names:",
    backup="The former file is kept as {path}.",
    restart="The running agent takes the new file when it restarts.",
    restart_how="The box does that by itself within seconds; if it does not:",
    not_running="No agent is running just now; it takes the new file when it starts.",
    to_live="See live values",
    no_station="Enrol the station first: its bundle brings agent.toml.",
)

_CHINESE = Words(
    title="查找仪表",
    ports="串口",
    no_port="没有串口。请插好 RS-485 适配器后刷新。",
    scan="开始扫描",
    again="重新扫描",
    stop="停止",
    scanning="扫描",
    asking="{port}：{line}，地址 {unit}",
    found_so_far="已找到",
    nothing="没有仪表应答。",
    found="找到 {number} 台",
    unit="地址 {unit} · {line}",
    looks_like="疑似 {title}",
    alternatives="或 {titles}",
    no_profile="有应答，但没有匹配的型号。",
    saving="保存时写入 agent.toml。",
    wiring="接线要点",
    profile="地址 {unit}（{line}）",
    likely="可能",
    others="其他全部",
    leave_out="— 不采集 —",
    keep="{name} 未应答，仍然保留",
    next="下一步",
    none_chosen="未选择仪表，未作任何更改。",
    answers_title="现场参数",
    answers_none="此型号无需参数。",
    default="通常为 {value}",
    save="保存到 agent.toml",
    saved_title="已保存",
    saved="agent.toml 中现有：",
    backup="原文件保留为 {path}。",
    restart="采集程序重启后即用新配置。",
    restart_how="采集箱会在数秒内自动重启它；若没有，请执行：",
    not_running="采集程序当前未运行，启动后即用新配置。",
    to_live="查看实时数值",
    no_station="请先开通站点：开通包会带来 agent.toml。",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
