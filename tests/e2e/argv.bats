#!/usr/bin/env bats
# dmlint argv as a user meets it: formats, streams, exit codes.

setup() {
    cd "$BATS_TEST_TMPDIR"
    cat >web.cfg <<'F'
name = "we'b \"x\" $HOME"
type = "hvm"
memory = 512
dm_restrict = 1
vif = [ "" ]
device_model_args = [ "-append", "" ]
F
    cat >facts.yaml <<'F'
dmlint_facts: 1
nss: [files]
passwd: [{name: xen-qemuuser-range-base, uid: 65536, gid: 65534}]
qemu: {installed: true, path: /opt/qemu, version: "7.2.22"}
F
}

argv() { "$DMLINT" argv --host facts.yaml "$@" 2>/dev/null; }

@test "every format holds the same arguments" {
    argv --xen 4.17 --domid 7 --format json web.cfg >json
    python3 -c 'import json,sys; [sys.stdout.write(a + "\0") for a in json.load(open("json"))["argv"]]' >want
    argv --xen 4.17 --domid 7 --format nul web.cfg | cmp - want
    argv --xen 4.17 --domid 7 --format lines web.cfg | tr '\n' '\0' | cmp - want
    eval "printf '%s\0' $(argv --xen 4.17 --domid 7 web.cfg)" | cmp - want
    [ "$(argv --xen 4.17 web.cfg | wc -l)" -eq 1 ]
}

@test "the JSON says release, domid, outcome, environment and notes" {
    argv --xen 4.17 --domid 7 --format json web.cfg | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["schema"] == "dmlint.argv/1" and o["xen"] == "4.17" and o["domid"] == 7, o
assert o["outcome"] == "runs" and o["refused"] is None, o
assert o["env"] == {"XEN_QEMU_CONSOLE_LIMIT": "1048576", "XEN_DOMAIN_ID": "7"}, o
assert o["argv"][0] == "/opt/qemu" and o["argv"][-2:] == ["-runas", "65543:65534"], o
assert any("@QMP_FD@" in n for n in o["notes"]) and any("@MAC:0@" in n for n in o["notes"]), o'
}

@test "bytes that are no UTF-8 come out as they went in" {
    printf 'name = "a\xff"\ntype = "hvm"\nmemory = 64\n' >bytes.cfg
    argv --xen 4.17 --format lines bytes.cfg | grep -aqx "$(printf 'a\xff')"
    argv --xen 4.17 --format json bytes.cfg | grep -q '"a\\udcff"'
}

@test "a refused guest exits 1 and names the line, on stderr or in the JSON" {
    printf 'name = "x"\ntype = "hvm"\nmemory = 64\nsoundhw = "gong"\n' >bad.cfg
    run bash -c '"$DMLINT" argv --host facts.yaml --xen 4.17 bad.cfg 2>err'
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    grep -q '^bad.cfg:4: .*gong' err
    run argv --xen 4.17 --format json bad.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *'"outcome":"refused"'* && "$output" == *'"argv":null'* && "$output" == *'"line":4'* ]]
    run argv --xen 4.15.3 bad.cfg
    [ "$status" -eq 0 ]
}

@test "xl's own refusals and syntax errors are refusals too" {
    printf 'type = "hvm"\n' >noname.cfg
    printf 'name = \n' >syntax.cfg
    for f in noname.cfg syntax.cfg; do
        run argv --xen 4.17 --format json $f
        [ "$status" -eq 1 ]
        [[ "$output" == *'"outcome":"refused"'* ]]
    done
    run argv --xen 4.17 --format json syntax.cfg
    [[ "$output" == *'"line":1'* ]]
}

@test "a guest without QEMU exits 0 with nothing on stdout" {
    printf 'name = "x"\nkernel = "/boot/k"\nmemory = 64\n' >pv.cfg
    run bash -c '"$DMLINT" argv --host none --xen 4.17 pv.cfg 2>/dev/null'
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    run argv --xen 4.17 --format json pv.cfg
    [[ "$output" == *'"outcome":"no-device-model"'* ]]
}

@test "without facts the account is a placeholder" {
    run bash -c '"$DMLINT" argv --host none --xen 4.17 --format lines web.cfg 2>err'
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = @RUNAS@ ]
    grep -q '@RUNAS@' err
}

@test "two releases are compared argument by argument" {
    run argv --xen 4.17 --diff-xen 4.20 --qemu 9.2 web.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *$'\n-XEN_QEMU_CONSOLE_LIMIT=1048576\n'* ]]
    [[ "$output" == *$'\n+-run-with\n'* && "$output" == *$'\n--chroot\n'* ]]
    run argv --xen 4.17 --diff-xen 4.18 web.cfg
    [ "$status" -eq 0 ]
    argv --xen 4.17 --diff-xen 4.20 --format json web.cfg | python3 -c 'import json,sys; o=json.load(sys.stdin); assert o["to"]["xen"] == "4.20"'
}

@test "a guest may come from standard input" {
    run bash -c '"$DMLINT" argv --host facts.yaml --xen 4.17 --format lines - <web.cfg 2>/dev/null'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = /opt/qemu ]
}

@test "what makes no sense exits 2, what cannot be read 3" {
    for bad in "--format xml web.cfg" "--domid 0 web.cfg" "--domid 32752 web.cfg" "--xen 4.9 web.cfg" "" "web.cfg web.cfg"; do
        run argv $bad
        [ "$status" -eq 2 ]
    done
    run argv nosuch.cfg
    [ "$status" -eq 3 ]
    run argv --max-bytes 5 web.cfg
    [ "$status" -eq 3 ]
}

@test "--fixed and --diff show what a migration changes" {
    cd "$BATS_TEST_TMPDIR"
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\n' >plain.cfg
    run "$DMLINT" argv --xen 4.17 --host none --fixed --format lines plain.cfg
    [ "$status" -eq 0 ]
    grep -qx -- -xen-domid-restrict <<<"$output"
    run "$DMLINT" argv --xen 4.17 --host none --diff plain.cfg
    [ "$status" -eq 1 ]
    grep -qx -- +-xen-domid-restrict <<<"$output"
    run "$DMLINT" argv --xen 4.17 --host none --format lines plain.cfg
    ! grep -q -- -xen-domid-restrict <<<"$output"
    echo 'dm_restrict = 1' >>plain.cfg
    run "$DMLINT" argv --xen 4.17 --host none --diff plain.cfg
    [ "$status" -eq 0 ]
    run "$DMLINT" argv --xen 4.17 --diff --diff-xen 4.21 plain.cfg
    [ "$status" -eq 2 ]
}
