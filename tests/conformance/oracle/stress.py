# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests with a few odd lines each, made up from a seed and from dmlint's own tables of keys and sub-keys: rare keys, numbers in every
spelling, lists for texts and the reverse, duplicates, empty texts, every sub-key of every device. guest(seed) is always the same text."""
import os, random, re

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../src/schema")
ABSENT = ["/nosuch", "/dev/nosuch"]
DOMAINS = ["stordom", "netdom"]

NUMBERS = ["0", "1", "2", "3", "4", "7", "8", "15", "16", "31", "32", "63", "64", "65", "100", "127", "128", "129", "255", "256", "257",
           "511", "512", "1000", "1024", "2048", "3840", "4095", "4096", "32751", "65535", "65536", "1048576", "2147483647", "2147483648",
           "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
           "99999999999999999999", "-1", "-2", "-2147483648", "-2147483649", "-9223372036854775808", "010", "08", "0x10", "0X1f", "0x",
           "0b1", "1e3", "1.5", "+1", "+0", " 1", "1 ", "\t2", "--1", "- 1", "1,2", "1;2", "00", "0000001", "1_000", "", "yes", "no", "true", "on",
           "all", "none", "default", "A", "é"]
TEXTS = ["", " ", "x", "a b", "a,b", "a=b", "=", ",", "/", "/x", "/nosuch", "/dev/vg/a", "..", "../x", "-x", "--", "'", "a:b", "a::b", "%s", "%n", "$x",
         "\\\\n", "é", "\\xff", "x" * 40, "x" * 300, "0", "1", "-1", "none", "default", "all", "auto", "unknown", "127.0.0.1", "[::1]", "::1", "1:2",
         "localhost", "root", "nobody", "tab\\there"]
WORDS = {
    "type": ["hvm", "pv", "pvh", "h", "p", "pvh ", "HVM", "hvmx", "generic"], "builder": ["hvm", "generic", "h", "g", "linux", "HVM"],
    "bios": ["rombios", "seabios", "ovmf", "SeaBIOS", "unknown", "uefi"], "firmware": ["bios", "uefi", "seabios", "ovmf", "pvgrub32", "pvgrub64", "b", "u", "/x"],
    "vga": ["stdvga", "cirrus", "none", "qxl", "virtio", "std", "CIRRUS"], "hdtype": ["ide", "ahci", "IDE", "scsi"],
    "tsc_mode": ["default", "native", "always_emulate", "native_paravirt", "Native"], "timer_mode": ["one_missed_tick_pending", "unknown", "no_missed_ticks_pending"],
    "altp2m": ["disabled", "mixed", "external", "limited"], "passthrough": ["default", "disabled", "enabled", "sync_pt", "share_pt", "unknown"],
    "gfx_passthru": ["default", "igd"], "vendor_device": ["none", "xenserver"], "viridian": ["all", "base", "!base", "freq", "!freq", "stimer", "hcall_ipi", "defaults", "synic"],
    "ms_vm_genid": ["generate", "none"], "mca_caps": ["lmce", "LMCE"], "on_crash": ["destroy", "restart", "preserve", "rename-restart", "coredump-destroy", "coredump-restart", "soft-reset", "ignore"],
    "device_model_version": ["qemu-xen", "qemu-xen-traditional", "QEMU-xen", "qemu"], "soundhw": ["hda", "AC97", "sb16", "es1370", "adlib", "all", "hda,sb16", "pcspk"],
    "boot": ["c", "d", "n", "dc", "cdn", "dd", "order=c", "menu=on", "z"], "keymap": ["de", "en-us", "xx"], "rdm": ["strategy=host", "strategy=host,policy=strict", "policy=relaxed", "strategy=none"],
    "usbdevice": ["tablet", "mouse", "keyboard", "host:1:2", "disk:/x"], "serial": ["pty", "stdio", "file:/x", "null", "none", "com1", "tcp::4444,server"],
    "cpus": ["0", "1-3", "0-63", "64", "63-70", "^0", "all", "all,^0", "all,^0-63", "^0,all", "node:0", "nodes:0", "nodes:0,^node:0", "node:1", "nodes:0-1", "nodes:all",
             "^all", "node:all,^1", "0,^0", "0,^0-63,5", "3-1", "0-", "-3", "4294967296", "4294967295", "0-4294967295", "1,,2", ",", "^", "node:", "nodes:^0", "0 1", " 1", "1 "],
    "pool": ["Pool-0", "0", "1", "00", "pool-0", "Pool-1", "-1", "Pool-0 "], "name": ["Domain-0", "stordom", "a/b", "/", "a b", "n" * 243, "n" * 244, "n" * 260, ".", "..", "0", "12", "a%b"],
    "uuid": ["00000000-0000-0000-0000-000000000001", "00000000000000000000000000000001", "ABCDEFAB-0000-0000-0000-000000000001", "x"],
    "vnclisten": ["0.0.0.0", "127.0.0.1:5", "[::1]:2", "none", "unix:/x", ":1"], "cpuid": ["host", "host,htt=0", "0x1:ecx=0x", "x", "host,vendor=intel", "host,proccount=2"],
    "seclabel": ["system_u:system_r:domU_t"], "ioports": ["3f8-3ff", "2f8", "x", "10000", "3f8-3", "0-ffffffff"], "irqs": ["5", "x", "-1", "4294967295"],
    "iomem": ["fed00,1", "fed00", "fed00,1@2", "x,1", "0,0"], "bootloader": ["pygrub", "/usr/bin/pygrub", "/nosuch"], "bootloader_args": ["-q", "a b", ["a", "b"]],
    "device_model_args": ["-foo", "-S", "", "a b"], "memory": ["1", "8", "15", "16", "32", "2097152", "2097151"], "videoram": ["0", "4", "8", "16", "128", "512"],
    "kernel": ["/k", "hvmloader", "/x/hvmloader", "/nosuch", ""], "gic_version": ["v2", "v3", "default"], "vuart": ["sbsa_uart", "unknown"], "tee": ["none", "optee"],
    "device_model_user": ["root", "nobody", "qemu-one", "nosuch"], "spiceusbredirection": ["1", "4", "5"], "usbversion": ["1", "2", "3", "4"],
}
for same in ("poweroff", "reboot", "watchdog", "soft_reset"):
    WORDS["on_" + same] = WORDS["on_crash"]
for same in ("_hvm", "_pv"):
    WORDS["device_model_args" + same] = WORDS["device_model_args"]
WORDS["cpus_soft"], WORDS["maxmem"], WORDS["init_seclabel"] = WORDS["cpus"], WORDS["memory"], WORDS["seclabel"]
BACKENDS = ["0", "1", "7", "stordom", "netdom", "nosuch", "Domain-0", "g", "", "1000", "32752", "-1", "0x1"]
PARTS = {
    "backend": BACKENDS, "type": ["vif", "ioemu", "pv", "qusb", "devicemodel", "auto", "hostdev", "qemu", "p", "c", "x", ""],
    "format": ["raw", "qcow2", "qcow", "vhd", "qed", "empty", "RAW", "vmdk", ""], "vdev": ["hda", "hdb", "xvda", "xvdb", "sda", "sdb", "hde", "d0p0", "51712", "0x300", "", "xvdaaa", "hda1"],
    "access": ["r", "w", "ro", "rw", "x", ""], "devtype": ["disk", "cdrom", "floppy"], "backendtype": ["phy", "tap", "qdisk", "standalone", "file", ""],
    "specification": ["xen", "virtio", "x"], "transport": ["mmio", "pci"], "script": ["block-nbd", "/etc/xen/scripts/x", "", "a b"], "mac": ["00:16:3e:1:2:3", "00:16:3e:01:02:03", "x", "00-16-3e-01-02-03", "00:16:3e:01:02:03:04", "ff:ff:ff:ff:ff:ff", "0:0:0:0:0:0", ""],
    "model": ["e1000", "rtl8139", "virtio", "virtio-net", "virtio-net-pci", "ne2k_pci", "vmxnet3", "x", ""], "rate": ["10Mb/s", "1GB/s@20ms", "0", "5KB/s@0", "x", "10MB/s@50us"], "connection": ["pty", "socket", "x", "PTY"],
    "uuid": WORDS["uuid"], "connectors": ["id0:1920x1080", "a:1x1;b:2x2", "x", "a:1x", ""], "be_alloc": ["0", "1", "x"], "sample_formats": ["s8", "s8;u8", "x"], "bdf": ["00:02.0", "0000:01:00.0", "01:00.0", "01:00.*", "5:0.0", "x", "01:00.8", "1"],
    "rdm_policy": ["strict", "relaxed", "invalid", "x"], "vnclisten": WORDS["vnclisten"], "security_model": ["none", "mapped", "passthrough", ""], "backend_type": ["qemu", "linux", "unknown", "x"],
    "target": ["/dev/vg/a", "/srv/a.img", "/nosuch", "/dev/nosuch", "rbd:x", "", "rel.img", "a,b"], "path": ["/x", "/nosuch", "", "rel"], "vcpus": ["0-1", "0", "1", "0,1", "x"], "vdistances": ["10", "10,20", "20,10", "x"], "pnode": ["0", "1", "x"],
}
ELEMENTS = {"disk": ["/dev/vg/a,raw,xvda,rw", "/srv/a.iso,raw,hdc:cdrom,ro", "phy:/dev/vg/a,hda,w", ",raw,hdc,ro,cdrom", "format=raw, vdev=xvda, access=rw, target=/dev/vg/a"], "vif": ["mac=00:16:3e:01:02:03,bridge=xenbr0", "bridge=br0", ""],
            "pci": ["01:00.0", "00:02.0", "0000:03:00.0,permissive=1", "01:00.*", "9:9.0", "01:00.0@5", "01:00.0,seize=1"], "vfb": ["vnc=1", "sdl=1", ""], "p9": ["tag=a,path=/x,security_model=none"],
            "channel": ["connection=pty,name=a", "connection=socket,name=b,path=/s"], "usbctrl": ["type=pv,version=2,ports=4", "type=qusb", "type=devicemodel", "version=3"], "usbdev": ["hostbus=0,hostaddr=0", "hostbus=1,hostaddr=2"],
            "vtpm": ["backend=stordom"], "vkb": ["backend-type=qemu", "backend-type=linux"], "dtdev": ["/soc/x"], "smbios": ["oem=a"], "xenstore_quota": ["nodes=5"], "llc_colors": ["0-3"]}
DASHES = {"disk", "p9", "vkb", "vdispl", "vsnd"}


def table(name, pattern):
    with open(os.path.join(SCHEMA, name)) as f:
        return re.findall(pattern, f.read(), re.M)


KEYS = [(k, t) for k, t in table("keys.def", r"^KEY\((\w+),\s*(\w+),") if "stubdom" not in k]
SPECS = {}
for key, sub in table("specs.def", r"^SPEC(?:_COLO)?\((\w+), (\w+),"):
    SPECS.setdefault(key, []).append(sub.replace("_", "-") if key in DASHES else sub)


def number(r):
    if r.random() < .5:
        return r.choice(NUMBERS)
    n = r.choice([r.randrange(70), r.randrange(5000), 1 << r.randrange(65), (1 << r.randrange(65)) - 1])
    return r.choice(["%d", "%d", "0x%x", "0%o", "-%d"]) % n


def text(r, key):
    known = WORDS.get(key)
    value = r.choice(known) if known and r.random() < .75 else r.choice(TEXTS) if r.random() < .7 else number(r)
    return value if isinstance(value, str) else r.choice(value)


def quoted(value, r):
    """As xl.cfg takes it: bare where it can be, sometimes."""
    if re.fullmatch(r"-?(0x[0-9a-fA-F]+|[0-9]+)", value) and r.random() < .6:
        return value
    mark = r.choice("\"'")
    return mark + value.replace(mark, "") + mark


def element(r, key):
    if key in ELEMENTS and r.random() < .25:
        return r.choice(ELEMENTS[key])
    subs = SPECS.get(key)
    if not subs:
        return text(r, key)
    parts = [] if r.random() < .5 or key not in ELEMENTS else [r.choice(ELEMENTS[key])]
    for sub in r.sample(subs, min(len(subs), r.choice([1, 1, 2, 2, 3, 5]))):
        known = PARTS.get(sub.replace("-", "_"))
        value = r.choice(known) if known and r.random() < .8 else number(r) if r.random() < .6 else r.choice(TEXTS)
        parts.append(r.choice(["%s=%s"] * 12 + ["%s = %s", " %s=%s", "%s=%s ", "%s==%s", "%s%s"]) % (sub, value) if r.random() < .95 else sub)
    if r.random() < .1:
        parts.append(r.choice(parts) if parts else "")
    if r.random() < .05:
        parts.append(r.choice(["x=1", "x", "=", "", " ", "=1"]))
    return r.choice([","] * 8 + [", ", ",,"]).join(parts)


def vnode(r):
    parts = ["pnode=" + r.choice(["0", "0", "0", "1", "x"]), "size=" + r.choice(["256", "512", "1024", number(r)]), "vcpus=" + r.choice(PARTS["vcpus"]),
             "vdistances=" + r.choice(PARTS["vdistances"])]
    return "[" + ",".join('"%s"' % p for p in parts if r.random() < .93) + "]"


def listed(r, key):
    n = r.choice([0, 1, 1, 1, 1, 2, 2, 3])
    items = [vnode(r) if key == "vnuma" and r.random() < .9 else
             "[" + ",".join(quoted(element(r, key), r) for _ in range(r.choice([1, 1, 2]))) + "]" if r.random() < (.9 if key == "vsnd" else .02) else
             quoted(element(r, key), r) for _ in range(n)]
    return "[" + ", ".join(items) + "]"


def line(r):
    key, kind = r.choice(KEYS)
    if r.random() < .35:
        key, kind = r.choice([k for k in KEYS if k[0] in SPECS or k[0] in ("cpus", "cpus_soft", "pool", "name", "vcpus", "memory", "videoram")])
    if r.random() < .06:  # the wrong kind
        kind = r.choice(["NUMBER", "TEXT", "LIST", "NESTED"])
    if kind in ("LIST", "NESTED") or (kind.endswith("LIST") and r.random() < .5):
        value = listed(r, key)
    elif kind == "TEXT" or (kind in ("TEXT_LIST", "NUMBER_TEXT") and r.random() < .8):
        value = quoted(text(r, key), r)
    else:
        value = quoted(text(r, key) if key in WORDS and r.random() < .5 else number(r), r)
    return "%s %s %s" % (key, "+=" if r.random() < .03 else "=", value)


def devices(r):
    """A list of devices with many sub-keys each, quoted so that xl always gets to see them."""
    key = r.choice([k for k in SPECS if k not in ("arm_sci", "rdm")])
    items = [vnode(r) if key == "vnuma" else "[%s]" % ", ".join('"%s, %s"' % (level, plain(element(r, key))) for level in r.choice([["card"], ["card", "pcm"], ["card", "pcm", "stream"]]))
             if key == "vsnd" else '"%s"' % plain(element(r, key)) for _ in range(r.choice([1, 1, 2, 3]))]
    return "%s = [ %s ]" % (key, ", ".join(items))


def plain(value):
    return re.sub(r'["\\]', "", value)


def guest(seed):
    r = random.Random("stress %d" % seed)
    kind = r.choice(["hvm"] * 3 + ["pv", "pvh"])
    lines = ['name = "g"', "memory = 512", 'type = "%s"' % kind]
    if kind != "hvm":
        lines.append('kernel = "/k"')
    lines += r.sample(["vcpus = 2", 'disk = ["/dev/vg/a,raw,xvda,rw"]', 'vif = ["mac=00:16:3e:01:02:03"]', "dm_restrict = 1", "maxmem = 512"], r.randrange(5))
    lines += [line(r) for _ in range(r.choice([1, 1, 1, 2, 2, 3]))]
    if seed % 3 == 2:
        lines += [devices(r) for _ in range(r.choice([1, 2, 3]))]
    if r.random() < .1:
        lines.append(r.choice(lines))
    return "\n".join(lines) + "\n"
