# Taking it off the machine again: the program alone, or everything.
# shellcheck shell=sh
# shellcheck disable=SC2154  # prefix, data, unit_patterns … stand in the other files

remove_role() {
    [ -e "$prefix/current" ] || [ "$is_purge" = yes ] || refuse not_installed "$prefix"
    refuse_to_remove_other_role
    [ "$is_purge" = no ] || ask_for_purge
    disable_units
    # shellcheck disable=SC2086
    for unit in $(cd "$unit_folder" && ls $unit_patterns 2>/dev/null); do rm -f "$unit_folder/$unit"; done
    ! has_systemd || systemctl daemon-reload
    case $(readlink "$command_link") in "$prefix"/*) rm -f "$command_link" ;; esac
    # only what was put there; the folder may be a mount point
    rm -rf "$prefix/versions" "$prefix/current" "$prefix/former" "$prefix/bin" "$prefix/install.log" "$prefix/.lock"
    rmdir "$prefix" 2>/dev/null || true
    if [ "$is_purge" = no ]; then
        say removed "$settings, $data"
        return
    fi
    remove_extras
    rm -rf "$data" "$settings"
    if getent passwd "$account" >/dev/null; then userdel "$account"; fi
    if getent group "$account" >/dev/null; then groupdel "$account" 2>/dev/null || true; fi
    say purged
}

ask_for_purge() {
    [ "$is_yes" = no ] || return 0
    [ -t 0 ] || refuse purge_unasked "$settings, $data"
    sentence purge_ask "$settings, $data" | tr -d '\n'
    read -r answer
    case $answer in y | Y | yes | 是) ;; *) refuse purge_no ;; esac
}
