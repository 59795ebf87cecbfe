#!/usr/bin/env bats
# check --fix as a user meets it: what is kept, what is refused, where it goes.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    old >web.cfg
}

# A guest with two safe fixes (builder, stdvga), and what becomes of it.
old() { printf '# The shop.  Do not touch!\nname    = '"'web'"'   # in single quotes\nbuilder = '"'hvm'"'\n\n\tmemory=512\ndisk = [ "/dev/vg0/web,raw,xvda,w", # root\n       ]\ndevice_model = "qemu-dm"\n'; }
new() { printf '# The shop.  Do not touch!\nname    = '"'web'"'   # in single quotes\ntype = '"'hvm'"'\n\n\tmemory=512\ndisk = [ "/dev/vg0/web,raw,xvda,w", # root\n       ]\n'; }

fix() { run "$DMLINT" check --xen 4.17 --host none -q -f concise --fix "$@"; }
xattrs() { python3 -c 'import os, sys
p = sys.argv[1]
for n in sorted(os.listxattr(p)): print(n, os.getxattr(p, n).hex())' "$1"; }
is_old() { old | diff - "$1"; }
is_new() { new | diff - "$1"; }
nothing_left() { [ -z "$(find "${1:-.}" -name '.*.dmlint-*')" ]; }

@test "only the bytes that must change do" {
    fix web.cfg
    [ "$status" -eq 0 ]
    is_new web.cfg
    nothing_left
    fix web.cfg
    is_new web.cfg
}

@test "a missing final newline stays missing" {
    printf 'name = "w"\nmemory = 512\nbuilder = "hvm"' >end.cfg
    fix end.cfg
    printf 'name = "w"\nmemory = 512\ntype = "hvm"' | diff - end.cfg
}

@test "no carriage return appears, and one that is there stays" {
    printf 'name = "w"\nmemory = 512 # x\r\nbuilder = "hvm"\n' >cr.cfg
    fix cr.cfg
    printf 'name = "w"\nmemory = 512 # x\r\ntype = "hvm"\n' | diff - cr.cfg
}

@test "owner, mode, extended attributes and ACLs stay" {
    chmod 0640 web.cfg
    [ "$(id -u)" -ne 0 ] || chown 1234:2345 web.cfg
    python3 - web.cfg <<'P'
import os, struct, sys
for name, value in (("user.note", b"by hand\0\xff"), ("system.posix_acl_access", struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *e) for e in ((1, 6, 2**32 - 1), (2, 4, 3456), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1))))):
    try:
        os.setxattr(sys.argv[1], name, value)
    except OSError:
        pass  # not on every file system
P
    stat -c '%u:%g %a' web.cfg >before
    xattrs web.cfg >>before
    fix --backup web.cfg
    [ "$status" -eq 0 ]
    is_new web.cfg
    for f in web.cfg web.cfg.bak; do
        { stat -c '%u:%g %a' $f; xattrs $f; } | diff before -
    done
}

@test "a file with two hard links is refused" {
    ln web.cfg other
    fix web.cfg
    [ "$status" -eq 4 ]
    [[ "$output" == *"web.cfg has 2 hard links"* ]]
    is_old web.cfg
    [ web.cfg -ef other ]
}

@test "a link in a directory is followed inside of it and refused out of it" {
    mkdir -p d/sub outside
    mv web.cfg d/sub/target.txt
    old >outside/far.cfg
    ln -s sub/target.txt d/near.cfg
    ln -s ../outside/far.cfg d/far.cfg
    fix d
    [ "$status" -eq 4 ]
    [[ "$output" == *"d/far.cfg is a link to "*"outside of d"* ]]
    is_old outside/far.cfg
    is_new d/sub/target.txt
    [ -L d/near.cfg ]
    fix d/far.cfg
    [ "$status" -eq 0 ]
    is_new outside/far.cfg
    [ -L d/far.cfg ]
}

@test "directories from a list are trees, too" {
    mkdir -p d outside
    old >outside/far.cfg
    ln -s ../outside/far.cfg d/far.cfg
    echo d >list
    fix --files-from list
    [ "$status" -eq 4 ]
    is_old outside/far.cfg
}

@test "two paths to one file fix it once" {
    ln -s web.cfg link.cfg
    fix --backup web.cfg link.cfg ./web.cfg
    [ "$status" -eq 0 ]
    is_new web.cfg
    is_old web.cfg.bak
    [ ! -e link.cfg.bak ]
}

@test "backup keeps the old file under a suffix, and never replaces an older one" {
    echo older >web.cfg.bak
    ln -s nowhere web.cfg.bak.1
    fix --backup web.cfg
    [ "$(cat web.cfg.bak)" = older ]
    [ -L web.cfg.bak.1 ]
    is_old web.cfg.bak.2
    is_new web.cfg
    old >web.cfg
    fix --backup=~ web.cfg
    is_old web.cfg~
    rm web.cfg~
    fix --backup=~ web.cfg
    [ ! -e web.cfg~ ]
}

@test "a backup that cannot be made leaves the file" {
    fix --backup=.$(printf %0300d 0) web.cfg
    [ "$status" -eq 4 ]
    [[ "$output" == *"cannot back up web.cfg"* ]]
    is_old web.cfg
    nothing_left
}

@test "output-dir mirrors the tree, with modes, and leaves the originals" {
    mkdir -p d/sub
    old >d/a.cfg
    old >d/sub/b.cfg
    printf 'name = "ok"\nmemory = 64\ntype = "hvm"\n' >d/sub/ok.cfg
    chmod 0600 d/sub/b.cfg
    fix --output-dir out/deep d
    [ "$status" -eq 0 ]
    is_old d/a.cfg && is_old d/sub/b.cfg
    is_new out/deep/a.cfg
    is_new out/deep/sub/b.cfg
    [ "$(stat -c %a out/deep/sub/b.cfg)" = 600 ]
    cmp d/sub/ok.cfg out/deep/sub/ok.cfg
    [ "$(find out -type f | wc -l)" -eq 3 ]
    fix --output-dir out/deep d
    [ "$status" -eq 0 ]
}

@test "output-dir never writes over a guest that is judged, nor one copy over another" {
    mkdir -p d/sub e
    cp web.cfg d/sub/a.cfg; cp web.cfg d/a.cfg; cp web.cfg e/a.cfg
    fix --output-dir d d
    [ "$status" -eq 2 ]
    fix --output-dir d d/sub
    [ "$status" -eq 2 ]
    fix --output-dir out d/a.cfg e/a.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"two guests would become out/a.cfg"* ]]
    is_old d/a.cfg && is_old d/sub/a.cfg && is_old e/a.cfg
    [ ! -e out ]
}

@test "diff: exit 1 and what git apply takes, exit 0 where there is nothing" {
    mkdir -p d/sub
    old >d/sub/web.cfg
    run bash -c 'cd d && "$DMLINT" check --xen 4.17 --host none --diff . 2>/dev/null >../patch'
    [ "$status" -eq 1 ]
    is_old d/sub/web.cfg
    (cd d && GIT_CEILING_DIRECTORIES=$BATS_TEST_TMPDIR git apply --whitespace=nowarn ../patch)
    is_new d/sub/web.cfg
    run bash -c 'cd d && "$DMLINT" check --xen 4.17 --host none --diff . 2>/dev/null'
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "standard input: the fixed text alone on stdout, the report elsewhere" {
    "$DMLINT" check --xen 4.17 --host none -q -f concise -f json:report.json --fix - <web.cfg >out 2>err
    is_new out
    python3 -m json.tool report.json >/dev/null
    printf 'colour = 1\n' >>web.cfg
    "$DMLINT" check --xen 4.17 --host none -q -f concise --fix - <web.cfg >out 2>err
    (new; printf 'colour = 1\n') | diff - out
    grep -q DM0002 err
}

@test "standard output that cannot be written is told" {
    run bash -c '"$DMLINT" check --xen 4.17 --host none -q --fix - <web.cfg >/dev/full'
    [ "$status" -ge 2 ]
    [[ "$output" == *"cannot write to standard output"* ]]
}

@test "a directory that nobody may write: exit 4, a message, nothing left" {
    public=$(mktemp -d) # the directories of bats are closed to others
    cd "$public"
    mkdir ro
    old >ro/web.cfg
    chmod 0755 .
    chmod 0555 ro
    as=()
    [ "$(id -u)" -ne 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    "${as[@]}" "$DMLINT" --version >/dev/null || skip "no other user can run dmlint here"
    run "${as[@]}" "$DMLINT" check --xen 4.17 --host none -q --fix ro/web.cfg
    [ "$status" -eq 4 ]
    [[ "$output" == *"cannot make a temporary file beside ro/web.cfg"*"it is as it was"* ]]
    is_old ro/web.cfg
    nothing_left ro
    chmod 0755 ro
    rm -r "$public"
}

@test "unused suppressions go: a whole line, one behind a setting, one id of several" {
    cat >s.cfg <<'C'
name = "w" # kept
# dmlint: file-ignore[DM1010] -- never needed
memory = 512   # dmlint: ignore[DM1003] -- old
type = "hvm"
dm_restrict = "yes" # dmlint: ignore[DM1003, DM1004] -- known
C
    fix s.cfg
    cat >expected <<'C'
name = "w" # kept
memory = 512
type = "hvm"
dm_restrict = "yes" # dmlint: ignore[DM1003] -- known
C
    diff expected s.cfg
}

@test "unused suppressions go: the first and the middle of several" {
    cat >s.cfg <<'C'
name = "w"
memory = 512
type = "hvm"
dm_restrict = "yes" # dmlint: ignore[DM1004, DM1010,DM1003] -- known
C
    fix s.cfg
    grep -qxF 'dm_restrict = "yes" # dmlint: ignore[DM1003] -- known' s.cfg
}

@test "a fix that would delete a comment waits for --unsafe-fixes, and is told" {
    printf 'name = "w"\nmemory = 512\ntype = "hvm"\ndevice_model = "qemu-dm" # ask Ada\n' >c.cfg
    cp c.cfg before
    fix c.cfg
    [[ "$output" == *"DM0012"* ]]
    [[ "$output" == *"would delete a comment"* ]]
    cmp c.cfg before
    fix --unsafe-fixes c.cfg
    run ! grep -q device_model c.cfg
}

@test "a fix that would change the argv beyond its rule is withheld" {
    printf 'name = "w"\nmemory = 512\ntype = "hvm"\n' >w.cfg
    cp w.cfg before
    mkdir pack
    cat >pack/more.yaml <<'R'
id: DM9001
name: more-memory
severity: warning
tags: [hold]
summary: More.
why: Because.
do: This.
when: {key: memory, lt: 1024}
select: memory
fix: {safety: safe, ops: [{set: {key: memory, value: 1024}}]}
examples: {bad: [{name: little, line: 1, cfg: "memory = 1\n"}], good: [{name: much, cfg: "memory = 4096\n"}]}
R
    printf 'rules_dir: pack\n' >site.yaml
    fix --policy site.yaml w.cfg
    [[ "$output" == *"the fix of DM9001 more-memory"*"is withheld: QEMU's command line would change"* ]]
    cmp before w.cfg
}

@test "fixes that undo each other leave the file and name both rules" {
    printf 'name = "w"\nmemory = 512\ntype = "hvm"\nvnc = 1\nvncdisplay = 1\n' >w.cfg
    cp w.cfg before
    mkdir pack
    for i in 0 1; do
        cat >pack/r$i.yaml <<R
id: DM900$i
name: display-is-not-$i
severity: warning
tags: [hold]
summary: Not $i.
why: Because.
do: This.
when: {key: vncdisplay, equals: $i}
select: vncdisplay
fix: {safety: unsafe, ops: [{set: {key: vncdisplay, value: $((1 - i))}}]}
examples: {bad: [{name: it, line: 1, cfg: "vncdisplay = $i\n"}], good: [{name: other, cfg: "vncdisplay = $((1 - i))\n"}]}
R
    done
    printf 'rules_dir: pack\n' >site.yaml
    fix --unsafe-fixes --policy site.yaml --ignore DM1,DM2 w.cfg
    [ "$status" -eq 4 ]
    [[ "$output" == *"the fixes of DM9001 and DM9000 undo each other"*DM0013* ]]
    cmp before w.cfg
}

@test "a file that is too large is neither fixed nor cut" {
    cp web.cfg before
    fix --max-bytes 20 web.cfg
    [[ "$output" == *DM0004* ]]
    cmp web.cfg before
    fix --max-bytes 20 --output-dir out web.cfg
    [ ! -e out/web.cfg ]
}

@test "what makes no sense together exits 2 and touches nothing" {
    for options in "--backup" "--output-dir out" "--unsafe-fixes" "--fix --diff" "--fix --backup --output-dir out" \
        "--fix --backup=a/b"; do
        # shellcheck disable=SC2086
        run "$DMLINT" check --xen 4.17 --host none -q $options web.cfg
        [ "$status" -eq 2 ]
    done
    is_old web.cfg
    [ ! -e out ]
}
