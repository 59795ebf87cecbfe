#!/usr/bin/env bats
# What QEMU takes of a guest's values: verdicts, messages, places; builds and limits.

setup() {
    cd "$BATS_TEST_TMPDIR"
    sed 's|, caps:|, path: /usr/libexec/xen-qemu-system-i386&|' "$SOURCE_DIR/tests/data/host.yaml" >facts.yaml
}

guest() { printf 'type = "hvm"\nname = "web"\nmemory = 512\nvnc = 1\ndisk = [ "/dev/vg0/web,raw,xvda,w" ]\ndm_restrict = 1\n'; printf '%b\n' "$@"; }
verdict() { guest "$2" >g.cfg; "$DMLINT" check -p restrict-ready $1 --host facts.yaml -f json g.cfg 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["guests"][0]["verdict"])'; }

# is WANTED LINE: the verdict of a guest with this line.
is() {
    local got
    got=$(verdict "" "$2")
    [ "$got" = "$1" ] || { echo "$2: $got, not $1"; return 1; }
}

@test "values that QEMU refuses block the guest" {
    is blocked 'usbdevice = [ "usb-tablet" ]'
    is blocked 'device_model_args_hvm = [ "-device", "e1000", "netdev=n9", "id=i2c" ]'
    is blocked 'vif = [ "model=virtio" ]'
    is blocked 'boot = "hd"'
    is blocked 'boot = "dd"'
    is blocked 'boot = "network"'
    is blocked 'serial = "com1"'
    is blocked 'serial = [ "pty", "tcp:127.0.0.1:4444,server" ]'
    is blocked 'device_model_args = [ "-devise", "e1000" ]'
    is blocked 'device_model_args = [ "-user", "root" ]'
    is blocked 'device_model_args = [ "-domid", "1" ]'
    is blocked 'device_model_args = [ "-no-xen-domid-restrict" ]'
    is blocked 'device_model_args = [ "-enable-kvm" ]'
    is blocked 'device_model_args = [ "-incoming", "defer" ]'
    is blocked 'device_model_args = [ "-device" ]'
    is blocked 'device_model_args = [ "-chardev", "null,id=libxl-cmd" ]'
    is blocked 'keymap = "xx"'
    is blocked 'videoram = 64'
    is blocked 'vncdisplay = 100'
    is blocked 'name = "a,b"'
}

@test "what QEMU takes stays ready" {
    is ready 'usb = 1\nusbdevice = [ "tablet", "keyboard" ]'
    is ready 'vif = [ "model=e1000", "model=virtio-net-pci", "type=vif" ]'
    is ready 'boot = "cdn"'
    is ready 'serial = [ "pty", "null" ]'
    is ready 'keymap = "de"'
    is ready 'vga = "stdvga"\nvideoram = 64'
    is ready 'vncdisplay = 100\nvncunused = 0'
    is ready 'soundhw = "hda"'
    is ready 'spice = 1\nspicehost = "127.0.0.1"\nspiceport = 6000\nspicedisable_ticketing = 1\nspicevdagent = 1'
    is ready 'device_model_args = [ "-no-reboot", "--snapshot", "-global", "PIIX4_PM.disable_s3=1" ]'
    is ready 'vif = [ "vifname=qdisk0" ]'
}

@test "what nobody knows makes the verdict unknown, with the value, its place and what settles it" {
    is unknown 'device_model_args = [ "-global", "VGA.xres=800" ]'
    is unknown 'device_model_args = [ "-readconfig", "/etc/q.cfg" ]' # it can hold anything
    guest 'device_model_args = [ "-no-reboot", "-cpu",\n "qemu64,+vmx" ]' >g.cfg
    run "$DMLINT" check --host facts.yaml g.cfg
    [[ "$output" == *"g.cfg:7:37: warning: whether QEMU 7.2.22 takes -cpu qemu64,+vmx"*"DM2025"* ]]
    [[ "$output" == *"a value that QEMU is known to take"* ]]
}

@test "-S is libxl's own where it hands over the monitor, and keeps QEMU from running elsewhere" {
    is ready 'device_model_args = [ "-S" ]'
    [ "$(verdict "--xen 4.11" 'device_model_args = [ "-S" ]')" = blocked ]
    [ "$(verdict "--xen 4.11" '')" = ready ]
}

@test "a newline in a value hides nothing" {
    for args in '"-chroot=/\n"' '"-sandbox", "on,obsolete=deny,arg=\n"' '"-chroot", "/\n"' '"-runas", "root\n"'; do
        printf 'type = "hvm"\nname = "w"\nmemory = 512\ndm_restrict = 1\ndevice_model_args = [ %s ]\n' "$args" >n.cfg
        run "$DMLINT" check --host facts.yaml -f json n.cfg
        [[ "$output" == *'"verdict":"blocked"'* ]] || { echo "$args: $output"; false; }
    done
    printf 'type = "hvm"\nname = "w"\nmemory = 512\nserial = "tcp::4444,server,nowait\\n"\n' >n.cfg
    run "$DMLINT" check --host facts.yaml -f concise n.cfg
    [[ "$output" == *DM5005* ]]
}

@test "options are options wherever they stand, and words are words" {
    for args in '"-no-reboot", "-chroot", "/"' '"--chroot", "/"' '"-k", "de", "--runas", "root"'; do
        guest "device_model_args = [ $args ]" >g.cfg
        run "$DMLINT" check --host facts.yaml -f concise g.cfg
        [[ "$output" == *DM1010* ]] || { echo "$args: $output"; false; }
    done
    guest 'device_model_args = [ "-name", "-chroot" ]' >g.cfg
    run "$DMLINT" check --host facts.yaml -f concise g.cfg
    [[ "$output" != *DM1010* ]]
}

@test "builds: what is left out blocks, what is not known is unknown" {
    [ "$(verdict "--qemu debian-12" 'vncpasswd = "x"')" = blocked ]
    [ "$(verdict "--qemu debian-11" 'vncpasswd = "x"')" = ready ]
    [ "$(verdict "--qemu 9.0 --xen 4.21" 'vncpasswd = "x"')" = unknown ]
    [ "$(verdict "--qemu debian-12" 'sdl = 1')" = blocked ]
    [ "$(verdict "--qemu debian-12" 'device_model_args = [ "-sandbox", "on" ]')" = blocked ]
    [ "$(verdict "--qemu debian-11" 'device_model_args = [ "-sandbox", "on" ]')" = ready ]
    [ "$(verdict "--qemu debian-12" 'spice = 1\nspicehost = "127.0.0.1"\nspiceport = 6000\nspicedisable_ticketing = 1\nusbversion = 2\nspiceusbredirection = 2')" = blocked ]
    sed -i 's/run_with_user: false/run_with_user: false, vnc_password: true/' facts.yaml
    [ "$(verdict "" 'vncpasswd = "x"')" = ready ]
    run "$DMLINT" check --qemu debian-99 g.cfg
    [ "$status" -eq 2 ]
    [[ "$output" == *"debian-11, debian-12, debian-13"* ]]
}

@test "QEMU 9.2 and later does not start under libxl's limits; host check says it once, migrate --to-xen before" {
    [ "$(verdict "--xen 4.20 --qemu 9.2" 'vkb_device = 0')" = blocked ]
    [ "$(verdict "--xen 4.20 --qemu 9.1" 'vkb_device = 0')" = ready ]
    [ "$(verdict "--xen 4.20 --qemu debian-13" 'vga = "none"\nvnc = 0\nvkb_device = 0')" = blocked ]
    run "$DMLINT" host check --xen 4.20 --qemu debian-13 --host facts.yaml
    [ "$(grep -c "fail.*DM2026" <<<"$output")" -eq 1 ]
    guest >g.cfg
    run "$DMLINT" migrate --host facts.yaml --to-xen 4.20 --qemu debian-13 g.cfg
    [[ "$output" == *DM2026* ]]
}

@test "cases of the field" {
    shared="$BATS_TEST_DIRNAME/../../../shared/field"
    [ -d "$shared/qemu" ] || skip "no ../shared/field"
    for f in "$shared"/qemu/*.cfg; do
        run "$DMLINT" check -p restrict-ready --xen 4.17 --host "$shared/host.yaml" -f json "$f"
        [[ "$output" == *'"verdict":"blocked"'* ]] || { echo "$f"; false; }
    done
}
