#!/usr/bin/env bats
# Words that would mislead: what is said is what is so, and what it tells to do helps.

setup() {
    cd "$BATS_TEST_TMPDIR"
    facts="$SOURCE_DIR/contrib/examples/host-facts.yaml"
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\n' >w.cfg
}

@test "a policy without extends keeps the defaults; extends: [] starts from nothing" {
    printf 'fail_on: warning\n' >.dmlint.yaml
    run "$DMLINT" check --xen 4.17 --host none -q -f concise --select DM1016,DM1022 w.cfg
    [ "$output" = "" ]
    printf 'extends: []\n' >.dmlint.yaml
    run "$DMLINT" check --xen 4.17 --host none -q -f concise --select DM1016,DM1022 w.cfg
    [[ "$output" == *"DM1016"* ]]
    # A file that says nothing changes nothing, and what extends such a file has it once.
    printf '# nothing yet\n' >.dmlint.yaml
    diff <("$DMLINT" policy show --effective | tail -n +3) <("$DMLINT" policy show --effective -p default | tail -n +3)
    printf 'rules: {DM1006: off}\n' >site.yaml
    printf 'extends: [restrict-ready, ./site.yaml]\n' >.dmlint.yaml
    "$DMLINT" policy show --effective | grep -A3 'DM1006' | grep -q 'severity: off'
}

@test "options may stand before the command" {
    run "$DMLINT" --xen 4.17 argv w.cfg
    [ "$status" -eq 0 ]
    [[ "$output" == *"-xen-domid"* ]]
    run "$DMLINT" --xen=4.17 -q --host none check w.cfg
    [ "$status" -eq 0 ]
    [[ "$output" == *"w.cfg: verdict:"* ]]
    run "$DMLINT" -qfconcise --xen 4.17 check w.cfg
    [ "$status" -eq 0 ]
    run "$DMLINT" --xen 4.17 arvg w.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *'there is no command and no file "arvg"; did you mean `dmlint argv`?'* ]]
    # A value is no command, and behind -- there are files only.
    printf 'name = "x"\n' >why
    run "$DMLINT" --xen 4.17 --host none -q -f concise -- why
    [[ "$output" == why:* ]] || [ -z "$output" ]
    [ "$status" -ne 2 ]
    run "$DMLINT" --stdin-filename argv --xen 4.17 -q - <w.cfg
    [[ "$output" == *"argv: verdict:"* ]]
}

@test "a release that does not exist is refused, with what is meant" {
    run "$DMLINT" --xen 4.17.99 w.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *'"4.17.99" is no release that dmlint knows: the newest of its line is 4.17.7, which 4.17 means'* ]]
    run "$DMLINT" migrate --to-xen 4.20.50 w.cfg
    [ "$status" -eq 2 ]
    for qemu in 999 7.3 3.2 12.0; do
        run "$DMLINT" --xen 4.17 --qemu $qemu w.cfg
        [ "$status" -eq 2 ]
        [[ "$output" == *"\"$qemu\" is no release of QEMU that dmlint knows"* ]]
    done
    for qemu in 2.12 3.1.1 7.2.90 10.2; do
        run "$DMLINT" --xen 4.17 --qemu $qemu -q w.cfg
        [ "$status" -le 1 ]
    done
    # What a host has is another matter.
    sed 's/4.17.5/4.17.42/' "$facts" >newer.yaml
    run "$DMLINT" --host newer.yaml -q w.cfg
    [ "$status" -eq 0 ]
}

@test "explain lists what a prefix or tag means" {
    run "$DMLINT" explain DM10
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == "DM1001  error"*"restrict-with-traditional"* ]]
    [ "${#lines[@]}" -eq "$("$DMLINT" rules --select DM10 | wc -l)" ]
    run "$DMLINT" explain start
    [ "$output" = "$("$DMLINT" rules --select start)" ]
    run "$DMLINT" explain DM1001
    [[ "$output" == *"What to do"* ]]
    run "$DMLINT" explain strat
    [ "$status" -eq 2 ]
}

@test "what is missing although --host is given is not asked for with --host" {
    grep -v '^nss:' "$facts" >some.yaml
    run "$DMLINT" --host some.yaml w.cfg
    [[ "$output" == *"not known of the host: nss"*"some.yaml does not say it: collect it again on the host, as root, or add it"* ]]
    [[ "$output" != *"give --host"* ]]
    run "$DMLINT" migrate --host some.yaml w.cfg
    [[ "$output" == *"what the facts that --host gives do not say"* ]]
    [[ "$output" != *"> host.json"* ]]
    run "$DMLINT" --host none --xen 4.17 w.cfg
    [[ "$output" == *'run `dmlint host collect > facts.json` on it, and give --host facts.json'* ]]
}

@test "an account that is missing is not said to be another one" {
    printf 'device_model_user = "qemu-w"\n' >>w.cfg
    run "$DMLINT" --host "$facts" w.cfg
    [[ "$output" == *"the host has no account qemu-w"*"hint: Create the account that is missing."* ]]
    # Where both accounts are there, `host users` has nothing to say.
    run "$DMLINT" migrate --host "$facts" w.cfg
    [[ "$output" == *"DM1002"* ]]
    [[ "$output" != *"dmlint host users --host"* ]]
    sed '/device_model_user/d' -i w.cfg
    grep -v xen-qemuuser "$facts" >no-accounts.yaml
    run "$DMLINT" migrate --host no-accounts.yaml w.cfg
    [[ "$output" == *'$ dmlint host users --host no-accounts.yaml'* ]]
}

@test "host check: a check that could not be made does not pass" {
    run "$DMLINT" host check --host none
    [[ "$output" != *"  pass "* ]]
    [[ "$output" == *"Xen unknown (asked as for 4.22"*"  unknown  DM2024 qemu-built-without"* ]]
    [[ "$output" == *"It would have: handles, uid; what else, depends on what is not known."* ]]
    "$DMLINT" host check --host none -f json | python3 -c 'import json,sys; assert json.load(sys.stdin)["protections"] == ["handles", "uid"]'
    run "$DMLINT" host check --host "$facts"
    [[ "$output" == *"It would have: handles, uid, chroot, namespaces, limits, kill-by-uid."* ]]
    # What is only said of guests with a CD, a bootloader or a name is not said to have passed.
    [[ "$output" != *DM2022* && "$output" != *DM3005* && "$output" != *DM4015* ]]
}

@test "a QEMU whose version is known is there" {
    printf 'dmlint_facts: 1\nqemu: {version: "7.2"}\n' >q.yaml
    run "$DMLINT" host check --host q.yaml
    [[ "$output" != *"qemu.installed"* ]]
    run "$DMLINT" host check --host none --qemu 7.2
    [[ "$output" != *"qemu.installed"* ]]
    printf 'dmlint_facts: 1\n' >q.yaml
    run "$DMLINT" host check --host q.yaml
    [[ "$output" == *"not known: qemu.installed"* ]]
}

@test "settings that are commented out have their default; host collect and host users agree on what is known" {
    cp -r "$SOURCE_DIR/tests/data/root-debian" root
    printf '#domid_policy="random"\n' >root/etc/xen/xl.conf
    printf '#SUB_UID_MIN 200000\n' >root/etc/login.defs
    mkdir -p root/proc/sys/kernel root/proc/12
    echo running >root/proc/sys/kernel/hostname
    "$DMLINT" host collect -q --root root >facts.json
    python3 - <<'END'
import json
f = json.load(open("facts.json"))
assert f["xl_conf"] == {"domid_policy": "xen"}, f["xl_conf"]
assert f["login_defs"] == {"uid_min": 1000, "uid_max": 60000, "sub_uid_min": 100000, "sub_uid_max": 600100000}, f["login_defs"]
assert f["hostname"] == "running"
assert f["reserved_uids"] == [] and f["uids_in_use"] == []
END
    grep -v '^xen-qemuuser' root/etc/passwd >p && cat p >root/etc/passwd
    for how in "--root root" "--host facts2.json"; do
        "$DMLINT" host collect -q --root root >facts2.json
        run "$DMLINT" host users $how
        [[ "$output" == *"Looked at: Xen's and systemd's reserved ranges, passwd, groups, subuid, subgid, reserved_uids, uids_in_use, login_defs."* ]]
        [[ "$output" != *"Not known"* ]]
    done
    rm -r root/proc
    "$DMLINT" host collect -q --root root | grep -q '"hostname": *"debian-dom0"\|"hostname": *"[a-z]'
}

@test "dmlint(1) names every path that host collect reads" {
    run python3 - "$SOURCE_DIR" <<'END'
import re, sys
page = open(sys.argv[1] + "/man/dmlint.1").read()
part = page[page.index(".Ss Copied roots"):page.index(".Ss Trying")]
named = [p.rstrip("*") for p in re.findall(r"(?<![\w.])/[\w./*-]+", part)]
lost = set()
for name in ("collect", "site", "inspect", "guests"):
    for path in re.findall(r'"(/(?:etc|usr|var|proc|sys|root)/?[^"%\s]*)"', open("%s/src/host/%s.c" % (sys.argv[1], name)).read()):
        if path not in ("/etc", "/proc/xen/capabilities", "/proc/") and not any(path.startswith(p) for p in named):
            lost.add(path)
print(sorted(lost))
sys.exit(bool(lost))
END
    [ "$status" -eq 0 ]
}

on_terminal() { # ANSWERS ARG...
    local answers=$1
    shift
    run "$SOURCE_DIR/tests/e2e/on_terminal" "$answers" "$DMLINT" migrate --host "$facts" --interactive "$@"
}

@test "after l or q in --interactive the reason is that the guest was left, not a policy or a no" {
    sed -i '/dm_restrict/d' w.cfg
    sed 's/"w"/"x"/' w.cfg >x.cfg
    on_terminal q w.cfg x.cfg
    [ "$status" -eq 1 ]
    [ "$(grep -c 'Why: not yet: you left this guest as it is; then run this again' <<<"$output")" -eq 2 ]
    [[ "$output" != *"silences the rule"* && "$output" != *"you said no"* ]]
    printf 'vnc = 1\nvnclisten = "0.0.0.0"\n' >>w.cfg
    cp w.cfg before
    on_terminal y,q w.cfg x.cfg # yes to the change, and then the decision
    [[ "$output" == *"Go on with this guest?"* ]]
    cmp w.cfg before
    [[ "$output" == *"you left this guest as it is"* ]]
    [[ "$output" != *"silences the rule"* && "$output" != *"you said no"* ]]
    on_terminal n x.cfg
    [[ "$output" == *"Why: not yet: you said no; then run this again"* ]]
}

@test "migrate: what to check is dmlint verify, and only for a guest that asks for restriction" {
    sed -i '/dm_restrict/d' w.cfg
    run "$DMLINT" migrate --host "$facts" w.cfg
    [[ "$output" == *"Then check, as root, that its QEMU is restricted:"*'$ dmlint verify --config=w.cfg "domid:$(xl domid w)"'* ]]
    [[ "$output" != *grep* ]]
    # Old keys go, but what the file asks for stands in the way of restriction.
    printf 'name = "v"\nbuilder = "hvm"\nmemory = 512\ndisk = [ "/srv/v.qcow2,qcow2,xvda,w" ]\n' >v.cfg
    run "$DMLINT" migrate --host "$facts" v.cfg
    [[ "$output" == *"+type"* ]]
    [[ "$output" == *"Its QEMU is not restricted by that yet: the file does not ask for it."* ]]
    [[ "$output" != *"dmlint verify"* ]]
    "$DMLINT" migrate --host "$facts" -f json v.cfg | python3 -c 'import json,sys; assert json.load(sys.stdin)["guests"][0]["check"] is None'
}
