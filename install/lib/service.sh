# The services: put in place, enabled, started, waited for.
# shellcheck shell=sh
# shellcheck disable=SC2154  # the role's file names its units
unit_folder=/etc/systemd/system

has_systemd() { # whether it runs, and not only lies there, as while an image is made
    [ -d /run/systemd/system ]
}

# put_units FOLDER: the role's units, naming the program where it is; those the new version lacks go
put_units() {
    mkdir -p "$unit_folder"
    # shellcheck disable=SC2086  # a list of patterns
    for old in $(cd "$unit_folder" && ls $unit_patterns 2>/dev/null); do
        [ -e "$1/$old" ] || rm -f "$unit_folder/$old"
    done
    # shellcheck disable=SC2086
    for unit in $(cd "$1" && ls $unit_patterns 2>/dev/null); do
        sed "s|/opt/qingliu/|$prefix/|g" "$1/$unit" >"$unit_folder/$unit.new"
        chmod 0644 "$unit_folder/$unit.new"
        mv "$unit_folder/$unit.new" "$unit_folder/$unit"
    done
    ! has_systemd || systemctl daemon-reload
}

start_units() { # without waiting for readiness, which a broken program never tells
    # shellcheck disable=SC2086
    systemctl start --no-block $main_units >/dev/null 2>&1 || true
}

stop_units() {
    # shellcheck disable=SC2086
    systemctl stop $main_units >/dev/null 2>&1 || true
}

are_active() { # all of them; systemctl itself is content with one of a list
    for unit in $main_units; do systemctl is-active --quiet "$unit" || return 1; done
}

# Waits until the units are active and the program answers, three seconds in a row: one that falls again and
# again is active for moments too.
comes_up() { # comes_up SECONDS: at the latest
    looks=0
    good=0
    while [ "$looks" -lt "$1" ] && [ "$good" -lt 3 ]; do
        if are_active && answers; then good=$((good + 1)); else good=0; fi
        looks=$((looks + 1))
        [ "$good" -ge 3 ] || sleep 1
    done
    [ "$good" -ge 3 ]
}

enable_units() { # one by one: systemctl enables none of a list in which one is missing
    for unit in $enabled_units; do
        [ -e "$unit_folder/$unit" ] || continue
        systemctl enable "$unit" >/dev/null 2>&1 || true
        case $unit in *.path | *.timer) ! has_systemd || systemctl start "$unit" >/dev/null 2>&1 || true ;; esac
    done
}

disable_units() {
    for unit in $main_units $enabled_units; do
        [ ! -e "$unit_folder/$unit" ] || systemctl disable --now "$unit" >/dev/null 2>&1 || true
    done
}
