#!/usr/bin/env bats
# What the README says a new user shall type, from git clone to a commit that is stopped, and the hook that builds on first use. Builds twice: slow.

setup() {
    command -v pre-commit >/dev/null || skip "pre-commit is not installed"
    cd "$BATS_TEST_TMPDIR"
    export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1 PRE_COMMIT_HOME=$BATS_FILE_TMPDIR/cache DESTDIR=$BATS_TEST_TMPDIR/root
    export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org
    unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
    # The copy that the README speaks of is this tree; what would be installed on the machine goes below the test's directory.
    mkdir copy bin guests
    (cd "$SOURCE_DIR" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$BATS_TEST_TMPDIR/copy" 2>/dev/null || true)
    git -C copy init -q -b main
    git -C copy add -A
    git -C copy commit -qm copy
    git config --global url."$PWD/copy".insteadOf https://example.org/dmlint
    git config --global protocol.file.allow always
    printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
    printf '#!/bin/sh\necho "apt-get $*" >>"%s/asked"\n' "$PWD" >bin/apt-get
    chmod +x bin/*
    PATH=$PWD/bin:$DESTDIR/usr/local/bin:$PATH
    if command -v ccache >/dev/null; then # the second build is the first one again
        export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_DIR=$BATS_FILE_TMPDIR/ccache CCACHE_NOHASHDIR=1
    fi
    git init -q guests
    printf 'name = "web"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes"\n' >guests/web.cfg
}

@test "from git clone to a commit that is stopped, as the README says it" {
    sed -n '/^## From `git clone`/,/^## /{s/^    //p}' "$SOURCE_DIR/README.md" >typed
    grep -q '^git clone' typed
    grep -q '^git commit' typed
    run bash -e typed
    [ "$status" -ne 0 ]
    [[ "$output" == *"web.cfg:4:15: error: "*"write dm_restrict = 1"* ]]
    grep -q 'install -y pre-commit' asked
    [ -z "$(git -C guests log --oneline 2>/dev/null)" ]
    sed -i 's/"yes"/1/' guests/web.cfg
    run bash -ec 'cd guests && git add -A && git commit -m good'
    [ "$status" -eq 0 ]
}

@test "dmlint-build builds on its first use, and judges" {
    cd guests
    printf 'repos:\n- repo: https://example.org/dmlint\n  rev: main\n  hooks: [{id: dmlint-build, args: [--xen, "4.17"]}]\n' >.pre-commit-config.yaml
    pre-commit install >/dev/null
    git add -A
    run git commit -m guests
    [ "$status" -ne 0 ]
    [[ "$output" == *"web.cfg:4:15: error: "* ]]
}
