#!/usr/bin/env bats
# An installed dmlint works from wherever it was installed to, or moved to.

@test "installed, moved, run" {
    cmake --install "$BUILD_DIR" --prefix "$BATS_TEST_TMPDIR/a" >/dev/null
    mv "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes"\n' >"$BATS_TEST_TMPDIR/w.cfg"
    cd /
    run "$BATS_TEST_TMPDIR/b/bin/dmlint" check --xen 4.17 -q -f concise "$BATS_TEST_TMPDIR/w.cfg"
    [ "$status" -eq 1 ]
    [[ "$output" == *"w.cfg:4:15: error:"* ]]
    for page in man1/dmlint.1 man5/dmlint-policy.5 man5/dmlint-facts.5 man7/dmlint-rules.7 man3/dmargv.3; do
        [ -s "$BATS_TEST_TMPDIR/b/share/man/$page" ]
    done
    for schema in rule policy facts; do
        python3 -m json.tool "$BATS_TEST_TMPDIR/b/share/dmlint/schema/$schema.schema.json" >/dev/null
    done
}

@test "what is installed in /usr looks for its libraries nowhere else" {
    cmake -S "$SOURCE_DIR" -B "$BATS_TEST_TMPDIR/usr" -G Ninja -DDML_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr >/dev/null
    run grep -E '^ +NEW_RPATH' "$BATS_TEST_TMPDIR/usr/src/cmake_install.cmake"
    [ "$status" -eq 0 ]
    [ "$(tr -d ' ' <<<"$output")" = 'NEW_RPATH"")' ]
    grep -q 'NEW_RPATH "\\$ORIGIN/../' "$BUILD_DIR/src/cmake_install.cmake" # elsewhere it is found beside the program
}
