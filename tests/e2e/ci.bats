#!/usr/bin/env bats
# The recipes of contrib/ci and the hooks of contrib/hooks: what reads them takes them, and what they run, runs.

setup() { cd "$SOURCE_DIR/contrib"; }

@test "GitHub's and GitLab's recipes are YAML of the right shape, and their commands shell" {
    python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not installed"
    python3 - <<'END'
import subprocess, yaml
def shell(text):
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    return text
github = yaml.safe_load(open("ci/github.yml"))
ran = ""
for job in github["jobs"].values():
    assert job["runs-on"] and job["steps"]
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step), step
        ran += shell(step.get("run", ""))
assert "check $DMLINT_OPTIONS" in ran and github["env"]["DMLINT_OPTIONS"]
gitlab = yaml.safe_load(open("ci/gitlab-ci.yml"))["dmlint"]
for part in ("before_script", "script"):
    assert all(isinstance(line, str) for line in gitlab[part])
    ran = shell("\n".join(gitlab[part]))
assert "check $DMLINT_OPTIONS" in ran and gitlab["artifacts"]["when"] == "always"
END
}

@test "the Jenkinsfile is balanced, and its command shell" {
    python3 - <<'END'
import re, subprocess
text = open("ci/Jenkinsfile").read()
bare = re.sub(r"'[^']*'|//[^\n]*", "", text)
depth = 0
for c in bare:
    depth += (c == "{") - (c == "}")
    assert depth >= 0
assert depth == 0 and bare.strip().startswith("pipeline {")
commands = re.findall(r"sh '([^']*)'", text)
assert commands and "dmlint check $DMLINT_OPTIONS" in commands[0]
for c in commands:
    subprocess.run(["sh", "-n"], input=c, text=True, check=True)
END
}

@test "make runs the recipes" {
    command -v make >/dev/null || skip "make is not installed"
    mkdir "$BATS_TEST_TMPDIR/g"
    cp ci/Makefile "$BATS_TEST_TMPDIR/g/"
    cd "$BATS_TEST_TMPDIR/g"
    printf 'name = "w"\nbuilder = "hvm"\nmemory = 512\n' >w.cfg
    run make -s DMLINT="$DMLINT" check
    [ "$status" -eq 0 ]
    run make -s DMLINT="$DMLINT" diff
    [ "$status" -ne 0 ]
    [[ "$output" == *'+type = "hvm"'* ]]
    run make -s DMLINT="$DMLINT" fix
    [ "$status" -eq 0 ]
    run make -s DMLINT="$DMLINT" ready
    [ "$status" -ne 0 ]
}

@test "every option and format of the recipes is one of dmlint's" {
    for recipe in ci/* hooks/*; do
        grep -ohE '(^|[[:space:]])dmlint check .*|run check .*|\$\(DMLINT\) check .*|entry: dmlint check .*' "$recipe" || continue
    done >"$BATS_TEST_TMPDIR/lines"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/lines")" -ge 8 ]
    for option in $(grep -oE -- '--[a-z][a-z-]+' "$BATS_TEST_TMPDIR/lines" | sort -u); do
        "$DMLINT" check --help | grep -q -- " $option"
    done
    cp "$SOURCE_DIR/contrib/examples/web.cfg" "$BATS_TEST_TMPDIR/"
    cd "$BATS_TEST_TMPDIR"
    "$DMLINT" check --xen 4.17 -f text -f json:dmlint.json web.cfg
    [ -s dmlint.json ]
}

@test "the hooks are clean to shellcheck" {
    command -v shellcheck >/dev/null || skip "shellcheck is not installed"
    shellcheck hooks/pre-commit hooks/pre-receive
}
