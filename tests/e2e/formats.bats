#!/usr/bin/env bats
# Report formats: several in one run, where they go, what they say of accepted findings, and converting later. Their readers: tests/readers.

setup() {
    cd "$BATS_TEST_TMPDIR"
    printf 'name = "bad"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes"\ncolour = 1\n' >bad.cfg
    printf 'name = "ok"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes" # dmlint: ignore[DM1003] -- known since May\n' >ok.cfg
    { cat "$SOURCE_DIR/tests/data/host.yaml"; echo "hostname: xen-t1"; } >facts.yaml
}

check() { "$DMLINT" check --host facts.yaml -q "$@"; }
# prints PYTHON-EXPRESSION of the report in r.json
of() { python3 -c 'import json,sys; r = json.load(open("r.json")); print(eval(sys.argv[1]))' "$1"; }
prints() { check -f json:r.json bad.cfg || true; of '" ".join(sorted(f["rule"] + f["fingerprint"] for f in r["findings"]))'; }

@test "several formats in one run, one of them to standard output" {
    run check -f sarif:out.sarif -f html:out.html -f concise bad.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == "bad.cfg:4:15: error: "* ]]
    python3 -m json.tool out.sarif >/dev/null
    grep -q '^</html>' out.html
}

@test "where reports may not go: two to standard output, two to a file, onto inputs, through links" {
    run check -f json -f text bad.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"only one --format can go to standard output"* ]]
    run check -f json:r -f sarif:r bad.cfg
    [ "$status" -eq 2 ]
    run check -f json:r -f sarif:./r bad.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"./r is r, where a report is already"* ]]
    cp bad.cfg before
    run check -f csv:bad.cfg bad.cfg
    [ "$status" -eq 2 ]
    cmp before bad.cfg
    check -f json:r.json bad.cfg || true
    ln -s r.json link
    run "$DMLINT" report r.json -f csv:link
    [ "$status" -eq 2 ]
    run "$DMLINT" report r.json -f csv:r.json
    [ "$status" -eq 2 ]
    [[ "$output" == *"is one of the inputs"* ]]
    [ "$(of 'r["schema"]')" = dmlint.report/1 ]
}

@test "auto is concise where nobody looks, github in its Actions, text on a terminal" {
    diff <(GITHUB_ACTIONS='' check -f auto bad.cfg) <(check -f concise bad.cfg)
    diff <(GITHUB_ACTIONS=true check -f auto bad.cfg) <(check -f github bad.cfg)
    GITHUB_ACTIONS=true run check -f auto bad.cfg
    [[ "${lines[0]}" == "::error file=bad.cfg,line=4,endLine=4,col=15,endColumn=20,title=DM1003 restrict-value-ignored::"* ]]
    command -v script >/dev/null || skip "no script(1)"
    GITHUB_ACTIONS='' script -qec "$DMLINT check --host facts.yaml -q --color never -f auto bad.cfg" /dev/null </dev/null >seen || true
    grep -q 'hint: Write dm_restrict = 1' seen
}

@test "a fingerprint survives edits elsewhere, and is of one finding" {
    before=$(prints)
    sed -i '1i # a comment\n\nvcpus = 2' bad.cfg
    [ "$(prints)" = "$before" ]
    sed -i 's/colour = 1/colour   =   1/' bad.cfg
    [ "$(prints)" = "$before" ]
    sed -i 's/dm_restrict = "yes"/dm_restrict = "on"/' bad.cfg
    [ "$(prints)" != "$before" ]
    # From where it is called makes no difference either; two that are alike differ.
    check -f json:r.json "$PWD/bad.cfg" || true
    here=$(of '[f["fingerprint"] for f in r["findings"]]')
    check -f json:r.json ./bad.cfg || true
    [ "$(of '[f["fingerprint"] for f in r["findings"]]')" = "$here" ]
    printf 'shape = 1\nshape = 1\n' >>bad.cfg
    check -f json:r.json bad.cfg || true
    [ "$(of 'len({f["fingerprint"] for f in r["findings"]}) == len(r["findings"]) > 3')" = True ]
}

@test "findings carry what converting and mending need" {
    check -f json:r.json bad.cfg || true
    [ "$(of 'r["hostname"]')" = xen-t1 ]
    [ "$(of '[(f["excerpt"], f["fix"]["edits"][0]["text"]) for f in r["findings"] if f["rule"] == "DM1003"][0]')" = "('dm_restrict = \"yes\"', '1')" ]
    [ "$(of 'r["guests"][0]["verdict"] == "fixable" and "+dm_restrict = 1" in r["guests"][0]["fixed"]["diff"]')" = True ]
    [ "$(of '"-xen-domid-restrict" in r["guests"][0]["fixed"]["argv_after"] and "-xen-domid-restrict" not in r["guests"][0]["fixed"]["argv_before"]')" = True ]
    # Columns are bytes; where characters are fewer, they are said, too.
    printf 'name = "\303\251"; dm_restrict = "yes"\ntype = "hvm"\nmemory = 5\n' >bad.cfg
    check -f json:r.json -f github:g bad.cfg || true
    [ "$(of '[f["range"]["start"] for f in r["findings"] if f["rule"] == "DM1003"][0]')" = "{'line': 1, 'column': 28, 'character': 27, 'offset': 27}" ]
    grep -q 'line=1,endLine=1,col=27,endColumn=32,title=DM1003' g
}

@test "the fix in SARIF is the fix that --fix makes" {
    check --select DM1003 -f sarif:r.sarif bad.cfg || true
    python3 - <<'END'
import json
lines = open("bad.cfg").read().splitlines(keepends=True)
result = json.load(open("r.sarif"))["runs"][0]["results"][0]
for r in reversed(result["fixes"][0]["artifactChanges"][0]["replacements"]):
    d = r["deletedRegion"]
    assert d["startLine"] == d["endLine"]
    line = lines[d["startLine"] - 1]
    lines[d["startLine"] - 1] = line[: d["startColumn"] - 1] + r["insertedContent"]["text"] + line[d["endColumn"] - 1 :]
open("mended", "w").writelines(lines)
END
    check --select DM1003 --fix --unsafe-fixes bad.cfg
    diff bad.cfg mended
}

@test "accepted findings are no annotations, and SARIF says who accepted them" {
    printf 'extends: [default]\nbaseline: base.json\nwaivers:\n  - {id: W-1, rules: [DM0002], owner: ops, reason: until the move, expires: 2099-01-01}\n' >policy.yaml
    cp bad.cfg old.cfg
    "$DMLINT" baseline create -q --host facts.yaml --select DM1003 -p policy.yaml old.cfg
    run check -p policy.yaml -f json:r.json -f sarif:r.sarif -f github:g -f gitlab:l -f checkstyle:c -f junit:j -f tap:t old.cfg ok.cfg
    [ "$status" -eq 0 ]
    [ "$(of 'sorted({f["state"] for f in r["findings"] if f["severity"] in ("error", "warning")})')" = "['baselined', 'suppressed', 'waived']" ]
    ! grep -E '::(error|warning)' g
    ! grep -E 'major|critical|minor' l
    ! grep -E 'severity="(error|warning)"' c
    [ "$(grep -c '<skipped' j)" -ge 3 ]
    [ "$(grep -c '# SKIP' t)" -ge 3 ]
    python3 - <<'END'
import json
said = {(s["kind"], s["justification"]) for r in json.load(open("r.sarif"))["runs"][0]["results"] for s in r["suppressions"]}
assert said == {("external", "baselined"), ("external", "waived by W-1: until the move"), ("inSource", "suppressed: known since May")}, said
END
}

@test "a report is converted later, from anywhere, to the same bytes" {
    check -f json:r.json -f text:t -f csv:c bad.cfg ok.cfg || true
    diff <("$DMLINT" report -q r.json) t
    diff <("$DMLINT" report -q -f csv - <r.json) c
    diff <("$DMLINT" report -q -f json r.json) r.json
    run "$DMLINT" report r.json -f concise --min-severity error
    [ "$status" -eq 0 ]
    [[ "$output" == *"DM1003"*"2 files checked: "* ]]
    [[ "$output" != *"DM0002"* ]]
    run "$DMLINT" report -v -q -f concise r.json
    [[ "$output" == *"ok.cfg:4:15: "*"(suppressed)"* ]]
}

@test "what is no report is refused with its place" {
    echo '{"schema": "dmlint.argv/1"}' >a.json
    run "$DMLINT" report a.json
    [ "$status" -eq 2 ]
    [[ "$output" == *"a.json:1:1: this is no report"* ]]
    check -f json:r.json bad.cfg || true
    sed 's/"severity":"error","path"/"severity":"awful","path"/' r.json >b.json
    run "$DMLINT" report b.json
    [ "$status" -eq 2 ]
    [[ "$output" =~ b.json:[0-9]+:[0-9]+:\ severity\ is\ no\ word ]]
    head -c 200 r.json >c.json
    run "$DMLINT" report c.json
    [[ "$output" == *"c.json:"*"the JSON ends too early"* ]]
    run "$DMLINT" report
    [ "$status" -eq 2 ]
    run "$DMLINT" report nosuch.json
    [ "$status" -eq 2 ]
}

@test "a report of before, without what came later, is still read" {
    check -f json:r.json bad.cfg || true
    python3 - <<'END'
import json
r = json.load(open("r.json"))
for k in ("rules", "messages", "hostname"):
    r.pop(k)
for f in r["findings"]:
    for k in ("excerpt", "fingerprint"):
        f.pop(k, None)
    (f["fix"] or {}).pop("edits", None)
for g in r["guests"]:
    g.pop("fixed", None)
json.dump(r, open("old.json", "w"))
END
    for f in text sarif html csv junit; do "$DMLINT" report -q -f $f:old.$f old.json; done
    grep -q 'bad.cfg:4:15: error: .*\[DM1003 restrict-value-ignored\]' old.text
}

@test "what could not be read is in the reports, too" {
    run check -f json:r.json -f junit:j -f tap:t -f html:h -f sarif:s nosuch.cfg ok.cfg
    [ "$status" -eq 3 ]
    [ "$(of '[m["kind"] for m in r["messages"]]')" = "['unreadable']" ]
    grep -q '<error type="unreadable" message="cannot read nosuch.cfg' j
    grep -q '^not ok .* - nosuch.cfg: unreadable: ' t
    grep -q 'cannot read nosuch.cfg' h
    grep -q '"executionSuccessful":false' s
}
