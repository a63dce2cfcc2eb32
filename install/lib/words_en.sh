# The sentences in English; the same keys and places as in words_zh.sh.
# shellcheck shell=sh
words_en() {
    case $1 in
    usage) echo 'Installs, upgrades or removes Qingliu on this machine; run it as root, no network needed.
  sh install.sh                          install, or upgrade what is installed
  sh install.sh --rollback               go back to the version before the last upgrade
  sh install.sh --uninstall              remove the program; settings and data stay
  sh install.sh --uninstall --purge      remove settings, identity and data too
options:
  --role agent|centre    what this archive is; only checked
  --prefix FOLDER        where the program goes [/opt/qingliu]
  --python FILE          the Python to use [the first of 3.11 to 3.13 found]
  --wait SECONDS         how long the new program may take to come up [60]
  --serve                centre: one service for all parts, for small sites
  --downgrade            allow an older version over a newer one
  --language zh-CN|en    of what is said [as QINGLIU_LANGUAGE or LANG says]
  --yes                  ask nothing
exit code: 0 done, 1 failed (after an upgrade: the former version runs again), 2 wrong command line' ;;
    option_without_value) echo '%s needs a value. See: sh install.sh --help' ;;
    unknown_option) echo 'Unknown option %s. See: sh install.sh --help' ;;
    unknown_language) echo '--language is zh-CN or en (got %s).' ;;
    unknown_role) echo '--role is agent or centre (got %s).' ;;
    wrong_prefix) echo '--prefix must be a folder of its own, from /, of letters, digits, . _ - (got %s). Leave it out to use /opt/qingliu.' ;;
    wrong_wait) echo '--wait takes whole seconds (got %s).' ;;
    purge_alone) echo '--purge goes with --uninstall only.' ;;
    other_role) echo 'This archive does not hold the %s, but the %s. Fetch the other archive.' ;;
    not_root) echo 'This must run as root. Run: sudo sh %s' ;;
    damaged) echo 'The archive is damaged or incomplete (%s). Copy it to this machine again and unpack it anew.' ;;
    wrong_machine) echo 'This archive runs on %s; this machine is %s. Fetch the archive made for it.' ;;
    userland_32) echo 'The processor has 64 bits but this system is a 32-bit one, for which there is no program. Write the 64-bit image of Raspberry Pi OS to the card and install again.' ;;
    not_glibc) echo 'This system has no GNU C library of 2.28 or newer (found: %s). Use Debian 12 or 13, or Raspberry Pi OS based on them.' ;;
    python_missing) echo 'No Python 3 was found. Run: apt-get install python3' ;;
    python_old) echo 'Python %s is too old, 3.11 is the oldest. Upgrade this system to Debian 12 or 13.' ;;
    python_new) echo 'Python %s is newer than this archive knows (%s). Fetch a newer archive, or name another Python: --python /usr/bin/python3.13' ;;
    python_no_wheels) echo 'This archive holds no packages for Python %s on %s. Name another Python (--python), one of %s.' ;;
    python_bare) echo 'Python %s lacks parts of its standard library (venv). Run: apt-get install python3' ;;
    python_named) echo '%s is no Python that runs here. Leave --python out, or name another.' ;;
    disk_small) echo 'Too little room in %s: %s MB are needed, %s MB are free. Remove what is not needed there, then install again.' ;;
    no_systemd) echo 'This system has no systemd, which keeps the program running. Use Debian or Raspberry Pi OS.' ;;
    systemd_rests) echo 'systemd does not run here (an image being made?): the service is enabled, not started.' ;;
    account_taken) echo 'The account qingliu exists and is a person'\''s (login shell %s). Rename that account, or if it is meant for this: usermod --shell /usr/sbin/nologin qingliu' ;;
    no_dialout) echo 'There is no group dialout, so serial lines may be closed to the agent. See which group owns the line: ls -l /dev/ttyUSB0' ;;
    port_taken) echo 'Another program listens on port %s, which the console needs. Stop it (ss -ltnp shows which), or set [console] port in %s.' ;;
    clock_wrong) echo 'Attention: the clock says %s, before this archive was made, so dates of certificates cannot be judged. Set it if you can: date -s "2026-01-31 12:00"; the agent will also take its time from the centre.' ;;
    newer_installed) echo 'Version %s is installed, this archive holds the older %s. If that is wanted, run it again with --downgrade.' ;;
    role_installed) echo 'The %s is installed on this machine already (%s), and the two would take each other'\''s settings. Install the %s on another machine, or remove that one first.' ;;
    other_role_here) echo 'In %s there is the %s, not the %s. Its own script removes it: sudo sh %s --uninstall' ;;
    busy) echo 'Another installation runs at this moment. Wait until it ends, then try again.' ;;
    installing) echo 'Installing version %s for Python %s ...' ;;
    packages_failed) echo 'The packages could not be installed: %s. All that was said stands in %s. Nothing was changed; the former version, if any, still runs.' ;;
    broken_here) echo 'The new program does not run on this machine: %s. Nothing was changed; the former version, if any, still runs.' ;;
    already) echo 'Version %s is installed already; nothing to do.' ;;
    installed) echo 'Version %s is installed in %s.' ;;
    upgraded) echo 'Upgraded from %s to %s; it runs.' ;;
    kept_stopped) echo 'Upgraded from %s to %s; it was stopped before and is so still.' ;;
    runs) echo 'It runs.' ;;
    does_not_run) echo 'The program is installed but did not come up within %s s. See why: %s' ;;
    rolled_back) echo 'Version %s did not come up within %s s; version %s was put back and runs. See why: %s' ;;
    rolled_back_dead) echo 'Version %s did not come up within %s s; version %s was put back, but does not run either. See why: %s' ;;
    rollback_done) echo 'Back at version %s.' ;;
    rollback_none) echo 'There is no former version to go back to in %s. Install the wanted archive.' ;;
    not_installed) echo 'Nothing is installed in %s. If it is elsewhere, name the folder: --prefix FOLDER' ;;
    next_agent) echo 'Next, at the station:
  sudo qingliu agent enrol BUNDLE.tar.gz     the bundle of this station, from the centre
  sudo qingliu agent scan --write            find the meters
  sudo qingliu agent check                   is all well?' ;;
    next_centre) echo 'Next, at the centre: look through %s, then
  sudo -u qingliu qingliu stations import FILE
  sudo systemctl start %s' ;;
    settings_unready) echo 'The agent was not started, its settings are not complete: %s' ;;
    remove_with) echo 'To remove it later: sudo sh %s --uninstall' ;;
    purge_ask) echo 'Remove the settings, the identity and all data in %s for good? Readings not yet delivered are lost. [y/N] ' ;;
    purge_unasked) echo 'Nobody can be asked here whether all data in %s may be lost. If that is meant: --uninstall --purge --yes' ;;
    purge_no) echo 'Nothing was removed.' ;;
    removed) echo 'The program is removed. Settings and data are still in %s; --uninstall --purge removes them too.' ;;
    purged) echo 'Program, settings and data are removed.' ;;
    *) echo "$1" ;;
    esac
}
