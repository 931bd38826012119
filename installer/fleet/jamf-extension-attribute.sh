#!/bin/sh
# An extension attribute for Jamf Pro: the version of On-demand Agent, and whether its settings can be used.
# Jamf runs it as root, so it tells of what holds for every user of the computer.
agent=${ONDEMAND_AGENT:-/Applications/On-demand Agent.app/Contents/MacOS/ondemand-agent}

result() {
    echo "<result>$1</result>"
    exit 0
}

[ -x "$agent" ] || result "not installed"
version=$("$agent" --version 2>/dev/null | sed -n '1s/^[^ ]* //p')
settings=$("$agent" settings --json 2>/dev/null) || result "${version:-unknown}, does not run"
case $settings in
    *'"mistakes": []'*) said="settings in order" ;;
    *) said="settings with mistakes" ;;
esac
case $settings in
    *'"managed": true'*) managed="managed" ;;
    *) managed="not managed" ;;
esac
result "$version, $managed, $said"
