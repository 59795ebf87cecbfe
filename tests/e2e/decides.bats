#!/usr/bin/env bats
# Small things that decide what a guest is called, or whether it is written.

setup() {
    cd "$BATS_TEST_TMPDIR"
    facts=$SOURCE_DIR/contrib/examples/host-facts.yaml
    guest >web.cfg
}

# guest LINE...: a guest that is ready on that host, with more lines
guest() { printf 'type = "hvm"\nname = "web"\nmemory = 1024\ndm_restrict = 1\n'; [ $# -eq 0 ] || printf '%s\n' "$@"; }
verdict() { "$DMLINT" check -q --host "$facts" --format json "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)["guests"][0]["verdict"])'; }

@test "a value that no pattern can be matched with in time leaves the verdict open" {
    [ "$(verdict web.cfg)" = ready ]
    guest "device_model_args = [ \"-global\", \"$(head -c 200000 /dev/zero | tr '\0' x)\" ]" >long.cfg
    [ "$(verdict long.cfg)" = unknown ]
    run "$DMLINT" check --host "$facts" --require-ready long.cfg
    [ "$status" -ne 0 ]
    [[ "$output" == *"an answer for a value that no pattern can be matched with"* ]]
    # As long, and nothing is left open where no pattern looks.
    guest "seclabel = \"$(head -c 200000 /dev/zero | tr '\0' x)\"" >other.cfg
    [ "$(verdict other.cfg)" = ready ]
}

# fixes TEST OPERATION: what --fix does with a site's safe fix
fixes() {
    mkdir -p pack
    cat >pack/r.yaml <<R
id: DM9001
name: another-display
severity: warning
tags: [later]
summary: Not this display.
why: Because.
do: This.
select: name
when: {key: $1}
fix: {safety: safe, ops: [$2]}
R
    printf 'rules_dir: pack\n' >site.yaml
    run "$DMLINT" check --xen 4.17 --host none -q -f concise --fix --policy site.yaml web.cfg
}

@test "a fix that changes QEMU's environment alone is withheld" {
    guest 'sdl = 1' 'display = ":0"' >web.cfg
    cp web.cfg before
    fixes 'display, equals: ":0"' '{set: {key: display, value: ":1"}}' # another value
    [[ "$output" == *"the fix of DM9001 another-display"*"is withheld: QEMU's command line would change"* ]]
    cmp before web.cfg
    fixes 'display, exists: true' '{delete: {key: display}}' # one less
    [[ "$output" == *"is withheld: QEMU's command line would change"* ]]
    cmp before web.cfg
    fixes 'xauthority, absent: true' '{set: {key: xauthority, value: "/root/.Xauthority"}}' # one more
    [[ "$output" == *"is withheld: QEMU's command line would change"* ]]
    cmp before web.cfg
    fixes 'display, exists: true' '{rename_key: {from: display, to: xauthority}}' # as many, with another name
    [[ "$output" == *"is withheld: QEMU's command line would change"* ]]
    cmp before web.cfg
    guest 'sdl = 0' 'display = ":0"' >web.cfg # not in QEMU's environment
    fixes 'display, exists: true' '{delete: {key: display}}'
    guest 'sdl = 0' | cmp - web.cfg
}
