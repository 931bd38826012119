# Ends everything that lives in the desktop's folder ($1) once the program that made the desktop is gone,
# however it went: the other end of standard input is open only there.
# A line "PID START" on standard input names the leader of a process group and the kernel's start time of it.

folder=$1
leaders=
while read -r pid start; do leaders="$leaders $pid:$start"; done

# Processes whose environment names the folder, whoever started them. (A zombie has no environment any more.)
inhabitants() {
    for file in /proc/[0-9]*/environ; do
        if grep -qsaF "$folder/" "$file"; then
            pid=${file#/proc/}
            echo "${pid%/environ}"
        fi
    done
}

# A process that forbids tracing hides its environment, so the groups are signalled too. The start time tells
# a leader from a stranger that got the same number later.
signal() {
    for leader in $leaders; do
        pid=${leader%%:*}
        started=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
        if [ "$started" = "${leader#*:}" ]; then kill -s "$1" -- "-$pid" 2>/dev/null; fi
    done
    for pid in $(inhabitants); do kill -s "$1" "$pid" 2>/dev/null; done
}

wait_until_empty() {
    rounds=$1
    while [ "$rounds" -gt 0 ] && [ -n "$(inhabitants)" ]; do
        rounds=$((rounds - 1))
        sleep 0.05
    done
}

signal TERM
wait_until_empty 20
signal KILL
wait_until_empty 20
signal KILL
rm -rf -- "$folder"
