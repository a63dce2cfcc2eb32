# The account that the services run as, and the folders it may write.
# shellcheck shell=sh
account=qingliu
settings=/etc/qingliu

# Makes the system account, without a home of its own and without a login.
make_account() {
    getent group "$account" >/dev/null || groupadd --system "$account"
    getent passwd "$account" >/dev/null ||
        useradd --system --gid "$account" --home-dir / --no-create-home --shell /usr/sbin/nologin \
            --comment "Qingliu" "$account"
}

# The group that owns serial lines on Debian.
join_dialout() {
    if getent group dialout >/dev/null; then
        usermod --append --groups dialout "$account"
    else
        warn no_dialout
    fi
}

make_folder() { # make_folder FOLDER OWNER MODE: one that exists keeps its files, and gets owner and mode
    mkdir -p "$1"
    chown "$2:$account" "$1"
    chmod "$3" "$1"
}

# put_setting FROM TO: a commented example becomes a settings file, unless there is one
put_setting() {
    [ -e "$2" ] || install -m 0640 -o root -g "$account" "$1" "$2"
}
