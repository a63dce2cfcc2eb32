"""The words of `qingliu agent enrol`: the bundle, the certificates, and what was done."""

from typing import NamedTuple

from edge_agent.language import Language


class Words(NamedTuple):
    """Everything it says; the same fields in braces in each language."""

    no_such_file: str
    unreadable: str
    not_a_bundle: str
    damaged: str
    too_large: str
    foreign_member: str
    not_a_file: str
    twice: str
    missing: str
    half_identity: str
    no_identity: str
    not_text: str
    bad_settings: str
    tls_off: str
    bad_password: str
    not_a_certificate: str
    not_a_key: str
    key_locked: str
    key_mismatch: str
    not_an_authority: str
    not_signed: str
    not_for_clients: str
    other_name: str
    expired: str
    not_yet: str
    clock_unset: str
    clock_doubtful: str
    ends_soon: str
    other_station: str
    unknown_owner: str
    bad_config: str
    not_editable: str
    forbidden: str
    unwritable: str
    enrolled: str
    renewed: str
    replaced: str
    unchanged: str
    station: str
    centre: str
    valid_until: str
    login: str
    user_name: str
    authority: str
    certificate: str
    kept: str
    restart: str
    next_scan: str
    next_check: str


_ASK_CENTRE = "Ask the centre for a new bundle."
_COPY_AGAIN = "Copy it again, or ask the centre for a new one."

_ENGLISH = Words(
    no_such_file="{bundle}: there is no such file. Name the bundle that the centre made.",
    unreadable="{bundle}: cannot be read: {reason}.",
    not_a_bundle="{bundle}: is no bundle of the centre (not a .tar.gz). " + _COPY_AGAIN,
    damaged="{bundle}: is damaged or cut short. " + _COPY_AGAIN,
    too_large="{bundle}: is larger than 1 MB, so it is no bundle of the centre. " + _COPY_AGAIN,
    foreign_member="{bundle}: {name} does not belong into a bundle. " + _ASK_CENTRE,
    not_a_file="{bundle}: {name} is no plain file. " + _ASK_CENTRE,
    twice="{bundle}: {name} is in it twice. " + _ASK_CENTRE,
    missing="{bundle}: {name} is missing. " + _ASK_CENTRE,
    half_identity="{bundle}: station.crt and station.key go together; {name} is missing. " + _ASK_CENTRE,
    no_identity="{bundle}: holds neither station.crt and station.key nor password. " + _ASK_CENTRE,
    not_text="{bundle}: {name}: is no UTF-8 text. " + _ASK_CENTRE,
    bad_settings="{bundle}: {fault}",
    tls_off="{bundle}: agent.toml: mqtt.tls is false, so the certificates would not be used. " + _ASK_CENTRE,
    bad_password="{bundle}: password: must be one line that is not empty. " + _ASK_CENTRE,
    not_a_certificate="{bundle}: {name}: is no certificate in PEM form. " + _ASK_CENTRE,
    not_a_key="{bundle}: station.key: is no private key in PEM form. " + _ASK_CENTRE,
    key_locked="{bundle}: station.key: is locked with a passphrase, and nobody is there to type it. "
    + _ASK_CENTRE,
    key_mismatch="{bundle}: station.key: does not belong to station.crt. " + _ASK_CENTRE,
    not_an_authority="{bundle}: ca.crt: is not the certificate of an authority. " + _ASK_CENTRE,
    not_signed="{bundle}: station.crt: was not signed by ca.crt. " + _ASK_CENTRE,
    not_for_clients="{bundle}: station.crt: is not made for a client. " + _ASK_CENTRE,
    other_name="{bundle}: station.crt: is made out to {name}, but the station is {station}. " + _ASK_CENTRE,
    expired="{bundle}: {name}: ended on {date}. " + _ASK_CENTRE,
    not_yet="{bundle}: {name}: is valid only from {date} on. Is the centre's clock right? " + _ASK_CENTRE,
    clock_unset="the box's clock says {now}; dates were not checked",
    clock_doubtful=(
        "by the box's clock ({now}, not synchronised) the certificate is not valid; dates were not checked"
    ),
    ends_soon="the certificate ends in {days} days; ask the centre for a new bundle soon",
    other_station=(
        "{config}: is of station {present}, the bundle of {station}. "
        "Is it the right bundle? To make this box station {station}: "
        "sudo qingliu agent enrol BUNDLE.tar.gz --replace"
    ),
    unknown_owner="--owner {owner}: there is no such user.",
    bad_config="{config}: {fault}",
    not_editable="{config}: cannot be changed without loss. Write its tables plainly, or move it away.",
    forbidden="{path}: cannot be written: {reason}. Try: sudo qingliu agent enrol {bundle}",
    unwritable="{path}: cannot be written: {reason}. Free some space, or make the disk writable.",
    enrolled="enrolled",
    renewed="enrolled anew; lines, meters and the rest of agent.toml stay",
    replaced="enrolled as another station; it was {former}",
    unchanged="already enrolled, nothing changed",
    station="station",
    centre="centre",
    valid_until="valid until",
    login="login",
    user_name="user {name} with a password",
    authority="authority",
    certificate="certificate",
    kept="The former file is {path}",
    restart="A running agent must be restarted: sudo systemctl restart qingliu-agent",
    next_scan="Next: sudo qingliu agent scan --write{options}",
    next_check="Next: sudo qingliu agent check{options}",
)

_ZH_ASK = "请向中心索取新的开通包。"
_ZH_COPY = "请重新拷贝，或向中心索取新的开通包。"

_CHINESE = Words(
    no_such_file="{bundle}：文件不存在。请指定中心制作的开通包。",
    unreadable="{bundle}：无法读取：{reason}。",
    not_a_bundle="{bundle}：不是中心的开通包（不是 .tar.gz）。" + _ZH_COPY,
    damaged="{bundle}：已损坏或不完整。" + _ZH_COPY,
    too_large="{bundle}：超过 1 MB，不是中心的开通包。" + _ZH_COPY,
    foreign_member="{bundle}：其中的 {name} 不属于开通包。" + _ZH_ASK,
    not_a_file="{bundle}：其中的 {name} 不是普通文件。" + _ZH_ASK,
    twice="{bundle}：其中的 {name} 重复。" + _ZH_ASK,
    missing="{bundle}：缺少 {name}。" + _ZH_ASK,
    half_identity="{bundle}：station.crt 与 station.key 须成对，缺少 {name}。" + _ZH_ASK,
    no_identity="{bundle}：既无 station.crt 和 station.key，也无 password。" + _ZH_ASK,
    not_text="{bundle}：{name}：不是 UTF-8 文本。" + _ZH_ASK,
    bad_settings="{bundle}：{fault}",
    tls_off="{bundle}：agent.toml：mqtt.tls 为 false，证书不会被使用。" + _ZH_ASK,
    bad_password="{bundle}：password：须为一行且不为空。" + _ZH_ASK,
    not_a_certificate="{bundle}：{name}：不是 PEM 格式的证书。" + _ZH_ASK,
    not_a_key="{bundle}：station.key：不是 PEM 格式的私钥。" + _ZH_ASK,
    key_locked="{bundle}：station.key：私钥有口令，无人值守时无法输入。" + _ZH_ASK,
    key_mismatch="{bundle}：station.key：与 station.crt 不匹配。" + _ZH_ASK,
    not_an_authority="{bundle}：ca.crt：不是 CA 证书。" + _ZH_ASK,
    not_signed="{bundle}：station.crt：不是由 ca.crt 签发的。" + _ZH_ASK,
    not_for_clients="{bundle}：station.crt：不能用作客户端证书。" + _ZH_ASK,
    other_name="{bundle}：station.crt：属于 {name}，而站点是 {station}。" + _ZH_ASK,
    expired="{bundle}：{name}：已于 {date} 到期。" + _ZH_ASK,
    not_yet="{bundle}：{name}：{date} 起才有效。中心的时钟是否正确？" + _ZH_ASK,
    clock_unset="本机时钟为 {now}，未检查证书日期",
    clock_doubtful="按本机时钟（{now}，未校时）证书不在有效期内；未检查证书日期",
    ends_soon="证书 {days} 天后到期，请尽快向中心索取新的开通包",
    other_station=(
        "{config}：属于站点 {present}，而开通包属于 {station}。"
        "开通包是否拿错？若确要改为站点 {station}，请运行：sudo qingliu agent enrol BUNDLE.tar.gz --replace"
    ),
    unknown_owner="--owner {owner}：没有这个用户。",
    bad_config="{config}：{fault}",
    not_editable="{config}：无法在不丢内容的情况下修改。请改写为普通的表，或移走此文件。",
    forbidden="{path}：无法写入：{reason}。请运行：sudo qingliu agent enrol {bundle}",
    unwritable="{path}：无法写入：{reason}。请清理空间，或把磁盘改为可写。",
    enrolled="开通完成",
    renewed="已重新开通；agent.toml 中的总线、仪表等设置保持不变",
    replaced="已改为另一站点，原站点为 {former}",
    unchanged="此前已开通，未作改动",
    station="站点",
    centre="中心",
    valid_until="有效期至",
    login="登录",
    user_name="用户 {name}，凭密码",
    authority="CA 指纹",
    certificate="证书指纹",
    kept="原文件保存为 {path}",
    restart="采集程序若在运行，须重新启动：sudo systemctl restart qingliu-agent",
    next_scan="下一步：sudo qingliu agent scan --write{options}",
    next_check="下一步：sudo qingliu agent check{options}",
)

WORDS: dict[Language, Words] = {"en": _ENGLISH, "zh-CN": _CHINESE}
