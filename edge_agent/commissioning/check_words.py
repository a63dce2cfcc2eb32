"""The words of the checks, one table a language: for each code what was found, and what to do."""

from typing import NamedTuple

from edge_agent.commissioning.broker_fault_words import Said
from edge_agent.commissioning.check_result import Code, Name, State
from edge_agent.language import Language
from telemetry.reading import Why


class Words(NamedTuple):
    """Everything that the checks say; the same fields in braces in each language."""

    states: dict[State, str]
    steps: dict[str, str]
    labels: dict[Name, str]
    said: dict[Code, Said]
    meter_said: dict[Why, str]
    all_well: str
    some_wrong: str
    some_to_see: str
    colon: str
    comma: str
    stopped: str


_ENGLISH = Words(
    states={"ok": "ok", "warn": "look", "fail": "FAIL", "skipped": "–"},
    steps={"login": "login", "subscription": "subscription"},
    labels={
        "configuration": "configuration",
        "port": "port {place}",
        "meter": "meter {place}",
        "clock": "clock",
        "disk": "disk",
        "dns": "name (DNS)",
        "tcp": "connection",
        "tls": "TLS",
        "login": "login",
        "round_trip": "round trip",
    },
    said={
        "skipped": ("not checked: see {cause} above", ""),
        "config_fine": ("{station} {station_name}, meters: {meters}", ""),
        "config_missing": ("{file}: there is no such file", "sudo qingliu agent enrol BUNDLE.tar.gz"),
        "config_unreadable": ("{file}: cannot be read ({reason})", "run this with sudo"),
        "config_fault": ("{fault}", "{remedy}"),
        "config_no_meters": ("no meters yet in {file}", "sudo qingliu agent scan --write"),
        "secret_open": ("{file} can be read by others (mode {mode})", "sudo chmod 600 {file}"),
        "secret_closed": ("{file}: the service's user {user} cannot read it", "sudo chown {user} {file}"),
        "port_fine": ("{port}", ""),
        "port_missing": (
            "{port}: there is no such device",
            "plug the adapter in; see: ls /dev/serial/by-id",
        ),
        "port_no_serial": ("{port}: is no serial port", "name the adapter's device file in agent.toml"),
        "port_forbidden": (
            "{port}: no permission",
            "run this with sudo",
        ),
        "port_forbidden_to_service": (
            "{port}: the service's user {user} has no permission",
            "sudo usermod -aG {group} {user}",
        ),
        "port_console": (
            "{port}: of group {group}, so the service's user {user} has no permission",
            "is it the login console? sudo systemctl disable --now serial-getty@{tty}, then reboot",
        ),
        "port_in_use": ("{port}: in use by {program} (process {pid})", "end that program: one master only"),
        "port_held": ("{port}, read by the running agent (process {pid})", ""),
        "port_by_id": ("{port} may change its name when replugged", 'in agent.toml: port = "{by_id}"'),
        "meter_good": ("{values}", ""),
        "meter_second_try": ("{values}; at the second try only ({why})", "check termination and ground"),
        "meter_alarm": ("{values}; the meter reports {alarms}", "see the meter's manual"),
        "meter_unlent": ("the running agent does not lend its line", "see: qingliu agent status"),
        "meter_port_busy": (
            "{port}: another program uses it",
            "end it: one master only; see: sudo fuser -v {port}",
        ),
        "clock_ntp": ("set by NTP, {now}", ""),
        "clock_free": ("{now}, not set by NTP: the centre will tell the time", ""),
        "clock_absurd": ("says {now}: the centre will tell the time", ""),
        "disk_fine": ("{free_mb:,} MB free, the outbox needs up to {needed_mb:,}", ""),
        "disk_small": (
            "{free_mb:,} MB free, the outbox may need {needed_mb:,}",
            "free some space, or lower outbox.max_mb ({max_mb})",
        ),
        "disk_full": ("only {free_mb:,} MB free at {folder}", "free some space; see: df -h {folder}"),
        "disk_read_only": (
            "{folder} is read-only",
            "is the card worn out or write-protected? See: dmesg | tail",
        ),
        "disk_forbidden": ("{folder} cannot be written by us", "run this with sudo"),
        "disk_forbidden_to_service": (
            "{folder} cannot be written by the service's user {user}",
            "sudo chown -R {user} {folder}",
        ),
        "disk_no_folder": ("{folder} is not there yet", "the service makes it when it is first started"),
        "disk_unreadable": ("{folder}: {reason}", "mend outbox.path"),
        "resolved": ("{host} is {address}, {ms} ms", ""),
        "address": ("not needed: {host} is an address", ""),
        "resolver_slow": (
            "{host}: no answer of the resolver within {within_s:g} s",
            "does the link carry data (SIM, APN)? See /etc/resolv.conf",
        ),
        "connected": ("{address} port {port}, {ms} ms", ""),
        "trusted": ("{names}, until {ends:.10}, {ms} ms", ""),
        "trusted_undated": (
            "{names}, until {ends:.10}; out of date by the clock here ({now}), which may be wrong",
            "the centre will tell the time; check again after that",
        ),
        "ends_soon": ("{names}, but only until {ends:.10}", "the centre must renew the broker's certificate"),
        "ours_ends_soon": ("our certificate ends {ends:.10}", "ask the centre for a new bundle"),
        "ours_ended": ("our certificate ended {ends:.10}", "ask the centre for a new bundle"),
        "ours_of_other_station": (
            "our certificate is for {name}, this station is {station}",
            "enrol with this station's own bundle",
        ),
        "tls_off": ("not used: mqtt.tls = false, broker on this box", ""),
        "tls_off_outside": ("not used: everybody on the way can read along", "set mqtt.tls = true"),
        "logged_in": ("as {client_id}", ""),
        "revoked_list_ended": (
            "refused as expired, but {cert_file} holds: the centre's list of the revoked has expired",
            "at the centre: qingliu stations ca crl, then to the broker; is the centre's clock right?",
        ),
        "answered": ("the centre answered in {ms} ms, clocks differ by {difference_s:+.1f} s", ""),
        "clocks_differ": (
            "the centre answered in {ms} ms, but its clock differs by {difference_s:+.0f} s",
            "let NTP through; the agent takes the centre's time meanwhile",
        ),
        "unknown_station": (
            "the centre does not know {station} yet",
            "have it imported there: the readings wait in the outbox",
        ),
        "clock_refused": (
            "the centre says that this box's clock is wrong ({difference_s:+.0f} s)",
            "set the clock, or let NTP through",
        ),
        "held": ("the centre takes no readings ({reason})", "ask the centre"),
        "no_ack": (
            "the broker takes our message, but no collector answers ({within_s:g} s)",
            "ask the centre: does its collector run, and may this station write its topics?",
        ),
    },
    meter_said={
        "no_response": "power on? A/B right? unit_id {unit_id}? Speed {line}? To find it: qingliu agent scan",
        "garbled": "swap A/B; 120 Ω at both ends only; common ground; speed {line}? One master only",
        "echo": "set echo = true at this line in agent.toml",
        "other_unit": "two meters with one address, or the wrong unit_id: set each its own",
        "wrong_shape": "wrong profile {profile}, or two meters with address {unit_id}; qingliu agent scan",
        "device_exception": "wrong profile {profile} for this meter? See: qingliu agent scan",
        "port_gone": "is the adapter plugged in firmly?",
        "backing_off": "check again",
        "implausible": "right profile ({profile}) and parameters? All phases connected? CT the right way?",
        "not_a_number": "the meter has no value: is its sensor connected?",
    },
    all_well="all is well",
    some_wrong="{number} wrong",
    some_to_see="{number} to look at",
    colon=": ",
    comma=", ",
    stopped="stopped",
)

_CHINESE = Words(
    states={"ok": "正常", "warn": "注意", "fail": "故障", "skipped": "–"},
    steps={"login": "登录", "subscription": "订阅"},
    labels={
        "configuration": "配置",
        "port": "串口 {place}",
        "meter": "仪表 {place}",
        "clock": "时钟",
        "disk": "磁盘",
        "dns": "域名解析",
        "tcp": "网络连接",
        "tls": "TLS 加密",
        "login": "登录",
        "round_trip": "中心应答",
    },
    said={
        "skipped": ("未检查，请先处理：{cause}", ""),
        "config_fine": ("{station} {station_name}，仪表 {meters} 台", ""),
        "config_missing": ("{file}：没有此文件", "sudo qingliu agent enrol BUNDLE.tar.gz"),
        "config_unreadable": ("{file}：无法读取（{reason}）", "请用 sudo 运行"),
        "config_fault": ("{fault}", "{remedy}"),
        "config_no_meters": ("{file} 中还没有仪表", "sudo qingliu agent scan --write"),
        "secret_open": ("{file} 可被其他用户读取（权限 {mode}）", "sudo chmod 600 {file}"),
        "secret_closed": ("{file}：服务用户 {user} 无法读取", "sudo chown {user} {file}"),
        "port_fine": ("{port}", ""),
        "port_missing": ("{port}：没有此设备", "请插好适配器；查看：ls /dev/serial/by-id"),
        "port_no_serial": ("{port}：不是串口", "请在 agent.toml 中填写适配器的设备文件"),
        "port_forbidden": (
            "{port}：没有权限",
            "请用 sudo 运行",
        ),
        "port_forbidden_to_service": ("{port}：服务用户 {user} 没有权限", "sudo usermod -aG {group} {user}"),
        "port_console": (
            "{port}：属于 {group} 组，服务用户 {user} 没有权限",
            "是否为登录控制台？sudo systemctl disable --now serial-getty@{tty}，然后重启",
        ),
        "port_in_use": ("{port}：被 {program} 占用（进程 {pid}）", "请结束该程序：总线只能有一个主站"),
        "port_held": ("{port}，采集程序正在使用（进程 {pid}）", ""),
        "port_by_id": ("{port} 重新插拔后可能改名", 'agent.toml 中改为 port = "{by_id}"'),
        "meter_good": ("{values}", ""),
        "meter_second_try": ("{values}；第二次才应答（{why}）", "请检查终端电阻与共地"),
        "meter_alarm": ("{values}；仪表自报 {alarms}", "请查阅仪表说明书"),
        "meter_unlent": ("运行中的采集程序未出借总线", "查看：qingliu agent status"),
        "meter_port_busy": (
            "{port}：被其他程序占用",
            "请结束该程序：只能有一个主站；查看：sudo fuser -v {port}",
        ),
        "clock_ntp": ("NTP 已校时，{now}", ""),
        "clock_free": ("{now}，NTP 未校时，将由中心校时", ""),
        "clock_absurd": ("当前为 {now}，将由中心校时", ""),
        "disk_fine": ("剩余 {free_mb:,} MB，待发箱最多再用 {needed_mb:,} MB", ""),
        "disk_small": (
            "剩余 {free_mb:,} MB，待发箱可能需要 {needed_mb:,} MB",
            "请清理空间，或减小 outbox.max_mb（{max_mb}）",
        ),
        "disk_full": ("{folder} 仅剩 {free_mb:,} MB", "请清理空间；查看：df -h {folder}"),
        "disk_read_only": ("{folder} 只读", "存储卡损坏或写保护？查看：dmesg | tail"),
        "disk_forbidden": ("{folder} 无写权限", "请用 sudo 运行"),
        "disk_forbidden_to_service": ("{folder}：服务用户 {user} 无写权限", "sudo chown -R {user} {folder}"),
        "disk_no_folder": ("{folder} 尚不存在", "服务首次启动时会自动创建"),
        "disk_unreadable": ("{folder}：{reason}", "请修改 outbox.path"),
        "resolved": ("{host} 为 {address}，{ms} 毫秒", ""),
        "address": ("无需解析：{host} 是 IP 地址", ""),
        "resolver_slow": (
            "{host}：{within_s:g} 秒内未能解析",
            "能否上网（SIM 卡、APN）？查看 /etc/resolv.conf",
        ),
        "connected": ("{address} 端口 {port}，{ms} 毫秒", ""),
        "trusted": ("{names}，有效期至 {ends:.10}，{ms} 毫秒", ""),
        "trusted_undated": (
            "{names}，有效期至 {ends:.10}；按本机时钟（{now}）不在有效期内，但时钟可能不准",
            "中心会校时，之后请再检查一次",
        ),
        "ends_soon": ("{names}，有效期仅至 {ends:.10}", "请中心更换服务器证书"),
        "ours_ends_soon": ("本站证书将于 {ends:.10} 到期", "请向中心索取新开通包"),
        "ours_ended": ("本站证书已于 {ends:.10} 到期", "请向中心索取新开通包"),
        "ours_of_other_station": ("本站证书属于 {name}，而本站为 {station}", "请使用本站自己的开通包"),
        "tls_off": ("未使用：mqtt.tls = false，服务在本机", ""),
        "tls_off_outside": ("未使用：途中任何人都能看到数据", "请设 mqtt.tls = true"),
        "logged_in": ("客户端标识 {client_id}", ""),
        "revoked_list_ended": (
            "被拒绝（已到期），但 {cert_file} 仍有效：中心的吊销列表已到期",
            "请中心执行 qingliu stations ca crl 并交给 MQTT 服务；中心的时钟是否正确？",
        ),
        "answered": ("中心 {ms} 毫秒应答，时钟相差 {difference_s:+.1f} 秒", ""),
        "clocks_differ": (
            "中心 {ms} 毫秒应答，但时钟相差 {difference_s:+.0f} 秒",
            "请放行 NTP；期间采集程序以中心时间为准",
        ),
        "unknown_station": ("中心尚无站点 {station}", "请在中心导入该站点；数据先存于待发箱"),
        "clock_refused": ("中心认为本机时钟有误（{difference_s:+.0f} 秒）", "请校正时钟，或放行 NTP"),
        "held": ("中心暂不接收数据（{reason}）", "请联系中心"),
        "no_ack": (
            "MQTT 服务已收下，但 {within_s:g} 秒内无采集服务应答",
            "请联系中心：采集服务是否运行？本站是否有权写入其主题？",
        ),
    },
    meter_said={
        "no_response": "通电了吗？A/B 接对了吗？地址 {unit_id}、参数 {line} 对吗？可运行 qingliu agent scan",
        "garbled": "对调 A/B；仅两端接 120 Ω；共地；参数 {line} 对吗？只能有一个主站",
        "echo": "请在 agent.toml 该总线中设 echo = true",
        "other_unit": "地址重复或 unit_id 填错：每台仪表用各自的地址",
        "wrong_shape": "型号 {profile} 不符，或地址 {unit_id} 重复；请运行 qingliu agent scan",
        "device_exception": "型号 {profile} 与仪表不符？请运行 qingliu agent scan",
        "port_gone": "适配器是否插牢？",
        "backing_off": "请再检查一次",
        "implausible": "型号（{profile}）和参数对吗？三相都接了吗？互感器方向对吗？",
        "not_a_number": "仪表无数值：传感器接好了吗？",
    },
    all_well="全部正常",
    some_wrong="{number} 项故障",
    some_to_see="{number} 项需注意",
    colon="：",
    comma="，",
    stopped="已中止",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
