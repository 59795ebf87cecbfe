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
