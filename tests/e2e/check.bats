#!/usr/bin/env bats
# dmlint check as a user meets it: exit codes, streams, inputs, formats.

setup() {
    cd "$BATS_TEST_TMPDIR"
    printf 'name = "web"\ntype = "hvm"\nmemory = 512\ndisk = [ "/dev/vg0/web,raw,xvda,w" ]\ndm_restrict = 1\n' >good.cfg
    printf 'name = "bad"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes"\n' >bad.cfg
    cp "$SOURCE_DIR/tests/data/host.yaml" facts.yaml
}

verdict() { "$DMLINT" check --host facts.yaml -f json "$@" 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["guests"][0]["verdict"])'; }

@test "a clean guest is ready, says so in one line and exits 0" {
    run bash -c '"$DMLINT" --host facts.yaml good.cfg 2>/dev/null'
    [ "$status" -eq 0 ]
    [[ "$output" == "good.cfg: verdict: ready if the "*" there" ]]
    [ "$(verdict good.cfg)" = ready ]
}

@test "an error exits 1 and names file, line and column" {
    run "$DMLINT" check --xen 4.17 -q -f concise bad.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"bad.cfg:4:15: error: "*"DM1003"* ]]
}

@test "stdout carries the report only" {
    "$DMLINT" check --xen 4.17 -v -f json bad.cfg 2>err >out || true
    python3 -m json.tool <out >/dev/null
    grep -q policy err
}

@test "the format never changes the exit code" {
    for f in text concise json; do
        run "$DMLINT" check --xen 4.17 -f $f bad.cfg
        [ "$status" -eq 1 ]
    done
}

@test "fail-on none exits 0, fail-on hint fails on less" {
    run "$DMLINT" check --xen 4.17 --fail-on none bad.cfg
    [ "$status" -eq 0 ]
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\ncolour = 1\n' >warn.cfg
    run "$DMLINT" check --host facts.yaml warn.cfg
    [ "$status" -eq 0 ]
    run "$DMLINT" check --host facts.yaml --fail-on warning warn.cfg
    [ "$status" -eq 1 ]
}

@test "a file that is not there exits 3, the rest is reported" {
    run "$DMLINT" check --xen 4.17 -f concise nosuch.cfg bad.cfg
    [ "$status" -eq 3 ]
    [[ "$output" == *"nosuch.cfg"*"No such file"* ]]
    [[ "$output" == *"bad.cfg:4"* ]]
}

@test "no input exits 5, and 0 with --allow-empty" {
    mkdir empty
    run "$DMLINT" check --xen 4.17 empty
    [ "$status" -eq 5 ]
    run "$DMLINT" check --xen 4.17 --allow-empty empty
    [ "$status" -eq 0 ]
}

@test "mistakes on the command line exit 2 and help" {
    run "$DMLINT" check --polcy default good.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"did you mean --policy?"* ]]
    run "$DMLINT" check --xen 4.9 good.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"4.10 to 4.22"* ]]
    run "$DMLINT" check -f yaml good.cfg
    [ "$status" -eq 2 ]
    run "$DMLINT" check --select DM99 good.cfg
    [ "$status" -eq 2 ]
    run "$DMLINT" check --host nosuch.yaml good.cfg
    [ "$status" -eq 2 ]
    run "$DMLINT" chek
    [ "$status" -eq 2 ]
    [[ "$output" == *"did you mean"* ]]
    run "$DMLINT" check
    [ "$status" -eq 2 ]
}

@test "directories are searched, hidden files and others left out" {
    mkdir -p d/sub d/.git
    cp bad.cfg d/a.cfg; cp bad.cfg d/sub/b.hvm; cp bad.cfg d/.git/c.cfg; cp bad.cfg d/README
    run "$DMLINT" check --xen 4.17 -q -f concise --select DM1003 d
    [ "$(grep -c DM1003 <<<"$output")" -eq 2 ]
    run "$DMLINT" check --xen 4.17 -q -f concise --select DM1003 --exclude 'd/sub/**' d
    [ "$(grep -c DM1003 <<<"$output")" -eq 1 ]
}

@test "exclude spares named files unless forced" {
    run "$DMLINT" check --xen 4.17 -q --exclude 'bad.*' bad.cfg
    [ "$status" -eq 1 ]
    run "$DMLINT" check --xen 4.17 -q --exclude 'bad.*' --force-exclude --allow-empty bad.cfg
    [ "$status" -eq 0 ]
}

@test "paths come from lists, by line or by NUL" {
    printf 'bad.cfg\n' >list
    run "$DMLINT" check --xen 4.17 -q -f concise --files-from list
    [ "$status" -eq 1 ]
    run bash -c 'printf "bad.cfg\0" | "$DMLINT" check --xen 4.17 -q -f concise -0 --files-from -'
    [ "$status" -eq 1 ]
    [[ "$output" == *bad.cfg:4* ]]
}

@test "standard input is judged under its name" {
    run bash -c '"$DMLINT" check --xen 4.17 -q -f concise --stdin-filename x/y.cfg - <bad.cfg'
    [ "$status" -eq 1 ]
    [[ "$output" == *x/y.cfg:4* ]]
}

@test "output is the same for every -j" {
    mkdir many
    for i in $(seq 100); do sed "s/bad/bad$i/" bad.cfg >many/$i.cfg; done
    "$DMLINT" check --xen 4.17 -f json -j 1 many >one 2>/dev/null || true
    "$DMLINT" check --xen 4.17 -f json -j 7 many >seven 2>/dev/null || true
    cmp one seven
    [ -s one ]
}

@test "a file over --max-bytes is DM0004 and is not ready" {
    run "$DMLINT" check --xen 4.17 -q -f concise --max-bytes 20 good.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *DM0004* ]]
    [ "$(verdict --max-bytes 20 good.cfg)" = blocked ]
}

@test "suppressions silence, are counted, and are reported when unused" {
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = "yes"   # dmlint: ignore[DM1003] -- known\n' >s.cfg
    run "$DMLINT" check --xen 4.17 -q -f concise --select DM1003,DM0010 s.cfg
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    printf 'name = "w"\nmemory = 512 # dmlint: ignore[restrict-value-ignored] -- old\n' >u.cfg
    run "$DMLINT" check --xen 4.17 -q -f concise --select DM1003,DM0010 u.cfg
    [[ "$output" == *"u.cfg:2:"*DM0010* ]]
}

@test "a suppression never changes a verdict" {
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\npci = [ "01:00.0" ] # dmlint: ignore[DM2010] -- known\n' >s.cfg
    [ "$(verdict s.cfg)" = blocked ]
    [ "$(verdict --ignore DM2010 s.cfg)" = blocked ]
}

@test "two guests with one account point at each other, and neither is ready" {
    for g in a b; do printf 'name = "%s"\ntype = "hvm"\nmemory = 512\ndm_restrict = 1\ndevice_model_user = "qemu-x"\n' $g >$g.cfg; done
    sed -i 's/\]$/, {name: qemu-x, uid: 995, gid: 995}]/;' facts.yaml
    sed -i 's/^subuid.*/subuid: []/; s/^nss.*/nss: [files]/' facts.yaml
    run "$DMLINT" check --host facts.yaml -q -f concise --select DM4001 a.cfg b.cfg
    [ "$status" -eq 1 ]
    [[ "$output" == *"a.cfg:5:"*"b.cfg"* ]]
    [[ "$output" == *"b.cfg:5:"*"a.cfg"* ]]
    [ "$(verdict a.cfg)" = ready ]
    [ "$(verdict a.cfg b.cfg)" = blocked ]
}

missing() { "$DMLINT" check --host "${2:-facts.yaml}" -f json "$1" 2>/dev/null | python3 -c 'import json,sys
g = json.load(sys.stdin)["guests"][0]
print(g["verdict"], *(m["fact"] if isinstance(m, dict) else m for m in g["missing"]))'; }

@test "what the facts leave open makes a guest unknown, and its name is said; what they say decides" {
    while IFS='|' read -r line fact yes no; do
        { cat good.cfg; printf '%b\n' "$line"; } >odd.cfg
        [ "$(missing odd.cfg)" = "unknown $fact" ]
        { cat facts.yaml; printf '%b\n' "$yes"; } >yes.yaml
        [ "$(missing odd.cfg yes.yaml)" = ready ]
        { cat facts.yaml; printf '%b\n' "$no"; } >no.yaml
        [ "$(missing odd.cfg no.yaml)" = blocked ]
    done <<'E'
vcpus = 2\ncpus = "4-7"|cpus|cpus: 8|cpus: 4
vcpus = 2\ncpus = "node:1"|numa_nodes|numa_nodes: 2\ncpus: 8|numa_nodes: 1\ncpus: 8
pool = "fast"|cpupools|cpupools: [Pool-0, fast]|cpupools: [Pool-0]
vif = [ "backend=net" ]|domains|domains: [net]|domains: []
vif = [ "backend=4" ]|domains|domains: [{name: net, domid: 4}]|domains: [{name: net, domid: 5}]
passthrough = "enabled"|iommu|iommu: true|iommu: false
E
}

@test "a running domain of the guest's name is the guest, or in its way" {
    { cat facts.yaml; echo 'domains: [web]'; } >running.yaml
    [ "$(missing good.cfg running.yaml)" = "unknown running" ]
    echo 'running: [{domid: 3, name: web, dm_restrict: true}]' >>running.yaml
    [ "$(missing good.cfg running.yaml)" = ready ]
    sed -i 's/name: web/name: mail/' running.yaml
    [ "$(missing good.cfg running.yaml)" = blocked ]
}

@test "files: taken to be there, unless the facts say that all were looked at" {
    printf 'vif = [ "bridge=br0" ]\n' >>good.cfg
    [ "$(missing good.cfg)" = ready ]
    { cat facts.yaml; echo 'files_complete: true'; echo 'files: []'; } >seen.yaml
    [ "$(missing good.cfg seen.yaml)" = blocked ]
    sed -i 's,files: ..,files: [{path: /dev/vg0/web\, type: block}],' seen.yaml
    [ "$(missing good.cfg seen.yaml)" = ready ]
    sed -i 's,\[{path,[{path: /sys/class/net/br0\, type: absent}\, {path,' seen.yaml
    run "$DMLINT" check --host seen.yaml -q -f concise good.cfg
    [[ "$output" == *"the bridge is not there: /sys/class/net/br0"* ]]
}

@test "verdicts: fixable, blocked, not-applicable, unknown; --require-ready" {
    sed 's/dm_restrict.*//' good.cfg >plain.cfg
    [ "$(verdict plain.cfg)" = fixable ]
    printf 'name = "w"\ntype = "hvm"\nmemory = 512\ndisk = [ "/srv/w.qcow2,qcow2,xvda,w" ]\n' >q.cfg
    [ "$(verdict q.cfg)" = blocked ]
    printf 'name = "w"\ntype = "pvh"\nmemory = 512\nkernel = "/boot/vmlinuz"\n' >p.cfg
    [ "$(verdict p.cfg)" = not-applicable ]
    run "$DMLINT" check --host facts.yaml --require-ready good.cfg p.cfg
    [ "$status" -eq 0 ]
    run "$DMLINT" check --host facts.yaml --fail-on none --require-ready plain.cfg
    [ "$status" -eq 1 ]
    [ "$("$DMLINT" check -f json good.cfg 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["guests"][0]["verdict"])')" = unknown ]
}

@test "control bytes of a guest do not reach the terminal" {
    printf 'name = "w"\nmemory = "\x1b[31mred"\ntype = "hvm"\n' >esc.cfg
    run "$DMLINT" check --xen 4.17 --color never esc.cfg
    ! grep -q $'\x1b' <<<"$output"
}

@test "a report goes to a file beside the one on stdout" {
    run "$DMLINT" check --xen 4.17 -q -f concise -f json:r.json bad.cfg
    [ "$status" -eq 1 ]
    python3 -m json.tool <r.json >/dev/null
    run "$DMLINT" check --xen 4.17 -q -f concise -f json bad.cfg
    [ "$status" -eq 2 ]
}

@test "--require-protection blocks what the release does not give" {
    facts="$SOURCE_DIR/contrib/examples/host-facts.yaml" web="$SOURCE_DIR/contrib/examples/web.cfg"
    run "$DMLINT" check -q -f json --xen 4.11 --host "$facts" "$web"
    [[ "$output" == *'"verdict":"ready"'* ]]
    run "$DMLINT" check -q -f json --xen 4.11 --host "$facts" --require-protection uid,chroot --require-ready "$web"
    [ "$status" -eq 1 ]
    [[ "$output" == *'"verdict":"blocked","if_host_fixed":"blocked","blockers":[{"rule":"DM1015","scope":"upgrade",'* ]]
    run "$DMLINT" check -q -f json --xen 4.12 --host "$facts" --require-protection uid,chroot,kill-by-uid --require-ready "$web"
    [ "$status" -eq 0 ]
    run "$DMLINT" check --require-protection uid,chrot "$web"
    [ "$status" -eq 2 ]
    [[ "$output" == *'"chrot" is none of handles, uid, chroot'* ]]
}

@test "JSON says what a finding rests on, and how to find out what is missing" {
    printf 'name = "a"\ntype = "hvm"\n' >a.cfg
    "$DMLINT" check -q -f json --host none --xen 4.17 a.cfg >got.json || true
    python3 - <<'END'
import json
got = json.load(open("got.json"))
assert got["findings"] and all(f["rests_on"] in ("ran", "source", "inferred") for f in got["findings"])
g = got["guests"][0]
assert set(g["supply"]) <= set(g["missing"]) and g["supply"]["passwd"] == "getent passwd", g
END
}
