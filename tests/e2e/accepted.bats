#!/usr/bin/env bats
# What is accepted: waivers until their day, baselines, and what is said of those that are of no use any more.

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p guests/lab
    printf 'name = "web"\ntype = "hvm"\nmemory = 512\nvnc = 1\nvnclisten = "0.0.0.0"\ndisk = [ "/dev/vg0/web,raw,xvda,w" ]\n' >guests/web.cfg
    sed 's/web/lab/' guests/web.cfg >guests/lab/lab.cfg
}

check() { run "$DMLINT" check --xen 4.17 --host none --today 2026-11-24 "$@" guests; }

# policy RULES [LIMITS [EXPIRES]]: a policy with one waiver.
policy() {
    cat >.dmlint.yaml <<END
rules: {DM1006: error}
waivers:
  - {id: W-1, rules: [$1], owner: ops@example.org, reason: later, expires: ${3:-2026-11-24}${2:+, $2}}
END
}

states() { # RULE: path and state of its findings
    "$DMLINT" check --xen 4.17 --host "${HOST_FACTS:-none}" --today 2026-11-24 -q -f json "${@:2}" guests | python3 -c '
import json, sys
for f in json.load(sys.stdin)["findings"]:
    if f["rule"] == sys.argv[1]: print(f["path"], f["state"], f.get("waiver", ""))' "$1"
}

@test "a waiver silences its rules through its last day, and never changes a verdict" {
    policy "DM1006, exposure"
    check
    [ "$status" -eq 0 ]
    [[ "$output" != *"[DM1006"* ]]
    [[ "$output" == *"4 waived"* ]]
    check -f json -q
    [[ "$output" == *'"state":"waived","waiver":"W-1"'* ]]
    [ "$(grep -o '"verdict":"[a-z-]*"' <<<"$output" | sort -u)" = '"verdict":"unknown"' ] ||
        [[ "$output" == *'"verdict":"fixable"'* ]]
    check -v --color never
    [[ "$output" == *"(waived by W-1)"* ]]
}

@test "an expired waiver silences nothing, and is a finding in the policy's file" {
    policy "DM1006" "" 2026-11-23
    check
    [ "$status" -eq 1 ]
    [[ "$output" == *"/.dmlint.yaml:3:1: warning: the waiver W-1 of ops@example.org ended with 2026-11-23"*"[DM0014 waiver-expired]"* ]]
    [[ "$output" == *"[DM1006"* ]]
    check --fail-on none --ignore DM0014
    [[ "$output" != *"[DM0014"* ]]
}

@test "a waiver is limited to files, guests and hosts" {
    policy DM1006 'files: ["guests/lab/**"]'
    [ "$(states DM1006)" = "$(printf 'guests/lab/lab.cfg waived W-1\nguests/web.cfg new ')" ]
    policy DM1006 'guests: ["w*"]'
    [ "$(states DM1006)" = "$(printf 'guests/lab/lab.cfg new \nguests/web.cfg waived W-1')" ]
    policy DM1006 'hosts: [xen-a1]'
    [ "$(states DM1006 | grep -c waived)" -eq 0 ] # which host it is, is not known
    printf 'dmlint_facts: 1\nhostname: xen-a1\n' >host.yaml
    [ "$(HOST_FACTS=host.yaml states DM1006 | grep -c waived)" -eq 2 ]
}

@test "a waiver that nothing needs is said, where its guests were looked at" {
    policy DM5004
    check --fail-on none
    [[ "$output" == *".dmlint.yaml:3:1: info: the waiver W-1"*"silences nothing"*"[DM0015 waiver-unused]"* ]]
    policy DM5004 'files: ["elsewhere/**"]'
    check --fail-on none
    [[ "$output" != *"DM0015"* ]]
}

@test "what another policy locks can neither be waived nor baselined" {
    printf 'rules: {DM1006: {severity: error, locked: true}}\n' >site.yaml
    policy DM1006
    sed -i '1s/.*/extends: [.\/site.yaml]/' .dmlint.yaml
    check
    [ "$status" -eq 2 ]
    [[ "$output" == *".dmlint.yaml:3:"*"DM1006 restrict-not-requested is locked by"*"site.yaml:1 and cannot be waived here"* ]]
    policy hold # of many rules, the locked one is left out
    sed -i '1s/.*/extends: [.\/site.yaml]\nbaseline: base.json/' .dmlint.yaml
    run "$DMLINT" baseline create --xen 4.17 --host none guests
    [ "$status" -eq 0 ]
    [[ "$output" == *"2 findings of locked rules cannot be accepted"* ]]
    check
    [ "$status" -eq 1 ]
    [ "$(states DM1006 | grep -c new)" -eq 2 ]
}

@test "--today must be a day" {
    for day in 2026-02-29 yesterday 2026-1-1; do
        run "$DMLINT" check --today $day guests
        [ "$status" -eq 2 ]
        [[ "$output" == *"\"$day\" is no day"* ]]
    done
}

@test "a baseline knows findings by rule, path, key and value, not by line" {
    printf 'rules: {DM1006: error}\nbaseline: known/base.json\n' >.dmlint.yaml
    check
    [ "$status" -eq 2 ]
    [[ "$output" == *"known/base.json is not there; \`dmlint baseline create\` makes it"* ]]
    run "$DMLINT" baseline create --xen 4.17 --host none guests
    [ "$status" -eq 0 ]
    [[ "$output" == *"known/base.json: 4 entries, 4 of them new, 0 dropped"* ]]
    check
    [ "$status" -eq 0 ]
    [[ "$output" == *"no findings, 4 baselined"* ]]
    # Moved and laid out anew: still known, from any directory.
    sed -i '1s/^/# a comment\n\n/; s/vnclisten = /vnclisten   =  /' guests/web.cfg
    (cd guests/lab && "$DMLINT" check -q --xen 4.17 --host none .. lab.cfg)
    # Another value is another finding.
    sed -i 's/0\.0\.0\.0/192.0.2.1/' guests/web.cfg
    [ "$(states DM5001)" = "$(printf 'guests/lab/lab.cfg baselined \nguests/web.cfg new ')" ]
}

@test "what is mended is said, and pruned; other files' entries stay" {
    printf 'baseline: base.json\n' >.dmlint.yaml
    "$DMLINT" baseline create -q --xen 4.17 --host none guests
    sed -i 's/0\.0\.0\.0/127.0.0.1/' guests/web.cfg
    check
    [ "$status" -eq 0 ]
    [[ "$output" == *"base.json:"*": info: guests/web.cfg has no such DM5001 at vnclisten any more [DM0016 baseline-stale]"* ]]
    check --ignore DM5001 # of a rule that is not looked for, nothing is said
    [[ "$output" != *DM0016* ]]
    run "$DMLINT" baseline prune --xen 4.17 --host none guests/web.cfg
    [[ "$output" == *"base.json: 3 entries, 0 of them new, 1 dropped"* ]]
    check
    [[ "$output" == *"no findings, 3 baselined"* ]]
    rm -r guests/lab
    run "$DMLINT" baseline prune --xen 4.17 --host none guests
    [[ "$output" == *"1 entries, 0 of them new, 2 dropped"* ]]
}

@test "prune and create keep what they did not look for" {
    printf 'baseline: base.json\n' >.dmlint.yaml
    "$DMLINT" baseline create -q --xen 4.17 --host none guests
    cp base.json old.json
    for verb in prune create; do
        "$DMLINT" baseline $verb -q --xen 4.17 --host none --select DM1006 guests
        cmp old.json base.json
    done
    rm guests/web.cfg
    ln -s /proc/self/mem guests/web.cfg # there, and cannot be read
    printf 'guests/web.cfg\nguests/lab/lab.cfg\n' >list
    run "$DMLINT" baseline prune -q --xen 4.17 --host none --files-from list
    [ "$status" -eq 3 ]
    cmp old.json base.json
}

@test "a baseline that cannot be read or written says why, and stays as it was" {
    printf 'baseline: base.json\n' >.dmlint.yaml
    printf '{"schema": "dmlint.baseline/1", "entries": [\n {"rule": "DM1006", "pth": "a"}]}' >base.json
    check
    [ "$status" -eq 2 ]
    [[ "$output" == *'base.json:2:'*'pth'*'did you mean "path"'* ]]
    printf '{"schema": "dmlint.baseline/2"}' >base.json
    check
    [ "$status" -eq 2 ]
    [[ "$output" == *'reads "dmlint.baseline/1"'* ]]
    run "$DMLINT" baseline create --baseline /proc/none/base.json --xen 4.17 --host none guests
    [ "$status" -eq 4 ]
    rm .dmlint.yaml
    run "$DMLINT" baseline create --xen 4.17 --host none guests
    [ "$status" -eq 2 ]
    [[ "$output" == *'the policy default names no baseline; put "baseline: FILE" into it'* ]]
    run "$DMLINT" baseline
    [ "$status" -eq 2 ]
    run "$DMLINT" baseline creat
    [ "$status" -eq 2 ]
}

@test "--fix leaves waived findings alone" {
    policy DM1006
    printf 'name = "web"\nbuilder = "hvm"\n' >guests/web.cfg
    rm -r guests/lab
    sed -i 's/DM1006,*/DM6003/; s/rules: \[[^]]*\]/rules: [DM6003]/' .dmlint.yaml
    "$DMLINT" check -q --fix --xen 4.17 --host none --today 2026-11-24 guests || true
    grep -q builder guests/web.cfg
    "$DMLINT" check -q --fix --xen 4.17 --host none --today 2026-11-25 guests || true
    grep -q 'type = "hvm"' guests/web.cfg
}
