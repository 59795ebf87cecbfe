#!/usr/bin/env bats
# Which files are guests: what is skipped, why, and that nothing of it is silent.

setup() {
    cd "$BATS_TEST_TMPDIR"
    facts="$SOURCE_DIR/contrib/examples/host-facts.yaml"
    mkdir t
    guest t/web.cfg web
}

guest() { # FILE NAME [LINE...]
    mkdir -p "$(dirname "$1")"
    printf 'name = "%s"\ntype = "hvm"\nmemory = 512\n' "$2" >"$1"
    printf '%s\n' "${@:3}" >>"$1"
}

listed() { # ARG...
    run "$DMLINT" --xen 4.17 --host none --list-files "$@"
}

judged() { # FORMAT ARG...: what a report counts
    "$DMLINT" --xen 4.17 --host none -f json "${@:2}" 2>/dev/null | python3 -c '
import json, sys
r = json.load(sys.stdin)
print(r["summary"]["files"], r["summary"]["skipped"], *["%s:%s" % (s["path"], s["reason"]) for s in r["skipped"]])'
}

@test "a file of another program is skipped in a directory, judged where it is named, and counted" {
    printf 'server {\n  listen 80;\n}\n' >t/nginx.cfg
    printf 'global\n  maxconn 4096\n' >t/haproxy.cfg
    printf 'nmae = "x"\nmemroy = 5 5\n' >t/typo.cfg
    printf 'memory = {{ memory }}\n' >t/jinja.cfg
    listed t
    [ "$status" -eq 0 ]
    [ "$output" = "skipped  t/haproxy.cfg: no key of xl stands in it, and it does not parse
guest    t/jinja.cfg
skipped  t/nginx.cfg: no key of xl stands in it, and it does not parse
guest    t/typo.cfg
guest    t/web.cfg" ]
    [ "$(judged json t)" = "3 2 t/haproxy.cfg:no-xl-config t/nginx.cfg:no-xl-config" ]
    run "$DMLINT" --xen 4.17 --host none t
    [[ "$output" == *"3 files checked: "*"2 files skipped: 2 no-xl-config (--list-files says why)"* ]]
    [[ "$output" != *nginx* ]]
    run "$DMLINT" --xen 4.17 --host none t/nginx.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"t/nginx.cfg:1:"*"DM0001"* ]]
    run "$DMLINT" --xen 4.17 --host none --force-exclude t/nginx.cfg
    [ "$status" -eq 5 ]
    [[ "$output" == *"all were skipped, --list-files says why (--allow-empty makes that no error)"* ]]
    run "$DMLINT" --xen 4.17 --host none --force-exclude --allow-empty -q t/nginx.cfg
    [ "$status" -eq 0 ]
    # A file that parses is a guest, whatever stands in it: xl would start it.
    echo 'colour = "red"' >t/odd.cfg
    [[ "$(judged json t)" == "4 2 "* ]]
    # migrate and baseline skip the same.
    run "$DMLINT" migrate --xen 4.17 --host none t
    [[ "$output" == *"2 files skipped: 2 no-xl-config"* && "$output" != *nginx* ]]
    run "$DMLINT" baseline create --baseline b.json --xen 4.17 --host none t
    [[ "$output" == *"2 files skipped: "* ]]
    ! grep -q nginx b.json
}

@test "what is skipped is not fixed, and not copied" {
    printf 'server {\n\tx = True\n}\n' >t/nginx.cfg
    printf '# dmlint: not-a-guest\nname = True\n' >t/no.cfg
    cp -r t before
    run "$DMLINT" --xen 4.17 --host none --fix --unsafe-fixes -q t
    diff -r before/nginx.cfg t/nginx.cfg
    diff before/no.cfg t/no.cfg
    run "$DMLINT" --xen 4.17 --host none --fix --output-dir out -q t
    [ "$(ls out)" = web.cfg ]
    run "$DMLINT" --xen 4.17 --host none --fix --unsafe-fixes -q t/no.cfg # named: it is what was meant
    ! cmp -s before/no.cfg t/no.cfg
}

@test "a comment says that a file is no guest; where it is judged all the same that is no finding" {
    guest t/part.cfg part '  ## dmlint: not-a-guest -- the others include it'
    printf '[section]\n#dmlint:not-a-guest\n' >t/x.cfg
    guest t/not.cfg 'dmlint: not-a-guest'
    [ "$(judged json t)" = "2 2 t/part.cfg:not-a-guest t/x.cfg:not-a-guest" ]
    listed t
    [[ "$output" == *"skipped  t/part.cfg: a comment in it says that it is no guest"* ]]
    run "$DMLINT" --xen 4.17 --host none -q -f concise --select DM0010,DM0011 t/part.cfg
    [ "$output" = "" ]
}

@test "a policy's exclude and include, and --exclude, say what is a guest" {
    guest t/old/a.cfg a
    guest t/vms/plain b
    guest t/vms/c.cfg c
    printf 'exclude: ["old/**"]\n' >t/.dmlint.yaml
    policy=$PWD/t/.dmlint.yaml
    listed t
    [ "$output" = "skipped  t/old/a.cfg: excluded by $policy:1
guest    t/vms/c.cfg
guest    t/web.cfg" ]
    printf 'include: ["vms/*"]\nexclude: [old]\n' >t/.dmlint.yaml
    listed t
    [ "$output" = "skipped  t/old/a.cfg: excluded by $policy:2
guest    t/vms/c.cfg
guest    t/vms/plain
skipped  t/web.cfg: not among what is included by $policy:1" ]
    # What extends a policy adds to its exclude; the last include counts.
    printf 'include: ["*.cfg"]\nexclude: [c.cfg]\n' >t/own.yaml
    printf 'extends: ./own.yaml\nexclude: [old]\n' >t/.dmlint.yaml
    listed t
    [ "$(grep -c ^guest <<<"$output")" -eq 1 ]
    "$DMLINT" policy show --effective -p t/.dmlint.yaml | grep -A3 '^exclude:' | grep -q 'own.yaml:2'
    # Of a policy that is named, too; and on the command line.
    rm t/.dmlint.yaml
    listed -p t/own.yaml t
    [[ "$output" == *"skipped  t/vms/c.cfg: excluded by "*"own.yaml:2"* ]]
    listed --exclude 't/old/**' --exclude web.cfg t
    [ "$output" = "skipped  t/old/a.cfg: excluded by --exclude t/old/**
guest    t/vms/c.cfg
skipped  t/web.cfg: excluded by --exclude web.cfg" ]
    # What is named is not excluded, unless that is asked for.
    listed --exclude web.cfg t/web.cfg
    [ "$output" = "guest    t/web.cfg" ]
    listed --exclude web.cfg --force-exclude t/web.cfg
    [ "$status" -eq 5 ]
    printf 'exclude: {a: b}\n' >t/.dmlint.yaml
    listed t
    [ "$status" -eq 2 ]
    [[ "$output" == *".dmlint.yaml:1:10: "* ]]
}

@test ".dmlintignore says what git would of the same patterns" {
    command -v git >/dev/null || skip "git is not installed"
    python3 - "$DMLINT" <<'END'
import os, random, subprocess, sys
dmlint = sys.argv[1]
random.seed(7)
names = ["a", "b", "foo", "bar", "a b", "x.y", "#c", "!d", "a\\b", "deep", "[z]"]
patterns = ["foo", "/foo", "foo/", "a/b", "**/foo", "foo/**", "a/**/b", "*.cfg", "!*.cfg", "!foo", "b?r", "[a-f]*", "[!a]*", "\\#c", "\\!d",
            "a b", "trailing   ", "quoted\\ ", "#comment", "", "a/*/b.cfg", "/**/bar", "**", "*/x.y", "deep/", "!deep/", "/a/", "x.*", "a\\\\b", "[[]z]",
            "[[:alpha:]]", "foo**", "**foo", "a//b", "/", "!", "bar.cfg\r", "./a", "*b*/*", "!/a/b/", "b/**/", "f\\oo"]
env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1", HOME="/nonexistent")
bad = said = 0
for round in range(20):
    top = "r%d" % round
    os.makedirs(top)
    subprocess.run(["git", "init", "-q", top], check=True, env=env)
    dirs, files = [""], []
    for i in range(12):
        d = os.path.join(random.choice(dirs), random.choice(names))
        os.makedirs(os.path.join(top, d), exist_ok=True)
        dirs.append(d)
    for i in range(25):
        f = os.path.join(random.choice(dirs), random.choice(names) + ".cfg")
        open(os.path.join(top, f), "w").write('name = "x"\n')
        files.append(f)
    for d in random.sample(dirs, 3):
        text = "\n".join(random.choice(patterns) for i in range(random.randint(1, 4))) + random.choice(["", "\n"])
        for name in (".gitignore", ".dmlintignore"):
            open(os.path.join(top, d, name), "w", newline="").write(text)
    git = subprocess.run(["git", "check-ignore", "--no-index", "-z", "--stdin"], input="\0".join(files), capture_output=True, text=True, cwd=top, env=env)
    theirs = set(git.stdout.split("\0")) - {""}
    ours = set()
    for line in subprocess.run([dmlint, "--list-files", "--allow-empty", "--host", "none", "."], capture_output=True, text=True, cwd=top).stdout.splitlines():
        if line.startswith("skipped") and ": ignored by " in line:
            ours.add(line[9:line.index(": ignored by ")].removeprefix("./").replace("\\\\", "\\"))
    said += len(theirs)
    if ours != theirs:
        bad += 1
        print(top, sorted(ours - theirs), sorted(theirs - ours))
        for d in dirs:
            p = os.path.join(top, d, ".dmlintignore")
            if os.path.exists(p): print("  ", p, repr(open(p, newline="").read()))
print("%d paths ignored" % said)
sys.exit(bad > 0 or said < 60)
END
}

@test ".dmlintignore is trusted as policies are" {
    [ "$(id -u)" -eq 0 ] || skip "takes root"
    echo web.cfg >t/.dmlintignore
    listed t
    [ "$output" = "skipped  t/web.cfg: ignored by $PWD/t/.dmlintignore:1: web.cfg" ]
    chmod o+w t/.dmlintignore
    listed t
    [ "$status" -eq 2 ]
    [[ "$output" == *"t/.dmlintignore is not used: "*"--isolated asks for none"*"guest    t/web.cfg"* ]]
    listed --isolated t
    [ "$output" = "guest    t/web.cfg" ]
    [ "$status" -eq 0 ]
    rm t/.dmlintignore
    mkfifo t/.dmlintignore
    run timeout 10 "$DMLINT" --list-files t
    [ "$status" -eq 2 ]
}

@test "each file once, however many links lead to it" {
    mkdir t/auto
    ln -s ../web.cfg t/auto/web.cfg
    ln -s web.cfg t/another.cfg
    ln t/web.cfg t/zzz.cfg
    listed t
    [ "$output" = "skipped  t/another.cfg: the same file as t/web.cfg
skipped  t/auto/web.cfg: the same file as t/web.cfg
guest    t/web.cfg
skipped  t/zzz.cfg: the same file as t/web.cfg" ]
    [ "$(judged json t t/auto/web.cfg ./t/web.cfg)" = "1 0" ] # nothing of it is left unjudged
    # A link to what lies elsewhere is the guest's only path.
    guest elsewhere/far.cfg far
    ln -s ../../elsewhere/far.cfg t/auto/far.cfg
    [ "$(judged json t)" = "2 0" ]
}

@test "UTF-16 is named, with and without a byte order mark, and never skipped" {
    for code in UTF-16 UTF-16LE UTF-16BE; do
        iconv -t $code t/web.cfg >t/$code.cfg
    done
    run "$DMLINT" --xen 4.17 --host none -q -f concise --select DM0001 t
    [ "$(grep -c 'the file is in UTF-16, which xl cannot read; convert it' <<<"$output")" -eq 3 ]
    [ "$(wc -l <<<"$output")" -eq 3 ]
    [ "$(judged json t)" = "4 0" ]
}

@test "domain 0 is no guest" {
    mkdir xen
    cp "$SOURCE_DIR"/tests/golden/stored/*.json xen/ 2>/dev/null || true
    stored=$(find "$SOURCE_DIR/tests/golden/stored" -name '*libxl-json' -o -name '*.json' | head -n 1)
    cp "$stored" xen/userdata-d.0.00000000-0000-0000-0000-000000000000.libxl-json
    cp "$stored" xen/userdata-d.7.11111111-2222-3333-4444-555555555555.libxl-json
    rm -f xen/*.json
    listed t xen
    [[ "$output" == *"guest    t/web.cfg
skipped  xen/userdata-d.0.00000000-0000-0000-0000-000000000000.libxl-json: the config of domain 0, which is no guest
guest    xen/userdata-d.7."* ]]
    [[ "$(judged json t xen)" == "2 1 "* ]]
    listed xen/userdata-d.0.*
    [ "$status" -eq 5 ]
}

@test "--require-ready wants every file judged that asks for dm_restrict" {
    guest t/web.cfg web 'dm_restrict = 1'
    guest t/old/a.cfg a 'dm_restrict = 1'
    guest t/old/b.cfg b 'dm_restrict = 0'
    guest t/old/c.cfg c
    run "$DMLINT" --host "$facts" --require-ready --exclude 't/old/**' t
    [ "$status" -eq 1 ]
    [[ "$output" == *"t/old/a.cfg asks for dm_restrict, or cannot be read, and is skipped (excluded by --exclude t/old/**): --require-ready wants it judged"* ]]
    [[ "$output" != *"t/old/b.cfg asks"* && "$output" != *"t/old/c.cfg asks"* ]]
    rm t/old/a.cfg
    run "$DMLINT" --host "$facts" --require-ready --exclude 't/old/**' t
    [ "$status" -eq 0 ]
    guest t/no.cfg n '# dmlint: not-a-guest' 'dm_restrict = "1"'
    run "$DMLINT" --host "$facts" --require-ready --exclude 't/old/**' t
    [ "$status" -eq 1 ]
    [[ "$output" == *"t/no.cfg asks for dm_restrict"* ]]
}

@test "a template whose placeholders all stand inside of strings is named" {
    guest t/web.cfg '{{ name }}' 'vif = [ "bridge=${BRIDGE}" ]'
    run "$DMLINT" --xen 4.17 --host none -q -f concise --select DM0018 t
    [[ "$output" == 't/web.cfg:1:9: warning: `{{ name }}` is a placeholder that was not filled in: '*'[DM0018 unfilled-placeholder]' ]]
    [ "$(wc -l <<<"$output")" -eq 1 ]
}
