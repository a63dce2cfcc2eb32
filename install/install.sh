#!/bin/sh
# Installs, upgrades and removes Qingliu from the archive beside this file, without network or compiler.
# The archive is made by `make bundle-agent` or `make bundle-centre`; what a step says stands in lib/words_*.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
lib=$here/lib
cd /
umask 022
unset PYTHONPATH PYTHONHOME
export PATH="$PATH:/usr/sbin:/sbin"

# shellcheck source=lib/words.sh
. "$lib/words.sh"
# shellcheck source=lib/refusals.sh
. "$lib/refusals.sh"
# shellcheck source=lib/account.sh
. "$lib/account.sh"
# shellcheck source=lib/program.sh
. "$lib/program.sh"
# shellcheck source=lib/service.sh
. "$lib/service.sh"
# shellcheck source=lib/steps.sh
. "$lib/steps.sh"
# shellcheck source=lib/removal.sh
. "$lib/removal.sh"

role=""
prefix=/opt/qingliu
task=install
is_purge=no
is_yes=no
is_downgrade=no
wait_s=60
export is_serve=no
python=""
language=$(language_of_environment)

value_of() { # value_of OPTION VALUE...: the word after an option
    if [ -z "${2:-}" ]; then misuse option_without_value "$1"; fi
    echo "$2"
}

while [ $# -gt 0 ]; do
    case $1 in
    --role)
        role=$(value_of "$@")
        shift
        ;;
    --prefix)
        prefix=$(value_of "$@")
        shift
        ;;
    --language)
        language=$(value_of "$@")
        shift
        ;;
    --python)
        python=$(value_of "$@")
        shift
        ;;
    --wait)
        wait_s=$(value_of "$@")
        shift
        ;;
    --serve) is_serve=yes ;; # read by lib/centre.sh
    --yes) is_yes=yes ;;
    --downgrade) is_downgrade=yes ;;
    --rollback) task=rollback ;;
    --uninstall) task=uninstall ;;
    --purge) is_purge=yes ;;
    -h | --help)
        say usage
        exit 0
        ;;
    *) misuse unknown_option "$1" ;;
    esac
    shift
done

case $language in zh-CN | en) ;; *) misuse unknown_language "$language" ;; esac
case $prefix in /*[!A-Za-z0-9/._-]* | / | /usr | /etc | [!/]*) misuse wrong_prefix "$prefix" ;; esac
case $wait_s in *[!0-9]* | "") misuse wrong_wait "$wait_s" ;; esac
[ "$is_purge" = no ] || [ "$task" = uninstall ] || misuse purge_alone

read_release
case ${role:=$release_role} in agent | centre) ;; *) misuse unknown_role "$role" ;; esac
[ "$role" = "$release_role" ] || refuse other_role "$role" "$release_role"
# shellcheck source=lib/agent.sh
# shellcheck source=lib/centre.sh
. "$lib/$role.sh"

refuse_without_root
case $task in
install) install_role ;;
rollback) roll_back_by_hand ;;
uninstall) remove_role ;;
esac
