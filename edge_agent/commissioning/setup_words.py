"""The words of the questions after a scan, and of writing `agent.toml`."""

from typing import NamedTuple

from edge_agent.language import Language


class Words(NamedTuple):
    """Everything they say; the same fields in braces in each language."""

    language: Language
    conflict: str
    conflict_unit: str
    comma: str
    space: str
    unwritable: str
    read_only: str
    not_editable: str
    no_station: str
    unit: str
    unsure: str
    no_profile_fits: str
    ask_profile: str
    ask_profile_no_default: str
    bad_number: str
    unknown_profile: str
    near: str
    no_near: str
    all_profiles: str
    left_out: str
    parameter: str
    one_of: str
    ask_parameter: str
    ask_parameter_no_default: str
    must_be_number: str
    must_be_one_of: str
    silent: str
    ask_silent: str
    kept_silent: str
    ask_station: str
    first_station: str
    bad_station: str
    ask_name: str
    ask_host: str
    bad_host: str
    unclear: str
    unclear_none: str
    unknown_set: str
    not_a_set: str
    bad_set: str
    needed_set: str
    ambiguous_set: str
    nothing_found: str
    nothing_chosen: str
    written: str
    meter_line: str
    kept_backup: str
    next: str
    restart: str
    given_up: str
    first_file: str


_ENGLISH = Words(
    language="en",
    conflict=(
        "{port}: {units}; one line has one setting for all. "
        "Set unit {odd} to {line} in its menu, or connect it to a second adapter."
    ),
    conflict_unit="unit {unit} speaks {line}",
    space=" ",
    comma=", ",
    unwritable="{path}: cannot be written: {reason}. Try again with sudo.",
    read_only="{path}: cannot be written: {reason}. Free some space, or make the disk writable.",
    not_editable=(
        "{path}: its [bus] and [[device]] cannot be replaced without loss. "
        "Write them as plain tables, or start anew without this file."
    ),
    no_station=(
        "{path}: there is no such file, so the station is not known. "
        "First: sudo qingliu agent enrol BUNDLE.tar.gz; or give --set station.id=ID --set mqtt.host=HOST."
    ),
    unit="{port}, unit {unit}, {line}:",
    unsure="not certain: compare the values with the meter's display",
    no_profile_fits="answers, but no profile fits",
    ask_profile="Enter = {name}, number, profile, ? = all, - = leave out: ",
    ask_profile_no_default="profile, ? = all, - = leave out: ",
    bad_number="There is no number {number} in this list.",
    unknown_profile="There is no profile {name}.",
    near="Do you mean {names}?",
    no_near="? lists all profiles.",
    all_profiles="All profiles:",
    left_out="unit {unit} is left out",
    parameter="{device}: {help}",
    one_of="one of {choices}",
    ask_parameter="{name} [{default}]: ",
    ask_parameter_no_default="{name}: ",
    must_be_number="{name} must be a number above 0, like 20 or 100/5 (got {got}).",
    must_be_one_of="{name} must be one of {choices} (got {got}).",
    silent="{device} ({profile}, unit {unit}) stands in agent.toml but did not answer",
    ask_silent="Enter = keep it, - = remove it: ",
    kept_silent="{device} (unit {unit}) did not answer; it stays in agent.toml",
    first_station=(
        "{path} is not there yet. Better first (Ctrl-D stops here): "
        "sudo qingliu agent enrol BUNDLE.tar.gz. Or name the station now:"
    ),
    ask_station="station id (like 410882-0012): ",
    bad_station="A station id is 1 to 32 letters, digits, - or _.",
    ask_name="station name: ",
    ask_host="centre's name or address: ",
    bad_host="The centre's name or address stands alone, without https:// or port, like centre.example.cn.",
    unclear=(
        "unit {unit} on {port} is not clear, it may be {names}. "
        "Decide with --set unit-{unit}.profile=NAME, or leave it out with --set unit-{unit}.profile=-."
    ),
    unclear_none=(
        "unit {unit} on {port} fits no profile. "
        "Name one with --set unit-{unit}.profile=NAME, or leave it out with --set unit-{unit}.profile=-."
    ),
    not_a_set="--set {text}: must be KEY=VALUE, like power-1.ct=20.",
    unknown_set="--set {key}: there is nothing of that name. Known here: {known}.",
    needed_set="{key} has no default. Give it with --set {key}=VALUE.",
    bad_set="--set {key}={value}: {rule}",
    ambiguous_set=("--set {key}: unit {unit} was found on {ports}. Scan one line at a time, with --port."),
    nothing_found="No meter was found, so nothing was written.",
    nothing_chosen="All meters were left out, so nothing was written.",
    written="{path} written:",
    meter_line="unit {unit}, {line}",
    kept_backup="The former file is {path}",
    next="Next: sudo qingliu agent read{options}",
    restart="A running agent must be restarted: sudo systemctl restart qingliu-agent",
    given_up="Nothing was written.",
    first_file="""\
# Settings of this station's box, made by `qingliu agent scan --write`. Unknown keys are refused.

[station]
id = ""
name = ""

[mqtt]
host = ""
# port = 8883                         # 8883 with tls, else 1883
# tls = true

[sampling]
# interval_s = 60
# send_every_s = 300                  # a meter falling silent or coming back is sent at once

[outbox]
# path = "/var/lib/qingliu-agent/outbox.db"
# max_mb = 256

[profiles]
# path = "/etc/qingliu/profiles"      # the installer's own meter profiles
""",
)

_CHINESE = Words(
    language="zh-CN",
    conflict=(
        "{port}：{units}；同一总线只能用一种通信参数。"
        "请在仪表菜单中把地址 {odd} 改为 {line}，或另接一只适配器。"
    ),
    conflict_unit="地址 {unit} 为 {line}",
    space="",
    comma="、",
    unwritable="{path}：无法写入：{reason}。请用 sudo 重试。",
    read_only="{path}：无法写入：{reason}。请清理空间，或把磁盘改为可写。",
    not_editable=(
        "{path}：无法在不丢内容的情况下替换其中的 [bus] 和 [[device]]。"
        "请改写为普通的表，或移走此文件后重新生成。"
    ),
    no_station=(
        "{path}：文件不存在，尚不知是哪个站点。"
        "请先运行：sudo qingliu agent enrol BUNDLE.tar.gz；"
        "或加上 --set station.id=编号 --set mqtt.host=中心地址。"
    ),
    unit="{port}，地址 {unit}，{line}：",
    unsure="不能确定：请与仪表显示核对数值",
    no_profile_fits="有应答，但没有匹配的型号",
    ask_profile="回车 = {name}，或序号、型号名；? 列出全部，- 不接：",
    ask_profile_no_default="型号名；? 列出全部，- 不接：",
    bad_number="列表中没有序号 {number}。",
    unknown_profile="没有型号 {name}。",
    near="是否指 {names}？",
    no_near="输入 ? 列出全部型号。",
    all_profiles="全部型号：",
    left_out="地址 {unit} 不接入",
    parameter="{device}：{help}",
    one_of="可选 {choices}",
    ask_parameter="{name} [{default}]：",
    ask_parameter_no_default="{name}：",
    must_be_number="{name} 须为大于 0 的数，如 20 或 100/5（实际：{got}）。",
    must_be_one_of="{name} 只能是 {choices}（实际：{got}）。",
    silent="agent.toml 中的 {device}（{profile}，地址 {unit}）没有应答",
    ask_silent="回车 = 保留，- = 删除：",
    kept_silent="{device}（地址 {unit}）没有应答，仍保留在 agent.toml 中",
    first_station=(
        "{path} 尚不存在。最好先运行（Ctrl-D 退出）：sudo qingliu agent enrol BUNDLE.tar.gz。或现在填写站点："
    ),
    ask_station="站点编号（如 410882-0012）：",
    bad_station="站点编号为 1 至 32 个字母、数字、- 或 _。",
    ask_name="站点名称：",
    ask_host="中心的域名或地址：",
    bad_host="只填中心的域名或地址，不带 https:// 和端口，如 centre.example.cn。",
    unclear=(
        "{port} 上的地址 {unit} 型号不明，可能是 {names}。"
        "请用 --set unit-{unit}.profile=型号名 指定，或用 --set unit-{unit}.profile=- 不接入。"
    ),
    unclear_none=(
        "{port} 上的地址 {unit} 没有匹配的型号。"
        "请用 --set unit-{unit}.profile=型号名 指定，或用 --set unit-{unit}.profile=- 不接入。"
    ),
    not_a_set="--set {text}：须为 名称=值，如 power-1.ct=20。",
    unknown_set="--set {key}：没有这个名称。可用：{known}。",
    needed_set="{key} 没有默认值。请用 --set {key}=值 给出。",
    bad_set="--set {key}={value}：{rule}",
    ambiguous_set="--set {key}：地址 {unit} 出现在 {ports}。请用 --port 逐条总线扫描。",
    nothing_found="没有找到仪表，未写入任何内容。",
    nothing_chosen="所有仪表都未接入，未写入任何内容。",
    written="已写入 {path}：",
    meter_line="地址 {unit}，{line}",
    kept_backup="原文件保存为 {path}",
    next="下一步：sudo qingliu agent read{options}",
    restart="采集程序若在运行，须重新启动：sudo systemctl restart qingliu-agent",
    given_up="未写入任何内容。",
    first_file="""\
# 本站采集箱的配置，由 `qingliu agent scan --write` 生成。不认识的键会被拒绝。

[station]
id = ""
name = ""

[mqtt]
host = ""
# port = 8883                         # 有 tls 时 8883，否则 1883
# tls = true

[sampling]
# interval_s = 60                     # 采集间隔，秒
# send_every_s = 300                  # 上传间隔，秒；仪表失联或恢复时立即上传

[outbox]
# path = "/var/lib/qingliu-agent/outbox.db"
# max_mb = 256

[profiles]
# path = "/etc/qingliu/profiles"      # 自备仪表型号文件的目录
""",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
