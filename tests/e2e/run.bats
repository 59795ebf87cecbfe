#!/usr/bin/env bats
# One run, one verdict: guests against each other, fixing in memory and on sets, the same bytes from any number of threads.

setup() {
    cd "$BATS_TEST_TMPDIR"
    sed '/^qemu:/s/, caps:.*/}/; s/gid: 0}/&, {name: qemu-lab, uid: 991, gid: 991}/' "$SOURCE_DIR/tests/data/host.yaml" >facts.yaml
    sed '/^passwd:/s/, {name: xen-qemuuser-range-base[^}]*}//' facts.yaml >bare.yaml
}

guest() { # FILE NAME LINE...: a plain guest
    local file=$1 name=$2
    shift 2
    mkdir -p "$(dirname "$file")"
    printf 'type = "hvm"\nname = "%s"\nmemory = 1024\n' "$name" >"$file"
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$file"
}

verdicts() { # OPTION...: path, verdict and if_host_fixed of each guest
    "$DMLINT" check -q -f json "$@" | python3 -c '
import json, sys
for g in json.load(sys.stdin)["guests"]: print(g["path"], g["verdict"], g["if_host_fixed"])'
}

@test "guests with one account are blocked together, before and after, on releases where asking makes them meet and where they meet anyway" {
    guest g/a.cfg a 'device_model_user = "qemu-lab"'
    guest g/b.cfg b 'device_model_user = "qemu-lab"'
    guest g/c.cfg c
    cp -r g before
    for xen in 4.11 4.17; do
        run verdicts --xen $xen --host facts.yaml g
        [ "$output" = "g/a.cfg blocked blocked
g/b.cfg blocked blocked
g/c.cfg fixable fixable" ]
        run "$DMLINT" migrate --xen $xen --host facts.yaml --write g
        [ "$status" -eq 1 ]
        cmp g/a.cfg before/a.cfg
        cmp g/b.cfg before/b.cfg
        grep -qx 'dm_restrict = 1' g/c.cfg
        [[ "$(echo $output)" == *"it would bring up DM4001 with g/b.cfg"* ]]
        [[ "$(echo $output)" == *"it would bring up DM4001 with g/a.cfg"* ]]
        cp before/c.cfg g/c.cfg
    done
}

@test "a guest that is ready is never made worse by fixing another, whichever comes first" {
    for order in "a z" "z a"; do
        rm -rf g
        set -- $order
        guest "g/$1.cfg" one 'dm_restrict = 1' 'device_model_user = "qemu-lab"'
        guest "g/$2.cfg" two 'device_model_user = "qemu-lab"'
        run verdicts --xen 4.11 --host facts.yaml g
        [[ "$output" == *"g/$1.cfg ready ready"* ]]
        [[ "$output" == *"g/$2.cfg blocked blocked"* ]]
        run "$DMLINT" migrate --xen 4.11 --host facts.yaml --write g
        run grep -c dm_restrict "g/$2.cfg"
        [ "$output" = 0 ]
        run verdicts --xen 4.11 --host facts.yaml g
        [[ "$output" == *"g/$1.cfg ready ready"* ]]
    done
}

@test "names, uuids, addresses and writable disks of one host belong to one guest" {
    guest g/a.cfg a 'dm_restrict = 1' 'uuid = "11111111-2222-3333-4444-555555555555"' 'vif = ["mac=00:16:3e:00:00:01,bridge=br0"]' \
        'disk = ["/dev/vg0/x,raw,xvda,w"]'
    guest g/b.cfg a 'dm_restrict = 1'
    guest g/c.cfg c 'dm_restrict = 1' 'uuid = "11111111-2222-3333-4444-555555555555"'
    guest g/d.cfg d 'dm_restrict = 1' 'vif = ["bridge=br0", "mac=00:16:3E:00:00:01,bridge=br0"]'
    guest g/e.cfg e 'dm_restrict = 1' 'disk = ["/dev/vg0/x,raw,xvda,w"]'
    guest g/f.cfg f 'dm_restrict = 1' 'disk = ["/dev/vg0/f,raw,xvda,w"]'
    run verdicts --host facts.yaml g
    [ "$(grep -c 'blocked blocked' <<<"$output")" -eq 5 ]
    [[ "$output" == *"g/f.cfg ready ready"* ]]
    run "$DMLINT" check -q -f concise --select fleet --host facts.yaml g
    [ "$status" -eq 1 ]
    [[ "$output" == *"g/a.cfg:2:1: error: g/b.cfg is named a too"*"[DM8001 same-name]"* ]]
    [[ "$output" == *"g/c.cfg:5:1: error: g/a.cfg has the uuid 11111111-2222-3333-4444-555555555555 too"*"[DM8002 same-uuid]"* ]]
    [[ "$output" == *"g/d.cfg:5:22: error: g/a.cfg has a card with the address 00:16:3e:00:00:01 too"*"[DM8003 same-mac]"* ]]
    [[ "$output" == *"g/e.cfg:5:9: error: g/a.cfg uses /dev/vg0/x too"*"[DM8004 shared-disk]"* ]]
    # Files of a repository may be of many hosts.
    run "$DMLINT" check -q -f concise --select fleet --xen 4.17 --host none g
    [ "$status" -eq 0 ]
    # A link is no second guest.
    rm g/[b-e].cfg
    mkdir g/auto && ln -s ../a.cfg g/auto/a.cfg
    run verdicts --host facts.yaml g
    [ "$(grep -c 'ready ready' <<<"$output")" -eq 2 ]
}

@test "a finding between guests points at the other, and can be suppressed where it is" {
    guest a.cfg a 'device_model_user = "qemu-lab"' 'dm_restrict = 1'
    guest b.cfg b 'dm_restrict = 1' 'device_model_user = "qemu-lab" # dmlint: ignore[DM4001] -- one at a time'
    run "$DMLINT" check -q --select DM4001,DM0010 --host facts.yaml a.cfg b.cfg
    [[ "$output" == *"a.cfg:4:1: error: b.cfg runs QEMU under qemu-lab too"* ]]
    [[ "$output" == *"note: b.cfg:5:1: the other guest"* ]]
    [[ "$output" != *"b.cfg:5:1: error"* ]]
    [[ "$output" != *DM0010* ]]
    [[ "$output" == *"b.cfg: verdict: blocked by DM4001"* ]]
}

@test "fixable is what fixing shows" {
    guest ok.cfg ok
    guest comment.cfg c 'dm_restrict = [ "1" # x' ']'
    guest disk.cfg d 'disk = ["/srv/x.img,raw,xvda,w"]'
    run verdicts --host facts.yaml comment.cfg disk.cfg ok.cfg
    [ "$output" = "comment.cfg blocked blocked
disk.cfg blocked blocked
ok.cfg fixable fixable" ]
    run "$DMLINT" migrate --host facts.yaml --write comment.cfg ok.cfg
    [[ "$(echo $output)" == *"it would delete a comment: do it by hand, or by dmlint check --fix --unsafe-fixes"* ]]
    run "$DMLINT" check -q --fix --unsafe-fixes --host facts.yaml comment.cfg
    run verdicts --host facts.yaml comment.cfg ok.cfg
    [ "$output" = "comment.cfg ready ready
ok.cfg ready ready" ]
}

@test "if_host_fixed is the verdict on the host as it should be" {
    guest ok.cfg ok 'dm_restrict = 1'
    guest plain.cfg plain
    guest disk.cfg disk 'dm_restrict = 1' 'disk = ["/srv/x.img,raw,xvda,w"]'
    guest pci.cfg pci 'pci = ["0000:03:00.0"]' 'dm_restrict = 1'
    guest user.cfg user 'dm_restrict = 1' 'device_model_user = "qemu-new"'
    run verdicts --host bare.yaml disk.cfg ok.cfg pci.cfg plain.cfg user.cfg
    [ "$output" = "disk.cfg blocked blocked
ok.cfg blocked ready
pci.cfg blocked blocked
plain.cfg blocked fixable
user.cfg blocked ready" ]
    guest user2.cfg user2 'dm_restrict = 1' 'device_model_user = "qemu-new"'
    run verdicts --host bare.yaml user.cfg user2.cfg
    [ "$output" = "user.cfg blocked blocked
user2.cfg blocked blocked" ]
}

@test "what the host needs is all of a rule's: no host blocker is left on the repaired one" {
    for rule in "$SOURCE_DIR"/rules/*.yaml; do
        id=$(basename "$rule") && id=${id%%-*}
        "$DMLINT" explain "$id" | grep -q 'scope.*host' && echo "$id"
    done >ids || true
    run "$DMLINT" rules -f json
    cat >old.yaml <<'F'
dmlint_facts: 1
os: freebsd
xen: {version: "4.17.5"}
kernel: {release: 4.9.0-19-amd64}
qemu: {installed: true, version: "7.2.22"}
nss: [files]
passwd: [{name: root, uid: 0, gid: 0}, {name: bob, uid: 70000, gid: 70000}, {name: qemu-lab, uid: 991, gid: 100}, {name: xen-qemuuser-range-base, uid: 65536, gid: 100}]
groups: [{name: users, gid: 100, members: [bob, qemu-lab]}]
subuid: [{name: bob, start: 100000, count: 65536}]
stale_chroots: [/var/run/xen/qemu-root-3]
F
    guest ok.cfg ok 'dm_restrict = 1'
    run verdicts --host old.yaml ok.cfg
    [ "$output" = "ok.cfg blocked ready" ]
}

@test "a blocker says its line and message, also of a guest that does not ask for restriction" {
    guest a.cfg a 'disk = ["/srv/x.img,raw,xvda,w"]'
    run "$DMLINT" check -q --host facts.yaml a.cfg
    [[ "$output" == *"a.cfg: verdict: blocked by DM1006 restrict-not-requested (guest), DM2013 restrict-file-disk (guest)"* ]]
    [[ "$output" == *"  in the way: a.cfg:4:9: /srv/x.img is a regular file"*"[DM2013 restrict-file-disk]"* ]]
    run "$DMLINT" check -q -f json --host facts.yaml a.cfg
    [[ "$output" == *'{"rule":"DM2013","scope":"guest","range":{"start":{"line":4,"column":9'*'"message":"/srv/x.img is a regular file'* ]]
}

@test "paths and names that are no UTF-8 survive baselines and facts" {
    name=$(printf 'x\xff\xc3.cfg')
    guest "$name" x
    printf 'baseline: base.json\n' >.dmlint.yaml
    run "$DMLINT" baseline create "$name"
    [ "$status" -eq 0 ]
    grep -q '\\udcff\\udcc3' base.json
    run "$DMLINT" check -q -f concise --xen 4.17 "$name"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    mkdir -p root/etc
    printf 'root:x:0:0::/:/bin/sh\na\xffb:x:70000:70000::/:/bin/sh\n' >root/etc/passwd
    run "$DMLINT" host collect --root root
    [ "$status" -eq 0 ]
    "$DMLINT" host collect --root root >collected.json 2>/dev/null
    grep -q '\\udcff' collected.json
    guest ok.cfg ok 'dm_restrict = 1'
    run "$DMLINT" check -q --host collected.json --xen 4.17 -f json ok.cfg
    [ "$status" -ne 2 ]
}

@test "a report is written as a whole, onto no input and through no link" {
    guest c.cfg c
    cp c.cfg old
    for target in c.cfg ./c.cfg "$PWD/c.cfg"; do
        run "$DMLINT" check -q -f "json:$target" --xen 4.17 c.cfg
        [ "$status" -eq 2 ]
        [[ "$output" == *"is one of the inputs"* ]]
        cmp c.cfg old
    done
    ln -s c.cfg link.json
    run "$DMLINT" check -q -f json:link.json --xen 4.17 c.cfg
    [ "$status" -eq 2 ]
    cmp c.cfg old
    cp facts.yaml old
    run "$DMLINT" check -q -f json:facts.yaml --host facts.yaml c.cfg
    [ "$status" -eq 2 ]
    cmp facts.yaml old
    run "$DMLINT" check -q -f json:out/r.json -f concise --xen 4.17 c.cfg
    [ "$status" -eq 0 ]
    python3 -c 'import json; json.load(open("out/r.json"))'
    [ -z "$(ls -A out | grep -v '^r.json$')" ]
}

@test "--diff: no input is 5, and --require-ready counts" {
    mkdir empty
    run "$DMLINT" check --diff --xen 4.17 empty
    [ "$status" -eq 5 ]
    guest c.cfg c
    run "$DMLINT" check --diff --host facts.yaml c.cfg
    [ "$status" -eq 0 ]
    run "$DMLINT" check --diff --require-ready --host facts.yaml c.cfg
    [ "$status" -eq 1 ]
    echo 'dm_restrict = 1' >>c.cfg
    run "$DMLINT" check --diff --require-ready --host facts.yaml c.cfg
    [ "$status" -eq 0 ]
}

@test "--select does not hide that a fix was withheld" {
    cat >site.yaml <<'R'
id: DM9001
name: site-acpi
severity: hint
tags: [old]
summary: acpi is written
why: w
do: d
select: acpi
when: {key: acpi, exists: true}
fix: {safety: safe, expect_argv: equal, ops: [{delete: {key: acpi}}]}
R
    printf 'extends: [default]\nrule_files: [site.yaml]\n' >.dmlint.yaml
    guest c.cfg c 'acpi = 0'
    run "$DMLINT" check -q --fix --select DM9001 -f concise --xen 4.17 c.cfg
    [[ "$output" == *"the fix of DM9001 site-acpi for acpi is withheld: QEMU's command line would change [DM0012 fix-withheld]"* ]]
    grep -q acpi c.cfg
    run "$DMLINT" check -q --fix --select DM9001 -f concise --fail-on hint --xen 4.17 c.cfg
    [ "$status" -eq 1 ]
}

@test "the digest of a policy changes with its rules" {
    mkdir rules
    printf 'id: DM9001\nname: site-a\nseverity: hint\ntags: [old]\nsummary: s\nwhy: w\ndo: d\nselect: acpi\nwhen: {fact: guest.type, equals: hvm}\n' >rules/a.yaml
    printf 'extends: [default]\nrules_dir: rules\n' >.dmlint.yaml
    guest c.cfg c
    sha() { "$DMLINT" check -q -f json --xen 4.17 c.cfg | grep -o '"sha256":"[0-9a-f]*"'; }
    one=$(sha)
    [ "$one" = "$(sha)" ]
    sed -i 's/summary: s/summary: t/' rules/a.yaml
    [ "$one" != "$(sha)" ]
}

@test "messages are cut between characters" {
    long=$(printf 'ä%.0s' $(seq 1 1200))
    run "$DMLINT" check "$long.cfg"
    printf '%s' "$output" | iconv -f UTF-8 -t UTF-8 >/dev/null
    run "$DMLINT" check "a$long.cfg"
    printf '%s' "$output" | iconv -f UTF-8 -t UTF-8 >/dev/null
}

@test "every guest has one verdict line" {
    guest a.cfg a 'dm_restrict = 1'
    guest b.cfg b
    printf 'type = "pv"\nname = "p"\nmemory = 64\nkernel = "/boot/k"\n' >p.cfg
    run "$DMLINT" check -q --host facts.yaml a.cfg b.cfg p.cfg
    [ "$(grep -c ': verdict: ' <<<"$output")" -eq 3 ]
    [[ "$output" == *"a.cfg: verdict: ready"* ]]
    [[ "$output" == *"p.cfg: verdict: not-applicable: a PV guest that needs no QEMU"* ]]
}

same() { # COMMAND...: -j 1, 2 and 8 give the same bytes on stdout and stderr, and the same status
    for j in 1 2 8; do
        "$DMLINT" "$@" -j $j >out.$j 2>err.$j && echo 0 >rc.$j || echo $? >rc.$j
        cmp out.1 out.$j
        cmp err.1 err.$j
        cmp rc.1 rc.$j
    done
}

@test "any number of threads gives the same bytes, and a verdict for every file" {
    for i in $(seq 1 203); do
        guest "many/d$((i % 7))/$i.cfg" "g$((i % 150))" "disk = [\"/dev/vg0/$i,raw,xvda,w\"]"
        case $((i % 6)) in
        0) echo 'device_model_user = "qemu-lab"' >>"many/d$((i % 7))/$i.cfg" ;;
        1) echo 'dm_restrict = 1' >>"many/d$((i % 7))/$i.cfg" ;;
        2) echo 'dm_restrict = yes' >>"many/d$((i % 7))/$i.cfg" ;;
        3) echo 'tpye = "hvm"' >>"many/d$((i % 7))/$i.cfg" ;;
        4) ln -s missing "many/d$((i % 7))/gone$i.cfg" ;;
        esac
    done
    for i in 3 70 140; do mkdir "many/no$i.cfg"; done
    files=$(find many -name '*.cfg' -type f | wc -l)
    ls -d many/no*.cfg many/d*/*.cfg >list
    same check --host facts.yaml --files-from list
    same check --host bare.yaml --files-from list -f json
    same check --diff --host facts.yaml --files-from list
    same migrate --host facts.yaml --files-from list
    same migrate --host bare.yaml -f json --files-from list
    "$DMLINT" check -q --host facts.yaml -f json many 2>/dev/null >r.json || true
    [ "$(grep -o '"verdict":' r.json | wc -l)" -eq "$files" ]
    [ "$(grep -c ': verdict: ' out.1)" -ge 0 ]
    "$DMLINT" check --host facts.yaml many 2>/dev/null >r.txt || true
    [ "$(grep -c ': verdict: ' r.txt)" -eq "$files" ]
    for j in 1 2 8; do
        rm -rf copy base.$j
        cp -r many copy
        (cd copy && "$DMLINT" baseline create --baseline "../base.$j" --xen 4.17 -j $j . >../bout.$j 2>../berr.$j)
        sed -i "s/base\.$j/base/" berr.$j
        cmp base.1 base.$j
        cmp berr.1 berr.$j
        "$DMLINT" check --fix --host facts.yaml -j $j copy >fout.$j 2>ferr.$j || true
        cmp fout.1 fout.$j
        cmp ferr.1 ferr.$j
        "$DMLINT" migrate --write --host facts.yaml -j $j copy >mout.$j 2>merr.$j || true
        cmp mout.1 mout.$j
        find copy -type f -name '*.cfg' | sort | xargs cat >written.$j
        cmp written.1 written.$j
    done
    same host check --host facts.yaml
    same policy test "$SOURCE_DIR/policies/default.yaml"
}
