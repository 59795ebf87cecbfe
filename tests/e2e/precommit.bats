#!/usr/bin/env bats
# The hook for Debian's pre-commit: a bad guest stops the commit, with a message that helps.

setup() {
    command -v pre-commit >/dev/null || skip "pre-commit is not installed"
    export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1 PRE_COMMIT_HOME=$BATS_TEST_TMPDIR/cache
    export PATH="$(dirname "$DMLINT"):$PATH" GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org
    unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
    git init -q "$BATS_TEST_TMPDIR/hooks"
    cp "$SOURCE_DIR/.pre-commit-hooks.yaml" "$BATS_TEST_TMPDIR/hooks/"
    git -C "$BATS_TEST_TMPDIR/hooks" add -A
    git -C "$BATS_TEST_TMPDIR/hooks" commit -qm hooks
    git init -q "$BATS_TEST_TMPDIR/configs"
    cd "$BATS_TEST_TMPDIR/configs"
    printf 'repos:\n- repo: %s\n  rev: %s\n  hooks: [{id: dmlint, args: [--xen, "4.17", --exclude, "old/**"]}]\n' \
        "$BATS_TEST_TMPDIR/hooks" "$(git -C "$BATS_TEST_TMPDIR/hooks" rev-parse HEAD)" >.pre-commit-config.yaml
    git add -A
    git commit -qm config
    pre-commit install >/dev/null
}

@test "a bad guest stops the commit, with file, line and what to do" {
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes"\n' >w.cfg
    git add w.cfg
    run git commit -m guest
    [ "$status" -ne 0 ]
    [[ "$output" == *"w.cfg:4:15: error:"*"write dm_restrict = 1"* ]]
    [ "$(git log --oneline | wc -l)" -eq 1 ]
}

@test "a good guest passes, and files that are no guests are not looked at" {
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\n' >w.cfg
    echo 'not a guest' >README
    git add -A
    run git commit -m guest
    [ "$status" -eq 0 ]
}

@test "excluded files are left out although pre-commit names them" {
    mkdir old
    printf 'Name = broken\n' >old/w.cfg
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\n' >w.cfg
    git add -A
    run git commit -m guest
    [ "$status" -eq 0 ]
}
