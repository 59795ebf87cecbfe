#!/usr/bin/env bats
# What others write must not end, lead astray or silence a run.

setup() {
    cd "$BATS_TEST_TMPDIR"
    guest good.cfg good
}

guest() { # FILE NAME LINE...
    local file=$1
    mkdir -p "$(dirname "$file")"
    printf 'type = "hvm"\nname = "%s"\nmemory = 1024\n' "$2" >"$file"
    shift 2
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$file"
}

@test "a text that ends libxlutil's scanner is a finding of its file, on every release, and the run goes on" {
    guest jam.cfg jam 'disk = [ "grant_usage=\n" ]'
    guest word.cfg word 'disk = [ "/dev/x,raw,_=\nvdev=xvda" ]'
    printf 'type = "hvm"\nname = "a\0b"\nmemory = 512\n#\0\n' >nul.cfg
    for xen in 4.10 4.17 4.19 4.22; do
        run "$DMLINT" check -q --xen $xen --host none jam.cfg word.cfg nul.cfg good.cfg
        [ "$status" -eq 1 ]
        [[ "$output" == *"jam.cfg: verdict: blocked by"*"DM2002"* ]]
        [[ "$output" == *"word.cfg: verdict: blocked by"*"DM2002"* ]]
        [[ "$output" == *"nul.cfg: verdict: blocked by DM0001"* ]]
        [[ "$output" == *"good.cfg: verdict: "* ]]
        run "$DMLINT" argv --xen $xen --host none jam.cfg
        [ "$status" -ne 0 ]
        [[ "$output" == *'without a name before a line end'* ]]
        run "$DMLINT" migrate --xen $xen --host none jam.cfg good.cfg
        [[ "$output" == *good.cfg* ]]
    done
}
