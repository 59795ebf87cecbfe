#!/usr/bin/env bats
# dmlint rules, explain and policy; and that no policy touches a verdict.

setup() {
    cd "$BATS_TEST_TMPDIR"
    cp "$SOURCE_DIR/tests/data/host.yaml" facts.yaml
    printf 'name = "erp"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\ndevice_model_version = "qemu-xen-traditional"\n' >erp.cfg
}

verdict() { "$DMLINT" check --host facts.yaml -f json "$@" erp.cfg 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["guests"][0]["verdict"])'; }

site_rule() { # id, name, condition
    cat <<R
id: $1
name: $2
severity: warning
tags: [hold]
summary: Ours
why: Because.
do: This.
when: $3
examples:
  bad: [{name: any guest, cfg: "name = \"x\"\n", line: 1}]
  good: [{name: no name, cfg: "memory = 1\n"}]
select: name
R
}

@test "rules lists every rule; --select and json" {
    n=$(ls "$SOURCE_DIR"/rules/*.yaml | wc -l)
    [ "$("$DMLINT" rules | wc -l)" -eq "$n" ]
    "$DMLINT" rules --select isolation --ignore DM4001 | grep -q "^DM4002 "
    ! "$DMLINT" rules --select isolation --ignore DM4001 | grep -q "^DM4001 "
    "$DMLINT" rules -f json | python3 -c 'import json,sys; r = json.load(sys.stdin)["rules"]; assert len(r) == '"$n"'; assert r[0]["id"] == "DM0001"'
}

@test "explain by id and by name; a slip gets a suggestion" {
    "$DMLINT" explain DM1001 >a
    "$DMLINT" explain restrict-with-traditional | cmp - a
    for part in "^DM1001 restrict-with-traditional" "^Why" "^What to do" "^Bad: " "^Good: " "^References"; do grep -q "$part" a; done
    ! sed -n "/^Why/,/^References/p" a | grep -v "^    " | grep -q ".\{79\}"
    run "$DMLINT" explain restrict-with-traditionel
    [ "$status" -eq 2 ]
    [[ "$output" == *'did you mean "restrict-with-traditional"'* ]]
}

@test "policy show --effective names the place of every value, and is a policy itself" {
    printf 'extends: [restrict-ready]\nrules:\n  DM3001: {severity: error, locked: true}\n' >site.yaml
    "$DMLINT" policy show --effective site.yaml >effective.yaml
    grep -A2 "DM3001:" effective.yaml | grep -q "severity: error  # site.yaml:3"
    "$DMLINT" policy check effective.yaml
    "$DMLINT" policy show --effective effective.yaml | sed 's/ *#.*//' >again
    sed 's/ *#.*//' effective.yaml | diff - again
}

@test "policy check: what is wrong, where, and exit 2" {
    printf 'rules:\n  DM1O01: off\n' >bad.yaml
    run "$DMLINT" policy check bad.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *"bad.yaml:2:3: no rule or tag is called"*"did you mean"* ]]
    site_rule DM9001 ours '{key: nome, exists: true}' >rule.yaml
    run "$DMLINT" policy check rule.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *'rule.yaml:8:13: there is no guest key "nome"; did you mean'* ]]
    run "$DMLINT" policy check hardened "$SOURCE_DIR"/policies/default.yaml
    [ "$status" -eq 0 ]
}

@test "policy test: a site's rules by their examples" {
    mkdir pack
    site_rule DM9001 ours '{key: name, exists: true}' >pack/ours.yaml
    printf 'rules_dir: pack\n' >site.yaml
    run "$DMLINT" policy test pack/ours.yaml
    [ "$status" -eq 0 ]
    run "$DMLINT" policy test site.yaml
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 rule, 2 examples: 0 failed"* ]]
    site_rule DM9001 ours '{key: name, absent: true}' >pack/ours.yaml
    run "$DMLINT" policy test site.yaml
    [ "$status" -eq 1 ]
    [[ "$output" == *'pack/ours.yaml:10: DM9001 ours, bad example "any guest": does not fire'* ]]
}

@test "policy test: a site's examples use the hosts and kinds of guests that have names" {
    cat >r.yaml <<'R'
id: DM9001
name: range-in-use
severity: warning
tags: [isolation]
summary: The range is there.
why: Because.
do: This.
when:
  all:
    - {fact: "host.passwd[*].name", equals: xen-qemuuser-range-base}
    - {fact: "host.passwd[*].name", equals: root}
examples:
  bad:
    - {name: the host as it is, facts: accounts, cfg: "name = 'a'\n"}
    - {name: one account more, facts: {like: accounts, passwd: [{name: more, uid: 5, gid: 5}]}, cfg: "name = 'a'\n"}
  good:
    - {name: another account, facts: {like: root-only, os: linux, passwd: [{name: more, uid: 5, gid: 5}]}, also: [unrestricted, DM2002], cfg: "name = 'a'\n"}
    - {name: no account, facts: root-only, cfg: "name = 'a'\n"}
    - {name: nothing known, facts: none, cfg: "name = 'a'\n"}
R
    run "$DMLINT" policy test r.yaml
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 rule, 5 examples: 0 failed"* ]]
    sed -i 's/facts: root-only/facts: roots-only/' r.yaml
    run "$DMLINT" policy check r.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *'r.yaml:18:'*'there is no host "roots-only"; there are: none, root-only, accounts'* ]]
}

@test "a condition that absence fulfils, and one of several keys, are judged where no key is there" {
    mkdir pack
    site_rule DM9001 ours '{any: [{key: cpu_weight, absent: true}, {key: cap, gt: 3}]}' >pack/ours.yaml
    printf 'rules_dir: pack\n' >.dmlint.yaml
    for guest in 'name = "a"' 'name = "a"\ncpu_weight = 256\ncap = 50'; do
        printf "$guest\n" >a.cfg
        run "$DMLINT" -q -f concise a.cfg
        [[ "$output" == *"[DM9001 ours]"* ]]
    done
    printf 'name = "a"\ncpu_weight = 256\ncap = 3\n' >a.cfg
    run "$DMLINT" -q -f concise a.cfg
    [[ "$output" != *DM9001* ]]
}

@test "a site's rule is found from .dmlint.yaml, and explained" {
    mkdir pack
    site_rule DM9001 ours '{key: name, exists: true}' >pack/ours.yaml
    printf 'rules_dir: pack\nrules: {ours: error}\n' >.dmlint.yaml
    run "$DMLINT" --host facts.yaml -q -f concise erp.cfg
    [[ "$output" == *"erp.cfg:1:"*": error: Ours [DM9001 ours]"* ]]
    "$DMLINT" explain ours | grep -q "pack/ours.yaml:1"
    "$DMLINT" rules --select DM9 | grep -q "^DM9001 "
}

@test "fail_on of the policy in the file's directory; the command line wins" {
    mkdir strict lax
    printf 'name = "x"\nmemory = 1\nmemory = 2\n' | tee strict/a.cfg >lax/a.cfg
    printf 'fail_on: warning\nrules: {DM1: off, DM2: off}\n' >strict/.dmlint.yaml
    printf 'fail_on: none\n' >lax/.dmlint.yaml
    run "$DMLINT" -q --host facts.yaml strict
    [ "$status" -eq 1 ]
    run "$DMLINT" -q --host facts.yaml lax
    [ "$status" -eq 0 ]
    run "$DMLINT" -q --host facts.yaml lax strict
    [ "$status" -eq 1 ]
    run "$DMLINT" -q --host facts.yaml --fail-on none lax strict
    [ "$status" -eq 0 ]
    run "$DMLINT" -q --host facts.yaml --fail-on hint lax
    [ "$status" -eq 1 ]
}

@test "nothing that a policy says changes a verdict" {
    [ "$(verdict)" = blocked ]
    printf 'rules: {hold: off, start: off, isolation: off}\n' >off.yaml
    [ "$(verdict -p off.yaml)" = blocked ]
    [ "$(verdict --ignore DM)" = blocked ]
    [ "$(verdict --select DM6001)" = blocked ]
    mkdir pack
    for rule in DM1001 DM2001 DM2002 DM1013; do
        name=$("$DMLINT" rules --select $rule | awk '{print $4}')
        site_rule $rule "$name" '{key: name, equals: nobody}' >pack/$rule.yaml
    done
    printf 'rules_dir: pack\n' >replaced.yaml
    [ "$(verdict -p replaced.yaml)" = blocked ]
    run "$DMLINT" --host facts.yaml -q -f concise -p replaced.yaml erp.cfg
    ! [[ "$output" == *"DM1001"* ]]
    sed -i '4s/$/ # dmlint: ignore[DM1001] -- x/; 5s/$/ # dmlint: ignore[DM1001, DM2001, DM2002] -- x/' erp.cfg
    [ "$(verdict)" = blocked ]
}
