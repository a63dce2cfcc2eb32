# The program itself: each version in a folder of its own, one of them current.
#   PREFIX/versions/VERSION-CHECKSUM-pyXY/   a virtual environment; release/ holds units, examples, this script
#   PREFIX/current, PREFIX/former            links to two of them: an upgrade and a rollback are a switch
#   PREFIX/bin -> current/bin                what the units name; /usr/local/bin/qingliu points into it
# shellcheck shell=sh
# shellcheck disable=SC2154  # here, prefix, python … stand in install.sh and refusals.sh
command_link=/usr/local/bin/qingliu

version_in() { # version_in FOLDER: which version is installed there, or nothing
    sed -n 's/^version=//p' "$1/release/RELEASE" 2>/dev/null || true
}

role_in() {
    sed -n 's/^role=//p' "$1/release/RELEASE" 2>/dev/null || true
}

# Sets target: the folder of this archive's program. Two builds of one version do not share it.
name_target() {
    checksum=$(sha256sum <"$here/SHA256SUMS" | cut -c 1-8)
    target=$prefix/versions/$release_version-$checksum-py$(echo "$python_version" | tr -d .)
}

is_current() { # whether this very build is what runs, and can run
    [ "$(readlink -f "$prefix/current")" = "$(readlink -f "$target")" ] && [ -e "$target/.complete" ] &&
        "$target/bin/qingliu" --version >/dev/null 2>&1
}

pip_of_archive() {
    ls "$here"/wheels/pip-*.whl
}

refuse_older_version() {
    installed=$(version_in "$prefix/current")
    [ -n "$installed" ] && [ "$is_downgrade" = no ] || return 0
    newer='import sys
from pip._vendor.packaging.version import Version
sys.exit(Version(sys.argv[1]) <= Version(sys.argv[2]))'
    if PYTHONPATH=$(pip_of_archive) "$python" -s -c "$newer" "$installed" "$release_version"; then
        refuse newer_installed "$installed" "$release_version"
    fi
}

# A machine is one of both: they would share the command, the account and the owner of the settings' folder, and
# to purge one would take the other's settings. The command tells of one that is installed elsewhere.
refuse_other_role() {
    of_command=$(readlink -f "$command_link") || of_command=""
    for folder in "$prefix/current" "${of_command%/bin/qingliu}"; do
        there=$(role_in "$folder")
        [ -z "$there" ] || [ "$there" = "$role" ] || refuse role_installed "$there" "$folder" "$role"
    done
}

refuse_to_remove_other_role() {
    there=$(role_in "$prefix/current")
    [ -z "$there" ] || [ "$there" = "$role" ] ||
        refuse other_role_here "$prefix" "$there" "$role" "$prefix/current/release/install.sh"
}

# Builds the virtual environment; nothing that runs is touched. An interrupted one is begun again.
build_target() {
    [ ! -e "$target/.complete" ] || ! "$target/bin/qingliu" --version >/dev/null 2>&1 || return 0
    rm -rf "$target"
    mkdir -p "$target"
    log=$prefix/install.log
    say installing "$release_version" "$python_version"
    # Debian keeps ensurepip in another package; pip runs from its own wheel instead.
    if ! { "$python" -I -m venv --without-pip "$target" &&
        "$target/bin/python" -I "$(pip_of_archive)/pip" --isolated --disable-pip-version-check install \
            --no-index --no-cache-dir --find-links "$here/wheels" \
            "qingliu[$release_extra]==$release_version"; } >"$log" 2>&1; then
        rm -rf "$target"
        refuse packages_failed "$(grep -i error "$log" | tail -n 1 || tail -n 1 "$log")" "$log"
    fi
    if ! said=$("$target/bin/qingliu" --version 2>&1 && "$target/bin/qingliu" "$room" --help 2>&1 >/dev/null); then
        rm -rf "$target"
        refuse broken_here "$(echo "$said" | tail -n 1)"
    fi
    mkdir "$target/release"
    cp -R "$here/RELEASE" "$here/install.sh" "$here/lib" "$here/systemd" "$here/configs" "$target/release/"
    chmod -R u=rwX,go=rX "$target"
    sync -f "$target" 2>/dev/null || sync
    touch "$target/.complete"
}

point() { # point LINK TO: at once, never without a target between
    ln -sfn "$2" "$1.new"
    mv -T "$1.new" "$1"
}

# activate FOLDER: what the links and the units say from now on
activate() {
    point "$prefix/current" "$1"
    point "$prefix/bin" current/bin
    point "$command_link" "$prefix/bin/qingliu"
    put_units "$1/release/systemd"
    sync -f "$prefix" 2>/dev/null || sync
}

# Only the current and the former version stay; a card is small.
remove_old_versions() {
    for folder in "$prefix"/versions/*; do
        case $folder in "$(readlink -f "$prefix/current")" | "$(readlink -f "$prefix/former")") ;; *) rm -rf "$folder" ;; esac
    done
}
