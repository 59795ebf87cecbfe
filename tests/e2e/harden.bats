#!/usr/bin/env bats
# What others write must not end, lead astray or silence a run.

setup() {
    cd "$BATS_TEST_TMPDIR"
    guest good.cfg good
}

guest() { # FILE NAME LINE...
    local file=$1
    mkdir -p "$(dirname "$file")"
    printf 'type = "hvm"\nname = "%s"\nmemory = 1024\n' "$2" >"$file"
    shift 2
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$file"
}

@test "a text that ends libxlutil's scanner is a finding of its file, on every release, and the run goes on" {
    guest jam.cfg jam 'disk = [ "grant_usage=\n" ]'
    guest word.cfg word 'disk = [ "/dev/x,raw,_=\nvdev=xvda" ]'
    printf 'type = "hvm"\nname = "a\0b"\nmemory = 512\n#\0\n' >nul.cfg
    for xen in 4.10 4.17 4.19 4.22; do
        run "$DMLINT" check -q --xen $xen --host none jam.cfg word.cfg nul.cfg good.cfg
        [ "$status" -eq 1 ]
        [[ "$output" == *"jam.cfg: verdict: blocked by"*"DM2002"* ]]
        [[ "$output" == *"word.cfg: verdict: blocked by"*"DM2002"* ]]
        [[ "$output" == *"nul.cfg: verdict: blocked by DM0001"* ]]
        [[ "$output" == *"good.cfg: verdict: "* ]]
        run "$DMLINT" argv --xen $xen --host none jam.cfg
        [ "$status" -ne 0 ]
        [[ "$output" == *'without a name before a line end'* ]]
        run "$DMLINT" migrate --xen $xen --host none jam.cfg good.cfg
        [[ "$output" == *good.cfg* ]]
    done
}

as_root() { [ "$(id -u)" -eq 0 ] || skip "needs root, to make files of somebody else"; }

silenced() { # the policies below say `fail_on: none`: 1 is what the default one says of ready.cfg
    run "$DMLINT" check --xen 4.17 --host none "$@"
}

@test "a policy that others could have written is passed over, which is said and makes the status 2; -p uses it, --isolated none" {
    as_root
    export SUDO_UID=
    mkdir site site/guests
    printf 'dm_restrict = "yes"\n' >>good.cfg
    mv good.cfg site/guests
    printf 'fail_on: none\n' >site/.dmlint.yaml
    silenced site
    [ "$status" -eq 0 ]
    chown nobody site/.dmlint.yaml
    silenced site
    [ "$status" -eq 2 ]
    [[ "$output" == *"site/.dmlint.yaml is not used: "*"belongs to uid "*"-p "*"--isolated"* ]]
    [[ "$output" == *"good.cfg:4:15: error"* ]]
    silenced --isolated site
    [ "$status" -eq 1 ]
    [[ "$output" != *"is not used"* ]]
    silenced -p site/.dmlint.yaml site
    [ "$status" -eq 0 ]
    SUDO_UID=$(id -u nobody) silenced site
    [ "$status" -eq 0 ]
    chown root site/.dmlint.yaml
    for mode in 'o+w .dmlint.yaml' 'g+w .dmlint.yaml' 'o+w .'; do
        (cd site && chgrp nogroup .dmlint.yaml && chmod $mode)
        silenced site
        [ "$status" -eq 2 ]
        [[ "$output" == *"others than root and the caller can write "* ]]
        (cd site && chmod og-w .dmlint.yaml .)
    done
    chmod 1777 site # as /tmp is
    silenced site
    [ "$status" -eq 0 ]
    chmod 755 site
    for what in site site/guests; do # a link that somebody else made, a directory of somebody else
        mkdir -p deep/a
        mv site/.dmlint.yaml deep/a/real.yaml
        ln -s ../deep/a/real.yaml site/.dmlint.yaml
        silenced site
        [ "$status" -eq 0 ]
        chown nobody deep
        silenced site
        [ "$status" -eq 2 ]
        chown root deep
        chown -h nobody site/.dmlint.yaml
        silenced site
        [ "$status" -eq 2 ]
        rm site/.dmlint.yaml
        mv deep/a/real.yaml site/.dmlint.yaml
    done
    chown nobody site/.dmlint.yaml
    for command in rules 'explain DM1006' 'policy show'; do
        run bash -c 'cd site && "$DMLINT" '"$command"
        [ "$status" -eq 2 ]
        [[ "$output" == *"is not used"* ]]
        run bash -c 'cd site && "$DMLINT" '"$command --isolated"
        [ "$status" -eq 0 ]
    done
    run "$DMLINT" migrate --xen 4.17 --host none site
    [ "$status" -eq 2 ]
    mkdir home home/dmlint
    printf 'fail_on: none\n' >home/dmlint/policy.yaml
    rm site/.dmlint.yaml
    XDG_CONFIG_HOME=$PWD/home silenced site
    [ "$status" -eq 0 ]
    chown nobody home/dmlint
    XDG_CONFIG_HOME=$PWD/home silenced site
    [ "$status" -eq 2 ]
}

@test "what a found policy names counts only if others could not have written it, and is written only below the policy" {
    as_root
    export SUDO_UID=
    mkdir site site/sub
    mv good.cfg site
    printf 'fail_on: none\n' >site/sub/more.yaml
    "$DMLINT" explain DM1006 >/dev/null
    printf 'id: DM9001\nname: ours\nseverity: warning\ntags: [hold]\nsummary: Ours\nwhy: Because.\ndo: This.\nwhen: {key: name, present: true}\nmessage: seen\n' >site/sub/rule.yaml
    for line in 'extends: [default, ./sub/more.yaml]' 'rules_dir: sub/rules' 'rule_files: [sub/rule.yaml]'; do
        printf '%s\n' "$line" >site/.dmlint.yaml
        mkdir -p site/sub/rules
        cp site/sub/rule.yaml site/sub/rules/r.yaml
        silenced site
        [[ "$output" != *"is not used"* ]]
        chown nobody site/sub
        silenced site
        [ "$status" -eq 2 ]
        [[ "$output" == *".dmlint.yaml is not used: "*"site/sub belongs to uid"* ]]
        [[ "$output" != *DM9001* ]]
        chown root site/sub
    done
    printf 'baseline: sub/base.json\n' >site/.dmlint.yaml
    run "$DMLINT" baseline create --xen 4.17 --host none site
    [ "$status" -eq 0 ]
    chown nobody site/sub/base.json
    silenced site
    [ "$status" -eq 2 ]
    [[ "$output" == *"the baseline "*"sub/base.json is not used: "* ]]
    [[ "$output" == *DM1006* ]]
    run "$DMLINT" baseline create --xen 4.17 --host none site
    [ "$status" -eq 2 ]
    mkdir elsewhere
    for base in ../elsewhere/base.json "$PWD/elsewhere/base.json" sub/link/base.json sub/link/new/base.json; do
        ln -sfn ../../elsewhere site/sub/link
        printf 'baseline: %s\n' "$base" >site/.dmlint.yaml
        for how in '' "-p site/.dmlint.yaml"; do
            run "$DMLINT" baseline create $how --xen 4.17 --host none site
            [ "$status" -eq 2 ]
            [[ "$output" == *"does not lie below its directory"* ]]
            [ -z "$(ls elsewhere)" ]
        done
    done
    run "$DMLINT" baseline create --baseline elsewhere/base.json --xen 4.17 --host none site
    [ "$status" -eq 0 ]
}

@test "a run that INT, TERM or HUP ends leaves no temporary file, and whole guests" {
    for i in $(seq 150); do guest "t/g$i.cfg" "g$i" 'device_model = "qemu-dm"'; done
    cp -r t old
    for i in $(seq 8); do
        for signal in INT TERM HUP; do
            env --default-signal=INT "$DMLINT" check --xen 4.17 --host none -q -j 2 --fix --unsafe-fixes --backup t >/dev/null 2>&1 &
            pid=$!
            sleep "0.0$((i * 7 + 10))"
            kill -$signal $pid 2>/dev/null || true
            wait $pid || true
            [ -z "$(find t -name '.*')" ]
        done
        rm -rf t
        cp -r old t
    done
}

@test "an old temporary file of ours is removed, one in use and foreign ones are not; long names can be fixed" {
    long=$(printf 'x%.0s' $(seq 251)).cfg
    for f in web.cfg "$long" "$(printf 'x%.0s' $(seq 250))y.cfg"; do
        guest "$f" n 'device_model = "qemu-dm"'
    done
    echo left >.web.cfg.dmlint-0
    echo used >.web.cfg.dmlint-1
    echo kept >.web.cfg.dmlint-old
    exec 9<.web.cfg.dmlint-1
    flock -x 9
    run "$DMLINT" check --xen 4.17 --host none -q --fail-on none --fix --unsafe-fixes .
    [ "$status" -eq 0 ]
    exec 9<&-
    [ ! -e .web.cfg.dmlint-0 ]
    [ "$(cat .web.cfg.dmlint-1 .web.cfg.dmlint-old)" = "used
kept" ]
    [ "$(ls -A | grep -c '^\.')" -eq 2 ]
    ! grep -l qemu-dm ./*.cfg
}

@test "a list of lines with a NUL in it is an error, and so is an empty --select; an option is given once" {
    printf 'good.cfg\0good.cfg\n' >list
    run "$DMLINT" check --files-from list
    [ "$status" -eq 2 ]
    [[ "$output" == *"has a NUL in it; -0 reads such lists"* ]]
    run "$DMLINT" check --xen 4.17 --host none -q --files-from list -0
    [ "$status" -ne 0 ]
    for none in , '' ' ,, '; do
        for option in --select --ignore; do
            run "$DMLINT" check --xen 4.17 $option "$none" good.cfg
            [ "$status" -eq 2 ]
            [[ "$output" == *"names no rule"* ]]
        done
    done
    run "$DMLINT" check --host none --host local good.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"--host is given twice"* ]]
}

@test "host's subcommands read each option of their row, or refuse it" {
    mkdir -p root/etc
    printf 'root:x:0:0::/:/bin/sh\nxen-qemuuser-range-base:x:77000000:77000000::/:/bin/sh\n' >root/etc/passwd
    run "$DMLINT" host users --root root
    [[ "$output" == *77000000* ]]
    for verb in collect check users; do
        for option in $("$DMLINT" host --help | grep -o -- '^ .*--[a-z-]*' | sed 's/.*--//' | sort -u); do
            case $option in help | version | quiet | redact) set -- "--$option" ;; root) set -- --root root ;; *) set -- "--$option" 7 ;; esac
            run "$DMLINT" host $verb "$@"
            case "$verb $option" in
            collect\ root | collect\ redact | check\ root | check\ host | check\ xen | check\ qemu* | check\ format | check\ jobs | check\ color | users\ root | users\ host | users\ base | users\ format | *\ quiet | *\ help | *\ version)
                [[ "$output" != *"has no option"* ]] ;;
            *)
                [ "$status" -eq 2 ]
                [[ "$output" == *"host $verb has no option --$option"* ]] ;;
            esac
        done
    done
}

@test "--root is not left by links" {
    mkdir -p root/etc root/proc root/var/lib host/x
    printf 'root:x:0:0::/:/bin/sh\ninside:x:1234:1234::/:/bin/sh\n' >root/etc/pw
    printf 'outside:x:4321:4321::/:/bin/sh\n' >host/passwd
    for to in /etc/pw ../../../../../../../../../etc/pw ../etc/./pw; do
        ln -sfn "$to" root/etc/passwd
        for without in "" "$BUILD_DIR/tests/conformance/without openat2"; do
            run $without "$DMLINT" host collect -q --root root
            [[ "$output" == *inside* ]]
        done
    done
    for to in "$PWD/host/passwd" ../../host/passwd /etc/passwd loop; do
        ln -sfn "$to" root/etc/passwd
        ln -sfn passwd root/etc/loop
        run "$DMLINT" host collect -q --root root
        [[ "$output" != *outside* ]]
        [[ "$output" != *daemon* ]]
        run "$BUILD_DIR/tests/conformance/without" openat2 "$DMLINT" host collect -q --root root
        [[ "$output" != *outside* ]]
        [[ "$output" != *daemon* ]]
    done
    mkdir -p logs root/var
    printf 'libxl: error: outside\n' >logs/xl-web.log
    ln -s "$PWD/logs" root/var/log
    mkdir -p logs/xen
    mv logs/xl-web.log logs/xen
    run "$DMLINT" why --root root web
    [ "$status" -ne 0 ]
    [[ "$output" != *outside* ]]
    rmdir root/proc
    ln -s /proc root/proc # the root's own: a link to itself
    run "$DMLINT" verify --root root
    [ "$status" -ne 0 ]
    [[ "$output" != *"pid "* ]]
}

@test "nothing waits at a pipe that nobody named on the command line" {
    mkdir site
    mv good.cfg site
    mkfifo pipe site/rules.yaml
    for text in 'extends: [./../pipe.yaml]' 'rule_files: [rules.yaml]' 'baseline: ../pipe'; do
        mkfifo -m 600 pipe.yaml 2>/dev/null || true
        printf '%s\n' "$text" >site/.dmlint.yaml
        run timeout 10 "$DMLINT" check --xen 4.17 --host none site
        [ "$status" -eq 2 ]
        run timeout 10 "$DMLINT" check -p site/.dmlint.yaml --xen 4.17 --host none site
        [ "$status" -eq 2 ]
    done
    rm site/.dmlint.yaml
    mkfifo site/.dmlint.yaml
    run timeout 10 "$DMLINT" check --xen 4.17 --host none site
    [ "$status" -eq 2 ]
}

@test "a pipe that takes the place of a guest, a link's target or a directory after the walk is not waited for" {
    mkdir site site/sub
    for f in a.cfg b.txt sub/c.cfg; do guest "site/$f" n; done
    ln -s b.txt site/link.cfg
    "$DMLINT" baseline create -q --baseline base.json --xen 4.17 --host none site/a.cfg
    mkfifo pipe
    for command in check "check --fix" "check --diff" migrate "migrate --write"; do
        cp -a site now
        timeout 30 "$DMLINT" $command --xen 4.17 --host none --baseline pipe now >out 2>&1 &
        pid=$!
        exec 8>pipe # once it waits for the baseline it has walked
        rm -r now/a.cfg now/b.txt now/sub
        mkfifo now/a.cfg now/b.txt now/sub
        cat base.json >&8
        exec 8>&-
        status=0
        wait $pid || status=$?
        [ "$status" -eq 3 ]
        grep -q "cannot read now/a.cfg: it is no regular file" out
        grep -q "cannot read now/sub/c.cfg" out
        rm -r now
    done
}

@test "without openat2, and where no file is without a name, files are fixed in the same way" {
    without=$BUILD_DIR/tests/conformance/without
    "$without" openat2 /bin/true || skip "no seccomp here"
    if nm "$DMLINT" | grep -Eq '__(asan|tsan)_init'; then skip "not together with a sanitizer"; fi
    for i in 1 2 3; do guest "t/g$i.cfg" "g$i" 'device_model = "qemu-dm"'; done
    cp -a t want
    "$DMLINT" check --xen 4.17 --host none -q --fail-on none --fix --unsafe-fixes --backup want
    for less in openat2 O_TMPFILE openat2,O_TMPFILE openat2,O_TMPFILE,landlock_create_ruleset renameat2,O_TMPFILE; do
        rm -rf now
        cp -a t now
        run "$without" "$less" "$DMLINT" check --xen 4.17 --host none -q --fail-on none --fix --unsafe-fixes --backup now
        [ "$status" -eq 0 ]
        diff -r want now
        [ -z "$(find now -name '.*')" ]
    done
}

@test "what is printed for a shell takes no name for an option" {
    guest g.cfg -a
    run "$DMLINT" migrate --xen 4.17 --host none g.cfg
    [[ "$output" != *"shutdown -w -a"* ]]
    [[ "$output" != *"domid -a"* ]]
    printf 'dm_restrict = 1\n' >>g.cfg
    run "$DMLINT" migrate --xen 4.17 --host "$SOURCE_DIR/tests/data/migrate/host.yaml" g.cfg
    [[ "$output" != *"shutdown -w -a"* ]]
}

@test "the binary is hardened: full RELRO, bound at once, stack protector, FORTIFY, CET, no executable stack, not setuid, and no network but local sockets" {
    command -v readelf >/dev/null || skip "needs readelf"
    if nm "$DMLINT" | grep -q __asan_init; then skip "a sanitizer's build"; fi
    readelf -lW "$DMLINT" | grep -q GNU_RELRO
    readelf -lW "$DMLINT" | grep GNU_STACK | grep -vq RWE
    readelf -dW "$DMLINT" | grep -Eq 'BIND_NOW|FLAGS_1.*NOW'
    readelf -hW "$DMLINT" | grep -q 'Type:.*DYN'
    readelf -sW --dyn-syms "$DMLINT" >symbols
    grep -q __stack_chk_fail symbols
    grep -Eq '__(snprintf|vsnprintf|memcpy|fprintf|printf)_chk' symbols
    [ "$(uname -m)" != x86_64 ] || [ "$(objdump -d "$DMLINT" | grep -c endbr64)" -gt 500 ] # of ours; Debian's start files have none
    [ ! -u "$DMLINT" ] && [ ! -g "$DMLINT" ]
    run grep -Ew 'UND (accept|accept4|getaddrinfo|gethostbyname|sendto|recvfrom|dlopen)(@.*)?' symbols
    [ "$status" -eq 1 ]
    # QEMU's monitor in --try is a Unix socket, and nothing else of ours is bound or connected.
    run grep -rlE '\b(connect|bind|listen)\(' "$SOURCE_DIR/src" --include='*.c'
    [ "$output" = "$SOURCE_DIR/src/try/inside.c" ]
    run grep -cE 'struct sockaddr_(in|in6|storage)\b' "$SOURCE_DIR/src/try/inside.c"
    [ "$output" = 0 ]
}

@test "a terminal gets no escapes of a guest's file from --diff and --fix -" {
    printf 'name = "n" # \033]0;owned\007\ntype = "hvm"\nmemory = 512\ndevice_model = "qemu-dm"\n' >esc.cfg
    for how in '--diff esc.cfg' '--fix - <esc.cfg'; do
        run "$SOURCE_DIR/tests/e2e/on_terminal" "" bash -c '"$DMLINT" check --xen 4.17 --host none -q --unsafe-fixes '"$how"
        [[ "$output" == *'\x1b]0;owned\x07'* ]]
        [[ "$output" != *$'\033'']0'* ]]
    done
    "$DMLINT" check --xen 4.17 --host none -q --unsafe-fixes --diff esc.cfg | grep -q $'\033' # a pipe gets the bytes
}

@test "nothing that a guest's file or a log says is run" {
    command -v strace >/dev/null || skip "strace is not installed"
    strace -f -e trace=execve -o trace true 2>/dev/null || skip "strace does not work here"
    if nm "$DMLINT" | grep -q __asan_init; then skip "not together with AddressSanitizer"; fi
    guest h.cfg '$(touch run)' 'bootloader = "./boot"' 'disk = [ "script=./block,format=raw,vdev=xvda,target=|touch run" ]' \
        'vif = [ "script=./net" ]' 'device_model_override = "./qemu"' 'device_model_args = [ "-incoming", "exec:touch run" ]'
    printf '#!/bin/sh\ntouch run\n' | tee boot block net >qemu
    chmod 755 boot block net qemu
    printf 'libxl: error: `touch run`: $(touch run)\n' >log
    for command in "check" "check --fix --unsafe-fixes" "argv" "argv --diff-xen 4.20" "migrate" "why log --config=h.cfg"; do
        [[ $command == why* ]] || command+=" h.cfg"
        status=0
        strace -f -e trace=execve,execveat -o trace "$DMLINT" $command --xen 4.17 --host none >/dev/null 2>&1 || status=$?
        [ "$status" -le 1 ]
        [ "$(grep -c 'execve' trace)" -eq 1 ]
    done
    [ ! -e run ]
}

@test "a parser that a guest's file has taken over writes, runs and sends nothing; -v says what is in force" {
    if nm "$DMLINT" | grep -Eq '__(asan|tsan)_init'; then skip "a sanitizer comes before every other library"; fi
    printf '#!/bin/sh\ntouch ran\n' >run
    chmod 755 run
    guest guests/good.cfg good 'disk = [ "/dev/vg/a,raw,xvda,w" ]'
    run "$DMLINT" check -v --xen 4.17 --host none guests
    [[ "$output" == *"dmlint: sandbox: "* ]]
    [[ "$output" != *"no Landlock"* && "$output" != *"no seccomp"* ]] || skip "this kernel has no Landlock or no seccomp: ${output%%$'\n'*}"
    [[ "$output" == *"files are written nowhere"* ]]
    for command in check "check -j 2" "check --fix" "check --diff" "check -f json:$PWD/out/report.json" argv "argv --fixed" migrate "migrate --write"; do
        path=guests
        [[ $command != argv* ]] || path=guests/good.cfg
        for target in stolen /etc/dmlint-test-breakout; do
            run env LD_PRELOAD="$BUILD_DIR/tests/conformance/libbreakout.so" BREAKOUT_RUN=./run BREAKOUT_WRITE="$target" \
                "$DMLINT" $command -v --xen 4.17 --host none "$path"
            [[ "$output" == *"breakout: write: Permission denied; socket: Operation not permitted; run: "* ]]
            [[ "$output" != *"socket: done"* && "$output" != *"write: done"* ]]
            [ ! -e "$target" ]
        done
        [ ! -e ran ]
    done
    [ -e out/report.json ]
    # Where a guest is to be written is the most that can be.
    run "$DMLINT" check -v --fix --xen 4.17 --host none guests
    [[ "$output" == *"files are written in guests"* ]]
    run "$DMLINT" check -v --fix --output-dir copies --xen 4.17 --host none guests
    [[ "$output" == *"files are written in copies"* ]]
    run "$DMLINT" check -v --try --xen 4.17 --host none guests
    [[ "$output" == *"no Landlock, since --try"* ]]
}

@test "nesting is limited, not the stack" {
    for n in 1000 100000 1000000; do
        guest d.cfg deep "vif = $(head -c $n /dev/zero | tr '\0' '[')$(head -c $n /dev/zero | tr '\0' ']')"
        for command in check argv migrate; do
            run timeout 60 "$DMLINT" $command --xen 4.17 --host none d.cfg
            [ "$status" -lt 5 ]
        done
    done
}
