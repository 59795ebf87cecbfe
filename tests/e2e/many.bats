#!/usr/bin/env bats
# Text for many guests, and for those who sit before a terminal.

setup() {
    cd "$BATS_TEST_TMPDIR"
    facts="$SOURCE_DIR/contrib/examples/host-facts.yaml"
    grep -v xen-qemuuser "$facts" >no-accounts.yaml
    mkdir g
}

guest() { # FILE NAME [LINE...]
    printf 'name = "%s"\ntype = "hvm"\nmemory = 512\n' "$2" >"$1"
    [ $# -eq 2 ] || printf '%s\n' "${@:3}" >>"$1"
}

fleet() { # N: guests of every kind
    local i
    for i in $(seq "$1"); do
        case $((i % 5)) in
        0) guest "g/$i.cfg" "g$i" 'dm_restrict = 1' "disk = [ \"/srv/$i.qcow2,qcow2,xvda,w\" ]" ;;
        1) guest "g/$i.cfg" "g$i" 'dm_restrict = "yes"' ;;
        2) printf 'name = "p%s"\ntype = "pvh"\nmemory = 512\nkernel = "/k"\n' "$i" >"g/$i.cfg" ;;
        *) guest "g/$i.cfg" "g$i" 'dm_restrict = 1' ;;
        esac
    done
}

screen() { # COLUMNS ARG...
    run "$SOURCE_DIR/tests/e2e/screen" "$1" "$DMLINT" "${@:2}"
}

@test "the first screen of 500 guests says what to do next, at 80 and at 200 columns" {
    fleet 500
    screen 80 check --host no-accounts.yaml g
    [ "$(head -n 10 <<<"$output")" = '500 guests: 400 blocked, 100 not-applicable
What to do next:
  1. Mend the host: DM1002 restrict-without-account. That frees 300 guests, of
     which dmlint can make 100 ready.
       $ dmlint host users --host no-accounts.yaml
  2. Decide on what blocks most guests by itself: DM2012 restrict-qemu-backend
     (100 guests).
       $ dmlint explain DM2012
A table stands at the end of this report.' ]
    [[ "${lines[9]}" == "the host: error: the host has neither xen-qemuuser-range-base nor xen-qemuuser-shared"*"[DM1002 restrict-without-account]" ]]
    [ "${lines[10]}" = "  said of 400 guests, first of g/1.cfg:4:1" ]
    screen 200 check --host no-accounts.yaml g
    [ "$(head -n 8 <<<"$output")" = '500 guests: 400 blocked, 100 not-applicable
What to do next:
  1. Mend the host: DM1002 restrict-without-account. That frees 300 guests, of which dmlint can make 100 ready.
       $ dmlint host users --host no-accounts.yaml
  2. Decide on what blocks most guests by itself: DM2012 restrict-qemu-backend (100 guests).
       $ dmlint explain DM2012
A table stands at the end of this report.' ]
    # Nothing known of the host, and all that is known in order.
    screen 80 check --xen 4.17 --host none g
    [[ "$output" == *"  1. Find out what is not known of the host: collect its facts on it, as root, and"*"give --host facts.json. 400 guests wait for that."* ]] ||
        [[ "$output" == *"give --host facts.json."*" guests wait for that."* ]]
    screen 80 check --host "$facts" g
    [[ "$output" == *"Let dmlint make what is automatic: 100 guests can be ready by that."*'$ dmlint migrate --write --backup --host '*' PATH...'* ]]
}

@test "from 20 guests on a table stands at the end: verdicts, what blocks most, what the host must mend" {
    fleet 20
    run "$DMLINT" check -q --host no-accounts.yaml g
    [ "$(tail -n 11 <<<"$output")" = '
Verdicts                                    guests
  ready                                          0
  fixable                                        0
  blocked                                       16
  unknown                                        0
  not-applicable                                 4
What blocks most guests                     guests  where
  DM1002 restrict-without-account               16  host
  DM2012 restrict-qemu-backend                   4  guest
The host must mend DM1002 restrict-without-account, which frees 12 guests.' ] || {
        tail -n 11 <<<"$output"
        false
    }
    SCREEN=$("$SOURCE_DIR/tests/e2e/screen" 140 "$DMLINT" check -q --host no-accounts.yaml g) || true
    [[ "$SCREEN" == *"  DM1002 restrict-without-account               16  host      The host has no account to run this restricted QEMU under"* ]]
    [ "$(wc -L <<<"$(tail -n 12 <<<"$SCREEN")")" -le 140 ]
    # The numbers are those of the JSON report, and the verdict lines.
    "$DMLINT" check -q --host no-accounts.yaml -f json g >r.json || true
    python3 - <<'END'
import json
v = [(g["verdict"], g["if_host_fixed"]) for g in json.load(open("r.json"))["guests"]]
assert sum(a == "blocked" for a, b in v) == 16 and sum(a == "blocked" != b for a, b in v) == 12, v
END
    rm g/20.cfg
    run "$DMLINT" check -q --host no-accounts.yaml g
    [[ "$output" != *"Verdicts "* && "$output" != *"What to do next"* ]]
}

@test "what is found of the host is said once, and of one guest at its place" {
    guest g/a.cfg a 'dm_restrict = 1'
    guest g/b.cfg b
    guest g/c.cfg c 'dm_restrict = 1' 'device_model_user = "qemu-c"'
    run "$DMLINT" check -q --host no-accounts.yaml g
    [ "$(grep -c 'neither xen-qemuuser-range-base' <<<"$output")" -eq 1 ]
    [[ "$output" == *"the host: error: the host has neither "*"said of 2 guests, first of g/a.cfg:4:1"*"hint: Create the account"* ]]
    [[ "$output" == *"g/c.cfg:5:1: error: the host has no account qemu-c"* ]]
    [[ "$output" == *"g/b.cfg: verdict: blocked by DM1002 restrict-without-account (host)"* ]]
    # concise and JSON stay by guest.
    [ "$("$DMLINT" check -q -f concise --select DM1002 --host no-accounts.yaml g | wc -l)" -eq 2 ]
    run "$DMLINT" check -q --host no-accounts.yaml g/a.cfg
    [[ "$output" == "g/a.cfg:4:1: error: the host has neither "* ]]
}

@test "migrate: the table first before a terminal, only the table with -q, no columns where there is no room" {
    guest g/a.cfg a
    guest g/b.cfg b 'vnc = 1'
    screen 80 migrate --host "$facts" g
    [[ "${lines[1]}" == "before          after "* ]]
    [[ "${lines[2]}" == "fixable         ready "*"g/a.cfg" ]]
    [[ "$output" == *"QEMU's command line, what changes (- Xen 4.17.5, + Xen 4.17.5):"*"    + -xen-domid-restrict"* ]]
    [[ "$output" != *" | "* && "$output" != *BEFORE* ]]
    screen 130 migrate --host "$facts" g
    [[ "$output" == *"BEFORE, Xen 4.17.5"*"AFTER, Xen 4.17.5"* ]]
    run "$DMLINT" migrate --host "$facts" g
    [[ "${lines[-1]}" == *"g/b.cfg" && "$output" == *BEFORE* ]]
    run "$DMLINT" migrate -q --host "$facts" g
    [ "${#lines[@]}" -eq 3 ]
    [[ "${lines[0]}" == "before "* && "${lines[2]}" == *"g/b.cfg" ]]
}

@test "migrate breaks no word" {
    long=/dev/vg/$(printf 'a%.0s' $(seq 90))
    guest g/a.cfg a 'dm_restrict = 1' "disk = [ \"$long,raw,hda,w\", \"/srv/c.iso,raw,hdc,r,cdrom\" ]"
    for xen in 4.10 4.12; do
        "$DMLINT" migrate --host "$facts" --to-xen $xen g/a.cfg >out || true
        { "$DMLINT" argv --host "$facts" --format lines g/a.cfg; "$DMLINT" argv --host "$facts" --xen $xen --format lines g/a.cfg; } >argv 2>/dev/null
        python3 - <<'END'
import re
words = set(re.split(r"[ ,\n]+", open("argv").read()))
rows = open("out").read().split("BEFORE, Xen")[1].split("\n\n")[0].split("\n")[1:]
seen = [w for row in rows if not re.fullmatch(r" *\(\d+ equal\)", row) for w in re.split(r"[ ,]+", row) if w not in ("", "|", "<", ">")]
broken = [w for w in seen if w not in words]
assert not broken and any("a" * 90 in w for w in seen), (broken, rows)
END
    done
}

@test "a step of migrate names all its places" {
    printf 'name = "w"\ntpye = "hvm"\nmemroy = 512\nvnclisen = "0.0.0.0"\n' >g/a.cfg
    run "$DMLINT" migrate --host "$facts" g/a.cfg
    [ "$(grep -c 'DM0002\]' <<<"$output")" -eq 1 ]
    [[ "$output" == *"Why: line 2: "*tpye*"And line 3: "*memroy*"And line 4: "*vnclisen* ]]
    "$DMLINT" migrate --host "$facts" -f json g/a.cfg | python3 -c '
import json, sys
steps = [s for s in json.load(sys.stdin)["guests"][0]["steps"] if s["rule"] == "DM0002"]
assert len(steps) == 1 and steps[0]["line"] == 2 and [p["line"] for p in steps[0]["more"]] == [3, 4], steps'
}

@test "migrate, verify and host check have colours where check has them" {
    guest g/a.cfg a
    esc=$(printf '\033')
    for command in "check --host $facts g" "migrate --host $facts g" "host check --host $facts" \
        "verify --root $SOURCE_DIR/tests/data/root-verify"; do
        run "$DMLINT" $command
        [[ "$output" != *"$esc"* ]]
        run "$DMLINT" $command --color always
        [[ "$output" == *"$esc[1;3"*"$esc[0m"* ]]
        SGR=1 screen 100 $command
        [[ "$output" == *"$esc[1;3"* ]]
        SGR=1 screen 100 $command --color never
        [[ "$output" != *"$esc[1;3"* ]]
    done
    run "$DMLINT" migrate --color always --host "$facts" g
    [[ "$output" == *"$esc[1;36mfixable$esc[0m"*"$esc[1;32mready$esc[0m"*"$esc[32m+dm_restrict = 1$esc[0m"* ]]
    run "$DMLINT" migrate --color sometimes g
    [ "$status" -eq 2 ]
}

@test "a run over a second says on the terminal how far it is, and leaves nothing of that" {
    for i in 1 2 3; do guest g/$i.cfg g$i; done
    mkfifo slow.cfg
    (sleep 2.5; cat g/1.cfg >slow.cfg) &
    run env SGR=1 "$SOURCE_DIR/tests/e2e/screen" 80 "$DMLINT" check -j1 --xen 4.17 --host none g/1.cfg slow.cfg zzz.cfg g/2.cfg
    wait
    esc=$(printf '\033')
    [[ "$output" == *" of 4 files read"*"$esc[K"* ]]
    (sleep 2.5; cat g/1.cfg >slow.cfg) &
    run env SGR=1 "$SOURCE_DIR/tests/e2e/screen" 80 "$DMLINT" check -q -j1 --xen 4.17 --host none g/1.cfg slow.cfg g/2.cfg zzz.cfg
    wait
    [[ "$output" != *"files read"* ]]
    (sleep 2.5; cat g/1.cfg >slow.cfg) &
    "$DMLINT" check -j1 --xen 4.17 --host none g/1.cfg slow.cfg g/2.cfg zzz.cfg >out 2>err || true
    wait
    ! grep -q 'files read' out err
}
