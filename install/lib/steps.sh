# The order of an installation, an upgrade and a rollback. Everything that can refuse comes before what changes.
# shellcheck shell=sh
# shellcheck disable=SC2154  # the other files' variables

install_role() {
    refuse_wrong_machine
    refuse_damage
    choose_python
    refuse_without_systemd
    refuse_taken_account
    refuse_other_role
    refuse_older_version
    refuse_small_disk
    refuse_taken_port
    warn_of_clock
    refuse_second_installation
    name_target
    before=$(version_in "$prefix/current")
    was_active=no
    if has_systemd && [ -n "$before" ] && was_running; then was_active=yes; fi
    if is_current; then
        lay_out
        put_units "$target/release/systemd"
        enable_units
        say already "$release_version"
        [ "$was_active" = no ] || are_active || start_and_wait
        return
    fi
    build_target
    lay_out
    if [ -n "$before" ]; then upgrade; else install_first; fi
}

install_first() {
    activate "$target"
    enable_units
    say installed "$release_version" "$prefix"
    say remove_with "$prefix/current/release/install.sh"
    has_systemd || say systemd_rests
    if has_systemd && is_ready; then start_and_wait; else say_next; fi
}

start_and_wait() {
    start_units
    comes_up "$wait_s" || refuse does_not_run "$wait_s" "$why"
    say runs
}

upgrade() {
    former=$(readlink -f "$prefix/current")
    if [ "$was_active" = no ]; then
        activate "$target"
        say kept_stopped "$before" "$release_version"
    else
        trap '' HUP INT # from here to the end, or nothing would run
        stop_units
        keep_data_of_former
        activate "$target"
        start_units
        if ! comes_up "$wait_s"; then
            go_back "$former"
            if comes_up 60; then
                refuse rolled_back "$release_version" "$wait_s" "$before" "$why"
            fi
            refuse rolled_back_dead "$release_version" "$wait_s" "$before" "$why"
        fi
        say upgraded "$before" "$release_version"
    fi
    point "$prefix/former" "$former"
    enable_units
    remove_old_versions
    trap - HUP INT
}

# go_back FOLDER: the program of before, with the units of before
go_back() {
    stop_units
    put_back_data_of_former
    activate "$1"
    start_units
}

roll_back_by_hand() {
    former=$(readlink -f "$prefix/former") || true
    [ -e "$former/.complete" ] || refuse rollback_none "$prefix"
    current=$(readlink -f "$prefix/current")
    was_active=no
    if has_systemd && was_running; then was_active=yes; fi
    [ "$was_active" = no ] || stop_units
    activate "$former"
    point "$prefix/former" "$current"
    [ "$was_active" = no ] || start_and_wait
    say rollback_done "$(version_in "$prefix/current")"
}
