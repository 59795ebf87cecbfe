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
