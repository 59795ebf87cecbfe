#!/usr/bin/env bats
# The main jobs under valgrind: no invalid access, nothing lost.

vg() { DMLINT_NO_JIT=1 valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible "$DMLINT" "$@"; }

setup() {
    command -v valgrind >/dev/null || skip "valgrind is not installed"
    ! ldd "$DMLINT" | grep -q libasan || skip "not together with AddressSanitizer"
    ! ldd "$DMLINT" | grep -q libtsan || skip "not together with ThreadSanitizer"
    cd "$SOURCE_DIR"
}

@test "check of the examples, as text and JSON, on two threads" {
    for f in text json; do
        run vg check --host contrib/examples/host-facts.yaml -j 2 -f $f contrib/examples/*.cfg
        [ "$status" -eq 1 ]
    done
}

@test "argv of an example" {
    run vg argv --host contrib/examples/host-facts.yaml contrib/examples/web.cfg
    [ "$status" -eq 0 ]
}

@test "host collect of a copied root" {
    run vg host collect --root tests/data/root-debian
    [ "$status" -eq 0 ]
}

@test "verify of a copied /proc" {
    for f in text json; do
        run vg verify --root tests/data/root-verify --xen 4.17 --config contrib/examples -f $f
        [ "$status" -eq 1 ]
    done
}

@test "explain and policy show" {
    run vg explain DM1001
    [ "$status" -eq 0 ]
    run vg policy show --effective
    [ "$status" -eq 0 ]
}

@test "host check, baselines, waivers, stored configs" {
    run vg host check --host contrib/examples/host-facts.yaml -f json
    [ "$status" -eq 0 ]
    cp contrib/examples/*.cfg tests/golden/stored/*.libxl-json "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR"
    printf 'baseline: b.json\nwaivers:\n- {id: A, rules: [DM1006], owner: o, reason: r, expires: 2020-01-01}\n- {id: B, rules: [exposure], owner: o, reason: r, expires: 2999-01-01}\n' >.dmlint.yaml
    for verb in create prune; do
        run vg baseline $verb --xen 4.17 --host none *.cfg
        [ "$status" -eq 0 ]
    done
    run vg check --xen 4.17 --host none -j 2 .
    [ "$status" -eq 0 ]
    [[ "$output" == *"[DM0014 waiver-expired]"* ]]
}
