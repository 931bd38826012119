#!/bin/sh
# Removes the agent. What users made (histories, keys, settings) stays, unless --user-data is given.
# sudo "/Applications/On-demand Agent.app/Contents/Resources/uninstall.sh" [--user-data]
set -u
root=${ONDEMAND_ROOT:-}
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
    echo "Run this as an administrator, with sudo." >&2
    exit 1
fi
case ${1:-} in
    "" | --user-data) ;;
    *)
        echo "usage: uninstall.sh [--user-data]" >&2
        exit 2
        ;;
esac
if [ -z "$root" ]; then
    for user in $(ps -A -o uid= -o comm= | awk '$2 ~ /\/Dock$/ { print $1 }' | sort -u); do
        launchctl bootout "gui/$user/org.ondemand-agent" 2>/dev/null
    done
fi
rm -f "$root/Library/LaunchAgents/org.ondemand-agent.plist"
if [ "${1:-}" = --user-data ]; then
    for home in "$root"/Users/*; do
        # A link leads to somebody else's folder.
        if [ -d "$home" ] && [ ! -L "$home" ] && [ ! -L "$home/Library" ] &&
            [ ! -L "$home/Library/Application Support" ]; then
            rm -rf "$home/Library/Application Support/ondemand-agent"
        fi
    done
    rm -rf "$root/Library/Application Support/ondemand-agent"
fi
[ -n "$root" ] || pkgutil --forget org.ondemand-agent >/dev/null 2>&1
# Last, as this file is in it.
rm -rf "$root/Applications/On-demand Agent.app"
