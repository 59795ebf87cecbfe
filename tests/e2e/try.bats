#!/usr/bin/env bats
# --try: a QEMU judges the predicted command line, shut in: what it says, what becomes of verdicts, and that nothing gets out.

bats_require_minimum_version 1.5.0
FIELD=$SOURCE_DIR/../shared/field/qemu

setup() {
    cd "$BATS_TEST_TMPDIR"
    sed 's|, caps:|, path: /usr/libexec/xen-qemu-system-i386&|' "$SOURCE_DIR/tests/data/host.yaml" >facts.yaml
    programs=$(mktemp -d)
    chmod 755 "$programs"
    stand_in probe 'exit 0'
    guest >probe.cfg
    try probe probe.cfg
    [[ $output != *namespace* ]] || skip "this user may make no namespaces"
}

teardown() { rm -rf "$programs"; }

guest() {
    printf 'type = "hvm"\nname = "web"\nmemory = 512\nvnc = 1\ndisk = [ "/dev/vg0/web,raw,xvda,w" ]\ndm_restrict = 1\n'
    [ $# -eq 0 ] || printf '%b\n' "$@"
}

# stand_in NAME TEXT: a program that can be tried, and has all options that libxl gives for restriction.
stand_in() {
    printf '#!/bin/bash\ncase "$*" in *-version) exit 0;; esac\n%s\n' "$2" >"$programs/$1"
    chmod 755 "$programs/$1"
}

# try PROGRAM FILE: what dmlint argv says of it, in $output; PROGRAM is a stand-in, - is QEMU.
try() {
    local program=--try=$programs/$1
    [ "$1" != - ] || program=--try
    run "$DMLINT" argv "$program" --host facts.yaml "$2"
    output=$(tail -n 1 <<<"$output")
}

need_qemu() {
    [ -x /usr/libexec/xen-qemu-system-i386 ] && [ -e /usr/share/seabios/bios-256k.bin ] || skip "needs qemu-system-xen and seabios"
}

# refuses LINE WORDS: QEMU refuses a guest with this line, which is its seventh, with these words.
refuses() {
    guest "$1" >g.cfg
    try - g.cfg
    [ "$status" -eq 1 ] && [[ $output == "g.cfg:7: "*" refuses this command line: "*"$2"* ]] || { echo "$1: $output"; return 1; }
}

accepts() {
    guest "$1" >g.cfg
    try - g.cfg
    [ "$status" -eq 0 ] && [[ $output == *" accepts this command line" ]] || { echo "$1: $output"; return 1; }
}

verdict() { python3 -c 'import json,sys; g = json.load(sys.stdin)["guests"]; print(*[x["verdict"] for x in g])'; }

@test "QEMU's words, and the line that they are about" {
    need_qemu
    refuses 'usbdevice = [ "usb-tablet" ]' "could not add USB device 'usb-tablet'"
    refuses 'device_model_args_hvm = [ "-device", "e1000", "netdev=n9" ]' "drive with bus=0, unit=0 (index=0) exists"
    refuses 'vif = [ "model=virtio" ]' "'virtio' is not a valid device model name"
    refuses 'boot = "hd"' "Invalid boot device for PC: 'h'"
    refuses 'boot = "dd"' "Boot device 'd' was given twice"
    refuses 'serial = "com1"' "'com1' is not a valid char driver"
    refuses 'serial = "unix:/tmp/s,server=on"' "waiting for connection"
    refuses 'device_model_args = [ "-devise", "e1000" ]' "-devise: invalid option"
    refuses 'device_model_args = [ "-enable-kvm" ]' "invalid accelerator kvm"
    refuses 'device_model_args_hvm = [ "-accel", "kvm" ]' "accelerator"
    refuses 'keymap = "xx"' "could not read keymap file: 'xx'"
    refuses 'vif = [ "model=foo" ]' "'foo' is not a valid device model name"
    refuses 'device_model_args = [ "-global", "foo" ]' "-global foo"
}

@test "the cases of the field" {
    need_qemu
    [ -d "$FIELD" ] || skip "no ../shared"
    local f
    for f in "$FIELD"/*.cfg; do
        try - "$f"
        [ "$status" -eq 1 ] && [[ $output == *.cfg:7:*" refuses this command line: "* ]] || { echo "$f: $output"; return 1; }
    done
}

@test "what QEMU takes is accepted, whatever Xen, root and this machine lack" {
    need_qemu
    accepts ''
    accepts 'vif = [ "model=e1000", "bridge=nobridge", "type=vif" ]'
    accepts 'vnclisten = "192.0.2.7"\nvncpasswd = ""'
    accepts 'serial = [ "pty", "file:/var/log/nowhere/log" ]'
    accepts 'usb = 1\nusbdevice = [ "tablet", "keyboard" ]'
    accepts 'memory = 100000\nvcpus = 64'
    accepts 'device_model_args = [ "-accel", "xen" ]'
    accepts 'kernel = "/boot/no-kernel"\nramdisk = "/boot/no-initrd"\ncmdline = "x"'
    accepts 'channel = [ "connection=socket,name=a,path=/var/run/a" ]'
    accepts 'dm_restrict = 0\ndisk = [ "/srv/a.qcow2,qcow2,xvda,w" ]'
}

@test "libxl's limits hold: a QEMU that writes more than 256 KiB ends" {
    stand_in big 'x=$(printf "%65536s" ""); for i in 1 2 3 4 5; do printf %s "$x"; done >/tmp/big; exit 3'
    guest >g.cfg
    try big g.cfg
    [ "$status" -eq 1 ]
    [[ $output == *"signal 25"* || $output == *"File size limit"* ]]
    sed -i 's/dm_restrict = 1/dm_restrict = 0/' g.cfg
    try big g.cfg
    [[ $output == *"it ended with status 3"* ]]
}

@test "check --try: a refusal blocks a guest that would be ready, an answer makes none ready" {
    stand_in no 'echo "no: -boot order=cda: not today" >&2; exit 1'
    mkdir guests
    guest 'boot = "cda"' >guests/a.cfg
    guest 'dm_restrict = 0' | sed 's/web/b/' >guests/b.cfg
    run --separate-stderr "$DMLINT" check -p restrict-ready --host facts.yaml -f json guests
    before=$(verdict <<<"$output")
    [[ $before == "ready "* && $before != *"ready"*ready ]]
    run --separate-stderr "$DMLINT" check --try="$programs"/no -p restrict-ready --host facts.yaml -f json guests
    [ "$status" -eq 1 ]
    [ "$(verdict <<<"$output")" = "blocked ${before#* }" ]
    [[ $stderr == *"0 accepted, 1 refused"* ]]
    run "$DMLINT" check --try="$programs"/no -p restrict-ready --host facts.yaml guests
    [[ $output == *"guests/a.cfg:7:1: error: QEMU was tried with this guest's command line and refuses it: -boot order=cda: not today [DM2040"* ]]
    [[ $output == *"guests/a.cfg: verdict: blocked by DM2040"* ]]
    run "$DMLINT" check -j 4 --try="$programs"/no -p restrict-ready --host facts.yaml -q guests
    many=$output
    run "$DMLINT" check -j 1 --try="$programs"/no -p restrict-ready --host facts.yaml -q guests
    [ "$output" = "$many" ]
}

@test "check --try: several at a time" {
    stand_in slow 'read -rt 2 <>/dev/ptmx; echo "slow: no" >&2; exit 1'
    mkdir guests
    for i in 1 2 3 4; do guest | sed "s/web/w$i/" >guests/$i.cfg; done
    local start=$SECONDS
    try slow guests/1.cfg
    [ $((SECONDS - start)) -ge 1 ]
    start=$SECONDS
    run "$DMLINT" check -j 4 --try="$programs/slow" -p restrict-ready --host facts.yaml guests
    [[ $output == *"0 accepted, 4 refused"* ]]
    [ $((SECONDS - start)) -lt 7 ]
}

@test "check --try: a ready guest that QEMU accepts stays ready" {
    need_qemu
    guest >g.cfg
    run --separate-stderr "$DMLINT" check --try --require-ready -p restrict-ready --host facts.yaml -f json g.cfg
    [ "$status" -eq 0 ]
    [ "$(verdict <<<"$output")" = ready ]
    [[ $stderr == *"1 accepted, 0 refused"* ]]
}

@test "what cannot be tried is said once, and changes no verdict" {
    mkdir guests
    for i in 1 2 3; do guest | sed "s/web/w$i/" >guests/$i.cfg; done
    run --separate-stderr "$DMLINT" check --try=/nowhere/qemu -p restrict-ready --host facts.yaml -f json guests
    [ "$status" -eq 0 ]
    [ "$(verdict <<<"$output")" = "ready ready ready" ]
    [ "$(grep -c 'cannot be tried' <<<"$stderr")" -eq 1 ]
    stand_in firmware 'echo "firmware: could not load PC BIOS '"'bios-256k.bin'"'" >&2; exit 1'
    run --separate-stderr "$DMLINT" check --try="$programs"/firmware -p restrict-ready --host facts.yaml -f json guests
    [ "$(verdict <<<"$output")" = "ready ready ready" ]
    [[ $stderr == *"3 cannot be tried: could not load PC BIOS 'bios-256k.bin'; install the firmware: seabios"* ]]
    try ../../nowhere/qemu guests/1.cfg
    [ "$status" -eq 0 ]
    [[ $output == *"cannot be tried: "*"/nowhere/qemu is no program that can be run" ]]
}

@test "a hostile config reaches nothing of the host" {
    need_qemu
    echo mine >mine
    echo '[device "x"]' >conf
    printf '#!/bin/sh\ntouch %s/ran\n' "$PWD" >script
    chmod 777 . mine script
    local args
    for args in "\"-chardev\", \"file,id=x,path=$PWD/mine\", \"-device\", \"isa-debugcon,chardev=x\"" \
        "\"-chardev\", \"file,id=x,path=$PWD/new\"" \
        "\"-serial\", \"file:$PWD/mine\"" \
        "\"-drive\", \"if=none,id=d,file=$PWD/mine,format=raw\"" \
        "\"-pidfile\", \"$PWD/new\"" \
        "\"-D\", \"$PWD/new\", \"-d\", \"guest_errors\"" \
        "\"-incoming\", \"exec:touch $PWD/new /tmp/dmlint-try-new\"" \
        "\"-netdev\", \"tap,id=t,script=$PWD/script,downscript=$PWD/script\"" \
        "\"-netdev\", \"bridge,id=t,helper=$PWD/script\"" \
        "\"-net\", \"tap,script=$PWD/script\"" \
        "\"-chardev\", \"socket,id=x,path=$PWD/new,server=on,wait=off\"" \
        "\"-object\", \"memory-backend-file,id=m,size=4096,mem-path=$PWD/mine,share=on\""; do
        guest "device_model_args = [ $args ]" >g.cfg
        try - g.cfg
        [ ! -e new ] && [ ! -e ran ] && [ ! -e /tmp/dmlint-try-new ] && [ "$(cat mine)" = mine ] || { echo "$args: $output"; return 1; }
    done
    guest "device_model_args = [ \"-readconfig\", \"$PWD/conf\" ]" >g.cfg
    try - g.cfg
    [ "$status" -eq 0 ]
    [[ $output == *"cannot be tried: "*"No such file or directory"* ]]
}

@test "a program inside is nobody, sees only itself and libraries, and writes nowhere" {
    stand_in peek 'echo "peek: uid $EUID dirs $(echo /* /home/* /root/* /var/* /etc/* /dev/x* "${BASH_SOURCE%/*}"/*) fds $(
for i in 3 4 5 6 7 8 9 10 11 12 20 30; do { : >&"$i"; } 2>/dev/null && echo "open $i"; done)" >&2; exit 1'
    guest >g.cfg
    echo secret >secret
    try peek g.cfg
    [[ $output == *"uid 65534 "* ]]
    [[ $output != *secret* && $output != *"/root "* && $output != *" /proc"* && $output != *" /sys"* && $output != *shadow* && $output != *xen/* ]]
    stand_in write 'for f in /usr/lib/dmlint-try "$0" /dev/dmlint-null /lib/dmlint-try /usr/share/seabios/x; do (: >"$f") 2>/dev/null && w="$w $f"; done
echo "write: wrote$w" >&2; exit 1'
    chmod 777 "$programs/write"
    try write g.cfg
    [[ $output == *"wrote" || $output == *"wrote /dev/dmlint-null" ]]
    [ ! -e /usr/lib/dmlint-try ] && [ ! -e /dev/dmlint-null ]
    stand_in kills "kill -9 $$ $BASHPID 2>/dev/null && echo 'kills: did' >&2; kill -9 -1; exit 1"
    try kills g.cfg
    [[ $output != *did* ]]
    stand_in limits 'echo "limits: $(ulimit -c) $(ulimit -u) $(ulimit -t) $(ulimit -v)" >&2; exit 1'
    try limits g.cfg
    [[ $output == *": 0 1024 20 6291456" ]]
}

@test "a program inside does not reach the host's network" {
    python3 - "$PWD/port" <<'P' &
import socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
time.sleep(20)
P
    local server=$!
    while [ ! -s port ]; do sleep 0.1; done
    (: >"/dev/tcp/127.0.0.1/$(cat port)")
    stand_in net "if (: >/dev/tcp/127.0.0.1/$(cat port)) 2>/dev/null; then echo 'net: reached' >&2; else echo 'net: alone' >&2; fi; exit 1"
    guest >g.cfg
    try net g.cfg
    kill "$server"
    [[ $output == *": alone" ]]
}

@test "programs that hang, fork and eat end, and nothing of them is left" {
    guest >g.cfg
    stand_in hang 'trap "" TERM INT HUP; while :; do :; done'
    stand_in bomb 'bomb() { bomb | bomb & bomb; }; bomb 2>/dev/null; while :; do :; done'
    stand_in eat 'x=$(printf "%65536s" ""); while :; do x=$x$x; done'
    stand_in chatter 'while :; do echo "chatter: more and more and more"; done'
    stand_in away '(trap "" HUP; while :; do :; done) >/dev/null 2>&1 & disown; echo "away: gone" >&2; exit 1'
    local p start=$SECONDS
    for p in hang bomb eat chatter away; do
        "$DMLINT" argv --try="$programs/$p" --host facts.yaml g.cfg >/dev/null 2>"$p.said" &
    done
    wait
    [ $((SECONDS - start)) -le 30 ]
    for p in hang bomb chatter; do
        tail -n 1 "$p.said" | grep -F "cannot be tried: "
    done
    for p in hang bomb eat chatter away; do
        ! grep -lsF "$programs/$p" /proc/[0-9]*/cmdline || { echo "$p is left"; return 1; }
    done
}

@test "root tries a program that only root sees" {
    [ "$(id -u)" -eq 0 ] || skip "not root"
    stand_in mine 'echo "mine: uid $EUID" >&2; exit 1'
    guest >g.cfg
    chmod 700 "$programs"
    try mine g.cfg
    [[ $output == *"uid 65534" ]]
}
