# The words in which a case is written (README.md). Sourced in the dom0; each says on the log what it found, FAIL where that is not what
# the case expects.
suite=$(cat /share/suite) lifted=$(cat /share/lifted) # 11, 12, 13; "" or 1
max=30                                                # seconds that a command of a case may take

fail() { echo "FAIL $*"; failures=$((failures + 1)); }
note() { said="$said $*"; echo "  -- $*"; }
# on 11 13: does the case run there? 13 is Debian 13 as it is, 13l with the limit lifted.
on() { [[ " $* " == *" $suite${lifted:+l} "* ]]; }
# Debian 13 as it is: QEMU 10.0 does not start within the limit that libxl sets for restricted guests
limited() { on 13 sid; }
# only 11 12: elsewhere the case says nothing
only() { on "$@" || { passed_over="not for this release"; return 1; }; }
# Rules that this case shows: for the table of rules and cases.
rules() { :; }
# undo COMMAND: done when the case ends, last first
undo() { undone=("$*" "${undone[@]}"); }

# guest [NAME]: xl.cfg on stdin; what a small guest needs and is not said is added. NAME is what the words below speak of.
guest() {
    name=${1:-$case}
    cat >"/etc/xen/$name.cfg"
    local line
    # QEMU 10.0 ends over the second keyboard (DM2027): not what the other cases ask
    for line in "name = \"$name\"" 'type = "hvm"' 'memory = 64' 'vcpus = 1' 'on_reboot = "destroy"' 'disk = [ "phy:/dev/loop1,xvda,w" ]' \
        ${lifted:+"vkb_device = 0"}; do
        grep -q "^${line%% *}\b" "/etc/xen/$name.cfg" || echo "$line" >>"/etc/xen/$name.cfg"
    done
    mkdir -p "$o/$name"; o=$out/$case; g=$o/$name
    echo "== guest $name"; rm -f "$g/check"
}
# guest_as_is: xl.cfg on stdin, with nothing added
guest_as_is() {
    cat >"/etc/xen/$case.cfg"; o=$out/$case; g=$o/guest; mkdir -p "$g"
    name=$(sed -n "s/^ *name *= *[\"']\\([^\"']*\\).*/\\1/p" "/etc/xen/$case.cfg" | tail -n 1)
    [ "$name" = "$case" ] || mv "/etc/xen/$case.cfg" "/etc/xen/$name.cfg"
}
# have block | file | qcow2 | kernel PATH, have bridge NAME: it is there
have() {
    case $1 in
    bridge) [ -d "/sys/class/net/$2" ] || ip link add "$2" type bridge; ip link set "$2" up; return ;;
    esac
    [ ! -e "$2" ] || return
    mkdir -p "${2%/*}"; undo rm -f "$2"
    case $1 in
    block) truncate -s 1M "/root/have${2//\//-}"; ln -s "$(losetup -f --show "/root/have${2//\//-}")" "$2"; undo "losetup -d $(readlink "$2")" ;;
    file) truncate -s 1M "$2" ;;
    qcow2) qemu-img create -q -f qcow2 "$2" 1M ;;
    kernel) cp /boot/vmlinuz-* "$2" ;;
    esac
}
# as_judged: a guest that is ready starts restricted, one that libxl is said to refuse is refused; others are not tried
as_judged() {
    judge
    [ "$verdict" != ready ] || { starts restricted; return; }
    predict 1
    [ $predicted = 0 ] && note "$verdict: not tried" || refused
}
judge() {
    [ -s "$g/check" ] || dmlint --host local --isolated "$name.cfg" >"$g/check" 2>&1
    verdict=$(sed -n "s/^$name.cfg: verdict: \([a-z-]*\).*/\1/p; s/^verdicts: 1 \([a-z-]*\)/\1/p" "$g/check" | head -n 1)
}
# verdict ready | blocked | ...
verdict() {
    judge
    set -- "$1" "$1"
    ! on 13 13l sid || [ "$1" != ready ] || set -- ready blocked # DM2026, whose limit 13l lifts without telling
    if [ "$verdict" = "$2" ]; then note "$verdict"; else fail "verdict $verdict, not $2: $(tail -n 3 "$g/check")"; fi
}
# finds DM2013...: each is told; finds_not: none is
finds() { judge; for id; do grep -q "\b$id\b" "$g/check" && note "$id" || fail "no $id: $(cat "$g/check")"; done; }
finds_not() { judge; for id; do ! grep -q "\b$id\b" "$g/check" || fail "$id: $(grep "$id" "$g/check")"; done; }

domid() { xl domid "$name" 2>/dev/null; }
pid() { local d=${1:-$(domid)}; pgrep -f -- "-xen-domid $d " | head -n 1; }
uid() { stat -c %u "/proc/$(pid "$@")"; }
predict() { # predict DOMID: $g/argv, and whether libxl runs it
    dmlint argv --xen "$xen" --host local --domid "$1" -f nul "$name.cfg" >"$g/argv" 2>"$g/argv.notes"; predicted=$?
}
# try: creates the guest, paused, and compares what ran with what was predicted. Sets created, same.
try() {
    judge
    local i=0 d real
    while :; do
        xl -vvv create -p "$name.cfg" >"$g/create" 2>&1; created=$?
        # libxl 4.20's probe of QEMU takes the real one's QMP socket away now and then; under emulation a program of the block
        # script crashes once in a hundred starts
        if [ $created != 0 ] && grep -q 'is mounted in a guest domain' "$g/create" && [ "$(xl list | wc -l)" -le 2 ] && [ $((i += 1)) -lt 5 ]; then
            sleep 2 # the guest before is not quite gone
            continue
        fi
        [ $created != 0 ] && grep -q -e 'Failed to connect to QMP socket' -e 'scripts/block failed; error detected' "$g/create" &&
            [ $((i += 1)) -lt 5 ] || break
    done
    [ $i = 0 ] || echo "  -- $i tries lost to libxl's probe of QEMU, or to a hotplug script"
    d=$(domid); [ -n "$d" ] || d=$(sed -n 's/.*Domain \([0-9]*\):.*/\1/p' "$g/create" | tail -n 1)
    predict "${d:-1}"; same=none real=$g/argv.real
    sed -n '/Spawning device-model .* with arguments:/,/with additional environment:/s/^.*Domain [0-9]*:  //p' "$g/create" | tr '\n' '\0' >"$real"
    [ -z "$(domid)" ] || [ -z "$(pid)" ] || cat "/proc/$(pid)/cmdline" >"$real"
    [ -s "$real" ] || return
    sed -i -z 's/,fd=[0-9]*,server/,fd=@QMP_FD@,server/' "$real"
    if grep -q '@MAC:' "$g/argv"; then # libxl makes one up at every start
        sed -i -z 's/mac=00:16:3e:[0-9a-f:]*/mac=MAC/' "$real"; sed -i -z 's/mac=@MAC:[0-9]*@/mac=MAC/' "$g/argv"
    fi
    if cmp -s "$g/argv" "$real"; then same=same; note "argv same"
    else same=differs; fail "argv differs: $(diff <(tr '\0' '\n' <"$g/argv") <(tr '\0' '\n' <"$real"))"; fi
}
said_why() { cat "$g/create" "/var/log/xen/qemu-dm-$name.log" 2>/dev/null; }
# starts restricted [ACCOUNT] | as ACCOUNT | as-root | without-qemu: it runs, as predicted, and still does after its first seconds.
# Returns 1 where it does not run, so that a case can end there; on Debian 13 as it is a restricted guest must end as predicted.
starts() {
    local how=$1 as=${2:-} d u
    if [ "$how" = restricted ] && limited; then
        ends 'SIGXFSZ\|File size limit\|died\|failed\|exited'
        finds DM2026
        return 1
    fi
    try
    [ $created = 0 ] || { fail "xl create: $created: $(said_why | tail -n 12)"; return 1; }
    [ $predicted = 0 ] || fail "dmlint argv predicted no start: $(cat "$g/argv.notes")"
    d=$(domid)
    if [ "$how" = without-qemu ]; then [ -z "$(pid)" ] && note "runs without QEMU" || fail "a QEMU runs"; return; fi
    u=$(uid)
    case $how in
    restricted)
        [ "$u" = $((65536 + d)) ] || [ "$u" = "$(id -u "${as:-nobody}")" ] || fail "uid $u"
        verified 0 ;;
    as) [ "$u" = "$(id -u "$as")" ] || fail "uid $u" ;;
    as-root) [ "$u" = 0 ] || fail "uid $u"; [ "$verdict" != ready ] || fail "ready, and runs as root" ;;
    esac
    note "$how (uid $u)"
    xl unpause "$name"; sleep 2
    [ -n "$(pid "$d")" ] || sleep 2 # pgrep misses one now and then under emulation
    [ -n "$(pid "$d")" ] || { fail "QEMU ended: $(said_why | tail -n 4)"; return 1; }
}
# refused [TEXT]: libxl or xl does not start it, which dmlint predicted
refused() {
    try
    [ $created != 0 ] || { fail "xl create started it"; return; }
    [ $predicted != 0 ] || fail "dmlint argv predicted a start"
    [ "$verdict" != ready ] || fail "ready"
    [ -z "${1:-}" ] || said_why | grep -q -- "$1" || fail "not said: $1: $(said_why | tail -n 12)"
    note "refused"
}
# ends [TEXT]: libxl executes QEMU, with the argv predicted, and that or the rest of the start fails: it must not be ready
ends() {
    try
    [ $created != 0 ] || { xl unpause "$name"; sleep 2; [ -z "$(pid)" ] || { fail "it runs"; return; }; }
    [ "$verdict" != ready ] || fail "ready"
    [ -z "${1:-}" ] || said_why | grep -q -- "$1" || fail "not said: $1: $(said_why | tail -n 12)"
    note "does not start ($verdict)"
}
# verified STATUS [CHECK...]: what `dmlint verify` says of the guest that runs, and which checks fail
verified() {
    local want=$1 got failed; shift
    dmlint verify --config "$name.cfg" "domid:$(domid)" >"$g/verify" 2>&1; got=$?
    failed=$(awk '$1 == "fail" { print $2 }' "$g/verify" | xargs)
    if [ -n "$lifted" ]; then # the limit is not what libxl sets, which is told; nothing else may be
        [[ $failed == *limit-fsize* ]] || fail "limit-fsize passes"
        failed=$(sed 's/limit-fsize//' <<<"$failed" | xargs)
        [ -n "$failed" ] || got=0
    fi
    [ "$got ${failed}" = "$want $*" ] && note "verify $got${failed:+ ($failed)}" || fail "verify $got ($failed), not $want ($*): $(cat "$g/verify")"
}
# disk GUEST: /dev/loop3 is a disk that holds guests/GUEST.S
disk() {
    cp "/share/guests/$1.img" /root/disk3; truncate -s 1M /root/disk3; losetup /dev/loop3 /root/disk3
    undo 'losetup -d /dev/loop3; rm -f /root/disk3'
}
# printed: the guest has said its last word on port 0xe9; what that was is in $said_by_guest
printed() {
    local i
    for i in $(seq 60); do
        said_by_guest=$(xl dmesg | sed -n "s/.*(d$(domid)) *\\([a-zE]*\\)\\.$/\\1/p" | tail -n 1)
        [ -z "$said_by_guest" ] || { note "the guest says $said_by_guest"; return; }
        sleep 1
    done
    fail "the guest says nothing"
}
# saved paused | runs: it is saved and restored, and then that
saved() {
    local want=$1 state i
    ok xl save "$name" /root/s.save
    says "s.save" dmlint --host local --isolated /root/s.save
    for i in 1 2 3 4 5; do
        xl restore /root/s.save >"$g/restore" 2>&1; restored=$?
        grep -q 'Failed to connect to QMP socket' "$g/restore" || break # as in try
    done
    cat "$g/restore" "/var/log/xen/qemu-dm-$name.log"; xl list
    note "xl restore $restored$(grep -o -E ' Could not open .*| Failed to resume device model.*' "$g/restore" | tr '\n' ' ')"
    [ -n "$(pid)" ] || { fail "no QEMU after xl restore"; return 1; }
    tr '\0' '\n' <"/proc/$(pid)/cmdline" >"$g/restored.argv"; ls -l "/proc/$(pid)/fd"
    verified 0
    ok test "$(uid)" = $((65536 + $(domid)))
    state=runs; xl list "$name" | tail -n 1 | grep -q -- '--p' && state=paused
    [ $state = "$want" ] && note "$state, uid $(uid)" || fail "$state, not $want"
}
# ok COMMAND: ends with 0;  no COMMAND: does not;  says TEXT COMMAND: prints it, whatever its status;  says_not
ok() { echo "\$ $*"; timeout $max "$@" || fail "$?: $*"; }
no() { echo "\$ $*"; ! timeout $max "$@" || fail "works: $*"; }
says() { local t=$1 s; shift; s=$(timeout $max "$@" 2>&1); echo "\$ $*"; echo "$s"; grep -q -- "$t" <<<"$s" || fail "not said: $t: $*: $s"; }
says_not() { local t=$1 s; shift; s=$(timeout $max "$@" 2>&1); echo "\$ $*"; echo "$s"; ! grep -q -- "$t" <<<"$s" || fail "said: $t: $*"; }
# soon SECONDS COMMAND: becomes true in that time
soon() { local n=$1; shift; while ! "$@" >/dev/null 2>&1; do [ $((n -= 1)) -ge 0 ] || { fail "never: $*"; return; }; sleep 1; done; }
gone() { ! "$@"; }

finish() { # of a case: nothing is left for the next
    local c d
    for c in "${undone[@]}"; do eval "$c"; done
    for d in $(xl list | awk 'NR > 1 && $2 > 0 { print $2 }'); do xl destroy "$d"; done
    pkill -f -- '-xen-domid [1-9]'
    # the next guest must not find its disk in use by a domain that is still going
    for c in $(seq 40); do
        compgen -G '/sys/bus/xen-backend/devices/*-[1-9]*-*' >/dev/null || [ -n "$(xenstore-list /local/domain/0/backend/vbd 2>/dev/null)" ] || break
        sleep 0.5
    done
    mv /var/log/xen/xen-hotplug.log /var/log/xen/qemu-dm-*.log "$o/" 2>/dev/null
    rm -f /etc/xen/*.cfg /etc/xen/auto/* /var/lib/xen/save/* /root/*.save
    rm -rf /var/log/xen/qemu-dm-*.log*
}
