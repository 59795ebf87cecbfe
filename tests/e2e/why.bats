#!/usr/bin/env bats
# dmlint why, with logs as a Xen host writes them.

setup() {
    cd "$BATS_TEST_TMPDIR"
    printf 'type = "hvm"\nname = "web"\nmemory = 1024\ndm_restrict = 1\nusbdevice = "usb-tablet"\ndisk = [ "/srv/a,raw,xvda,w", "/srv/b,raw,xvdb,w" ]\n' >web.cfg
}

# why LINE...: status and output of why for these lines
why() { printf '%s\n' "$@" >log; run "$DMLINT" why log; }
has() { [[ "$output" == *"$1"* ]] || { echo "$output"; return 1; }; }

@test "the first line that matters, not the ones that follow from it" {
    why 'Parsing config from web.cfg' \
        'libxl: error: libxl_console.c:271:libxl__device_console_add: Domain 7:Primary console has invalid configuration' \
        "libxl: error: libxl_dm.c:160:libxl__domain_get_device_model_uid: Domain 7:Couldn't find device_model_user qemu-one" \
        'libxl: error: libxl_dm.c:2755:device_model_spawn_outcome: Domain 7:(null): spawn failed (rc=-6)' \
        'libxl: error: libxl_create.c:1543:domcreate_devmodel_started: Domain 7:device model did not start: -6'
    [ "$status" -eq 0 ]
    has "log:3: Couldn't find device_model_user qemu-one"
    has "the host has no account qemu-one"
    has "create the account or correct device_model_user"
    has "starting the device model"
    has "-6, an invalid value"
}

@test "a step alone says where to look" {
    why 'libxl: error: libxl_create.c:1543:domcreate_devmodel_started: Domain 7:device model did not start: -3'
    [ "$status" -eq 1 ]
    has "this says only where libxl was"
    has "/var/log/xen/qemu-dm-NAME.log"
}

@test "QEMU's words, the argument that they are about, and the line of the config" {
    printf "VNC server running on 127.0.0.1:5900\nqemu-system-i386: -usbdevice usb-tablet: could not add USB device 'usb-tablet'\n" >log
    run "$DMLINT" why --config web.cfg --xen 4.17 --qemu debian-12 --host none log
    [ "$status" -eq 0 ]
    has "log:2: "
    has "to blame:        web.cfg:5: usbdevice = \"usb-tablet\""
    has "DM2023"
    has "which is the line to blame"
}

@test "the element that is named is found in a list" {
    printf 'libxl: error: libxl_device.c:1:libxl__device_disk_set_backend: Disk vdev=xvdb failed to stat: /srv/b: No such file or directory\n' >log
    run "$DMLINT" why --config web.cfg --xen 4.17 --host none log
    has "web.cfg:6: disk"
    has "the disk xvdb has no image: /srv/b"
}

@test "words of a Xen host" {
    while IFS='|' read -r line said; do
        why "$line"
        [ "$status" -eq 0 ] || { echo "$line: $output"; return 1; }
        has "$said"
    done <<'END'
qemu-system-i386: -vnc 127.0.0.1:0,password=on,to=99: Cipher backend does not support DES algorithm|built without what VNC passwords take
qemu-system-i386: -sandbox on: -sandbox support is not enabled in this QEMU binary|built without its system call filter
xen-qemu-system-i386: -display sdl: Parameter 'type' does not accept value 'sdl'|built without the display sdl
xen-qemu-system-i386: Duplicate device ID 'xen-vkbd-0'|set vkb_device = 0
qemu-system-i386: -device AC97: no default audio driver available|no audio backend
libxl: error: libxl_dom.c:1:x: Domain 7:can't allocate low memory for domain: Out of memory|no memory left for the guest
libxl: error: libxl_exec.c:1:x: domain 7 device model [9] died due to fatal signal File size limit exceeded|no file larger than 256 KiB
guest.cfg:20: config parsing error near `+=': lexical error|line 20 of guest.cfg
END
}

@test "a message that is not known is shown as it is, and harmless" {
    why $'libxl: error: libxl_dm.c:1:x: Domain 7:the \e[31mmoon is wrong' 'libxl: error: libxl_create.c:1:domcreate_devmodel_started: Domain 7:device model did not start: -3'
    [ "$status" -eq 1 ]
    has 'log:1: the \x1b[31mmoon is wrong'
    has "dmlint does not know this message"
    has "starting the device model"
    why ''
    [ "$status" -eq 1 ]
    has "no line of it speaks of a failure"
}

@test "a guest's name finds its logs, and QEMU's reason counts more than libxl's step" {
    mkdir -p root/var/log/xen
    printf 'libxl: error: libxl_create.c:1:domcreate_devmodel_started: Domain 7:device model did not start: -3\n' >root/var/log/xen/xl-web.log
    printf "qemu-system-i386: -k xx: could not read keymap file: 'xx'\n" >root/var/log/xen/qemu-dm-web.log
    run "$DMLINT" why --root root web
    [ "$status" -eq 0 ]
    has "qemu-dm-web.log:1: could not read keymap file: 'xx'"
    has "starting the device model"
    run "$DMLINT" why --root root nobody
    [ "$status" -eq 5 ]
    run "$DMLINT" why --root root ../../../etc/passwd-
    [ "$status" -eq 5 ]
}
