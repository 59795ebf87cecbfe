#!/usr/bin/env bats
# dmlint host collect as a user meets it.

setup() { cd "$BATS_TEST_TMPDIR"; }

@test "what is collected can be judged by" {
    "$DMLINT" host collect --root "$SOURCE_DIR/tests/data/root-debian" >facts.json 2>notes
    grep -q libxenlight notes
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\n' >w.cfg
    run "$DMLINT" check --xen 4.17 --host facts.json -q -f concise w.cfg
    [[ "$output" == *DM4004* ]]
}

@test "nothing but getent is run, and that only on the host itself" {
    command -v strace >/dev/null || skip "strace is not installed"
    strace -f -e trace=execve -o trace true 2>/dev/null || skip "strace does not work here"
    ! ldd "$DMLINT" | grep -q libasan || skip "not together with AddressSanitizer"
    strace -f -e trace=execve -o trace "$DMLINT" host collect >/dev/null 2>&1
    run bash -c 'grep -o "execve(\"[^\"]*\"" trace | sort -u | grep -vE "dmlint|/bin/sh\"|getent\""'
    [ -z "$output" ]
    strace -f -e trace=execve -o trace "$DMLINT" host collect --root "$SOURCE_DIR/tests/data/root-debian" >/dev/null 2>&1
    [ "$(grep -c 'execve(' trace)" -eq 1 ]
}

@test "a root that is none exits 3, other mistakes 2" {
    run "$DMLINT" host collect --root nosuch
    [ "$status" -eq 3 ]
    run "$DMLINT" host
    [ "$status" -eq 2 ]
    run "$DMLINT" host colect
    [ "$status" -eq 2 ]
}

@test "redacted facts name nobody" {
    run "$DMLINT" host collect -q --redact --root "$SOURCE_DIR/tests/data/root-debian"
    [ "$status" -eq 0 ]
    [[ "$output" != *alice* ]]
    [[ "$output" == *xen-qemuuser-range-base* ]]
}

facts() {
    cat "$SOURCE_DIR/tests/data/migrate/host.yaml"
}

@test "users: the accounts that are proposed let every account rule pass" {
    facts >before.yaml
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\ndisk = [ "/dev/vg0/w,raw,xvda,w" ]\n' >w.cfg
    run "$DMLINT" check --xen 4.17 --host before.yaml -q -f concise w.cfg
    [[ "$output" == *DM1002* ]]
    "$DMLINT" host users -q --host before.yaml --format shell >users.sh
    sed -n 's/^useradd .*--uid \([0-9]*\) .* \([a-z-]*\)$/  - {name: \2, uid: \1, gid: \1}/p' users.sh >added
    grep -q 'range-base, uid: 65536' added
    grep -q 'reaper, uid: 997' added # 998 and 999 are taken
    sed '/^passwd:/r added' before.yaml >after.yaml
    for xen in 4.10 4.17 4.22; do
        run "$DMLINT" check --xen $xen --host after.yaml -q -f concise --select DM1002,DM4,DM7 w.cfg
        [ "$status" -eq 0 ]
        [ "$(grep -v DM4009 <<<"$output" | grep -v DM7002)" = "" ] # domids are no matter of accounts
    done
    # What is there and in order is kept.
    run "$DMLINT" host users -q --host after.yaml
    [ "$status" -eq 0 ]
    [[ "$output" == *"nothing to create"* ]]
}

@test "users: a base that meets something is refused, with one that would do" {
    facts >f.yaml
    run "$DMLINT" host users --host f.yaml --base 98304
    [ "$status" -eq 1 ]
    [[ "$output" == *"the subordinate uids of build (100000 to 165535)"*"--base 65536 would do"* ]]
    run "$DMLINT" host users --host f.yaml --base 4294900000
    [ "$status" -eq 1 ]
    run "$DMLINT" host users --host f.yaml --base 196608
    [ "$status" -eq 0 ]
    [[ "$output" == *"useradd hands out"* ]]
    sed 's/^passwd:/&\n  - {name: xen-qemuuser-range-base, uid: 131072, gid: 131072}/' f.yaml >g.yaml
    run "$DMLINT" host users --host g.yaml
    [ "$status" -eq 1 ]
    [[ "$output" == *"usermod --uid 65536"* ]]
}

@test "users: every format, and systemd-sysusers takes its own" {
    facts >f.yaml
    for format in sysusers adduser ansible shell; do
        run "$DMLINT" host users -q --host f.yaml --format $format
        [ "$status" -eq 0 ]
        [[ "$output" == *"xen-qemuuser-range-base"*65536*"xen-qemuuser-reaper"* ]]
    done
    "$DMLINT" host users -q --host f.yaml --format shell | sh -n
    "$DMLINT" host users -q --host f.yaml --format adduser | sh -n
    run "$DMLINT" host users --format nosuch
    [ "$status" -eq 2 ]
    command -v systemd-sysusers >/dev/null || skip "systemd-sysusers is not installed"
    mkdir -p root/etc root/usr/lib/sysusers.d
    "$DMLINT" host users -q --host f.yaml >root/usr/lib/sysusers.d/xen.conf
    run systemd-sysusers --root="$PWD/root"
    [ "$status" -eq 0 ]
    grep -q '^xen-qemuuser-range-base:x:65536:65536:' root/etc/passwd
    grep -q '^xen-qemuuser-reaper:x:997:997:' root/etc/passwd
}

@test "host check: every rule about hosts, passed, failed or unknown" {
    facts="$SOURCE_DIR/contrib/examples/host-facts.yaml"
    run "$DMLINT" host check --host "$facts"
    [ "$status" -eq 0 ]
    [[ "$output" == *"Host xen-a1: Xen 4.17.5, QEMU 7.2.22"* ]]
    [[ "$output" == *"  pass     DM1002 restrict-without-account"* ]]
    [[ "$output" == *"  warn     DM3001 restrict-and-migration"*"XENDOMAINS_SAVE"* ]]
    [[ "$output" == *"  unknown  DM2019 stale-chroot"*"not known: stale_chroots; on the host: ls -A"* ]]
    [[ "$output" == *"A restricted guest that has nothing unusual is ready here."* ]]
    grep -v xen-qemuuser "$facts" >no-accounts.yaml
    run "$DMLINT" host check --host no-accounts.yaml
    [ "$status" -eq 1 ]
    [[ "$output" == *"  fail     DM1002 restrict-without-account"*"is blocked here"* ]]
    run "$DMLINT" host check --host "$facts" --qemu 10.0
    [ "$status" -eq 1 ]
    [[ "$output" == *"  fail     DM2003 qemu-lacks-option"* ]]
    run "$DMLINT" host check --host none
    [ "$status" -eq 0 ]
    [[ "$output" == *"is unknown here"*"not known: passwd; on the host: getent passwd"* ]]
}

@test "host check -f json agrees with the text and with check" {
    facts="$SOURCE_DIR/contrib/examples/host-facts.yaml"
    "$DMLINT" host check -f json --host "$facts" --xen 4.19 --qemu 9.1 >got.json && false
    "$DMLINT" host check --host "$facts" --xen 4.19 --qemu 9.1 >got.txt && false
    python3 - <<'END'
import json
got, text = json.load(open("got.json")), open("got.txt").read()
assert got["schema"] == "dmlint.host-check/1" and got["target"] == {"xen": "4.19.6", "qemu": "9.1.0"}, got
assert got["verdict"] == "blocked"
status = {c["rule"]: c["status"] for c in got["checks"]}
assert status["DM2003"] == "fail" and status["DM1002"] == "pass"
for c in got["checks"]:
    assert "  %-8s %s %s\n" % (c["status"], c["rule"], c["name"]) in text, c
    assert (c["message"] is None) == (c["status"] in ("pass", "unknown")), c
    assert (c["status"] == "unknown") == bool(c["missing"]), c
END
}

@test "host check reads a copied tree, and refuses what is none" {
    run "$DMLINT" host check -q --root "$SOURCE_DIR/tests/data/root-debian"
    [ "$status" -eq 1 ]
    [[ "$output" == *"DM7001 domid-policy-random"* ]]
    run "$DMLINT" host check --root "$BATS_TEST_TMPDIR"
    [ "$status" -eq 3 ]
    run "$DMLINT" host check --root / --host none
    [ "$status" -eq 2 ]
    run "$DMLINT" host chek
    [ "$status" -eq 2 ]
    [[ "$output" == *"host check"* ]]
}

@test "host collect finds scripts that touch guests, id maps, and libxl's timeout" {
    cp -r "$SOURCE_DIR/tests/data/root-debian" root
    mkdir -p root/etc/cron.d root/etc/systemd/system root/usr/local/bin root/etc/sssd root/etc/samba
    printf '# xl save is what this does\n0 3 * * * root /usr/sbin/xl save web /srv/web.img\n' >root/etc/cron.d/nightly
    printf '[Service]\nExecStart=/usr/sbin/xl -v migrate web other -D\nEnvironment=LIBXL_DOMID_REUSE_TIMEOUT=5\n' >root/etc/systemd/system/move.service
    printf '#!/bin/sh\nlist=$(xl list); "xl" cd-eject web xvdc\nxlate save me\nexport xl_save=1\n' >root/usr/local/bin/cd
    head -c 300000 /dev/zero >root/usr/local/bin/program
    printf '[domain/x]\nldap_idmap_range_min = 65000\nldap_idmap_range_max = 70000\n' >root/etc/sssd/sssd.conf
    printf '[global]\n idmap config * : range = 90000-99999\n idmap config AD : backend = rid\n' >root/etc/samba/smb.conf
    "$DMLINT" host collect -q --root root >facts.json
    python3 - <<'END'
import json
f = json.load(open("facts.json"))
assert [(s["path"], s["line"], s["does"]) for s in f["scripts"]] == [
    ("/etc/cron.d/nightly", 2, "save"), ("/etc/systemd/system/move.service", 2, "migrate"),
    ("/etc/systemd/system/move.service", 2, "keep-domid"), ("/usr/local/bin/cd", 2, "cd-change")], f["scripts"]
assert f["domid_reuse_timeout"] == 5
assert [(r["start"], r["count"]) for r in f["reserved_uids"]] == [(65000, 5001), (90000, 10000)], f["reserved_uids"]
END
    sed -i 's/"xen": {[^}]*}/"xen": {"version": "4.17"}/' facts.json
    sed 's/xen-a1/&/' "$SOURCE_DIR/contrib/examples/web.cfg" >web.cfg
    run "$DMLINT" check -q -f concise --xen 4.17 --host facts.json web.cfg
    [[ "$output" == *"/etc/cron.d/nightly line 2 saves or migrates guests (xl save) [DM7003"* ]]
    [[ "$output" == *"LIBXL_DOMID_REUSE_TIMEOUT is 5 seconds"*"[DM4016"* ]]
    [[ "$output" == *"[DM7005 script-keeps-domid]"* ]]
    # A kubelet takes any block, unless it has one of its own.
    mkdir -p root/var/lib/kubelet
    "$DMLINT" host collect -q --root root | grep -q 'pods of kubelet'
    echo kubelet:300000:65536 >>root/etc/subuid
    "$DMLINT" host collect -q --root root | grep 'pods of kubelet' && false || true
}

@test "host collect reads memory, NUMA nodes, IOMMU and addresses where tables and lists are complete" {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p r/etc r/proc/net r/sys/firmware/acpi/tables r/sys/firmware/dmi/tables
    echo 'root:x:0:0::/:/bin/sh' >r/etc/passwd
    touch r/sys/firmware/acpi/tables/{FACP,APIC}
    # SMBIOS: memory devices of 2 GiB, of none (an empty slot) and, by the extended size, of 64 GiB; then the end.
    zeros() { head -c "$1" /dev/zero; }
    device() { printf '\x11\x22\x00\x11'; zeros 8; printf "$1"; zeros 14; printf "$2"; zeros 2; printf 'DIMM\x00\x00'; }
    {
        printf '\x01\x08\x00\x00\x01\x02\x03\x04Maker\x00Model\x00\x00'
        device '\x00\x08' '\x00\x00\x00\x00'
        device '\x00\x00' '\x00\x00\x00\x00'
        device '\xff\x7f' '\x00\x00\x01\x00'
        printf '\x7f\x04\x00\x7f\x00\x00'
    } >r/sys/firmware/dmi/tables/DMI
    {
        echo 'Main:'; echo '  +-- 0.0.0.0/0 3 0 5'; echo '     |-- 0.0.0.0'; echo '        /0 universe UNICAST'
        echo '           |-- 192.0.2.1'; echo '              /32 host LOCAL'; echo '           |-- 192.0.2.255'; echo '              /32 link BROADCAST'
        echo 'Local:'; echo '           |-- 192.0.2.1'; echo '              /32 host LOCAL'
    } >r/proc/net/fib_trie
    echo '20010db8000000000000000000000001 01 80 00 80       lo' >r/proc/net/if_inet6
    "$DMLINT" host collect --root r >f.json
    grep -A3 '"addresses": \[' f.json | tr -d ' \n' | grep -q '"addresses":\["192.0.2.1","2001:db8::1"\]'
    grep -q '"memory": 67584' f.json
    grep -q '"numa_nodes": 1' f.json
    grep -q '"iommu": false' f.json
    # A table of an IOMMU, or of nodes, leaves it open; so does a table that ends early.
    touch r/sys/firmware/acpi/tables/{XMAR,SRAT}
    truncate -s -8 r/sys/firmware/dmi/tables/DMI
    rm r/proc/net/fib_trie
    "$DMLINT" host collect --root r >f.json
    ! grep -q -E '"(memory|numa_nodes|iommu|addresses)"' f.json
}
