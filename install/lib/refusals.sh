# What can stand in the way of an installation; each ends with one sentence and the next step.
# shellcheck shell=sh
# shellcheck disable=SC2154  # here, role, prefix, python … stand in install.sh

release_value() { # release_value KEY: a line KEY=VALUE of the archive's RELEASE
    sed -n "s/^$1=//p" "$here/RELEASE"
}

# Reads what this archive is; without it there is no archive.
read_release() {
    [ -r "$here/RELEASE" ] || refuse damaged RELEASE
    release_role=$(release_value role)
    release_version=$(release_value version)
    release_extra=$(release_value extra)
    release_machines=$(release_value machines)
    release_pythons=$(release_value pythons)
    release_needs_mb=$(release_value needs_mb)
    release_built=$(release_value built)
}

refuse_without_root() {
    [ "$(id -u)" = 0 ] || refuse not_root "$here/install.sh"
}

# Every file must be as it was packed; sha256sum names the first that is not.
refuse_damage() {
    [ -s "$here/SHA256SUMS" ] && [ -d "$here/wheels" ] || refuse damaged SHA256SUMS
    spoilt=$(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS 2>/dev/null | sed -n '1s/: .*//p') || true
    [ -z "$spoilt" ] || refuse damaged "$spoilt"
    (cd "$here" && sha256sum --check --status --strict SHA256SUMS 2>/dev/null) || refuse damaged SHA256SUMS
}

refuse_wrong_machine() {
    case " $release_machines " in
    *" $(uname -m) "*) ;;
    *) refuse wrong_machine "$release_machines" "$(uname -m)" ;;
    esac
}

# What a Python is: "3.11 64 glibc 2.36", nothing if it cannot be run.
describe_python() {
    "$1" -I -c 'import platform, struct, sys
libc = platform.libc_ver()
print("%d.%d" % sys.version_info[:2], struct.calcsize("P") * 8, libc[0] or "-", libc[1] or "-")' 2>/dev/null || true
}

is_older() { # is_older A B: whether A, such as 3.9 or 2.36, stands before B
    [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# Sets python and python_version: the one named, or the first found that this archive has packages for.
choose_python() {
    seen=""
    if [ -n "$python" ]; then
        seen=$(describe_python "$python")
        [ -n "$seen" ] || refuse python_named "$python"
        candidates=$python
    else
        candidates="python3 python3.13 python3.12 python3.11"
    fi
    for name in $candidates; do
        about=$(describe_python "$name")
        [ -n "$about" ] || continue
        seen=${seen:-$about}
        case " $release_pythons " in *" ${about%% *} "*) seen=$about python=$(command -v "$name") && break ;; esac
    done
    [ -n "$seen" ] || refuse python_missing
    # shellcheck disable=SC2086  # four words
    set -- $seen
    python_version=$1
    is_older "$1" "${release_pythons%% *}" && refuse python_old "$1"
    is_older "${release_pythons##* }" "$1" && refuse python_new "$1" "$release_pythons"
    case " $release_pythons " in *" $1 "*) ;; *) refuse python_no_wheels "$1" "$(uname -m)" "$release_pythons" ;; esac
    [ "$2" = 64 ] || refuse userland_32
    [ "$3" = glibc ] && ! is_older "$4" 2.28 || refuse not_glibc "$3 $4"
    "$python" -I -c 'import sqlite3, ssl, venv, zipfile' 2>/dev/null || refuse python_bare "$1"
    tag=cp$(echo "$1" | tr -d .)
    ls "$here"/wheels/*-"$tag"-"$tag"-*"$(uname -m)"*.whl >/dev/null 2>&1 ||
        refuse python_no_wheels "$1" "$(uname -m)" "$release_pythons"
}

free_mb() { # free_mb FOLDER: on the file system that will hold it
    folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    df -Pm "$folder" | awk 'NR == 2 { print $4 }'
}

refuse_small_disk() {
    free=$(free_mb "$prefix")
    [ "$free" -ge "$release_needs_mb" ] || refuse disk_small "$prefix" "$release_needs_mb" "$free"
}

refuse_without_systemd() {
    command -v systemctl >/dev/null 2>&1 || refuse no_systemd
}

# A person's account of that name would own the identity; a service's account has no login shell.
refuse_taken_account() {
    shell=$(getent passwd qingliu | cut -d : -f 7) || true
    case $shell in
    "" | */nologin | */false) ;;
    *) refuse account_taken "$shell" ;;
    esac
}

refuse_second_installation() {
    mkdir -p "$prefix"
    exec 9>"$prefix/.lock"
    flock --nonblock 9 || refuse busy
}

# A wrong clock stops nothing, since the agent gets its time from the centre.
warn_of_clock() {
    [ "$(date +%s)" -ge "$release_built" ] || warn clock_wrong "$(date '+%Y-%m-%d %H:%M')"
}
