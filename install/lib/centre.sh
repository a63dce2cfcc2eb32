# What the role of the supervision centre is: its units, folders, and how it says that it runs.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # used by service.sh and removal.sh, whose variables are used here
room=collector
data=/var/lib/qingliu
settings_file=$settings/centre.toml
four="qingliu-collector.service qingliu-alerting.service qingliu-report.service qingliu-console.service"
unit_patterns="$four qingliu-serve.service qingliu-backup.service qingliu-backup.timer qingliu.target"
why="journalctl -u 'qingliu*' -n 50; qingliu doctor"
kept=$data/registry.before-upgrade

# A small site runs one service for all; once chosen it stays so.
if [ "$is_serve" = yes ] || systemctl is-enabled --quiet qingliu-serve.service 2>/dev/null; then
    main_units=qingliu-serve.service
    unused_units=$four
else
    main_units=$four
    unused_units=qingliu-serve.service
fi
enabled_units="qingliu.target $main_units qingliu-backup.timer"

lay_out() {
    make_account
    [ -d "$settings" ] || make_folder "$settings" root 0750
    make_folder "$data" "$account" 0750
    had_settings=no
    [ ! -e "$settings_file" ] || had_settings=yes
    put_setting "$here/configs/centre.toml" "$settings_file"
    for unit in $unused_units; do
        [ ! -e "$unit_folder/$unit" ] || systemctl disable --now "$unit" >/dev/null 2>&1 || true
    done
}

# Whether any part runs, in the one way or the other.
was_running() {
    for unit in $four qingliu-serve.service; do
        ! systemctl is-active --quiet "$unit" || return 0
    done
    return 1
}

# The first settings want to be looked through before anything starts.
is_ready() {
    [ "$had_settings" = yes ]
}

# ask_settings PROGRAM: Python that has centre.toml as `settings`; any installed Python from 3.11 can
ask_settings() {
    "${python:-$prefix/current/bin/python}" -I -c "
import pathlib, socket, sys, tomllib
path = pathlib.Path(sys.argv[1])
settings = tomllib.loads(path.read_text('utf-8')) if path.exists() else {}
console = settings.get('console', {})
address = console.get('host', '127.0.0.1'), console.get('port', 8080)
$1" "$settings_file" 2>/dev/null
}

# The console answers last, when its part of the registry is up to date.
answers() {
    ask_settings "socket.create_connection(('127.0.0.1' if address[0] in ('0.0.0.0', '::') else address[0], address[1]), 5)"
}

refuse_taken_port() {
    if has_systemd && was_running; then return 0; fi
    taken=$(ask_settings "
with socket.socket(socket.AF_INET6 if ':' in address[0] else socket.AF_INET) as free:
    free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        free.bind(address)
    except OSError as error:
        print(address[1] if error.errno == 98 else '')") || true
    [ -z "$taken" ] || refuse port_taken "$taken" "$settings_file"
}

say_next() {
    say next_centre "$settings_file" qingliu.target
}

# A new version brings the registry up to date, which the former one cannot read: a copy of the SQLite file is kept
# while the services are stopped. A PostgreSQL registry is the administrator's to back up before.
registry_file() {
    ask_settings "
url = settings.get('registry', {}).get('url', 'sqlite:////var/lib/qingliu/registry.db')
print(url.removeprefix('sqlite:///') if url.startswith('sqlite:///') else '')"
}

keep_data_of_former() {
    file=$(registry_file) || file=""
    rm -rf "$kept"
    [ -n "$file" ] && [ -e "$file" ] || return 0
    mkdir -m 0700 "$kept"
    cp -p "$file"* "$kept/"
}

put_back_data_of_former() {
    [ -d "$kept" ] || return 0
    file=$(registry_file)
    rm -f "$file" "$file"-wal "$file"-shm
    cp -p "$kept"/* "$(dirname "$file")/"
}

remove_extras() {
    rm -rf /var/lib/qingliu-backup /var/cache/qingliu
}
