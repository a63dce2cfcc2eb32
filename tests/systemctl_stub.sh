#!/bin/sh
# Stands in for systemctl in the clean root of the tests, where no systemd runs: notes each call in
# /run/stub/calls, and really starts and stops what a unit names, as the unit's user. A unit listed in
# /run/stub/dead falls at once when it is started.
state=/run/stub
units=/etc/systemd/system
mkdir -p "$state"
echo "$*" >>"$state/calls"

runs() {
    [ -s "$state/$1.pid" ] && kill -0 "$(cat "$state/$1.pid")" 2>/dev/null
}

start() {
    runs "$1" && return 0
    [ -e "$units/$1" ] || return 5
    grep -qx "$1" "$state/dead" 2>/dev/null && return 1
    user=$(sed -n 's/^User=//p' "$units/$1")
    command=$(sed -n 's/^ExecStart=//p' "$units/$1")
    case $1 in *.service) ;; *) return 0 ;; esac
    # shellcheck disable=SC2086  # systemd splits at spaces too
    setsid setpriv --reuid "$user" --regid "$user" --init-groups $command >>"$state/$1.log" 2>&1 9>&- </dev/null &
    echo $! >"$state/$1.pid"
}

stop() {
    runs "$1" || return 0
    kill "$(cat "$state/$1.pid")"
    while runs "$1"; do sleep 0.02; done
    rm -f "$state/$1.pid"
}

verb=$1
shift
code=0
now=no
active=no
for unit; do
    case $verb/$unit in
    */--now) now=yes ;;
    */-*) ;;
    start/*) start "$unit" || code=$? ;;
    stop/*) stop "$unit" ;;
    is-active/*) ! runs "$unit" || active=yes ;; # one of several is enough, as for the real one
    is-enabled/*) [ -e "$state/$unit.enabled" ] || code=1 ;;
    enable/*) [ -e "$units/$unit" ] && touch "$state/$unit.enabled" || code=1 ;;
    disable/*)
        rm -f "$state/$unit.enabled"
        [ "$now" = no ] || stop "$unit"
        ;;
    esac
done
[ "$verb/$active" != is-active/no ] || code=3
exit "$code"
