# What the role of a station is: its units, folders, and how it says that it runs.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # used by service.sh and removal.sh, whose variables are used here
room=agent
data=/var/lib/qingliu-agent
settings_file=$settings/agent.toml
unit_patterns="qingliu-agent*.service qingliu-agent*.path"
main_units=qingliu-agent.service
enabled_units="qingliu-agent.service qingliu-agent-settings.path"
why="journalctl -u qingliu-agent -n 30; qingliu agent check"
journal=/etc/systemd/journald.conf.d/qingliu.conf
hotspot=/etc/NetworkManager/system-connections/qingliu-hotspot.nmconnection

# Account, folders and the example; agent.toml itself is written by enrol, since it belongs to one station.
# The agent renews its certificate and the installer's page writes the meters, so the folder is theirs.
lay_out() {
    make_account
    join_dialout
    make_folder "$settings" "$account" 0750
    make_folder "$data" "$account" 0750
    install -m 0644 "$here/configs/agent.toml" "$settings/agent.toml.example"
    if [ -d "${hotspot%/*}" ] && [ -e "$here/systemd/qingliu-hotspot.nmconnection" ] && [ ! -e "$hotspot" ]; then
        install -m 0600 "$here/systemd/qingliu-hotspot.nmconnection" "$hotspot"
    fi
    if [ -e "$here/configs/journald-qingliu.conf" ] && [ ! -e "$journal" ]; then
        install -D -m 0644 "$here/configs/journald-qingliu.conf" "$journal"
    fi
}

# Whether the settings are complete enough to start: enrolled, with meters. Nobody answers yet, which is no fault.
is_ready() {
    [ -e "$settings_file" ] || return 1
    code=0
    fault=$("$prefix/bin/qingliu" agent status --json --config "$settings_file" 2>&1 >/dev/null) || code=$?
    [ "$code" != 2 ] || ! say settings_unready "$(echo "$fault" | head -n 1)"
}

was_running() {
    are_active
}

# Troubles of meters or link make the exit code 1, but it answers.
answers() {
    case $("$prefix/bin/qingliu" agent status --json --config "$settings_file" 2>/dev/null) in "{"*) ;; *) return 1 ;; esac
}

say_next() {
    say next_agent
}

# The agent's outbox is one file that every version reads; it listens nowhere.
keep_data_of_former() { :; }
put_back_data_of_former() { :; }
refuse_taken_port() { :; }

remove_extras() {
    rm -f "$hotspot" "$journal"
}
