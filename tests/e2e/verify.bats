#!/usr/bin/env bats
# dmlint verify as a user meets it, over trees like copies of /proc; real processes are in tests/conformance/verify.

# A restricted QEMU of domain 7 under Xen 4.12 and later, by hand.
tree() {
    rm -rf "$1"
    mkdir -p "$1"/proc/1/ns "$1"/proc/4242/{ns,fd,fdinfo,task/4242} "$1"/proc/net "$1"/etc "$1"/var/log/xen
    ln -s 'mnt:[1]' "$1/proc/1/ns/mnt"; ln -s 'ipc:[2]' "$1/proc/1/ns/ipc"
    printf 'Name:\tinit\nUid:\t0\t0\t0\t0\n' >"$1/proc/1/status"; : >"$1/proc/1/cmdline"
    local p=$1/proc/4242
    ln -s 'mnt:[3]' "$p/ns/mnt"; ln -s 'ipc:[4]' "$p/ns/ipc"
    ln -s /run/xen/qemu-root-7 "$p/root"; ln -s /run/xen/qemu-root-7 "$p/cwd"; ln -s /usr/bin/qemu-system-i386 "$p/exe"
    printf 'Name:\tqemu\nUid:\t65543\t65543\t65543\t65543\nGid:\t65536\t65536\t65536\t65536\nGroups:\t65536 \n' >"$p/status"
    printf 'Cap%s:\t0000000000000000\n' Inh Prm Eff Amb >>"$p/status"
    printf 'NoNewPrivs:\t0\nSeccomp:\t0\n' >>"$p/status"
    cp "$p/status" "$p/task/4242/status"
    {
        printf 'Limit                     Soft Limit           Hard Limit           Units     \n'
        printf '%-26s%-21s%-21s%s\n' "Max file size" 262144 262144 bytes "Max core file size" 0 0 bytes "Max locked memory" 0 0 bytes \
            "Max file locks" 0 0 locks "Max msgqueue size" 0 0 bytes
    } >"$p/limits"
    printf '%s\0' /usr/bin/qemu-system-i386 -xen-domid 7 -chardev socket,id=libxl-cmd,fd=20,server=on,wait=off -name web -xen-domid-restrict \
        -chroot /var/run/xen/qemu-root-7 -machine xenfv -runas 65543:65536 >"$p/cmdline"
    fd "$1" 0 /dev/null 0100000; fd "$1" 1 /var/log/xen/qemu-dm-web.log 0102001; fd "$1" 3 'anon_inode:[eventpoll]' 02; fd "$1" 4 'socket:[77]' 02
    printf 'Num       RefCount Protocol Flags    Type St Inode Path\n0: 00000002 00000000 00010000 0001 01 77 /var/run/xen/qmp-libxl-7\n' >"$1/proc/net/unix"
    printf 'root:x:0:0::/:/bin/sh\nxen-qemuuser-range-base:x:65536:65536::/:/bin/false\n' >"$1/etc/passwd"
    printf 'passwd: files\n' >"$1/etc/nsswitch.conf"
    printf 'root:x:0:\n' >"$1/etc/group"
}

fd() {
    ln -s "$3" "$1/proc/4242/fd/$2"
    printf 'pos:\t0\nflags:\t%s\n' "$4" >"$1/proc/4242/fdinfo/$2"
}

verify() { run "$DMLINT" verify --root t "$@"; }

setup() {
    cd "$BATS_TEST_TMPDIR"
    tree t
}

@test "a restricted QEMU: every check, and exit 0" {
    verify
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == "domain 7 (web), process 4242: restricted; Xen 4.12 or later, from its command line; should be restricted: its command line asks for it" ]]
    [ "$(grep -c '^  pass ' <<<"$output")" -eq 20 ]
    [ "$(grep -c '^  info ' <<<"$output")" -eq 4 ]
    [ "${#lines[@]}" -eq 25 ]
    verify -q
    [ "${#lines[@]}" -eq 1 ]
}

@test "what fails is said with what was expected, and exits 1" {
    sed -i 's/^Groups:.*/Groups:\t65536 6/' t/proc/4242/status t/proc/4242/task/4242/status
    verify -q
    [ "$status" -eq 1 ]
    [[ "${lines[0]}" == *"NOT restricted"* ]]
    [[ "${lines[1]}" == "  fail     groups              65536 6; expected none but the gid" ]]
    [[ "${lines[2]}" == "           hint: Take the account out of that group, and start the guest cold." ]]
    [ "${#lines[@]}" -eq 3 ]
}

@test "every check that can fail says what to do" {
    python3 - "$SOURCE_DIR/src/verify/checks.def" <<'P'
import re, sys
rows = re.findall(r'^CHECK\((\w+), "([\w-]+)".*?, (\w+),\n\s+"(.*)"\)$', open(sys.argv[1]).read(), re.M)
assert len(rows) == 24
assert [r[1] for r in rows if not r[3]] == ["sockets", "no-new-privileges", "seccomp"]
P
    for check in $(sed -n 's/^CHECK([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$SOURCE_DIR/src/verify/checks.def"); do
        grep -qE "^\.It .*\b$check\b" "$SOURCE_DIR/man/dmlint.1"
    done
}

@test "one document of dmlint.verify/1" {
    verify -f json
    [ "$status" -eq 0 ]
    python3 - "$output" <<'P'
import json, sys
d = json.loads(sys.argv[1])
assert d["schema"] == "dmlint.verify/1" and d["root"] == "t" and d["findings"] == [], d
assert d["summary"] == {"restricted": 1, "not_restricted": 0, "unknown": 0}, d
q, = d["qemus"]
assert (q["domid"], q["pid"], q["name"], q["verdict"], q["config"]) == (7, 4242, "web", "restricted", None), q
assert q["xen"] == {"version": "4.12 or later", "from": "its command line"} and q["executable"] == "/usr/bin/qemu-system-i386"
assert len({c["id"] for c in q["checks"]}) == 24 and all(set(c) == {"id", "title", "status", "expected", "seen", "hint"} for c in q["checks"])
P
}

@test "a number is a domid first, then a pid" {
    for which in 7 domid:7 4242 pid:4242; do
        verify -q $which
        [ "$status" -eq 0 ]
        [[ "$output" == "domain 7 "* ]]
    done
    for which in 8 domid:8 domid:4242 pid:7 pid:1; do
        verify -q $which
        [ "$status" -eq 5 ]
    done
    verify -q 7 8
    [ "$status" -eq 5 ]
    [[ "$output" == *"domain 7 (web)"* ]]
    cp -a t/proc/4242 t/proc/7
    sed -i 's/-xen-domid\x007/-xen-domid\x009/' t/proc/7/cmdline
    verify -q 7
    [[ "$output" == *"domain 7 (web)"* ]]
    [[ "$output" == *"domains 7 (web) and 9 (web) share uid 65543"* || "$output" == *"domains 9 (web) and 7 (web) share uid 65543"* ]]
    [ "$status" -eq 1 ]
    verify 7
    [[ "$output" == *"7 is taken as a domid; say pid:7"* ]]
    for which in x 7x -- 99999999999 domid: pid:-1; do
        [ "$which" = -- ] && continue
        verify $which
        [ "$status" -eq 2 ]
        [[ "$output" == *"neither a domid nor a pid"* ]]
    done
}

@test "what is no QEMU is not taken for one" {
    for argv in "timeout 5 /usr/bin/qemu-system-i386 -xen-domid 7" "grep -e -xen-domid 7" "/usr/bin/qemu-system-i386 -M pc" "x -xen-domid y"; do
        tr ' ' '\0' <<<"$argv" | tr -d '\n' >t/proc/4242/cmdline
        verify
        [ "$status" -eq 5 ]
    done
}

@test "an option as the value of another is no option" {
    printf '%s\0' /usr/bin/qemu -xen-domid 7 -name -xen-domid-restrict -chardev -chroot -device -runas >t/proc/4242/cmdline
    verify
    for check in restrict-argument user-argument chroot-argument; do [[ "$output" == *"fail     $check"* ]]; done
    [[ "$output" == *"missing; expected -xen-domid-restrict"* ]]
}

@test "nothing asks for restriction: said, and exit 0, but 1 when it is named" {
    sed -i 's/-xen-domid-restrict/-usb/' t/proc/4242/cmdline
    verify -q
    [ "$status" -eq 0 ]
    [[ "$output" == *"NOT restricted; "*"; nothing asks for restriction" ]]
    verify
    [ "$status" -eq 0 ]
    [ "$(grep -c hint: <<<"$output")" -eq 1 ]
    verify -q 7
    [ "$status" -eq 1 ]
}

@test "4.10 and 4.11 do less, which is no failure" {
    printf '%s\0' /usr/bin/qemu -xen-domid 7 -chardev socket,id=libxl-cmd,path=/var/run/xen/qmp-libxl-7,server,nowait -name web \
        -xen-domid-restrict -machine xenfv -runas 65543:65536 >t/proc/4242/cmdline
    ln -sfn / t/proc/4242/root; ln -sfn / t/proc/4242/cwd
    verify
    [ "$status" -eq 0 ]
    [[ "$output" == *"Xen 4.10 or 4.11, from its command line"* ]]
    [[ "$output" == *"info     root                / (expected nothing: libxl does this from 4.12 on)"* ]]
    verify -q --xen 4.17
    [ "$status" -eq 1 ]
    [[ "$output" == *"fail     root"* ]]
}

@test "root's ids and groups, where the account is not known" {
    local what
    sed -i 's/65543:65536/qemu-web/' t/proc/4242/cmdline
    rm t/etc/passwd t/etc/group
    verify -q
    [ "$status" -ne 1 ]
    for what in Uid Gid; do
        cp t/proc/4242/status kept
        sed -i "s/^$what:.*/$what:\t0\t0\t0\t0/" t/proc/4242/status
        cp t/proc/4242/status t/proc/4242/task/4242/status
        verify -q
        [ "$status" -eq 1 ]
        [[ "$output" == *"fail     ${what,}s "*"0; expected four times the same, not 0"* ]]
        cp kept t/proc/4242/status
    done
    sed -i 's/^Gid:.*/Gid:\t0\t0\t0\t0/; s/^Groups:.*/Groups:\t0 /' t/proc/4242/status
    cp t/proc/4242/status t/proc/4242/task/4242/status
    verify -q
    [[ "$output" == *"fail     groups "*"0; expected none but the gid"* ]]
}

@test "devices of Xen that a restricted QEMU has put aside" {
    local device
    for device in /dev/xen/gntdev /dev/xen/gntalloc /dev/xen/xenbus /dev/xen/xenbus_backend /proc/xen/xenbus; do
        tree t
        fd t 9 "$device" 02
        verify -q
        [ "$status" -eq 1 ]
        [[ "${lines[1]}" == "  fail     xen-descriptors "*"$device"* ]]
    done
    for device in /dev/xen/privcmd /dev/xen/evtchn /dev/xen/hypercall; do
        tree t
        fd t 9 "$device" 02
        verify -q
        [ "$status" -eq 0 ]
    done
}

@test "a thread with other rights than the process" {
    local change
    mkdir t/proc/4242/task/4243
    # each of the ids, one group less or another one, a capability
    for change in 's/^Uid:\t65543/Uid:\t0/' 's/^\(Uid:.*\)65543$/\10/' 's/^Gid:\t65536/Gid:\t0/' 's/^Groups:.*/Groups:\t/' 's/^Groups:.*/Groups:\t65536 6/' \
        's/^Groups:.*/Groups:\t6/' 's/^CapPrm:.*/CapPrm:\t0000000000000001/' 's/^Gid:.*//'; do
        sed "$change" t/proc/4242/status >t/proc/4242/task/4243/status
        verify -q
        [ "$status" -eq 1 ]
        [[ "${lines[1]}" == "  fail     threads "*"thread 4243 has others"* ]]
    done
    cp t/proc/4242/status t/proc/4242/task/4243/status
    verify -q
    [ "$status" -eq 0 ]
}

@test "soft and hard limits, each of the five" {
    local row soft hard
    for row in "Max file size:262144" "Max core file size:0" "Max locked memory:0" "Max file locks:0" "Max msgqueue size:0"; do
        for hard in unlimited $((${row#*:} + 1)); do
            tree t
            soft=$(printf '%-26s%-21s' "${row%:*}" "${row#*:}")
            sed -i "s/^$soft[0-9]*/$soft$hard/" t/proc/4242/limits
            verify -q
            [ "$status" -eq 1 ]
            [[ "${lines[1]}" == *"fail     limit-"*"soft ${row#*:}, hard $hard; expected ${row#*:}" ]]
            tree t
            sed -i "s/^$(printf '%-26s' "${row%:*}")${row#*:} /$(printf '%-26s' "${row%:*}")$hard /" t/proc/4242/limits
            verify -q
            [ "$status" -eq 1 ]
            [[ "${lines[1]}" == *"fail     limit-"*"soft $hard, hard ${row#*:}; expected ${row#*:}" ]]
        done
    done
    tree t # less is stricter
    sed -i 's/262144 /4096   /g' t/proc/4242/limits
    verify -q
    [ "$status" -eq 0 ]
}

@test "logs near the limit, processes left over" {
    truncate -s 196607 t/var/log/xen/qemu-dm-web.log
    verify -q
    [[ "$output" != *"log-near-limit"* ]]
    truncate -s 196608 t/var/log/xen/qemu-dm-web.log
    verify -q
    [ "$status" -eq 0 ]
    [[ "$output" == *"warning: /var/log/xen/qemu-dm-web.log has 196608 of the 262144 bytes"*"[log-near-limit]"* ]]
    mkdir t/proc/99
    printf 'Name:\tsh\nUid:\t65550\t65550\t65550\t65550\n' >t/proc/99/status
    : >t/proc/99/cmdline
    verify -q
    [ "$status" -eq 1 ]
    [[ "$output" == *"error: process 99 (sh) has uid 65550, but domain 14 has no QEMU"*"[leftover-process]"* ]]
    rm t/etc/passwd
    verify
    [[ "$output" == *"the accounts of the host are not known"* ]]
}

@test "what is not there is unknown, exit 3" {
    rm t/proc/4242/limits
    verify -q
    [ "$status" -eq 3 ]
    [[ "$output" == *": not known; "*"unknown  limit-fsize         No such file or directory; expected 262144"* ]]
    run "$DMLINT" verify --root nosuch
    [ "$status" -eq 3 ]
    mkdir -p empty/proc
    run "$DMLINT" verify --root empty
    [ "$status" -eq 3 ]
    [[ "$output" == *"holds no process"* ]]
}

@test "without root: said, and unknown" {
    [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || skip "needs root to become another user"
    chmod 755 . t
    local as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    "${as[@]}" test -x "$DMLINT" || skip "the build directory is not for everybody"
    bash -c 'exec -a qemu sh -c "kill -STOP \$\$" -xen-domid 7 -xen-domid-restrict' & local pid=$!
    until grep -q '^State:.T' /proc/$pid/status; do sleep 0.1; done
    run "${as[@]}" "$DMLINT" verify pid:$pid
    kill -KILL $pid
    [ "$status" -eq 1 ]
    [[ "$output" == *"unknown  root                Permission denied; expected"* ]]
    [[ "$output" == *"only root may read all of these processes"* ]]
}

@test "a hostile copy gets words, never a crash" {
    local p=t/proc/4242 f
    cp -a t good
    for f in status limits cmdline task/4242/status fdinfo/1 ../net/unix; do
        for how in empty binary huge nul pipe link directory; do
            rm -rf "${p:?}/$f"
            case $how in
            empty) : >"$p/$f" ;;
            binary) head -c 200000 /dev/urandom >"$p/$f" ;;
            huge) truncate -s 100G "$p/$f" ;;
            nul) truncate -s 5000 "$p/$f" ;;
            pipe) mkfifo "$p/$f" ;;
            link) ln -s /etc/passwd "$p/$f" ;;
            directory) mkdir "$p/$f" ;;
            esac
            run timeout 60 "$DMLINT" verify --root t
            [ "$status" -eq 1 ] || [ "$status" -eq 3 ] || [ "$status" -eq 5 ] || { [ "$status" -eq 0 ] && [[ $f == */unix || $f == fdinfo/* ]]; }
        done
        rm -rf t
        cp -a good t
    done
    ln -sfn "$(printf 'a\033[31m\377\nb')" $p/root
    verify
    [ "$status" -eq 1 ]
    [[ "$output" != *$'\033'* ]]
    verify -f json
    python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
    ln -sfn /run/xen/qemu-root-7 $p/root
    printf 'Name:\t%s\nUid:\t-1 2 3 4\nGid:\t1\nGroups:\tx\nCapEff:\tffffffffffffffffffff\n' "$(printf '\033[2J')" >$p/status
    verify
    [ "$status" -eq 3 ]
    [[ "$output" != *$'\033'* ]]
    rm -rf $p
    ln -s /proc/self $p
    verify
    [ "$status" -eq 5 ]
}

@test "--self-test prints what to run, of a guest that is ready" {
    export TMPDIR=$PWD
    run "$DMLINT" verify --self-test
    [ "$status" -eq 0 ]
    local cfg
    [[ "$output" == *"xl create -p \"\$dir/"*"dmlint verify \"domid:\$(xl domid "*"xl destroy "*"rm -r \"\$dir\""* ]]
    [ -z "$(find . -name "dmlint-self-test*")" ] # nothing is left
    cfg=self.cfg
    sed -n "/<<'END'/,/^END/p" <<<"$output" | sed '1d;$d' >$cfg
    grep -q '^dm_restrict = 1' $cfg
    for xen in 4.10 4.11 4.12 4.13 4.14 4.15 4.16 4.17 4.18 4.19 4.20 4.21 4.22; do
        sed 's/^passwd:/&\n  - {name: xen-qemuuser-range-base, uid: 65536, gid: 65536}\n  - {name: xen-qemuuser-reaper, uid: 997, gid: 997}/' \
            "$SOURCE_DIR/tests/data/migrate/host.yaml" >host.yaml
        run "$DMLINT" check --xen $xen --host host.yaml --require-ready "$cfg"
        [ "$status" -eq 0 ]
        [[ "$output" == *"verdicts: 1 ready"* ]]
    done
}

@test "--self-test --yes off a dom0, and what does not go together" {
    command -v xl >/dev/null && skip "there is an xl"
    run "$DMLINT" verify --self-test --yes
    [ "$status" -eq 2 ]
    [[ "$output" == *"there is no xl here"* ]]
    for args in "--yes" "--self-test 7" "--self-test --root t" "--self-test --config x"; do
        run "$DMLINT" verify $args
        [ "$status" -eq 2 ]
    done
}

@test "QEMUs without a domain, domains without a QEMU, and domain 0's own" {
    # The same tree on a dom0, which has domain 7 and no other: Linux lists what it serves for whom.
    mkdir -p t/sys/bus/xen-backend/devices t/var/lib/xen
    touch t/sys/bus/xen-backend/devices/console-7-0
    cp -a t/proc/4242 t/proc/50
    sed -i 's/-xen-domid\x007/-xen-domid\x000/; s/web/dom0/' t/proc/50/cmdline
    sed -i 's/65543/0/g' t/proc/50/status
    verify
    [ "$status" -eq 0 ]
    [[ "$output" != *"domain 0 (dom0), process 50: NOT restricted"* ]]
    [[ "$output" == *"info: process 50 is domain 0's own QEMU"*"[dom0-qemu]"* ]]
    verify -q domid:0 # asked for, it is shown
    [[ "$output" == *"domain 0 (dom0), process 50: NOT restricted"* ]]
    run bash -c '"$1" verify --root t -f json | jq -e ".qemus | length == 1"' - "$DMLINT"
    [ "$status" -eq 0 ] || ! command -v jq

    # The domain goes, its QEMU stays: that comes first, and is no guest.
    rm t/sys/bus/xen-backend/devices/console-7-0
    verify -q
    [ "$status" -eq 5 ] || [ "$status" -eq 1 ]
    [[ "$output" == *"error: process 4242 is the QEMU of domain 7 (web), which is gone: it runs as uid 65543"*"kill 4242 [leftover-qemu]"* ]]
    [[ "$output" != *"domain 7 (web), process 4242: "* ]]
    run "$DMLINT" host collect --root t
    [[ "$output" == *"process 4242 is a leftover: the QEMU of domid 7"* ]]
    [[ "$output" == *'"running": ['$'\n'"  ]"* ]]

    # The QEMU goes, its domain stays.
    touch t/sys/bus/xen-backend/devices/{console-7-0,vbd-7-51712}
    printf '{"c_info": {"type": "hvm", "name": "web"}, "b_info": {"max_memkb": 1048576, "target_memkb": 1048576, "dm_restrict": "True", "type.hvm": {}},\n "disks": [{"pdev_path": "/dev/vg0/web", "vdev": "xvda", "format": "raw", "readwrite": 1}]}' \
        >t/var/lib/xen/userdata-d.7.0a0b0c0d-0000-4000-8000-000000000007.libxl-json
    rm -r t/proc/4242
    verify
    [ "$status" -eq 5 ] || [ "$status" -eq 1 ]
    [[ "$output" == *"error: domain 7 (web) runs without its QEMU, which has ended"*"[qemu-gone]"* ]]
    "$DMLINT" host collect --root t >facts.json
    grep -q '"qemu": false' facts.json
    grep -q '"path": "/dev/vg0/web"' facts.json
    printf 'type = "hvm"\nname = "web"\nmemory = 1024\ndm_restrict = 1\n' >web.cfg
    run "$DMLINT" --isolated --xen 4.17 --host facts.json web.cfg
    [[ "$output" == *"web (domid 7) has ended"*DM3020* ]]
    [[ "$output" != *"running now: restricted"* ]]
    # With neither, what libxl stored is a leftover of a crash.
    rm t/sys/bus/xen-backend/devices/*
    run "$DMLINT" host collect --root t
    [[ "$output" == *"is a leftover: there is no domain with domid 7"* ]]
}
