"""The words of the checklist: on the page, on paper, of `qingliu agent checklist`; one table a language."""

from typing import NamedTuple

from edge_agent.language import Language
from edge_agent.phone.checklist import Item, State


class Words(NamedTuple):
    """The same fields in braces in each language."""

    colon: str
    comma: str
    semicolon: str
    title: str
    tick_title: str
    items: dict[Item, str]
    parameters: str
    measured: str
    compare: str
    compare_help: str
    not_seen: str
    display: str
    difference: str
    name: str
    name_missing: str
    note: str
    note_help: str
    open_items: str
    sign: str
    before: str
    not_ready: str
    wrong_number: str
    cannot_write: str
    errors: dict[str, str]
    paper_title: str
    print: str
    file: str
    again: str
    none_signed: str
    station: str
    when: str
    clock_unsure: str
    by: str
    item: str
    yes: str
    no: str
    meter: str
    checks: str
    no_checks: str
    check_states: dict[State, str]
    scan: str
    no_scan: str
    link: str
    link_up: str
    link_down: str
    link_none: str
    signature: str
    signed_by: str
    unsigned: str
    hash: str
    hand: str
    date: str
    verify: str
    intact: str
    issued: str
    not_asked: str
    undated: str
    verify_unsigned: str
    not_as_written: str


_ENGLISH = Words(
    colon=": ",
    comma=", ",
    semicolon="; ",
    title="Checklist and signature",
    tick_title="Looked at on the spot",
    items={
        "wiring": "A/B wiring checked, screws tight",
        "termination": "120 Ω termination at both ends only",
        "ground": "Common ground; shield earthed at one end",
        "ct": "CT ratio compared with the display",
        "counter": "Counters compared with the displays",
        "antenna": "Antenna outside the cabinet, fixed",
        "closed": "Cabinet closed, cables sealed",
    },
    parameters="answers: {list}",
    measured="Seen by the box itself",
    compare="Counter on the display",
    compare_help="ours: {value}",
    not_seen="not seen yet: look at the live values first",
    display="display",
    difference="difference",
    name="Installer's name",
    name_missing="Who signs? Fill in the installer's name.",
    note="Note",
    note_help="what is left to do, if anything",
    open_items="What is not ticked is written down as open.",
    sign="Sign",
    before="Signed {when}",
    not_ready="Cannot be signed yet:",
    wrong_number="{name}: must be a number (got {value}).",
    cannot_write="{path}: cannot be written: {reason}. Start the page with sudo.",
    errors={
        "no_key": "The station's key cannot be used ({detail}). Start the page with sudo, or enrol again.",
        "other_key": "The key does not belong to the certificate. Enrol the station again.",
        "other_station": "The certificate is of {detail}, not of this station. Enrol the station again.",
        "bad_signature": "the signature does not fit: somebody changed it",
        "not_issued": "the certificate is not by this authority",
        "no_ca": "the authority's file is no certificate",
        "unsigned": "not signed, so it proves nothing against this authority",
    },
    paper_title="Commissioning checklist",
    print="Print",
    file="Download the file (JSON)",
    again="Sign anew",
    none_signed="Nothing is signed yet.",
    station="Station",
    when="Signed at",
    clock_unsure="(the clock was not set)",
    by="Installer",
    item="Looked at",
    yes="✓ yes",
    no="✕ open",
    meter="Meter",
    checks="Checks",
    no_checks="not run",
    check_states={"fail": "red", "warn": "look", "ok": "fine", "skipped": "skipped"},
    scan="Scan",
    no_scan="not in this visit",
    link="Link",
    link_up="connected, last ack {seconds} s ago, {number} waiting",
    link_down="not connected, {number} waiting",
    link_none="no agent was running",
    signature="Signature",
    signed_by="by the key of station {station} ({algorithm})",
    unsigned="not signed: the station has no key; the hash alone is no proof",
    hash="SHA-256",
    hand="Signature by hand:",
    date="Date:",
    verify="{station} {name}: signed by {by}, {when}",
    intact="intact, signed by the key of station {station}",
    issued="its certificate is by the authority that was named",
    not_asked="whose authority was not checked; give --ca ca.crt",
    undated="signed outside the dates of its certificate, by the box's clock",
    verify_unsigned="intact by its hash, but not signed: anybody may have written it",
    not_as_written="{path}: no checklist, or changed since ({reason}). Get the file from the box again.",
)

_CHINESE = Words(
    colon="：",
    comma="、",
    semicolon="；",
    title="验收单与签名",
    tick_title="现场确认",
    items={
        "wiring": "A/B 接线已核对，螺丝已紧固",
        "termination": "仅总线两端有 120 Ω 终端电阻",
        "ground": "公共地已接，屏蔽层单端接地",
        "ct": "CT 变比已与仪表显示核对",
        "counter": "累计读数已与仪表显示核对",
        "antenna": "天线在柜外并已固定",
        "closed": "柜门已关，进线已封堵",
    },
    parameters="现场参数：{list}",
    measured="采集箱自测",
    compare="仪表显示的累计读数",
    compare_help="我方：{value}",
    not_seen="尚未读取：请先看实时数值",
    display="显示",
    difference="相差",
    name="安装人员姓名",
    name_missing="谁来签名？请填写安装人员姓名。",
    note="备注",
    note_help="如有遗留问题请写明",
    open_items="未勾选的项目将记为未完成。",
    sign="签名",
    before="已于 {when} 签名",
    not_ready="暂不能签名：",
    wrong_number="{name}：必须是数字（实际：{value}）。",
    cannot_write="{path}：无法写入：{reason}。请用 sudo 启动本页。",
    errors={
        "no_key": "站点私钥不可用（{detail}）。请用 sudo 启动本页，或重新开通。",
        "other_key": "私钥与证书不匹配，请重新开通站点。",
        "other_station": "证书属于 {detail}，不是本站点，请重新开通。",
        "bad_signature": "签名不符：文件被改动过",
        "not_issued": "证书不是该机构签发的",
        "no_ca": "机构文件不是证书",
        "unsigned": "未签名，无法据此机构证明",
    },
    paper_title="站点调试验收单",
    print="打印",
    file="下载文件（JSON）",
    again="重新签名",
    none_signed="尚未签名。",
    station="站点",
    when="签名时间",
    clock_unsure="（时钟未校准）",
    by="安装人员",
    item="现场确认",
    yes="✓ 是",
    no="✕ 未完成",
    meter="仪表",
    checks="检查",
    no_checks="未进行",
    check_states={"fail": "不通过", "warn": "注意", "ok": "通过", "skipped": "跳过"},
    scan="扫描",
    no_scan="本次未进行",
    link="通信",
    link_up="已连接，{seconds} 秒前确认，待发 {number} 条",
    link_down="未连接，待发 {number} 条",
    link_none="采集程序未运行",
    signature="数字签名",
    signed_by="由站点 {station} 的私钥签名（{algorithm}）",
    unsigned="未签名：站点没有私钥；仅有摘要，不能作为证明",
    hash="SHA-256",
    hand="签字：",
    date="日期：",
    verify="{station} {name}：{by} 签于 {when}",
    intact="完好，由站点 {station} 的私钥签名",
    issued="证书由所给机构签发",
    not_asked="未核对签发机构；请给出 --ca ca.crt",
    undated="按采集箱时钟，签名时间不在证书有效期内",
    verify_unsigned="摘要完好，但未签名：任何人都可能写出此文件",
    not_as_written="{path}：不是验收单，或已被改动（{reason}）。请从采集箱重新取得。",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
