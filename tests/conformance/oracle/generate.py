# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guest configs made up from a seed: guest(seed) is always the same text. Two thirds are sane, the others try odd values."""
import random

ABSENT = ["/srv/gone.img"]
DOMAINS = ["stordom", "netdom"]

VDEVS = ["hda", "hdb", "hdc", "hdd", "xvda", "xvdb", "xvdc", "xvde", "xvdf", "sda", "sdb", "sdc", "sdp", "xvdaa", "d5p0",
         "51712", "xvdz", "hda1", "xvda2"]
ODD_VDEVS = ["sdq", "hde", "hdf", "sda3", "d0p1", "d5", "768", "hd", "xvd", "hda0", "d3p0", "d16p0", "xvda16", "0x300", "hdaa"]
FORMATS = ["raw", "raw", "raw", "qcow2", "vhd", "qed", "qcow"]

# (how often, values): chosen independently of each other
KEYS = [
    (.2, ["maxmem=512", "maxmem=1024", "maxmem=4096", "maxmem=256"]),
    (.4, ["vcpus=1", "vcpus=2", "vcpus=4", "vcpus=3", "vcpus=8", "vcpus=64", "vcpus=128", "vcpus=0"]),
    (.25, ["maxvcpus=1", "maxvcpus=2", "maxvcpus=4", "maxvcpus=16", "maxvcpus=128"]),
    (.1, ['ramdisk="/boot/rd"']), (.12, ['extra="a b=c"']), (.08, ['root="/dev/xvda1"']), (.06, ['cmdline="x y"']),
    (.2, ["videoram=8", "videoram=16", "videoram=4", "videoram=128", "videoram=64", "videoram=0", "videoram=3"]),
    (.3, ['vga="stdvga"', 'vga="cirrus"', 'vga="none"', 'vga="qxl"']), (.1, ["stdvga=1", "stdvga=0"]),
    (.3, ["vnc=1", "vnc=0"]), (.15, ['vnclisten="0.0.0.0"', 'vnclisten="127.0.0.1:5"', 'vnclisten=""', 'vnclisten="::1"']),
    (.1, ['vncpasswd="x"', 'vncpasswd=""']), (.1, ["vncdisplay=3", "vncdisplay=0"]), (.1, ["vncunused=0", "vncunused=1"]),
    (.1, ["sdl=1", "sdl=0"]), (.05, ['display=":0"']), (.05, ['xauthority="/x"']), (.05, ["opengl=1"]),
    (.1, ['keymap="de"']), (.05, ["nographic=1"]),
    (.15, ["spice=1"]), (.15, ["spiceport=6000", "spicetls_port=6001"]), (.12, ["spicedisable_ticketing=1"]),
    (.05, ['spicepasswd="p"', 'spicepasswd=""']), (.05, ['spicehost="h"']), (.05, ["spiceagent_mouse=0"]),
    (.05, ["spicevdagent=1"]), (.05, ["spice_clipboard_sharing=1"]),
    (.08, ["spiceusbredirection=2", "spiceusbredirection=0", "spiceusbredirection=5", "spiceusbredirection=-1"]),
    (.04, ['spice_image_compression="off"']), (.04, ['spice_streaming_video="all"']),
    (.1, ["usb=1", "usb=0"]), (.1, ["usbversion=1", "usbversion=2", "usbversion=3", "usbversion=0"]),
    (.12, ['usbdevice="tablet"', 'usbdevice=["tablet","mouse"]', "usbdevice=[]"]),
    (.15, ['serial="pty"', 'serial=["pty","file:/x"]', "serial=[]"]), (.15, ['boot="dc"', 'boot=""']),
    (.1, ['soundhw="hda"', 'soundhw="AC97"', 'soundhw="x"']), (.1, ["acpi=0", "acpi=1"]), (.08, ["xen_platform_pci=0"]),
    (.1, ['hdtype="ahci"', 'hdtype="ide"']), (.06, ['bios="ovmf"', 'bios="seabios"', 'bios="rombios"', 'firmware="uefi"']),
    (.1, ["mmio_hole=256", "mmio_hole=1024", "mmio_hole=3840", "mmio_hole=10"]), (.06, ['vendor_device="xenserver"']),
    (.1, ["nestedhvm=1"]), (.06, ["altp2m=1", 'altp2m="mixed"', "altp2mhvm=1"]), (.06, ["gfx_passthru=1", 'gfx_passthru="igd"']),
    (.12, ['pci=["00:02.0"]', 'pci=["01:00.0","0000:01:00.1"]', 'pci=["03:00.0"]', "pci=[]"]),
    (.05, ['passthrough="disabled"', 'passthrough="share_pt"', 'passthrough="sync_pt"', 'passthrough="enabled"']),
    (.1, ['vfb=["vnc=1,vncdisplay=2"]', 'vfb=["sdl=1"]', 'vfb=["vnc=0"]', 'vfb=[""]', 'vfb=["type=vnc"]']),
    (.06, ['vkb=["backend-type=linux"]', 'vkb=["backend-type=qemu"]']),
    (.06, ['channel=["connection=pty,name=a"]', 'channel=["connection=socket,path=/s,name=b","connection=pty,name=c"]',
           'channel=["connection=pty"]', 'channel=["name=x"]', 'channel=["connection=pty,name=a,backend=5"]']),
    (.05, ['p9=["tag=a,security_model=none,path=/x"]']), (.05, ['usbctrl=["type=qusb"]', 'usbctrl=["type=pv"]']),
    (.06, ['device_model_args=["-a","b c"]']), (.06, ['device_model_args_hvm=["-h"]']), (.06, ['device_model_args_pv=["-p"]']),
    (.25, ["dm_restrict=1"]), (.07, ['device_model_user="qemu-one"', 'device_model_user="nosuch"', 'device_model_user="root"']),
    (.08, ['device_model_version="qemu-xen"', 'device_model_version="qemu-xen-traditional"']), (.05, ['device_model_override="/opt/q"']),
    (.06, ['tsc_mode="native"', 'tsc_mode="native_paravirt"']), (.03, ["viridian=1", 'viridian=["base","!base"]', 'viridian=["stimer"]']),
    (.04, ["hap=0"]), (.03, ['smbios_firmware="/srv/gone.img"', 'acpi_firmware="/x"']), (.03, ["shadow_memory=16"]),
]


def odd_disk(r):
    target = r.choice(["/dev/vg/a", "/srv/a.img", "/srv/b.qcow2", "/dev/loop3", "rel.img", "/srv/x.vhd", "rbd:x/y", "/srv/gone.img", ""])
    vdev, kind = r.choice(VDEVS + ODD_VDEVS), r.random()
    if kind < .4:
        text = "%s,%s,%s%s,%s" % (target, r.choice(FORMATS + ["", "empty"]), vdev, r.choice(["", "", ":cdrom", ":disk"]),
                                  r.choice(["rw", "ro", "w", "r"]))
        return text + (",backendtype=" + r.choice(["phy", "qdisk", "tap"]) if r.random() < .2 else "")
    if kind < .6:
        return r.choice(["phy:", "file:", "tap:qcow2:", "tap:aio:", "tap2:vhd:", "raw:", ""]) + target + "," + vdev + \
            r.choice([":cdrom", ""]) + "," + r.choice(["w", "r"])
    parts = ["vdev=" + vdev, "access=" + r.choice(["rw", "ro"])]
    for often, options in ((.6, ["format=" + f for f in FORMATS + ["empty"]]), (.3, ["backendtype=phy", "backendtype=qdisk"]),
                           (.25, ["devtype=cdrom"]), (.1, ["script=block-nbd", "script=/etc/xen/scripts/block-iscsi"]),
                           (.1, ["backend=stordom", "backend=0", "backend=Domain-0", "backend=5", "backend=nosuch"]),
                           (.05, ["specification=virtio", "transport=mmio", "discard", "direct-io-safe"])):
        if r.random() < often:
            parts.append(r.choice(options))
    r.shuffle(parts)
    return ",".join(parts + (["target=" + target] if target else []))


def sane_disk(r, used):
    vdev = r.choice([v for v in VDEVS if v not in used])
    used.add(vdev)
    if r.random() < .2:
        return r.choice(["format=empty,vdev=%s,access=ro,devtype=cdrom", "/srv/i.iso,raw,%s:cdrom,r", "file:/i.iso,%s:cdrom,r"]) % vdev
    return "%s,%s,%s,%s%s" % (r.choice(["/dev/vg/a", "/srv/a.img"]), r.choice(FORMATS), vdev, "rw" if r.random() < .95 else "ro",
                              r.choice(["", "", "", ",backendtype=qdisk"]))


def vif(r):
    parts = ["mac=00:16:3e:%02x:%02x:%02x" % tuple(r.randrange(256) for _ in range(3))] if r.random() < .7 else []
    for often, options in ((.4, ["bridge=br0", "bridge=xenbr1"]), (.4, ["model=e1000", "model=rtl8139", "model=e1000e"]),
                           (.3, ["type=vif", "type=ioemu"]), (.1, ["backend=netdom", "backend=nosuch", "backend=3"]),
                           (.1, ["script=vif-route"]), (.1, ["ip=1.2.3.4"]), (.1, ["rate=10Mb/s"])):
        if r.random() < often:
            parts.append(r.choice(options))
    return ",".join(parts)


def quoted(items):
    return "[" + ",".join('"%s"' % i for i in items) + "]"


def guest(seed):
    r = random.Random(seed)
    odd, used = r.random() < .3, set()
    kind = r.choice(["hvm"] * 6 + ["pv", "pv", "pvh"])
    lines = ['name="g%d"' % seed, 'builder="hvm"' if kind == "hvm" and r.random() < .25 else 'type="%s"' % kind,
             "memory=" + r.choice(["256", "512", "1024", '"2048"', "8", "4096", "16", "131072", "777"])]
    if kind != "hvm":
        lines.append(r.choice(['kernel="/boot/vmlinuz"'] * 3 + ['bootloader="pygrub"']))
    elif r.random() < .12:
        lines.append('kernel="%s"' % r.choice(["/boot/k", "/usr/lib/xen/boot/hvmloader", "hvmloader"]))
    n = r.choice([0, 1, 1, 1, 2, 2, 3, 5])
    lines.append("disk=" + quoted(odd_disk(r) if odd else sane_disk(r, used) for _ in range(n)))
    n = r.choice([0, 0, 1, 1, 2, 3])
    lines.append("vif=" + quoted(vif(r) for _ in range(n)))
    for often, values in KEYS:
        if r.random() < (often if odd else often * .6):
            lines.append(r.choice(values))
    return "\n".join(lines) + "\n"
