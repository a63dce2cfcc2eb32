# The sentences in Chinese; the same keys and places as in words_en.sh.
# shellcheck shell=sh
words_zh() {
    case $1 in
    usage) echo '在本机安装、升级或卸载清流；须以 root 运行，不需要网络。
  sh install.sh                          安装；已安装时为升级
  sh install.sh --rollback               退回上次升级之前的版本
  sh install.sh --uninstall              卸载程序；设置和数据保留
  sh install.sh --uninstall --purge      连同设置、身份和数据一并删除
选项：
  --role agent|centre    安装包的种类；只作核对
  --prefix 目录          程序目录 [/opt/qingliu]
  --python 文件          使用的 Python [找到的第一个 3.11 至 3.13]
  --wait 秒              等待新程序启动的最长时间 [60]
  --serve                中心：各部分合为一个服务，适合小规模
  --downgrade            允许用旧版本覆盖新版本
  --language zh-CN|en    提示语言 [按 QINGLIU_LANGUAGE 或 LANG]
  --yes                  不提问
退出码：0 完成，1 失败（升级失败时已恢复原版本），2 命令行有误' ;;
    option_without_value) echo '%s 后面缺少取值。参见：sh install.sh --help' ;;
    unknown_option) echo '不认识选项 %s。参见：sh install.sh --help' ;;
    unknown_language) echo '--language 只能是 zh-CN 或 en（给出的是 %s）。' ;;
    unknown_role) echo '--role 只能是 agent 或 centre（给出的是 %s）。' ;;
    wrong_prefix) echo '--prefix 须是以 / 开头的专用目录，只含字母、数字和 . _ -（给出的是 %s）。不写时用 /opt/qingliu。' ;;
    wrong_wait) echo '--wait 须是整数秒（给出的是 %s）。' ;;
    purge_alone) echo '--purge 只能与 --uninstall 一起使用。' ;;
    other_role) echo '本安装包不是 %s，而是 %s。请换用另一个安装包。' ;;
    not_root) echo '须以 root 运行。请执行：sudo sh %s' ;;
    damaged) echo '安装包已损坏或不完整（%s）。请重新拷贝到本机并重新解压。' ;;
    wrong_machine) echo '本安装包用于 %s，而本机是 %s。请换用对应的安装包。' ;;
    userland_32) echo '处理器是 64 位，但系统是 32 位，没有对应的程序。请在存储卡上写入 64 位的 Raspberry Pi OS，再安装。' ;;
    not_glibc) echo '本系统没有 2.28 以上的 GNU C 库（找到：%s）。请使用 Debian 12、13 或基于它们的 Raspberry Pi OS。' ;;
    python_missing) echo '没有找到 Python 3。请执行：apt-get install python3' ;;
    python_old) echo 'Python %s 版本过低，最低为 3.11。请把系统升级到 Debian 12 或 13。' ;;
    python_new) echo 'Python %s 比本安装包支持的版本（%s）新。请换用更新的安装包，或指定其他 Python：--python /usr/bin/python3.13' ;;
    python_no_wheels) echo '本安装包没有 Python %s 在 %s 上的软件包。请用 --python 指定其他版本：%s。' ;;
    python_bare) echo 'Python %s 的标准库不完整（缺 venv）。请执行：apt-get install python3' ;;
    python_named) echo '%s 不是能在本机运行的 Python。请去掉 --python，或指定另一个。' ;;
    disk_small) echo '%s 空间不足：需要 %s MB，剩余 %s MB。请删除不需要的文件后重新安装。' ;;
    no_systemd) echo '本系统没有 systemd，程序无法保持运行。请使用 Debian 或 Raspberry Pi OS。' ;;
    systemd_rests) echo '此处 systemd 没有运行（正在制作镜像？）：服务已设为自启动，但没有启动。' ;;
    account_taken) echo '帐户 qingliu 已存在，而且是个人帐户（登录 shell 为 %s）。请给该帐户改名；若确为本程序所用，请执行：usermod --shell /usr/sbin/nologin qingliu' ;;
    no_dialout) echo '没有 dialout 组，采集程序可能打不开串口。请查看串口属于哪个组：ls -l /dev/ttyUSB0' ;;
    port_taken) echo '端口 %s 已被其他程序占用，网页控制台需要它。请停止该程序（用 ss -ltnp 查看），或在 %s 中修改 [console] port。' ;;
    clock_wrong) echo '注意：本机时钟为 %s，早于安装包的制作时间，无法判断证书日期。可以的话请校准：date -s "2026-01-31 12:00"；采集程序也会从中心取得时间。' ;;
    newer_installed) echo '已安装版本 %s，本安装包是较旧的 %s。确需退回旧版本时，请加 --downgrade 重新执行。' ;;
    role_installed) echo '本机已安装 %s（%s），两者会互相占用设置。请把 %s 安装在另一台机器上，或先卸载前者。' ;;
    other_role_here) echo '%s 中安装的是 %s，不是 %s。请用它自己的脚本卸载：sudo sh %s --uninstall' ;;
    busy) echo '另一个安装正在进行。请等它结束后再试。' ;;
    installing) echo '正在安装版本 %s（Python %s）……' ;;
    packages_failed) echo '软件包安装失败：%s。全部输出见 %s。本机没有任何改动，原有版本（如有）仍在运行。' ;;
    broken_here) echo '新程序在本机不能运行：%s。本机没有任何改动，原有版本（如有）仍在运行。' ;;
    already) echo '版本 %s 已经安装，无需改动。' ;;
    installed) echo '版本 %s 已安装到 %s。' ;;
    upgraded) echo '已从 %s 升级到 %s，运行正常。' ;;
    kept_stopped) echo '已从 %s 升级到 %s；升级前服务是停止的，现在仍然停止。' ;;
    runs) echo '已在运行。' ;;
    does_not_run) echo '程序已安装，但 %s 秒内没有启动成功。查看原因：%s' ;;
    rolled_back) echo '版本 %s 在 %s 秒内没有启动成功，已恢复版本 %s 并在运行。查看原因：%s' ;;
    rolled_back_dead) echo '版本 %s 在 %s 秒内没有启动成功，已恢复版本 %s，但它也没有运行。查看原因：%s' ;;
    rollback_done) echo '已退回版本 %s。' ;;
    rollback_none) echo '%s 中没有可以退回的版本。请安装所需版本的安装包。' ;;
    not_installed) echo '%s 中没有安装。若装在别处，请指定目录：--prefix 目录' ;;
    next_agent) echo '接下来在站点：
  sudo qingliu agent enrol BUNDLE.tar.gz     本站的开通包，由中心提供
  sudo qingliu agent scan --write            查找仪表
  sudo qingliu agent check                   检查是否一切正常' ;;
    next_centre) echo '接下来在中心：检查 %s，然后执行
  sudo -u qingliu qingliu stations import 文件
  sudo systemctl start %s' ;;
    settings_unready) echo '采集程序没有启动，设置尚不完整：%s' ;;
    remove_with) echo '以后卸载请执行：sudo sh %s --uninstall' ;;
    purge_ask) echo '确定永久删除 %s 中的设置、身份和全部数据吗？尚未上传的读数将丢失。[y/N] ' ;;
    purge_unasked) echo '此处无法询问是否删除 %s 中的全部数据。确需删除时：--uninstall --purge --yes' ;;
    purge_no) echo '没有删除任何内容。' ;;
    removed) echo '程序已卸载。设置和数据仍在 %s；用 --uninstall --purge 可一并删除。' ;;
    purged) echo '程序、设置和数据均已删除。' ;;
    *) echo "$1" ;;
    esac
}
