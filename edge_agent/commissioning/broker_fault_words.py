"""What is wrong between us and the broker, for the installer: what is the matter, and what to do.

By the codes of `service.broker_words`; the log keeps that room's own words. `host` is known to all of them.
"""

from edge_agent.language import Language
from service.broker_words import Code

Said = tuple[str, str]
"""What is the matter; what to do."""

_ENGLISH: dict[Code, Said] = {
    "host_unusable": ("{value!r} cannot be a host's name", "mend mqtt.host"),
    "file_unreadable": (
        "mqtt.{key}: {value} cannot be read ({reason})",
        "copy it there, or mend path or rights",
    ),
    "file_no_text": ("mqtt.{key}: {value} is no text", "copy the right file there"),
    "ca_no_certificate": ("mqtt.ca_file: {value} is no certificate", "copy the centre's ca.crt there"),
    "cert_is_key": ("mqtt.cert_file: {value} holds a private key", "are cert_file and key_file swapped?"),
    "cert_no_certificate": ("mqtt.cert_file: {value} is no certificate", "enrol again with the bundle"),
    "key_locked": ("mqtt.key_file: {value} is locked with a passphrase", "store it without one"),
    "key_of_other_cert": (
        "mqtt.key_file: {value} does not belong to {cert_file}",
        "enrol again with the bundle: the two are issued together",
    ),
    "key_damaged": ("mqtt.key_file: {value} is damaged", "enrol again with the bundle"),
    "key_no_key": ("mqtt.key_file: {value} is no private key", "enrol again with the bundle"),
    "unresolved": (
        "the name {host} cannot be resolved",
        "SIM in, active, APN right? Link up (ping)? See /etc/resolv.conf; is mqtt.host spelt right?",
    ),
    "refused": (
        "nobody listens there (connection refused)",
        "is mqtt.port right? Does the broker run at the centre?",
    ),
    "timed_out": (
        "no answer within {within_s:g} s",
        "a firewall, or a SIM for listed addresses only: have mqtt.host and mqtt.port added to its list",
    ),
    "no_route": ("no way leads there ({reason})", "is the modem or cable up? See: ip route"),
    "unreached": ("no connection ({reason})", "check the link, mqtt.host and mqtt.port"),
    "unanswered": ("connected, but no answer to the {what}", "is that a broker (mqtt.port), and is it well?"),
    "unavailable": ("the broker is not available just now", "ask the centre if that lasts"),
    "wrong_password": (
        "user {username!r} or the password is refused",
        "check mqtt.password_file with the centre",
    ),
    "name_unknown": ("the broker does not let our certificate's name in", "is the station enrolled there?"),
    "wants_login": ("the broker wants a login", "enrol with the bundle of the centre"),
    "client_id_refused": ("the client id {client_id!r} is refused", "the broker must allow this name"),
    "login_refused": ("the login is refused: {reason}", "see the broker's log"),
    "subscription_refused": ("may not read {topics}", "the broker's access rules must let this station"),
    "old_mqtt": ("the broker does not speak MQTT 3.1.1", "have it renewed"),
    "wants_tls": ("that port wants TLS", "check mqtt.tls and mqtt.port"),
    "no_broker": ("what answers there is no MQTT broker", "check mqtt.port"),
    "hung_up": ("the broker hangs up on {client_id!r}", "see the broker's log"),
    "hung_up_plain": ("the broker hangs up on the login", "does that port want TLS (mqtt.tls, mqtt.port)?"),
    "closed": ("the broker closed the connection of {client_id!r}", "was it stopped? Check again"),
    "closed_at_once": (
        "the broker closed the connection at once",
        "is {client_id!r} used twice? Check again",
    ),
    "broken": ("the connection broke ({reason})", "is the signal weak? Check again"),
    "not_yet_valid": (
        "the broker's certificate begins {begins} only; the clock here says {now}",
        "set the clock (sudo date -s …), or let NTP through",
    ),
    "expired": (
        "the broker's certificate ended {ends}; the clock says {now}",
        "the centre must renew it (or this clock is wrong)",
    ),
    "authority_not_yet_valid": (
        "the authority's certificate is not yet valid; the clock here says {now}",
        "set the clock (sudo date -s …), or let NTP through",
    ),
    "authority_expired": (
        "the authority's certificate has expired; the clock here says {now}",
        "the centre must renew it (or this clock is wrong)",
    ),
    "other_name": (
        "the broker's certificate is for {names}, not for {host}",
        "write that name as mqtt.host, or have it issued anew",
    ),
    "other_authority": (
        "the broker's certificate is of another authority ({issuer})",
        "is that the right centre? Set mqtt.ca_file to its ca.crt (now {ca_file!r})",
    ),
    "namesake_authority": (
        "the broker's certificate is of another authority of the same name",
        "copy the centre's present ca.crt to {ca_file}, or enrol again",
    ),
    "no_server_certificate": ("the broker's certificate is not for a server", "have it issued anew"),
    "not_accepted": ("the broker's certificate is not accepted: {reason}", "have it issued anew"),
    "old_tls": ("the broker speaks a TLS older than 1.2 only", "have it renewed"),
    "no_tls": ("what answers there is no TLS", "check mqtt.tls and mqtt.port"),
    "hung_up_on_tls": ("hangs up on the TLS handshake", "does that port speak TLS (mqtt.tls, mqtt.port)?"),
    "tls_failed": ("TLS fails ({reason})", "the broker's log may say more"),
    "wants_certificate": ("the broker wants a certificate of ours", "enrol with the bundle of the centre"),
    "ours_of_other_authority": (
        "refuses our certificate: of an authority it does not trust",
        "ask the centre for a new bundle (was {cert_file} made by another centre?)",
    ),
    "ours_expired": (
        "refuses our certificate: it has expired, or the centre's list of the revoked has",
        "look when {cert_file} ends: ask the centre for a new bundle, or for qingliu stations ca crl",
    ),
    "ours_revoked": (
        "refuses our certificate: it was revoked",
        "ask the centre for a new bundle ({cert_file})",
    ),
    "ours_bad": (
        "refuses our certificate: not yet valid there, or damaged",
        "is the centre's clock right? Else ask for a new bundle ({cert_file})",
    ),
    "ours_no_client_certificate": (
        "refuses our certificate: it is not meant for a client",
        "ask the centre for a new bundle ({cert_file})",
    ),
    "ours_of_namesake": (
        "refuses our certificate: of another authority of the same name",
        "ask the centre for a new bundle ({cert_file})",
    ),
    "ours_refused": ("refuses our certificate {cert_file}", "the broker's log says why"),
}

_CHINESE: dict[Code, Said] = {
    "host_unusable": ("{value!r} 不能作为主机名", "请修改 mqtt.host"),
    "file_unreadable": ("mqtt.{key}：{value} 无法读取（{reason}）", "请复制该文件，或修正路径、权限"),
    "file_no_text": ("mqtt.{key}：{value} 不是文本文件", "请复制正确的文件"),
    "ca_no_certificate": ("mqtt.ca_file：{value} 不是证书", "请复制中心的 ca.crt"),
    "cert_is_key": ("mqtt.cert_file：{value} 是私钥而非证书", "cert_file 与 key_file 是否填反？"),
    "cert_no_certificate": ("mqtt.cert_file：{value} 不是证书", "请用开通包重新开通"),
    "key_locked": ("mqtt.key_file：{value} 设有口令", "请改用无口令的私钥"),
    "key_of_other_cert": (
        "mqtt.key_file：{value} 与 {cert_file} 不配对",
        "请用开通包重新开通，二者须同时签发",
    ),
    "key_damaged": ("mqtt.key_file：{value} 已损坏", "请用开通包重新开通"),
    "key_no_key": ("mqtt.key_file：{value} 不是私钥", "请用开通包重新开通"),
    "unresolved": (
        "无法解析域名 {host}",
        "SIM 卡是否插好、已激活，APN 是否正确？能否上网（ping）？查看 /etc/resolv.conf；mqtt.host 是否写对？",
    ),
    "refused": ("该端口无人监听（连接被拒绝）", "mqtt.port 是否正确？中心的 MQTT 服务是否在运行？"),
    "timed_out": (
        "{within_s:g} 秒内无应答",
        "防火墙拦截，或 SIM 为定向流量卡：请把 mqtt.host、mqtt.port 加入其白名单",
    ),
    "no_route": ("网络不可达（{reason}）", "上网模块或网线是否连通？查看：ip route"),
    "unreached": ("连接失败（{reason}）", "请检查网络、mqtt.host 和 mqtt.port"),
    "unanswered": ("已连接，但 {what} 无应答", "该端口是否为 MQTT 服务（mqtt.port）？服务是否正常？"),
    "unavailable": ("MQTT 服务暂不可用", "若持续如此，请联系中心"),
    "wrong_password": ("用户 {username!r} 或密码被拒绝", "请与中心核对 mqtt.password_file"),
    "name_unknown": ("MQTT 服务不认可本站证书的名称", "该站点在中心是否已开通？"),
    "wants_login": ("MQTT 服务要求登录", "请用中心的开通包开通"),
    "client_id_refused": ("客户端标识 {client_id!r} 被拒绝", "MQTT 服务须允许此名称"),
    "login_refused": ("登录被拒绝：{reason}", "请查看 MQTT 服务日志"),
    "subscription_refused": ("无权订阅 {topics}", "请在 MQTT 服务的访问规则中放行本站"),
    "old_mqtt": ("对方不支持 MQTT 3.1.1", "请升级 MQTT 服务"),
    "wants_tls": ("该端口要求 TLS", "请核对 mqtt.tls 与 mqtt.port"),
    "no_broker": ("应答的不是 MQTT 服务", "请核对 mqtt.port"),
    "hung_up": ("登录 {client_id!r} 时被断开", "请查看 MQTT 服务日志"),
    "hung_up_plain": ("登录时被断开", "该端口是否要求 TLS（mqtt.tls、mqtt.port）？"),
    "closed": ("MQTT 服务断开了 {client_id!r} 的连接", "服务是否被停止？请再检查一次"),
    "closed_at_once": ("登录后立即被断开", "{client_id!r} 是否重复使用？请再检查一次"),
    "broken": ("连接中断（{reason}）", "信号是否太弱？请再检查一次"),
    "not_yet_valid": (
        "服务器证书 {begins} 才生效，而本机时钟为 {now}",
        "请校正时钟（sudo date -s …），或放行 NTP",
    ),
    "expired": ("服务器证书已于 {ends} 到期，时钟为 {now}", "请中心更换证书（或校正本机时钟）"),
    "authority_not_yet_valid": (
        "中心 CA 证书尚未生效，而本机时钟为 {now}",
        "请校正时钟（sudo date -s …），或放行 NTP",
    ),
    "authority_expired": ("中心 CA 证书已到期，本机时钟为 {now}", "请中心更换证书（或校正本机时钟）"),
    "other_name": ("服务器证书属于 {names}，而非 {host}", "请把该名称写入 mqtt.host，或由中心重新签发"),
    "other_authority": (
        "服务器证书由其他 CA 签发（{issuer}）",
        "中心地址是否正确？请将 mqtt.ca_file 设为其 ca.crt（现为 {ca_file!r}）",
    ),
    "namesake_authority": (
        "服务器证书由同名的另一 CA 签发",
        "请把中心现用的 ca.crt 复制到 {ca_file}，或重新开通",
    ),
    "no_server_certificate": ("对方证书不是服务器证书", "请中心重新签发"),
    "not_accepted": ("服务器证书不被接受：{reason}", "请中心重新签发"),
    "old_tls": ("对方只支持低于 1.2 的 TLS", "请升级 MQTT 服务"),
    "no_tls": ("应答的不是 TLS", "请核对 mqtt.tls 与 mqtt.port"),
    "hung_up_on_tls": ("TLS 握手时被断开", "该端口是否支持 TLS（mqtt.tls、mqtt.port）？"),
    "tls_failed": ("TLS 失败（{reason}）", "请查看 MQTT 服务日志"),
    "wants_certificate": ("MQTT 服务要求本站出示证书", "请用中心的开通包开通"),
    "ours_of_other_authority": (
        "本站证书被拒绝：签发的 CA 不受信任",
        "请向中心索取新开通包（{cert_file} 是否为其他中心签发？）",
    ),
    "ours_expired": (
        "本站证书被拒绝：证书或中心的吊销列表已到期",
        "请核对 {cert_file} 的到期日：向中心索取新开通包，或请中心执行 qingliu stations ca crl",
    ),
    "ours_revoked": ("本站证书被拒绝：已吊销", "请向中心索取新开通包（{cert_file}）"),
    "ours_bad": (
        "本站证书被拒绝：对方认为尚未生效或已损坏",
        "中心的时钟是否正确？否则请索取新开通包（{cert_file}）",
    ),
    "ours_no_client_certificate": ("本站证书被拒绝：不是客户端证书", "请向中心索取新开通包（{cert_file}）"),
    "ours_of_namesake": ("本站证书被拒绝：由同名的另一 CA 签发", "请向中心索取新开通包（{cert_file}）"),
    "ours_refused": ("本站证书 {cert_file} 被拒绝", "请查看 MQTT 服务日志"),
}

BROKER_FAULTS: dict[Language, dict[Code, Said]] = {"en": _ENGLISH, "zh-CN": _CHINESE}
