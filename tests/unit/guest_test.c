/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guest/ and disk strings of xlu/: what xl of each release makes of a config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guest/guest.h"

static struct dml_arena arena;
static struct dml_xlu *xlu;
static struct dml_cfg cfg;
static struct dml_guest guest;

static const struct dml_guest_host host = {.cpus = 64, .numa_nodes = 1};

static void read_for(const char *text, dml_version xen)
{
    assert_int_equal(dml_cfg_parse(&cfg, &arena, dml_sv_of(text), xen, NULL), 0);
    assert_int_equal(dml_guest_read(&guest, &arena, xlu, &cfg, xen, &host, NULL), 0);
}

/* An HVM guest of 4.17 with these lines. */
static void read_hvm(const char *lines)
{
    read_for(dml_arena_printf(&arena, "name='x'\ntype='hvm'\n%s", lines), DML_V(4, 17, 0));
}

static int start(void **state)
{
    (void)state;
    xlu = dml_xlu_new();
    return xlu ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dml_xlu_free(xlu);
    dml_arena_dispose(&arena);
    return 0;
}

static void assert_span(struct dml_span s, const char *want)
{
    assert_false(dml_span_none(s));
    assert_string_equal(dml_arena_strndup(&arena, cfg.text.p + s.off, s.len), want);
}

static const struct dml_guest_problem *problem(enum dml_guest_problem_id id)
{
    for (uint32_t i = 0; i < guest.problems.n; i++)
        if (guest.problems.v[i].id == id)
            return &guest.problems.v[i];
    return NULL;
}

static void test_flags__only_numbers_count(void **state)
{
    static const struct {
        const char *value;
        enum dma_bool restrict_;
        int problem; /* -1: none */
    } cases[] = {
        {"1", DMA_YES, -1},
        {"0", DMA_NO, -1},
        {"'1'", DMA_YES, -1},
        {"0x1", DMA_YES, -1},
        {"2", DMA_YES, -1},
        {"'yes'", DMA_UNSET, DML_GUEST_P_UNREADABLE},
        {"''", DMA_UNSET, DML_GUEST_P_UNREADABLE},
        {"['1']", DMA_UNSET, DML_GUEST_P_LIST_FOR_VALUE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_hvm(dml_arena_printf(&arena, "dm_restrict=%s\n", cases[i].value));
        assert_int_equal(guest.g.dm_restrict, cases[i].restrict_);
        assert_int_equal(dml_guest_has(&guest, DML_KEY_dm_restrict), cases[i].problem < 0);
        assert_int_equal(guest.problems.n, cases[i].problem >= 0);
        if (cases[i].problem >= 0) {
            assert_int_equal(guest.problems.v[0].id, cases[i].problem);
            assert_int_equal(guest.problems.v[0].kind, DML_GUEST_IGNORES);
        }
    }
    read_hvm("dm_restrict += 1\n");
    assert_int_equal(guest.g.dm_restrict, DMA_UNSET);
    assert_non_null(problem(DML_GUEST_P_ADDED_NUMBER));
    read_hvm("dm_restrict = 1\ndm_restrict = 0\n");
    assert_int_equal(guest.g.dm_restrict, DMA_NO);
}

/* What xl takes of numbers, and where it stops: sscanf and strtol as it calls them. */
static void test_numbers__have_bounds(void **state)
{
    static const struct {
        const char *line;
        dml_version xen;
        enum dml_key_id key; /* that is refused or ignored; NONE: nothing is */
    } cases[] = {
        {"llc_colors=['0','4-7','7-7']", DML_V(4, 20, 0), DML_KEY_NONE},
        {"llc_colors=['7-6']", DML_V(4, 20, 0), DML_KEY_llc_colors},
        {"llc_colors=['1-4294967295']", DML_V(4, 20, 0), DML_KEY_NONE},
        {"llc_colors=['1-4294967296']", DML_V(4, 20, 0), DML_KEY_llc_colors}, /* in 32 bits that is 0 */
        {"llc_colors=['4294967297-1']", DML_V(4, 20, 0), DML_KEY_NONE},
        {"llc_colors=['red']", DML_V(4, 20, 0), DML_KEY_llc_colors},
        {"llc_colors=['-']", DML_V(4, 20, 0), DML_KEY_llc_colors},
        {"llc_colors=['3-']", DML_V(4, 20, 0), DML_KEY_NONE},
        {"xenstore_quota=['nodes=4294967295']", DML_V(4, 22, 0), DML_KEY_NONE},
        {"xenstore_quota=['nodes=4294967296']", DML_V(4, 22, 0), DML_KEY_xenstore_quota},
        {"xenstore_quota=['nodes=']", DML_V(4, 22, 0), DML_KEY_xenstore_quota},
        {"xenstore_quota=['nodes']", DML_V(4, 22, 0), DML_KEY_xenstore_quota},
        {"vcpus=2\nmaxvcpus=2", DML_V(4, 17, 0), DML_KEY_NONE},
        {"vcpus=3\nmaxvcpus=2", DML_V(4, 17, 0), DML_KEY_maxvcpus},
        {"max_grant_frames=0", DML_V(4, 17, 0), DML_KEY_NONE},
        {"max_grant_frames=2147483647", DML_V(4, 17, 0), DML_KEY_NONE},
        {"max_grant_frames=2147483648", DML_V(4, 17, 0), DML_KEY_max_grant_frames},
        {"max_grant_frames='-1'", DML_V(4, 17, 0), DML_KEY_max_grant_frames},
        {"max_grant_frames='-1'", DML_V(4, 11, 0), DML_KEY_NONE},
        {"vif=['mac=00:16:3e:00:00:ff']", DML_V(4, 17, 0), DML_KEY_NONE},
        {"vif=['mac=00:16:3e:00:00:100']", DML_V(4, 17, 0), DML_KEY_vif},
        {"pci=['03:00.7']", DML_V(4, 14, 0), DML_KEY_NONE},
        {"pci=['03:00.8']", DML_V(4, 14, 0), DML_KEY_pci},
        {"pci=['03:00.7']", DML_V(4, 17, 0), DML_KEY_NONE},
        {"pci=['03:00.8']", DML_V(4, 17, 0), DML_KEY_pci},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_for(dml_arena_printf(&arena, "name='x'\ntype='hvm'\n%s\n", cases[i].line), cases[i].xen);
        enum dml_key_id key = guest.problems.n ? guest.problems.v[guest.problems.n - 1].key : DML_KEY_NONE;
        if (key != cases[i].key)
            fail_msg("%s: %s has a problem", cases[i].line, key == DML_KEY_NONE ? "nothing" : dml_key(key)->name.p);
    }
    read_hvm("cpu_weight=65535\ncap=0\n");
    assert_int_equal(guest.g.cpu_weight, 65535);
    assert_int_equal(guest.g.cap, 0);
    read_for("name='x'\ntype='hvm'\nllc_colors=['0','4-7']\n", DML_V(4, 20, 0));
    assert_int_equal(guest.g.num_llc_colors, 5);
    /* The last word of a group counts, whichever way it was switched before. */
    read_hvm("viridian=['!time_ref_count','time_ref_count','base','!base']\n");
    assert_int_equal(guest.g.hvm.viridian_enable & guest.g.hvm.viridian_disable, 0);
    assert_int_equal(guest.g.hvm.viridian_disable, 1);
}

static void test_type__any_beginning_counts(void **state)
{
    static const struct {
        const char *text;
        enum dma_type type;
        _Bool refused;
    } cases[] = {
        {"", DMA_PV, 0},
        {"type='hvm'", DMA_HVM, 0},
        {"type='h'", DMA_HVM, 0},
        {"type=''", DMA_HVM, 0},
        {"type='p'", DMA_PV, 0},
        {"type='pvh'", DMA_PVH, 0},
        {"type='hvmloader'", DMA_PV, 1},
        {"type='HVM'", DMA_PV, 1},
        {"builder='hvm'", DMA_HVM, 0},
        {"builder='gen'", DMA_PV, 0},
        {"builder='linux'", DMA_PV, 1},
        {"type='pv'\nbuilder='hvm'", DMA_PV, 1},
        {"type='hvm'\nbuilder='hvm'", DMA_HVM, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_for(dml_arena_printf(&arena, "name='x'\nkernel='/k'\n%s\n", cases[i].text), DML_V(4, 17, 0));
        assert_int_equal(guest.g.type, cases[i].type);
        assert_int_equal(dml_guest_refusal(&guest) != NULL, cases[i].refused);
    }
}

static void test_refusals__per_release(void **state)
{
    static const struct {
        const char *lines;
        dml_version xen;
        int problem; /* -1: xl takes it */
        const char *span;
    } cases[] = {
        {"device_model_version='qemu-xen-traditional'", DML_V(4, 20, 0), -1, NULL},
        {"device_model_version='qemu-xen-traditional'", DML_V(4, 21, 0), DML_GUEST_P_DM_TRADITIONAL,
         "qemu-xen-traditional"},
        {"device_model_version='qemu'", DML_V(4, 10, 0), DML_GUEST_P_WORD, "qemu"},
        {"device_model_args='-x'", DML_V(4, 10, 0), DML_GUEST_P_LIST, "device_model_args='-x'"},
        {"max_grant_frames='x'", DML_V(4, 11, 0), -1, NULL},
        {"vdispl=['connectors=a:b']", DML_V(4, 17, 0), -1, NULL},
        {"vdispl=['connectors=a:1x']", DML_V(4, 17, 0), DML_GUEST_P_SPEC_VALUE, "connectors=a:1x"},
        {"vcpus=4294967296", DML_V(4, 17, 0), DML_GUEST_P_VCPUS, "vcpus=4294967296"},
        {"max_grant_frames='x'", DML_V(4, 12, 1), -1, NULL},
        {"max_grant_frames='x'", DML_V(4, 12, 2), DML_GUEST_P_NUMBER, "max_grant_frames='x'"},
        {"passthrough='nonsense'", DML_V(4, 12, 0), -1, NULL},
        {"passthrough='nonsense'", DML_V(4, 13, 0), DML_GUEST_P_WORD, "nonsense"},
        {"viridian=['synic']", DML_V(4, 12, 0), DML_GUEST_P_WORD, "synic"},
        {"viridian=['!SYNIC']", DML_V(4, 13, 0), -1, NULL},
        {"vkb=['id=1']", DML_V(4, 11, 0), -1, NULL},
        {"vkb=['id=1,backend-type=qemu']", DML_V(4, 12, 0), DML_GUEST_P_SPEC_UNKNOWN, "id=1"},
        {"vkb=['unique-id=1']", DML_V(4, 12, 0), DML_GUEST_P_SPEC_MISSING, "'unique-id=1'"},
        {"p9=['tag=a,path=/b']", DML_V(4, 18, 0), DML_GUEST_P_SPEC_MISSING, "'tag=a,path=/b'"},
        {"p9=['tag=a,path=/b']", DML_V(4, 19, 0), -1, NULL},
        {"p9=['tag=a,path=/b,security_model=none', 'tag=c']", DML_V(4, 17, 0), -1, NULL}, /* xl keeps the rest */
        {"p9=['tag=a,path=/b,security_model=none', 'tag=c']", DML_V(4, 18, 0), DML_GUEST_P_SPEC_MISSING, "'tag=c'"},
        {"channel=['name=a']", DML_V(4, 17, 0), DML_GUEST_P_SPEC_MISSING, "'name=a'"},
        {"channel=['name=a,connection=pty,what=1']", DML_V(4, 17, 0), -1, NULL},
        {"vif=['what=1']", DML_V(4, 17, 0), -1, NULL},
        {"vif=['rate=10Mb/s@20ms']", DML_V(4, 17, 0), -1, NULL},
        {"vif=['rate=10Mbit']", DML_V(4, 17, 0), DML_GUEST_P_SPEC_VALUE, "rate=10Mbit"},
        {"usbctrl=['version=3,type=what']", DML_V(4, 17, 0), DML_GUEST_P_SPEC_WORD, "what"},
        {"usbdev=['hostbus=1,hostdev=2']", DML_V(4, 17, 0), DML_GUEST_P_SPEC_UNKNOWN, "hostdev=2"},
        {"vcpus=4\nmaxvcpus=2", DML_V(4, 17, 0), DML_GUEST_P_VCPUS, "maxvcpus=2"},
        {"vcpus='-1'", DML_V(4, 17, 0), DML_GUEST_P_NUMBER, "vcpus='-1'"},
        {"vcpus='-1'", DML_V(4, 22, 0), -1, NULL},
        {"cpus='0-3,^2,all'", DML_V(4, 17, 0), -1, NULL},
        {"cpus='0-3,^all'", DML_V(4, 17, 0), DML_GUEST_P_CPUS, "0-3,^all"},
        {"mmio_hole=100", DML_V(4, 17, 0), DML_GUEST_P_NUMBER, "mmio_hole=100"},
        {"vga='vmware'", DML_V(4, 17, 0), DML_GUEST_P_WORD, "vmware"},
        {"bios='SeaBIOS'", DML_V(4, 17, 0), -1, NULL},
        {"uuid='1-2'", DML_V(4, 17, 0), DML_GUEST_P_UUID, "1-2"},
        {"on_crash='reboot'", DML_V(4, 17, 0), DML_GUEST_P_WORD, "reboot"},
        {"vnclisten='::1'\nvncdisplay=1", DML_V(4, 17, 0), DML_GUEST_P_VNC_DISPLAY, "vncdisplay=1"},
        {"disk=['/x,raw']", DML_V(4, 17, 0), DML_GUEST_P_DISK, "'/x,raw'"},
        {"vnuma=[['pnode=1']]", DML_V(4, 17, 0), DML_GUEST_P_VNUMA, "['pnode=1']"},
        {"smbios=['oem=a']", DML_V(4, 18, 0), -1, NULL},
        {"smbios=['oem']", DML_V(4, 17, 0), -1, NULL},
        {"smbios=['oem']", DML_V(4, 18, 0), DML_GUEST_P_SMBIOS, "oem"},
        {"xenstore_quota=['nodes=x']", DML_V(4, 22, 0), DML_GUEST_P_ELEMENT_VALUE, "nodes=x"},
        {"pci=['01:00.0']", DML_V(4, 14, 0), -1, NULL},
        {"pci=['01:00.0']", DML_V(4, 15, 0), -1, NULL},
        {"pci=['01:00.0,what=1']", DML_V(4, 14, 0), -1, NULL},
        {"pci=['01:00.0,what=1']", DML_V(4, 15, 0), DML_GUEST_P_PCI, "01:00.0,what=1"},
        {"pci=['01:00.0,']", DML_V(4, 14, 0), DML_GUEST_P_PCI, "01:00.0,"},
        {"pci=['01:00.0,']", DML_V(4, 15, 0), -1, NULL},
        {"pci=['name=card']", DML_V(4, 14, 0), DML_GUEST_P_PCI, "name=card"},
        {"pci=['name=card']", DML_V(4, 15, 0), -1, NULL},
        {"pci=['01:00.9']", DML_V(4, 15, 0), DML_GUEST_P_PCI, "01:00.9"},
        {"pci=['01:00.0x']", DML_V(4, 15, 0), -1, NULL},
        {"pci=['01:00.00x']", DML_V(4, 15, 0), DML_GUEST_P_PCI, "01:00.00x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_for(dml_arena_printf(&arena, "name='x'\ntype='hvm'\n%s\n", cases[i].lines), cases[i].xen);
        const struct dml_guest_problem *p = dml_guest_refusal(&guest);
        if ((p ? p->id : -1) != cases[i].problem)
            fail_msg("%s: %s", cases[i].lines, p ? dml_guest_problem_name(p->id) : "taken");
        if (p) {
            assert_span(p->span, cases[i].span);
            assert_true(strlen(dml_guest_message(&guest, p, &arena)) > 10);
            assert_true(strlen(dml_guest_hint(&guest, p, &arena)) > 3);
        }
    }
    read_for("memory=5\ntype='hvm'\n", DML_V(4, 17, 0));
    assert_int_equal(dml_guest_refusal(&guest)->id, DML_GUEST_P_NAME_MISSING);
    read_for("name='x'\n", DML_V(4, 17, 0));
    assert_int_equal(dml_guest_refusal(&guest)->id, DML_GUEST_P_KERNEL_MISSING);
}

static void test_messages__name_what_would_do(void **state)
{
    (void)state;
    read_hvm("vga='vmware'\ntee='ffa'\n");
    const struct dml_guest_problem *p = &guest.problems.v[0];
    assert_string_equal(dml_guest_message(&guest, p, &arena), "vga cannot be `vmware`");
    assert_string_equal(dml_guest_hint(&guest, p, &arena), "use one of: stdvga, cirrus, none, qxl");
    assert_string_equal(dml_guest_hint(&guest, p + 1, &arena), "use one of: none, optee"); /* ffa is 4.18's */
    read_hvm("usbdev=['hostdev=2']\n");
    assert_string_equal(dml_guest_hint(&guest, &guest.problems.v[0], &arena),
                        "remove it, or use one of: type, hostbus, hostaddr, controller, port");
    read_hvm("vif=['brdige=b','type=netfront']\nvfb=['type=vnc']\n");
    const char *hints[] = {"did you mean `bridge`?", "correct what is behind `type=`",
                           "it was xm's; xl reads vnc=1 and sdl=1, and takes vnc=1 if neither is there"};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        assert_string_equal(dml_guest_hint(&guest, &guest.problems.v[i], &arena), hints[i]);
    read_hvm("memory='4G'\n");
    assert_string_equal(dml_guest_hint(&guest, &guest.problems.v[0], &arena),
                        "write the number of MiB, without a unit");
    read_for("name='x'\nbuilder='linux'\n", DML_V(4, 17, 0));
    assert_string_equal(dml_guest_hint(&guest, dml_guest_refusal(&guest), &arena),
                        "write type = \"hvm\", \"pv\" or \"pvh\" instead: builder is its old form");
}

static void test_values__go_where_libxl_has_them(void **state)
{
    (void)state;
    read_hvm("memory=1024\nvideoram=16\nvcpus=3\nmaxvcpus=4\nuuid='0000AAAA-0000-0000-0000-00000000000b'\n"
             "root='/dev/xvda'\nextra='ro'\nserial=['pty','file:/x']\nusbdevice='tablet'\nvga='qxl'\nfirmware='uefi'\n"
             "boot='cd'\ngfx_passthru='igd'\ndevice_model_args=['-a','b']\nvncdisplay=5\nspiceport=6000\n"
             "bootloader_args='a  b'\ntsc_mode='native'\nkernel='/usr/lib/xen/boot/hvmloader'\n");
    assert_int_equal(guest.refusals, 0);
    assert_int_equal(guest.g.target_memkb, 1024 * 1024);
    assert_int_equal(guest.g.max_memkb, 1024 * 1024);
    assert_int_equal(guest.g.video_memkb, 16 * 1024);
    assert_int_equal(guest.g.avail_vcpus, 3);
    assert_int_equal(guest.g.max_vcpus, 4);
    assert_string_equal(guest.g.uuid, "0000aaaa-0000-0000-0000-00000000000b");
    assert_string_equal(guest.g.cmdline, "root=/dev/xvda ro");
    assert_int_equal(guest.g.hvm.serial_list.n, 2);
    assert_string_equal(guest.g.hvm.serial_list.v[1], "file:/x");
    assert_string_equal(guest.g.hvm.usbdevice, "tablet");
    assert_int_equal(guest.g.hvm.vga, DMA_VGA_QXL);
    assert_int_equal(guest.g.hvm.bios, DMA_BIOS_OVMF);
    assert_int_equal(guest.g.hvm.gfx_passthru, DMA_YES);
    assert_int_equal(guest.g.hvm.gfx_passthru_kind, DMA_GFX_IGD);
    assert_int_equal(guest.g.extra.n, 2);
    assert_int_equal(guest.g.hvm.vnc.display, 5);
    assert_int_equal(guest.g.hvm.spice.port, 6000);
    assert_int_equal(guest.g.bootloader_args.n, 2);
    assert_int_equal(guest.g.tsc_mode, 2);
    assert_null(guest.g.kernel);
    assert_null(guest.g.hvm.serial);
    assert_non_null(problem(DML_GUEST_P_HVMLOADER));
}

static void test_values__vcpus_by_release(void **state)
{
    (void)state;
    read_for("name='x'\ntype='hvm'\n", DML_V(4, 21, 0));
    assert_int_equal(guest.g.avail_vcpus_bits, 0);
    read_for("name='x'\ntype='hvm'\n", DML_V(4, 22, 0));
    assert_int_equal(guest.g.avail_vcpus_bits, 1);
    assert_int_equal(guest.g.max_vcpus, 1);
    read_for("name='x'\ntype='hvm'\nvcpus=0\n", DML_V(4, 21, 0));
    assert_int_equal(guest.g.avail_vcpus_bits, DMA_VCPUS_HOST);
}

static void test_pv__vnc_makes_a_framebuffer(void **state)
{
    (void)state;
    read_for("name='x'\nkernel='/k'\nvnc=1\nvnclisten='::'\nkeymap='de'\n", DML_V(4, 17, 0));
    assert_int_equal(guest.g.vfbs.n, 1);
    assert_int_equal(guest.g.vkbs.n, 1);
    assert_string_equal(guest.g.vfbs.v[0].vnc.listen, "::");
    assert_string_equal(guest.g.vfbs.v[0].keymap, "de");
    read_for("name='x'\nkernel='/k'\nvnc=1\nvfb=['sdl=1,,vncdisplay=3,rest,vnc=1']\n", DML_V(4, 17, 0));
    assert_int_equal(guest.g.vfbs.n, 1);
    assert_int_equal(guest.g.vfbs.v[0].sdl.enable, DMA_YES);
    assert_int_equal(guest.g.vfbs.v[0].vnc.display, 3);
    assert_int_equal(guest.g.vfbs.v[0].vnc.enable, DMA_UNSET); /* xl stops at "rest" */
}

static void test_nics__as_xl_takes_them_apart(void **state)
{
    (void)state;
    read_hvm("vif=['mac=00:16:3E:0a:1:ff, bridge=xenbr0,model=rtl8139,type=ioemu', '', 'mac=00:16:3e,bridge=b']\n");
    assert_int_equal(guest.g.nics.n, 3);
    assert_memory_equal(guest.g.nics.v[0].mac, "\x00\x16\x3e\x0a\x01\xff", 6);
    assert_string_equal(guest.g.nics.v[0].bridge, "xenbr0");
    assert_int_equal(guest.g.nics.v[0].type, DMA_NIC_IOEMU);
    assert_int_equal(guest.g.nics.v[2].devid, 2);
    /* A short address runs on into "bridge": its b is a hexadecimal digit. */
    assert_memory_equal(guest.g.nics.v[2].mac, "\x00\x16\x3e\x0b\x00\x00", 6);
    assert_span(problem(DML_GUEST_P_MAC)->span, "00:16:3e");
    const struct dml_guest_part *model = dml_guest_part(&guest, DML_KEY_vif, 0, DML_SPEC_vif_model);
    assert_span(model->span, "rtl8139");
    assert_span(model->whole, "model=rtl8139");
    assert_null(dml_guest_part(&guest, DML_KEY_vif, 1, DML_SPEC_vif_model));
}

static void test_disks__values_and_places(void **state)
{
    static const struct {
        const char *spec;
        enum dma_disk_format format;
        const char *path, *vdev;
        int readwrite, cdrom;
    } cases[] = {
        {"/dev/vg/x,raw,xvda,w", DMA_FORMAT_RAW, "/dev/vg/x", "xvda", 1, 0},
        {"/dev/vg/x,,hda", DMA_FORMAT_RAW, "/dev/vg/x", "hda", 1, 0},
        {"format=qcow2, vdev=hda, access=ro, target=/a,b=c", DMA_FORMAT_QCOW2, "/a,b=c", "hda", 0, 0},
        {"phy:/dev/x,xvda,w", DMA_FORMAT_RAW, "/dev/x", "xvda", 1, 0},
        {"file:/x.iso,hdc:cdrom,r", DMA_FORMAT_RAW, "/x.iso", "hdc", 0, 1},
        {",hdc:cdrom,r", DMA_FORMAT_EMPTY, "", "hdc", 0, 1},
        {"qcow2:/x,xvda", DMA_FORMAT_QCOW2, "/x", "xvda", 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_hvm(dml_arena_printf(&arena, "disk=[ \"%s\" ]\n", cases[i].spec));
        assert_int_equal(guest.refusals, 0);
        const struct dma_disk *d = &guest.g.disks.v[0];
        assert_int_equal(d->format, cases[i].format);
        assert_string_equal(d->pdev_path, cases[i].path);
        assert_string_equal(d->vdev, cases[i].vdev);
        assert_int_equal(d->readwrite, cases[i].readwrite);
        assert_int_equal(d->is_cdrom, cases[i].cdrom);
        assert_span(dml_guest_part(&guest, DML_KEY_disk, 0, DML_SPEC_disk_vdev)->span, cases[i].vdev);
        assert_span(dml_guest_part(&guest, DML_KEY_disk, 0, DML_SPEC_disk_target)->span, cases[i].path);
    }
}

static void test_disks__words_of_later_releases(void **state)
{
    static const struct {
        const char *spec;
        dml_version xen;
        _Bool taken;
        enum dma_bool trusted, grant;
        const char *vdev;
    } cases[] = {
        {"/x,raw,xvda,w,trusted", DML_V(4, 19, 0), 1, DMA_YES, DMA_UNSET, "xvda"},
        {"/x,raw,xvda,w,untrusted", DML_V(4, 22, 0), 1, DMA_NO, DMA_UNSET, "xvda"},
        {"/x,raw,xvda,w,trusted", DML_V(4, 18, 6), 0, DMA_UNSET, DMA_UNSET, NULL},
        {"/x,raw,untrusted", DML_V(4, 18, 6), 1, DMA_UNSET, DMA_UNSET, "untrusted"},
        {"/x,raw,untrusted", DML_V(4, 19, 0), 0, DMA_NO, DMA_UNSET, NULL},
        {"/x,raw,xvda,w,grant_usage=1", DML_V(4, 19, 0), 1, DMA_UNSET, DMA_YES, "xvda"},
        {"/x,raw,xvda,w,grant_usage=1", DML_V(4, 18, 0), 0, DMA_UNSET, DMA_UNSET, NULL},
        {"/x,raw,grant_usage=1xvda", DML_V(4, 19, 0), 1, DMA_UNSET, DMA_YES, "xvda"},
        {"/x,raw,specification=", DML_V(4, 16, 0), 1, DMA_UNSET, DMA_UNSET, "specification"},
        {"/x,raw,specification=", DML_V(4, 17, 0), 0, DMA_UNSET, DMA_UNSET, NULL},
        {"/x,raw,xvda,w,specification=virtio", DML_V(4, 17, 0), 1, DMA_UNSET, DMA_UNSET, "xvda"},
        {"/x,raw,xvda,w,specification=virtio", DML_V(4, 16, 0), 0, DMA_UNSET, DMA_UNSET, NULL},
        {"/x,raw,xvda,w,specification=what", DML_V(4, 17, 0), 0, DMA_UNSET, DMA_UNSET, NULL},
        {"/x,raw,xvda,w,backendtype=standalone", DML_V(4, 17, 0), 1, DMA_UNSET, DMA_UNSET, "xvda"},
        {"/x,raw,xvda,w,backendtype=standalone", DML_V(4, 16, 0), 0, DMA_UNSET, DMA_UNSET, NULL},
        {"backendtype=phy,/x,raw,xvda,w,backendtype=standalone", DML_V(4, 17, 0), 0, DMA_UNSET, DMA_UNSET, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dma_disk d;
        struct dml_xlu_parts parts = {{0}};
        const char *reason;
        assert_int_equal(dml_xlu_disk(xlu, &arena, dml_sv_of(cases[i].spec), cases[i].xen, &d, &parts, &reason, NULL),
                         0);
        if (cases[i].taken != !reason)
            fail_msg("%s: %s", cases[i].spec, reason ? reason : "taken");
        if (!cases[i].taken)
            continue;
        assert_int_equal(d.trusted, cases[i].trusted);
        assert_int_equal(d.grant_usage, cases[i].grant);
        assert_string_equal(d.vdev, cases[i].vdev);
    }
}

static void test_pci__values(void **state)
{
    (void)state;
    read_hvm("pci_permissive=1\npci=['0000:03:00.1@5,msitranslate=1,permissive=0','04:0a.*','bdf=05:00.0']\n");
    assert_int_equal(guest.refusals, 0);
    assert_int_equal(guest.g.pcidevs.v[0].bus, 3);
    assert_int_equal(guest.g.pcidevs.v[0].func, 1);
    assert_int_equal(guest.g.pcidevs.v[0].vdevfn, 5 << 3);
    assert_true(guest.g.pcidevs.v[0].msitranslate && !guest.g.pcidevs.v[0].permissive);
    assert_true(guest.g.pcidevs.v[1].permissive);
    assert_int_equal(guest.g.pcidevs.v[1].vfunc_mask, UINT32_MAX);
    assert_int_equal(guest.g.pcidevs.v[2].bus, 5);
    assert_span(dml_guest_part(&guest, DML_KEY_pci, 0, DML_SPEC_pci_bdf)->span, "0000:03:00.1");
}

static void test_rdm__is_lost_from_4_15_on(void **state)
{
    static const struct {
        dml_version xen;
        enum dma_rdm_policy policy;
        _Bool ignored;
    } cases[] = {{DML_V(4, 13, 0), DMA_RDM_POLICY_STRICT, 0},
                 {DML_V(4, 14, 0), DMA_RDM_POLICY_STRICT, 0},
                 {DML_V(4, 15, 0), DMA_RDM_POLICY_UNSET, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_for("name='x'\ntype='hvm'\nrdm='strategy=host,policy=strict'\n", cases[i].xen);
        assert_int_equal(guest.g.hvm.rdm_policy, cases[i].policy);
        assert_int_equal(guest.ignored[DML_KEY_rdm], cases[i].ignored);
    }
}

static void test_blame__leads_to_the_text(void **state)
{
    (void)state;
    read_hvm("disk=['/a,raw,xvda,w', '/b,qcow2,xvdb,w']\nbuilder='hvm'\n");
    assert_span(dml_guest_blame(&guest, &(struct dma_blame){DMA_FIELD_DISK, 1, NULL}), "'/b,qcow2,xvdb,w'");
    assert_span(dml_guest_blame(&guest, &(struct dma_blame){DMA_FIELD_DISK, 1, "format"}), "qcow2");
    assert_span(dml_guest_blame(&guest, &(struct dma_blame){DMA_FIELD_TYPE, -1, NULL}), "type='hvm'");
    assert_true(dml_span_none(dml_guest_blame(&guest, &(struct dma_blame){DMA_FIELD_NONE, -1, NULL})));
    assert_true(dml_span_none(dml_guest_blame(&guest, &(struct dma_blame){DMA_FIELD_VGA, -1, NULL})));
    for (unsigned i = 1; i < DMA_FIELD_COUNT; i++) {
        const char *key = dma_field_key((enum dma_field)i);
        if (strcmp(key, "claim_mode") != 0) /* of xl.conf */
            assert_int_not_equal(dml_key_find(dml_sv_of(key)), DML_KEY_NONE);
    }
}

static void test_keys__of_later_releases_are_not_read(void **state)
{
    (void)state;
    read_for("name='x'\nkernel='/k'\nbootloader_restrict=1\n", DML_V(4, 17, 0));
    assert_int_equal(guest.g.bootloader_restrict, DMA_UNSET);
    read_for("name='x'\nkernel='/k'\nbootloader_restrict=1\n", DML_V(4, 18, 0));
    assert_int_equal(guest.g.bootloader_restrict, DMA_YES);
}

static void test_cpus__against_what_the_host_has(void **state)
{
    static const struct {
        uint32_t cpus, nodes; /* 0: not known */
        const char *text;
        int problem; /* -1: none */
    } rows[] = {
        {64, 1, "63", -1},
        {64, 1, "64", DML_GUEST_P_CPUS_EMPTY},
        {4, 1, "4", DML_GUEST_P_CPUS_EMPTY},
        {64, 1, "^0", DML_GUEST_P_CPUS_EMPTY},
        {64, 1, "", DML_GUEST_P_CPUS_EMPTY},
        {64, 1, "all,^0", -1},
        {1, 1, "all,^0", DML_GUEST_P_CPUS_EMPTY},
        {64, 1, "0-4294967295", -1},
        {64, 1, "4294967296", -1},
        {64, 1, "4294967295", DML_GUEST_P_CPUS_EMPTY},
        {64, 1, "nodes:0", -1},
        {64, 1, "node:1", DML_GUEST_P_CPUS_EMPTY},
        {64, 2, "node:1", -1},
        {64, 2, "nodes:0-1,^node:1,^0-31", DML_GUEST_P_CPUS_EMPTY},
        {64, 2, "nodes:0-9", -1},
        {64, 0, "node:0", -1},
        {64, 0, "node:1", DML_GUEST_P_NODES_UNKNOWN},
        {0, 1, "0", -1},
        {0, 1, "3", DML_GUEST_P_CPUS_UNKNOWN},
        {0, 1, "all", -1},
        {0, 1, "^3", DML_GUEST_P_CPUS_EMPTY},
        {0, 1, "all,^0", DML_GUEST_P_CPUS_UNKNOWN},
        {64, 1, "^all", DML_GUEST_P_CPUS},
        {64, 1, "0-4294967296", DML_GUEST_P_ENDLESS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct dml_guest_host h = {rows[i].cpus, rows[i].nodes};
        const char *text = dml_arena_printf(&arena, "name='x'\nkernel='/k'\nvcpus=1\ncpus='%s'\n", rows[i].text);
        assert_int_equal(dml_cfg_parse(&cfg, &arena, dml_sv_of(text), DML_V(4, 17, 0), NULL), 0);
        assert_int_equal(dml_guest_read(&guest, &arena, xlu, &cfg, DML_V(4, 17, 0), &h, NULL), 0);
        int got = guest.problems.n ? guest.problems.v[0].id : -1;
        if (got != rows[i].problem)
            fail_msg("%s of %u cpus, %u nodes: %s", rows[i].text, rows[i].cpus, rows[i].nodes,
                     got < 0 ? "taken" : dml_guest_problem_name((enum dml_guest_problem_id)got));
        assert_int_equal(guest.refusals,
                         got == DML_GUEST_P_CPUS || got == DML_GUEST_P_CPUS_EMPTY || got == DML_GUEST_P_ENDLESS);
        assert_int_equal(got >= 0 && dml_guest_doubt(&guest.problems.v[0]) != NULL,
                         got == DML_GUEST_P_CPUS_UNKNOWN || got == DML_GUEST_P_NODES_UNKNOWN);
    }
}

static void test_changes__stable_lines_have_them_from_a_point_release(void **state)
{
    static const struct {
        dml_version xen;
        int32_t devid;
    } rows[] = {{DML_V(4, 17, 7), 0},  {DML_V(4, 18, 4), 0}, {DML_V(4, 18, 5), -1}, {DML_V(4, 19, 1), 0},
                {DML_V(4, 19, 2), -1}, {DML_V(4, 20, 0), 0}, {DML_V(4, 20, 1), -1}, {DML_V(4, 21, 0), -1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_for("name='x'\nkernel='/k'\nchannel=['name=a,connection=pty']\n", rows[i].xen);
        assert_int_equal(guest.g.channels.n, 1);
        assert_int_equal(guest.g.channels.v[0].devid, rows[i].devid < 0 ? DMA_DEVID_UNSET : rows[i].devid);
    }
}

static void *some(void *user, size_t size)
{
    size_t *left = user;
    return *left > size ? (*left -= size, malloc(size)) : NULL;
}
static void give_back(void *user, void *p)
{
    (void)user;
    free(p);
}

static void test_memory__running_out_is_an_error_return(void **state)
{
    (void)state;
    unsigned refused = 0, done = 0;
    struct dml_buf b;
    dml_buf_init(&b, 1 << 20);
    dml_buf_str(&b, "name='x'\ntype='hvm'\nroot='/a'\nextra='b'\ndevice_model_args=['a']\nfirmware='/f'\nvif=[");
    for (int i = 0; i < 200; i++)
        dml_buf_printf(&b, "'bridge=b%d,forwarddev=x,what', ", i);
    dml_buf_str(&b, "]\ndisk=['/x,raw,xvda', 'x']\npci=['1:0.0']\np9=['tag=a']\nvnuma=[['vcpus=1']]\n");
    assert_int_equal(dml_cfg_parse(&cfg, &arena, dml_buf_view(&b), DML_V(4, 17, 0), NULL), 0);
    for (size_t left = 0; left < 600000; left += 5003) {
        size_t have = left;
        struct dml_mem mem = {some, give_back, &have};
        struct dml_arena a;
        dml_arena_init(&a, &mem);
        int rc = dml_guest_read(&guest, &a, xlu, &cfg, DML_V(4, 17, 0), NULL, NULL);
        assert_true(rc == 0 || rc == DML_ENOMEM);
        refused += rc != 0;
        done += rc == 0;
        dml_arena_dispose(&a);
    }
    assert_true(refused > 5 && done > 5);
    dml_buf_dispose(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags__only_numbers_count),
        cmocka_unit_test(test_numbers__have_bounds),
        cmocka_unit_test(test_type__any_beginning_counts),
        cmocka_unit_test(test_refusals__per_release),
        cmocka_unit_test(test_messages__name_what_would_do),
        cmocka_unit_test(test_values__go_where_libxl_has_them),
        cmocka_unit_test(test_values__vcpus_by_release),
        cmocka_unit_test(test_pv__vnc_makes_a_framebuffer),
        cmocka_unit_test(test_nics__as_xl_takes_them_apart),
        cmocka_unit_test(test_disks__values_and_places),
        cmocka_unit_test(test_disks__words_of_later_releases),
        cmocka_unit_test(test_pci__values),
        cmocka_unit_test(test_rdm__is_lost_from_4_15_on),
        cmocka_unit_test(test_blame__leads_to_the_text),
        cmocka_unit_test(test_keys__of_later_releases_are_not_read),
        cmocka_unit_test(test_cpus__against_what_the_host_has),
        cmocka_unit_test(test_changes__stable_lines_have_them_from_a_point_release),
        cmocka_unit_test(test_memory__running_out_is_an_error_return),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
