#!/usr/bin/env bats
# Neighbours of what people reported: files of xm, slips, disks that libxl does not serve, files by their first bytes.

setup() { cd "$BATS_TEST_TMPDIR"; }

# guest LINE...: an HVM guest with more lines
guest() { printf 'type = "hvm"\nname = "web"\nmemory = 1024\n'; printf '%s\n' "$@"; }
fix() { run "$DMLINT" check --xen 4.17 --host none -q -f concise --fix --unsafe-fixes "$@"; }
check() { run "$DMLINT" check --xen 4.17 --host none -q -f concise "$@"; }

@test "a file of xm becomes one of xl" {
    cat >xm.cfg <<'END'
import os, re
arch = os.uname()[4]
if re.search('64', arch):
    arch_libdir = 'lib64'
else:
    arch_libdir = 'lib'
kernel = "/usr/lib/xen/boot/hvmloader"
builder='hvm'
memory = 1024
name = "old"   # the shop
maxcpus = 2
apic = True
pae = yes
vif = ( 'type=ioemu, bridge=xenbr0' )
disk = ( 'phy:/dev/vg0/old,hda,w',
         'file:/iso/x.iso,hdc:cdrom,r' )   # two
device_model = '/usr/' + arch_libdir + '/xen/bin/qemu-dm'
boot="cd",
sdl=False
on_poweroff = destroy
ramdisk = None
rtc_timeoffset = -3600
dm_restict = 1
END
    fix xm.cfg
    [ "$status" -eq 0 ]
    cat >want.cfg <<'END'
# import os, re
# arch = os.uname()[4]
# if re.search('64', arch):
# else:
type='hvm'
memory = 1024
name = "old"   # the shop
maxvcpus = 2
apic = 1
pae = 1
vif = [ 'type=ioemu, bridge=xenbr0' ]
disk = [ 'phy:/dev/vg0/old,hda,w',
         'file:/iso/x.iso,hdc:cdrom,r' ]   # two
# device_model = '/usr/' + arch_libdir + '/xen/bin/qemu-dm'
boot="cd"
sdl=0
on_poweroff = "destroy"
rtc_timeoffset = "-3600"
dm_restrict = 1
END
    diff want.cfg xm.cfg
}

@test "what somebody has to decide stays, and is told" {
    guest 'if fast:' '    vcpus = 4' 'disk = [ phy:/dev/vg0/a,hda,w ]' 'extra = "a" + name' 'serial = {{ port }}' >left.cfg
    cp left.cfg before.cfg
    fix left.cfg
    [ "$status" -eq 1 ]
    diff before.cfg left.cfg
    [ "$(grep -c DM0001 <<<"$output")" -eq 4 ]
}

@test "another statement on the line is not touched" {
    guest 'vcpus = 2; import os' 'pae = 1; ramdisk = None' 'acpi = 1; apic = True' >line.cfg
    fix line.cfg
    guest 'vcpus = 2; import os' 'pae = 1; ramdisk = None' 'acpi = 1; apic = 1' | diff - line.cfg
}

@test "without --unsafe-fixes no syntax error is mended" {
    guest 'apic = True' >web.cfg
    run "$DMLINT" check --xen 4.17 --host none -q --fix web.cfg
    guest 'apic = True' | diff - web.cfg
}

@test "a slip is renamed, and never leads to a second line" {
    guest 'dm_restict = 1' 'vncpassword = "x"' 'processor_trace_buf_kb = 64' 'vncport = 5901' >slip.cfg
    fix slip.cfg
    guest 'dm_restrict = 1' 'vncpasswd = "x"' 'vmtrace_buf_kb = 64' 'vncport = 5901' | diff - slip.cfg
    [[ "$output" == *"did you mean \`vncdisplay\`? it is the port less 5900"* ]]
    guest 'dm_restict = 1' >slip.cfg
    "$DMLINT" migrate --xen 4.17 --host none --write slip.cfg || true
    [ "$(grep -c 'dm_rest' slip.cfg)" -eq 1 ]
}

@test "a refusal names what libxl tested" {
    while IFS='|' read -r disk said; do
        guest "disk = [ \"$disk\" ]" >disk.cfg
        check disk.cfg
        [[ "$output" == *"$said"* ]] || { echo "$disk: $output"; return 1; }
    done <<'END'
vdev=xvda,format=raw,specification=virtio,backendtype=qdisk,target=/a|specification=virtio needs backendtype=standalone
vdev=xvda,format=raw,backendtype=standalone,target=/a|backendtype=standalone needs specification=virtio
vdev=xvda,format=qcow2,backendtype=phy,target=/a|backendtype=phy needs format=raw
vdev=xvda,format=qcow2,script=x,target=/a|script= needs format=raw
vdev=xvda,format=raw,script=x,backendtype=qdisk,target=/a|backendtype=qdisk takes no script=
vdev=xvda,format=raw,target=rbd:pool/image|add backendtype=qdisk
END
    guest 'disk = [ "vdev=xvda,format=raw,backendtype=qdisk,target=rbd:pool/image" ]' >disk.cfg
    check disk.cfg
    [ "$status" -eq 0 ]
    [[ "$output" != *"does not exist"* ]]
}

@test "where the facts say what an image holds, its name does not count" {
    guest 'disk = [ "/srv/a.img,raw,xvda,w", "/srv/b.qcow2,raw,xvdb,w", "/srv/c.vmdk,raw,xvdc,w" ]' >web.cfg
    printf 'dmlint_facts: 1\nfiles: [{path: /srv/a.img, content: qcow2}, {path: /srv/b.qcow2, content: raw}]\n' >facts.yaml
    run "$DMLINT" check --xen 4.17 --host facts.yaml --select DM2033 -q -f concise web.cfg
    [[ "$output" == *"a.img begins as qcow2 does"* ]]
    [[ "$output" != *"b.qcow2"* ]]
    [[ "$output" == *"the name of /srv/c.vmdk says vmdk"* ]]
}
