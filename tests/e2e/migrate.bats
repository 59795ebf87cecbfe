#!/usr/bin/env bats
# dmlint migrate, and a folder of old configs on its way to ready.

setup() {
    cd "$BATS_TEST_TMPDIR"
    cp -r "$SOURCE_DIR/tests/data/migrate" guests
    mv guests/host.yaml before.yaml
    # The host once the accounts that `dmlint host users` proposes are there.
    "$DMLINT" host users -q --host before.yaml --format shell >users.sh
    accounts
}

# Adds the accounts of users.sh to the facts.
accounts() {
    sed -n 's/^useradd .*--uid \([0-9]*\) .* \([a-z-]*\)$/  - {name: \2, uid: \1, gid: \1}/p' users.sh >added
    [ "$(wc -l <added)" -eq 2 ]
    sed '/^passwd:/r added' before.yaml >after.yaml
}

migrate() { "$DMLINT" migrate --xen 4.17 "$@"; }

verdicts() {
    "$DMLINT" check -q -f json --xen "$1" --host after.yaml guests | python3 -c '
import json, sys
for g in json.load(sys.stdin)["guests"]: print(g["verdict"])' | sort | uniq -c | sed "s/^ *//"
}

@test "a folder of ten old configs is brought to ready, for every release" {
    [ "$(ls guests | wc -l)" -eq 10 ]
    run migrate --host after.yaml --to qemu-xen --write guests
    [ "$status" -eq 0 ]
    run migrate --host after.yaml --write guests
    [ "$status" -eq 0 ]
    for xen in 4.12 4.13 4.14 4.15 4.16 4.17 4.18 4.19 4.20 4.21 4.22; do
        [ "$(verdicts $xen)" = "10 ready" ]
        for f in guests/*.cfg; do
            "$DMLINT" argv --xen $xen --host after.yaml --format lines "$f" >argv
            grep -qx -e -xen-domid-restrict argv
            grep -A1 -x -e -runas argv | grep -qx 65537:65536
        done
    done
    # What is done stays done.
    cp -r guests again
    run migrate --host after.yaml --write guests
    [ "$status" -eq 0 ]
    diff -r guests again
    grep -q '# From 2012, comments stay.' guests/02-builder.cfg
    grep -q 'memory = 2048   # MiB' guests/02-builder.cfg
}

@test "without --write nothing is changed, and the exit status says that something is left" {
    cp -r guests old
    run migrate --host after.yaml guests
    [ "$status" -eq 1 ]
    diff -r guests old
    [[ "$output" == *"Set dm_restrict = 1. [DM1006]"* ]]
    [[ "$output" == *" > -xen-domid-restrict"* ]]
    [[ "$output" == *"    -chardev socket,id=libxl-cmd,                        | -chardev socket,id=libxl-cmd,fd=@QMP_FD@,server=on,
    path=/var/run/xen/qmp-libxl-1,server=on,wait=off     | wait=off"* ]]
    [[ "$output" == *'xl shutdown -w plain && xl create guests/01-plain.cfg'* ]]
    [[ "$output" == *"before          after"* ]]
}

@test "restriction is not asked for while the host has no accounts" {
    cp guests/01-plain.cfg old
    run migrate --host before.yaml --write guests/01-plain.cfg
    [ "$status" -eq 1 ]
    cmp guests/01-plain.cfg old
    [[ "$output" == *"not yet: it would bring up DM1002"* ]]
    [[ "$output" == *'$ dmlint host users --host before.yaml'* ]]
}

@test "a guest of qemu-xen-traditional moves to qemu-xen first" {
    run migrate --host after.yaml --write guests/07-traditional.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"dmlint migrate --to qemu-xen --write guests/07-traditional.cfg"* ]]
    ! grep -q dm_restrict guests/07-traditional.cfg
    run migrate --host after.yaml --to qemu-xen guests/08-rombios.cfg
    [ "$status" -eq 1 ]
    for line in "Set device_model_version = qemu-xen." "Delete videoram." "Delete bios." "a saved state of"; do
        [[ "$(echo $output)" == *"$line"* ]]
    done
}

@test "what qemu-xen refuses is left to a decision" {
    echo 'disk = [ "phy:/dev/vg0/a,hda,w", "phy:/dev/vg0/b,hdb,r" ]' >>guests/07-traditional.cfg
    run migrate --host after.yaml --to qemu-xen --write guests/07-traditional.cfg
    [ "$status" -eq 1 ]
    grep -q qemu-xen-traditional guests/07-traditional.cfg
    [[ "$output" == *DM6024* ]]
    [[ "$(echo $output)" == *"does not do it: it would bring up DM2001"* ]]
}

@test "--to-xen: judged for that release, and compared with the present one" {
    run migrate --host after.yaml --to-xen 4.22 guests/07-traditional.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"does not start with that release"* ]]
    [[ "$output" == *"BEFORE, Xen 4.17"*"AFTER, Xen 4.22"* ]]
    run migrate --host after.yaml --to-xen 4.18 guests/01-plain.cfg
    [ "$status" -eq 0 ]
    [[ "$output" == *"starts with that release"* ]]
}

@test "-f json: one document, the same plan" {
    run migrate --host after.yaml -f json guests
    [ "$status" -eq 1 ]
    echo "$output" | python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["schema"] == "dmlint.migrate/1" and d["to"] == "restrict" and len(d["guests"]) == 10
g = d["guests"][0]
assert g["verdict"] == "fixable" and g["verdict_after"] == "ready" and g["reached"] and g["changed"] and not g["written"]
assert "-xen-domid-restrict" in g["argv"]["after"]["argv"] and "-xen-domid-restrict" not in g["argv"]["before"]["argv"]
assert "+dm_restrict = 1" in g["diff"]
assert [s["rule"] for s in g["steps"] if s["group"] == "automatic"] == ["DM1006"]'
}

@test "--backup, --output-dir, and what cannot be" {
    cp guests/01-plain.cfg old
    run migrate --host after.yaml --write --backup guests/01-plain.cfg
    [ "$status" -eq 0 ]
    cmp guests/01-plain.cfg.bak old
    [[ "$output" == *"mv guests/01-plain.cfg.bak guests/01-plain.cfg"* ]]
    cp guests/05-off.cfg old
    run migrate --host after.yaml --write --output-dir new guests/05-off.cfg
    [ "$status" -eq 0 ]
    cmp guests/05-off.cfg old
    grep -qx 'dm_restrict = 1' new/05-off.cfg
    run migrate --backup guests
    [ "$status" -eq 2 ]
    run migrate --to qemu-xen --to-xen 4.22 guests
    [ "$status" -eq 2 ]
    run bash -c '"$DMLINT" migrate --write - </dev/null'
    [ "$status" -eq 2 ]
    run migrate nosuch.cfg
    [ "$status" -eq 3 ]
}

@test "without facts the plan says what is missing" {
    run migrate guests/01-plain.cfg
    [ "$status" -eq 1 ]
    [[ "$(echo $output)" == *"not known:"*passwd* ]]
    [[ "$output" == *"dmlint host collect > host.json"* ]]
}

@test "a policy does not hide what restriction would break" {
    printf 'extends: [default]\nrules:\n  DM2012: off\n' >.dmlint.yaml
    sed -i 's/^disk.*/disk = [ "\/srv\/a.qcow2,qcow2,xvda,w" ]/' guests/01-plain.cfg
    cp guests/01-plain.cfg old
    run migrate --host after.yaml --write guests/01-plain.cfg
    [ "$status" -eq 1 ]
    cmp guests/01-plain.cfg old
    [[ "$output" == *"not yet: it would bring up DM2012"* ]]
    printf 'extends: [default]\nrules:\n  DM1006: off\n' >.dmlint.yaml
    run migrate --host after.yaml --write guests/05-off.cfg
    [ "$status" -eq 1 ]
    [[ "$(echo $output)" == *"the policy, or a comment in the file, silences the rule"* ]]
}

@test "real configs: what migrate calls ready is ready for check, and runs restricted" {
    corpus="$SOURCE_DIR/../shared/corpus/real"
    [ -d "$corpus" ] || skip "there is no corpus beside the sources"
    for xen in 4.11 4.12 4.17 4.20 4.22; do
        rm -rf real
        cp -rL "$corpus" real
        "$DMLINT" migrate --xen $xen --host after.yaml --to qemu-xen --write real >/dev/null || [ $? -eq 1 ]
        "$DMLINT" migrate --xen $xen --host after.yaml --write -f json real >plan || [ $? -eq 1 ]
        "$DMLINT" check -q --xen $xen --host after.yaml -f json real >report || [ $? -eq 1 ]
        python3 - <<'P'
import json
plan = json.load(open("plan"))["guests"]
report = {g["path"]: g["verdict"] for g in json.load(open("report"))["guests"]}
assert {g["path"]: g["verdict_after"] for g in plan} == report
ready = [g for g in plan if g["verdict_after"] == "ready"] # of many hosts: what shares a name, disk or address is blocked
assert len(ready) > 5
for g in ready:
    argv = g["argv"]["after"]["argv"]
    assert "-xen-domid-restrict" in argv and argv[argv.index("-runas") + 1].startswith("65537"), g["path"]
P
    done
}

interactive() { # ANSWERS ARG...
    local answers=$1
    shift
    run "$SOURCE_DIR/tests/e2e/on_terminal" "$answers" "$DMLINT" migrate --xen 4.17 --host after.yaml --interactive "$@"
}

@test "--interactive makes what was agreed to, and nothing else" {
    cp -r guests old
    interactive y,n guests/09-vncviewer.cfg
    [ "$status" -eq 0 ]
    [[ "$output" == *"+dm_restrict = 1"*"Make this change?"*"-vncviewer = 1"*"Make this change?"* ]]
    grep -qx 'dm_restrict = 1' guests/09-vncviewer.cfg
    grep -qx 'vncviewer = 1' guests/09-vncviewer.cfg
    interactive "hm,?,n" guests/01-plain.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"l  leave this guest as it is"* ]]
    [[ "$output" == *"Why: not yet: you said no; then run this again"* ]]
    cmp old/01-plain.cfg guests/01-plain.cfg
}

@test "--interactive: a guest can be left alone in the middle, and so can all that follow" {
    cp -r guests old
    interactive y,l,a guests/02-builder.cfg guests/09-vncviewer.cfg
    cmp old/02-builder.cfg guests/02-builder.cfg
    ! cmp -s old/09-vncviewer.cfg guests/09-vncviewer.cfg
    [ "$(grep -c 'Make this change?' <<<"$output")" -eq 3 ] # a: the second change of 09 is made without a question
    for end in q ^D; do
        cp old/*.cfg guests
        interactive $end guests
        [ "$status" -eq 1 ]
        diff -r old guests
    done
}

@test "--interactive asks about decisions, with the reason" {
    interactive a,y,y --to qemu-xen --backup guests/08-rombios.cfg
    [ "$status" -eq 0 ]
    [[ "$output" == *"needs your decision"*"Shut the guest down for the change"*"Go on with this guest?"* ]]
    grep -q '"qemu-xen"\|qemu-xen$\|'"'qemu-xen'" guests/08-rombios.cfg
    [ -e guests/08-rombios.cfg.bak ]
    mv guests/08-rombios.cfg.bak guests/08-rombios.cfg
    cp guests/08-rombios.cfg old.cfg
    # Declined at a decision: nothing of the guest is written.
    interactive a,y,l --to qemu-xen guests/08-rombios.cfg
    cmp old.cfg guests/08-rombios.cfg
}

@test "--interactive without a terminal says so, and changes nothing" {
    cp -r guests old
    run "$DMLINT" migrate --xen 4.17 --host after.yaml --interactive guests </dev/null
    [ "$status" -eq 2 ]
    [[ "$output" == *"--interactive asks on a terminal"* ]]
    diff -r old guests
}
