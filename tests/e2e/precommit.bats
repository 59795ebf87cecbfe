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

use() { # ID [ARG...]: this hook instead
    local id=$1 args
    shift
    args=$(printf ', "%s"' "$@")
    printf 'repos:\n- repo: %s\n  rev: %s\n  hooks: [{id: %s, args: [%s]}]\n' \
        "$BATS_TEST_TMPDIR/hooks" "$(git -C "$BATS_TEST_TMPDIR/hooks" rev-parse HEAD)" "$id" "${args#, }" >.pre-commit-config.yaml
    git add .pre-commit-config.yaml
    git commit -qm "$id" --no-verify
}

guest() { # FILE NAME [LINE...]
    mkdir -p "$(dirname "$1")"
    printf 'name = "%s"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\n' "$2" >"$1"
    printf '%s\n' "${@:3}" >>"$1"
}

@test "two guests that share an account stop the commit; an nginx.cfg and a template do not" {
    for i in $(seq 40); do guest "many/$i.cfg" "g$i"; done # enough for pre-commit to cut them into batches
    guest a.cfg a 'device_model_user = "qemu-lab"'
    guest z.cfg z 'device_model_user = "qemu-lab"'
    printf 'server {\n  listen 80;\n}\n' >nginx.cfg
    guest templates/web.cfg '{{ name }}' 'vcpus = {{ vcpus }}'
    echo templates/ >.dmlintignore
    git add -A
    run git commit -m guests
    [ "$status" -ne 0 ]
    [[ "$output" == *"a.cfg:5:1: error: z.cfg runs QEMU under qemu-lab too"*"z.cfg:5:1: error: a.cfg runs QEMU under qemu-lab too"* ]]
    [[ "$output" == *"42 files checked: "*"2 files skipped: 1 ignored, 1 no-xl-config"* ]]
    sed -i '/device_model_user/d' z.cfg
    git add -A
    run git commit -m guests
    [ "$status" -eq 0 ]
    # Only files that are no guests: nothing to do is no error.
    echo >>nginx.cfg
    run git commit -am nginx
    [ "$status" -eq 0 ]
}

@test "dmlint-repository sees a guest that is not in the commit" {
    guest a.cfg a 'device_model_user = "qemu-lab"'
    git add -A
    git commit -qm a --no-verify
    guest z.cfg z 'device_model_user = "qemu-lab"'
    git add -A
    run git commit -m z
    [ "$status" -eq 0 ]
    git reset -q --soft HEAD^
    git stash -q
    use dmlint-repository --xen 4.17
    git stash pop -q
    git add -A
    run git commit -m z
    [ "$status" -ne 0 ]
    [[ "$output" == *"z.cfg:5:1: error: ./a.cfg runs QEMU under qemu-lab too"* ]]
}

@test "dmlint-fix makes the fixes and stops the commit, which then passes" {
    use dmlint-fix --xen 4.17
    guest w.cfg w 'usbdevice = "tablet"' 'usbdevice = "tablet"'
    sed -i 's/type = "hvm"/builder = "hvm"/' w.cfg
    git add -A
    run git commit -m w
    [ "$status" -ne 0 ]
    [[ "$output" == *"files were modified by this hook"* ]]
    grep -qx 'type = "hvm"' w.cfg
    git add -A
    run git commit -m w
    [ "$status" -eq 0 ]
}

@test "every hook takes one process for all files, and the same files" {
    python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not installed"
    python3 - "$SOURCE_DIR" <<'END'
import os, sys, yaml
hooks = {h["id"]: h for h in yaml.safe_load(open(sys.argv[1] + "/.pre-commit-hooks.yaml"))}
assert sorted(hooks) == ["dmlint", "dmlint-build", "dmlint-fix", "dmlint-repository"], hooks
for h in hooks.values():
    assert h["require_serial"] and h["types"] == ["file"] and h["files"].startswith(r"\.(cfg|hvm|pv|pvh|xl)$"), h
    assert "--allow-empty" in h["entry"] and h["language"] == ("script" if h["id"] == "dmlint-build" else "system"), h
assert os.access(os.path.join(sys.argv[1], hooks["dmlint-build"]["entry"].split()[0]), os.X_OK)
END
}

@test "the plain git hook judges what is staged, whole" {
    rm .git/hooks/pre-commit
    cp "$SOURCE_DIR/contrib/hooks/pre-commit" .git/hooks/
    git config dmlint.options "--xen 4.17 --host none"
    guest a.cfg a 'device_model_user = "qemu-lab"'
    git add -A
    run git commit -m a
    [ "$status" -eq 0 ]
    guest z.cfg z 'device_model_user = "qemu-lab"'
    git add -A
    sed -i '/device_model_user/d' z.cfg # not staged
    run git commit -m z
    [ "$status" -ne 0 ]
    [[ "$output" == *"z.cfg:5:1: error: ./a.cfg runs QEMU under qemu-lab too"* ]]
    git add -A
    run git commit -m z
    [ "$status" -eq 0 ]
    echo x >README
    git add -A
    run env PATH=/usr/bin:/bin git commit -m "no guest in it"
    [ "$status" -eq 0 ]
}

@test "the plain hook of a server takes no push with an error in it" {
    git clone -q --bare . ../server.git
    cp "$SOURCE_DIR/contrib/hooks/pre-receive" ../server.git/hooks/
    git -C ../server.git config dmlint.options "--xen 4.17 --host none"
    git remote add server ../server.git
    guest a.cfg a
    git add -A
    git commit -qm a --no-verify
    git push -q server HEAD:main
    sed -i 's/dm_restrict = 1/dm_restrict = "yes"/' a.cfg
    git commit -qam bad --no-verify
    run git push server HEAD:main
    [ "$status" -ne 0 ]
    [[ "$output" == *"a.cfg:4:15: error:"*"refs/heads/main is not taken"* ]]
    git push -q server :refs/heads/nosuch 2>/dev/null || true
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
