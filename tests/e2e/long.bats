#!/usr/bin/env bats
# Files that are as long as they may be: time grows with their length, not with its square. The limits are far from what it takes.

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_TMPDIR"; }

# guest LINE COUNT END: a guest with that line so many times behind it
guest() { printf 'type = "hvm"\nname = "web"\nmemory = 1024\ndm_restrict = 1\n'; [ -z "$3" ] || echo "$3"; yes "$1" | head -n "$2"; [ -z "$3" ] || echo ']'; }
check() { run timeout 60 "$DMLINT" check --xen 4.17 --host none -q -f concise -j 1 "$@"; }

@test "250,000 interfaces" {
    guest '"",' 250000 'vif = [' >vif.cfg
    check vif.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"250000 emulated network cards"*"DM2047"* ]]
}

@test "30,000 disks, and the last is there twice" {
    { guest '' 0 'disk = [' | head -n -1; seq 1000 31000 | sed 's|.*|"/dev/vg0/a,raw,&00,w",|'; echo '"/dev/vg0/b,raw,100000,w" ]'; } >disk.cfg
    check disk.cfg
    [[ "$output" == *"there are two disks 100000"* ]]
}

@test "30,000 suppressions, before a statement and behind many" {
    { guest '# dmlint: ignore[DM1003] -- x' 30000 ''; echo 'vcpus = 2'; } >before.cfg
    check before.cfg
    [ "$(grep -c DM0010 <<<"$output")" -eq 30000 ]
    { guest '' 0 ''; seq 25000 | sed 's/.*/a& = 1 # dmlint: ignore[DM0002] -- x/'; } >behind.cfg
    check behind.cfg
    [ "$status" -eq 0 ]
    [[ "$output" != *DM0002* && "$output" != *DM0010* ]]
}
