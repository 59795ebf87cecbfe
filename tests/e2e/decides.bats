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

@test "an argument that the kernel hands to no program blocks" {
    guest "device_model_args = [ \"-device\", \"virtio-rng-pci,id=$(head -c 131053 /dev/zero | tr '\0' x)\" ]" >long.cfg
    [ "$(verdict long.cfg)" = ready ]
    guest "device_model_args = [ \"-device\", \"virtio-rng-pci,id=$(head -c 131054 /dev/zero | tr '\0' x)\" ]" >long.cfg
    [ "$(verdict long.cfg)" = blocked ]
}

@test "a value that no pattern can be matched with in time leaves the verdict open" {
    [ "$(verdict web.cfg)" = ready ]
    guest "device_model_args = [ \"-sandbox\", \"on$(head -c 60000 /dev/zero | sed 's/\x0/,a/g')\" ]" >long.cfg
    [ "$(verdict --qemu debian-11 long.cfg)" = blocked ] # for another reason
    run "$DMLINT" check --host "$facts" --qemu debian-11 --require-ready long.cfg
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

@test "a fix that brings up an error, of a site's own rule too, is withheld" {
    cp web.cfg before
    mkdir pack
    cat >pack/r.yaml <<R
- {id: DM9001, name: more-vcpus, severity: warning, tags: [later], summary: More., why: Because., do: This., select: vcpus,
   when: {key: vcpus, absent: true}, fix: {safety: unsafe, ops: [{set: {key: vcpus, value: 8}}]}}
- {id: DM9002, name: too-many-vcpus, severity: error, tags: [later], summary: Less., why: Because., do: This., select: vcpus, when: {key: vcpus, gt: 4}}
R
    printf 'rules_dir: pack\n' >site.yaml
    run "$DMLINT" check --xen 4.17 --host none -q -f concise --fix --unsafe-fixes --policy site.yaml web.cfg
    [[ "$output" == *"the fix of DM9001 more-vcpus"*"is withheld: it would bring up DM9002 too-many-vcpus"* ]]
    cmp before web.cfg
    sed -i 's/severity: error/severity: warning/' pack/r.yaml
    run "$DMLINT" check --xen 4.17 --host none -q -f concise --fix --unsafe-fixes --policy site.yaml web.cfg
    grep -qx 'vcpus = 8' web.cfg
}

@test "without any of the facts that every verdict rests on, no guest is ready" {
    sed '/^qemu:/s/, caps:.*/}/' "$SOURCE_DIR/tests/data/host.yaml" >full.yaml
    facts=full.yaml
    [ "$(verdict web.cfg)" = ready ]
    facts=less.yaml
    local fact
    for fact in os xen kernel qemu nss passwd subuid; do
        grep -v "^$fact:" full.yaml >less.yaml
        [ "$(verdict web.cfg)" = unknown ]
    done
    sed 's/, version: "7.2.22"//' full.yaml >less.yaml
    [ "$(verdict web.cfg)" = unknown ]
    sed 's/installed: true, //' full.yaml >less.yaml # one that has a version is there
    [ "$(verdict web.cfg)" = ready ]
}

@test "a fix after which its finding is still there is withheld" {
    cp web.cfg before
    mkdir pack
    cat >pack/r.yaml <<R
{id: DM9001, name: other-vcpus, severity: warning, tags: [later], summary: More., why: Because., do: This., select: vcpus,
 when: {not: {key: vcpus, equals: 4}}, fix: {safety: unsafe, ops: [{set: {key: vcpus, value: 2}}]}}
R
    printf 'rules_dir: pack\n' >site.yaml
    run "$DMLINT" check --xen 4.17 --host none -q -f concise --fix --unsafe-fixes --policy site.yaml web.cfg
    [[ "$output" == *"the fix of DM9001 other-vcpus"*"is withheld: the finding would still be there"* ]]
    cmp before web.cfg
}
