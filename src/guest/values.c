/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From config to guest: the single values, in the order in which xl's parse_config_data takes them. */
#include <limits.h>

#include "base/num.h"
#include "guest/read.h"

enum reader { NO_READER, FLAG, INT, KB, TEXT, TEXTS };

#define HVM DML_GUEST_HVM
#define PV  DML_GUEST_PV
#define PVH DML_GUEST_PVH
#define ANY DML_GUEST_ANY

static const struct field {
    uint8_t reader, guests;
    uint16_t offset;
} fields[DML_KEY_COUNT] = {
#define FIELD(key, reader, member, guests) [DML_KEY_##key] = {reader, guests, offsetof(struct dma_guest, member)},
#include "guest/fields.def"
#undef FIELD
};

/* A flag as xl stores it. */
static void read_flag(struct dml_reader *r, enum dml_key_id key, enum dma_bool *out)
{
    int64_t n;
    if (dml_read_number(r, key, &n))
        *out = n ? DMA_YES : DMA_NO;
}

static void read_int(struct dml_reader *r, enum dml_key_id key, int32_t *out)
{
    int64_t n;
    if (dml_read_number(r, key, &n))
        *out = (int32_t)n;
}

static void read_string(struct dml_reader *r, enum dml_key_id key, const char **out)
{
    struct dml_sv s;
    if (dml_read_text(r, key, &s))
        *out = dml_read_copy(r, s);
}

/* The rows of fields.def that this config has. */
static void read_fields(struct dml_reader *r, unsigned guest)
{
    for (uint32_t i = 0; i < r->out->cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &r->out->cfg->entries.v[i];
        enum dml_key_id key = r->keys[i];
        const struct field *f = &fields[key];
        char *member = (char *)r->g + f->offset;
        int64_t n;
        if (!key || !(f->guests & guest))
            continue;
        switch (f->reader) {
        case FLAG:
            read_flag(r, key, (enum dma_bool *)(void *)member);
            break;
        case INT:
            read_int(r, key, (int32_t *)(void *)member);
            break;
        case KB:
            if (dml_read_number(r, key, &n))
                *(uint64_t *)(void *)member = (uint64_t)n * 1024;
            break;
        case TEXT:
            read_string(r, key, (const char **)(void *)member);
            break;
        case TEXTS:
            if (dml_cfg_is_list(&e->value))
                dml_read_texts(r, key, e, (struct dma_strings *)(void *)member);
            else
                dml_read_problem(r, DML_GUEST_P_LIST, key, -1, NULL);
            break;
        default:
            break;
        }
    }
}

typedef _Bool compare(const struct dml_word *, dml_version, struct dml_sv, int32_t *);

/* A word that xl refuses if it does not know it. 1 if *value was set. */
static _Bool read_word(struct dml_reader *r, enum dml_key_id key, compare *match, const struct dml_word *words,
                       int32_t *value)
{
    struct dml_sv s;
    if (!dml_read_text(r, key, &s))
        return 0;
    if (match(words, r->xen, s, value))
        return 1;
    dml_read_problem(r, DML_GUEST_P_WORD, key, -1, &s)->words = words;
    return 0;
}

/* A number in a range, or a word. */
static _Bool read_number_or_word(struct dml_reader *r, enum dml_key_id key, int64_t max, const struct dml_word *words,
                                 int32_t *value)
{
    int64_t n;
    if (!dml_read_quiet(r, key, &n))
        return read_word(r, key, dml_word_any_case, words, value);
    if (n < 0 || n > max) {
        dml_read_problem(r, DML_GUEST_P_NUMBER, key, -1, NULL);
        return 0;
    }
    *value = (int32_t)n;
    return 1;
}

static void read_type(struct dml_reader *r)
{
    int32_t v;
    r->g->type = DMA_TYPE_UNSET;
    if (read_word(r, DML_KEY_type, dml_word_begin, dml_words_type, &v))
        r->g->type = (enum dma_type)v;
    if (read_word(r, DML_KEY_builder, dml_word_begin, dml_words_builder, &v)) {
        if (r->g->type != DMA_TYPE_UNSET && r->g->type != (enum dma_type)v)
            dml_read_problem(r, DML_GUEST_P_TYPE_CONFLICT, DML_KEY_builder, -1, NULL);
        else
            r->g->type = (enum dma_type)v;
    }
    if (r->g->type == DMA_TYPE_UNSET)
        r->g->type = DMA_PV;
}

static void read_identity(struct dml_reader *r)
{
    struct dml_sv s;
    if (dml_read_text(r, DML_KEY_name, &s))
        r->g->name = dml_read_copy(r, s);
    else
        dml_read_problem(r, DML_GUEST_P_NAME_MISSING, DML_KEY_name, -1, NULL);
    if (dml_read_text(r, DML_KEY_uuid, &s) && !dml_read_uuid(r, s, &r->g->uuid))
        dml_read_problem(r, DML_GUEST_P_UUID, DML_KEY_uuid, -1, &s);
}

static void read_xenstore_quota(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_xenstore_quota);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        const char *eq = s.len ? memchr(s.p, '=', s.len) : NULL;
        struct dml_sv value = eq ? (struct dml_sv){eq + 1, s.len - (size_t)(eq - s.p) - 1} : DML_SV("");
        uint64_t n;
        if (dml_cfg_is_list(&e->value.u.items[i]))
            dml_read_problem(r, DML_GUEST_P_ELEMENT, DML_KEY_xenstore_quota, (int32_t)i, NULL);
        else if (!eq || dml_num_parse_u(value, 0, &n, NULL) != DML_NUM_OK || n > UINT32_MAX)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_xenstore_quota, (int32_t)i, &s);
    }
}

static void read_grants(struct dml_reader *r)
{
    const struct {
        enum dml_key_id key;
        int64_t *out;
    } limits[] = {{DML_KEY_max_grant_frames, &r->g->max_grant_frames},
                  {DML_KEY_max_maptrack_frames, &r->g->max_maptrack_frames},
                  {DML_KEY_max_grant_version, &r->g->max_grant_version}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct dml_cfg_entry *e = dml_read_entry(r, limits[i].key);
        int64_t n;
        if (!e)
            continue;
        if (!dml_read_has(r, DML_XL_GRANT_LIMITS_CHECKED)) {
            if (dml_read_number(r, limits[i].key, &n))
                *limits[i].out = (uint32_t)n;
        } else if (dml_cfg_long(e, 0, INT_MAX, &n) == DML_CFG_NUM_OK) {
            *limits[i].out = n;
        } else {
            dml_read_problem(r, DML_GUEST_P_NUMBER, limits[i].key, -1, NULL);
        }
    }
}

static void read_actions(struct dml_reader *r)
{
    static const enum dml_key_id keys[] = {DML_KEY_on_poweroff, DML_KEY_on_reboot, DML_KEY_on_watchdog,
                                           DML_KEY_on_crash, DML_KEY_on_soft_reset};
    int32_t v;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        read_word(r, keys[i], dml_word_exact, dml_words_action, &v);
}

static void read_cmdline(struct dml_reader *r)
{
    struct dml_sv cmdline, root, extra;
    _Bool have = dml_read_text(r, DML_KEY_cmdline, &cmdline), have_root = dml_read_text(r, DML_KEY_root, &root),
          have_extra = dml_read_text(r, DML_KEY_extra, &extra);
    const char *both = NULL;
    if (have) {
        if (have_root || have_extra)
            dml_read_problem(r, DML_GUEST_P_CMDLINE, have_root ? DML_KEY_root : DML_KEY_extra, -1, NULL);
        r->g->cmdline = dml_read_copy(r, cmdline);
        return;
    }
    if (have_root)
        both = dml_arena_printf(r->arena, "root=%.*s%s%.*s", DML_SV_ARG(root), have_extra ? " " : "",
                                have_extra ? (int)extra.len : 0, have_extra ? extra.p : "");
    else if (have_extra)
        both = dml_read_copy(r, extra);
    if ((have_root || have_extra) && !both && !r->rc)
        r->rc = dml_err_nomem(r->err);
    r->g->cmdline = both;
}

static void read_bootloader_args(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_bootloader_args);
    if (!e)
        return;
    if (dml_cfg_is_list(&e->value)) {
        dml_read_texts(r, DML_KEY_bootloader_args, e, &r->g->bootloader_args);
        return;
    }
    struct dml_sv rest = dml_cfg_text(&e->value), piece;
    uint32_t n = 0;
    const char **v = dml_read_new(r, const char *, rest.len / 2 + 2);
    while (v && dml_next_piece(&rest, " \t\n", &piece))
        v[n++] = dml_read_copy(r, piece);
    if (v && !n)
        dml_read_problem(r, DML_GUEST_P_CRASH, DML_KEY_bootloader_args, -1, NULL);
    r->g->bootloader_args = (struct dma_strings){v, n};
}

static void read_timer_mode(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_timer_mode);
    if (!e)
        return;
    if (r->g->type == DMA_PV && !dml_cfg_is_list(&e->value))
        dml_read_problem(r, DML_GUEST_P_TIMER_MODE_PV, DML_KEY_timer_mode, -1, NULL);
    else
        read_number_or_word(r, DML_KEY_timer_mode, 3, dml_words_timer_mode, &r->g->timer_mode);
}

static void read_viridian(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_viridian);
    if (!e)
        return;
    if (!dml_cfg_is_list(&e->value)) {
        read_flag(r, DML_KEY_viridian, &r->g->hvm.viridian);
        return;
    }
    for (uint32_t i = 0; i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        int32_t v;
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT, DML_KEY_viridian, (int32_t)i, NULL);
            return;
        }
        if (dml_sv_is(s, "all")) {
            r->g->hvm.viridian_enable = UINT64_MAX;
            continue;
        }
        if (dml_sv_is(s, "defaults")) {
            r->g->hvm.viridian = DMA_YES;
            continue;
        }
        bool off = s.len && *s.p == '!';
        if (off)
            s = (struct dml_sv){s.p + 1, s.len - 1};
        if (!dml_word_any_case(dml_words_viridian, r->xen, s, &v)) {
            dml_read_problem(r, DML_GUEST_P_WORD, DML_KEY_viridian, (int32_t)i, &s)->words = dml_words_viridian;
            continue;
        }
        uint64_t *set = off ? &r->g->hvm.viridian_disable : &r->g->hvm.viridian_enable;
        uint64_t *unset = off ? &r->g->hvm.viridian_enable : &r->g->hvm.viridian_disable;
        *set |= UINT64_C(1) << v;
        *unset &= ~(UINT64_C(1) << v);
    }
}

static void read_smbios(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_smbios);
    unsigned oem = 0;
    if (!e)
        return;
    if (!dml_cfg_is_list(&e->value)) {
        dml_read_problem(r, DML_GUEST_P_LIST, DML_KEY_smbios, -1, NULL);
        return;
    }
    for (uint32_t i = 0; i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        const char *eq = s.len ? memchr(s.p, '=', s.len) : NULL;
        int32_t v = 0;
        if (!eq || eq + 1 == s.p + s.len ||
            !dml_word_any_case(dml_words_smbios, r->xen, (struct dml_sv){s.p, (size_t)(eq - s.p)}, &v) ||
            (v == 18 && ++oem > 99))
            dml_read_problem(r, DML_GUEST_P_SMBIOS, DML_KEY_smbios, (int32_t)i, &s)->words = dml_words_smbios;
    }
    r->g->hvm.num_smbios = e->value.n;
}

static void read_mca_caps(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_mca_caps);
    if (!e)
        return;
    if (!dml_cfg_is_list(&e->value)) {
        dml_read_problem(r, DML_GUEST_P_LIST, DML_KEY_mca_caps, -1, NULL);
        return;
    }
    for (uint32_t i = 0; i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        int32_t v;
        if (dml_word_exact(dml_words_mca_caps, r->xen, s, &v))
            r->g->hvm.mca_caps |= (uint64_t)v;
        else
            dml_read_problem(r, DML_GUEST_P_WORD, DML_KEY_mca_caps, (int32_t)i, &s)->words = dml_words_mca_caps;
    }
}

static void read_hvm_firmware(struct dml_reader *r)
{
    struct dml_sv s;
    int32_t v;
    if (!dml_read_text(r, DML_KEY_firmware, &s))
        return;
    if (dml_word_any_case(dml_words_bios, r->xen, s, &v))
        r->g->hvm.bios = (enum dma_bios)v;
    else if (dml_sv_starts(DML_SV("uefi"), s))
        r->g->hvm.bios = DMA_BIOS_OVMF;
    else if (!dml_sv_starts(DML_SV("bios"), s))
        r->g->hvm.firmware = dml_read_copy(r, s);
}

static void read_hvm(struct dml_reader *r)
{
    enum { HOLE_MIN = 256, HOLE_MAX = 3840 }; /* MiB between 0xf0000000 and 4 GiB, and below 0xf0000000 */
    struct dma_guest *g = r->g;
    struct dml_sv s;
    int64_t n;
    int32_t v;
    if (g->kernel) {
        const char *slash = strrchr(g->kernel, '/');
        if (!strcmp(slash ? slash + 1 : g->kernel, "hvmloader")) {
            dml_read_problem(r, DML_GUEST_P_HVMLOADER, DML_KEY_kernel, -1, NULL);
            g->kernel = NULL;
        }
    }
    if (read_word(r, DML_KEY_bios, dml_word_any_case, dml_words_bios, &v))
        g->hvm.bios = (enum dma_bios)v;
    if (dml_read_has(r, DML_XL_APIC_OF_HVM_ONLY))
        read_flag(r, DML_KEY_apic, &g->apic);
    read_viridian(r);
    if (dml_read_number(r, DML_KEY_mmio_hole, &n)) {
        if (n < HOLE_MIN || n > HOLE_MAX)
            dml_read_problem(r, DML_GUEST_P_NUMBER, DML_KEY_mmio_hole, -1, NULL);
        else
            g->hvm.mmio_hole_memkb = (uint64_t)n * 1024;
    }
    read_smbios(r);
    if (read_word(r, DML_KEY_ms_vm_genid, dml_word_exact, dml_words_ms_vm_genid, &v) && v)
        g->hvm.ms_vm_genid = "generate";
    read_mca_caps(r);
    read_hvm_firmware(r);
    if (dml_read_entry(r, DML_KEY_vga)) {
        if (read_word(r, DML_KEY_vga, dml_word_exact, dml_words_vga, &v))
            g->hvm.vga = (enum dma_vga)v;
    }
    if ((!dml_read_entry(r, DML_KEY_vga) || r->out->ignored[DML_KEY_vga]) && dml_read_number(r, DML_KEY_stdvga, &n))
        g->hvm.vga = n ? DMA_VGA_STD : DMA_VGA_CIRRUS;
    if (read_word(r, DML_KEY_hdtype, dml_word_any_case, dml_words_hdtype, &v))
        g->hvm.hdtype = (enum dma_hdtype)v;
    if (dml_read_quiet(r, DML_KEY_gfx_passthru, &n)) {
        g->hvm.gfx_passthru = n ? DMA_YES : DMA_NO;
    } else if (read_word(r, DML_KEY_gfx_passthru, dml_word_any_case, dml_words_gfx_passthru_kind, &v)) {
        g->hvm.gfx_passthru_kind = (enum dma_gfx_passthru_kind)v;
        g->hvm.gfx_passthru = DMA_YES;
    }
    const struct {
        enum dml_key_id key;
        const char **one;
        struct dma_strings *list;
    } either[] = {{DML_KEY_serial, &g->hvm.serial, &g->hvm.serial_list},
                  {DML_KEY_usbdevice, &g->hvm.usbdevice, &g->hvm.usbdevice_list}};
    for (size_t i = 0; i < sizeof either / sizeof *either; i++) {
        const struct dml_cfg_entry *e = dml_read_entry(r, either[i].key);
        if (e && dml_cfg_is_list(&e->value))
            dml_read_texts(r, either[i].key, e, either[i].list);
        else if (dml_read_text(r, either[i].key, &s))
            *either[i].one = dml_read_copy(r, s);
    }
    if (g->hvm.vnc.listen && g->hvm.vnc.display && strchr(g->hvm.vnc.listen, ':'))
        dml_read_problem(r, DML_GUEST_P_VNC_DISPLAY, DML_KEY_vncdisplay, -1, NULL);
    if (read_word(r, DML_KEY_vendor_device, dml_word_any_case, dml_words_vendor_device, &v))
        g->hvm.vendor_device = (enum dma_vendor_device)v;
}

static void read_pv(struct dml_reader *r)
{
    struct dml_sv s;
    int32_t v;
    if (dml_read_text(r, DML_KEY_firmware, &s)) {
        if (r->g->kernel)
            dml_read_problem(r, DML_GUEST_P_KERNEL_FIRMWARE, DML_KEY_firmware, -1, NULL);
        else if (!dml_word_begin(dml_words_pv_firmware, r->xen, s, &v))
            dml_read_problem(r, DML_GUEST_P_WORD, DML_KEY_firmware, -1, &s)->words = dml_words_pv_firmware;
        else
            r->g->kernel = dml_arena_printf(r->arena, "/usr/lib/xen/boot/%.*s.bin", DML_SV_ARG(s));
    } else if (!r->g->bootloader && !r->g->kernel) {
        dml_read_problem(r, DML_GUEST_P_KERNEL_MISSING, DML_KEY_kernel, -1, NULL);
    }
}

/* Lists of numbers and ranges that xl checks and hands on: ports in hexadecimal, interrupts in decimal. */
static void read_ports(struct dml_reader *r, enum dml_key_id key, int base, _Bool ranges, uint32_t *count)
{
    const struct dml_cfg_entry *e = dml_read_list(r, key);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]), second;
        uint64_t a, b;
        size_t end;
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT, key, (int32_t)i, NULL);
            continue;
        }
        _Bool ok = dml_num_parse_u(s, base, &a, &end) != DML_NUM_NONE && a < UINT32_MAX;
        if (ok && ranges && end < s.len && s.p[end] == '-') {
            second = (struct dml_sv){s.p + end + 1, s.len - end - 1};
            ok = dml_num_parse_u(second, base, &b, NULL) == DML_NUM_OK && b < UINT32_MAX;
        } else if (ok && end < s.len) {
            ok = ranges; /* ports: xl complains and goes on */
        }
        if (!ok)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, key, (int32_t)i, &s);
    }
    *count = e ? e->value.n : 0;
}

static void read_iomem(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_iomem);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]), rest = s;
        uint64_t n;
        size_t end = 0;
        _Bool ok = !dml_cfg_is_list(&e->value.u.items[i]);
        for (unsigned k = 0; ok && k < 3; k++) {
            ok = dml_num_parse_u(rest, 16, &n, &end) != DML_NUM_NONE;
            rest = (struct dml_sv){rest.p + end, rest.len - end};
            if (!ok || (k > 0 && !rest.len))
                break;
            ok = rest.len && *rest.p == (k ? '@' : ',');
            if (ok)
                rest = (struct dml_sv){rest.p + 1, rest.len - 1};
        }
        if (!ok || rest.len)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_iomem, (int32_t)i, &s);
    }
    r->g->num_iomem = e ? e->value.n : 0;
}

static void read_device_model_version(struct dml_reader *r)
{
    struct dml_sv s;
    int32_t v;
    if (dml_read_has(r, DML_XL_TRADITIONAL_REFUSED) && dml_read_text(r, DML_KEY_device_model_version, &s) &&
        dml_sv_is(s, "qemu-xen-traditional"))
        dml_read_problem(r, DML_GUEST_P_DM_TRADITIONAL, DML_KEY_device_model_version, -1, &s);
    else if (read_word(r, DML_KEY_device_model_version, dml_word_exact, dml_words_device_model_version, &v))
        r->g->device_model_version = (enum dma_dm_version)v;
}

static void read_others(struct dml_reader *r)
{
    /* Words for other architectures: only whether xl takes them matters. */
    static const struct {
        enum dml_key_id key;
        const struct dml_word *words;
    } rows[] = {{DML_KEY_vuart, dml_words_vuart},
                {DML_KEY_gic_version, dml_words_gic_version},
                {DML_KEY_tee, dml_words_tee},
                {DML_KEY_sve, dml_words_sve}};
    int32_t v;
    int64_t n;
    struct dml_sv s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        read_word(r, rows[i].key, dml_word_any_case, rows[i].words, &v);
    if (dml_read_text(r, DML_KEY_arm_sci, &s)) {
        struct dml_tokens t = {s};
        struct dml_sv token;
        while (dml_next_piece(&t.rest, ",", &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_arm_sci, -1, token);
            if (p.spec && !dml_word_any_case(dml_words_arm_sci, r->xen, p.value, &v))
                dml_read_problem(r, DML_GUEST_P_SPEC_WORD, DML_KEY_arm_sci, -1, &p.value)->words = dml_words_arm_sci;
        }
    }
    if (read_number_or_word(r, DML_KEY_altp2m, 3, dml_words_altp2m, &v))
        r->g->altp2m = (enum dma_altp2m)v;
    if (dml_read_quiet(r, DML_KEY_altp2m_count, &n)) {
        if (n < 0 || n > UINT16_MAX)
            dml_read_problem(r, DML_GUEST_P_NUMBER, DML_KEY_altp2m_count, -1, NULL);
        else
            r->g->altp2m_count = (int32_t)n;
    }
    if (dml_read_quiet(r, DML_KEY_vmtrace_buf_kb, &n))
        r->g->vmtrace_buf_kb = n;
    if (read_word(r, DML_KEY_passthrough, dml_word_any_case, dml_words_passthrough, &v))
        r->g->passthrough = (enum dma_passthrough)v;
    if (read_number_or_word(r, DML_KEY_tsc_mode, 3, dml_words_tsc_mode, &v))
        r->g->tsc_mode = v;
}

static void read_all(struct dml_reader *r)
{
    struct dma_guest *g = r->g;
    struct dma_vnc vnc = {0};
    struct dma_sdl sdl = {0};
    read_type(r);
    read_fields(r, g->type == DMA_HVM ? HVM : g->type == DMA_PVH ? PVH : PV);
    read_identity(r);
    read_xenstore_quota(r);
    dml_read_llc_colors(r);
    dml_read_vcpus(r);
    dml_read_cpus(r, DML_KEY_cpus);
    dml_read_cpus(r, DML_KEY_cpus_soft);
    read_grants(r);
    g->claim_mode = DMA_YES; /* xl.conf's default */
    read_actions(r);
    read_cmdline(r);
    read_bootloader_args(r);
    read_timer_mode(r);
    if (!dml_read_has(r, DML_XL_APIC_OF_HVM_ONLY))
        read_flag(r, DML_KEY_apic, &g->apic);
    read_flag(r, DML_KEY_vnc, &vnc.enable);
    read_string(r, DML_KEY_vnclisten, &vnc.listen);
    read_string(r, DML_KEY_vncpasswd, &vnc.passwd);
    read_int(r, DML_KEY_vncdisplay, &vnc.display);
    read_flag(r, DML_KEY_vncunused, &vnc.findunused);
    read_flag(r, DML_KEY_sdl, &sdl.enable);
    read_flag(r, DML_KEY_opengl, &sdl.opengl);
    read_string(r, DML_KEY_display, &sdl.display);
    read_string(r, DML_KEY_xauthority, &sdl.xauthority);
    if (g->type == DMA_HVM) {
        g->hvm.vnc = vnc;
        g->hvm.sdl = sdl;
        read_hvm(r);
    } else {
        read_pv(r);
    }
    read_others(r);
    read_ports(r, DML_KEY_ioports, 16, 1, &g->num_ioports);
    read_ports(r, DML_KEY_irqs, 10, 0, &g->num_irqs);
    read_iomem(r);
    read_device_model_version(r);
    dml_read_rdm(r);
    dml_read_pci(r);
    dml_read_devices(r, &vnc, &sdl);
}

int dml_guest_read(struct dml_guest *guest, struct dml_arena *a, struct dml_xlu *xlu, const struct dml_cfg *cfg,
                   dml_version xen, const struct dml_guest_host *host, struct dml_err *err)
{
    static const struct dml_guest_host unknown;
    *guest = (struct dml_guest){.cfg = cfg, .xen = xen};
    dma_guest_init(&guest->g);
    struct dml_reader r = {
        .out = guest, .g = &guest->g, .arena = a, .xlu = xlu, .host = host ? host : &unknown, .xen = xen, .err = err};
    r.keys = dml_new_n(a, uint16_t, cfg->entries.n);
    if (!r.keys)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &cfg->entries.v[i];
        enum dml_key_id key = dml_key_find_hashed(e->name, e->hash);
        if (dml_key_read_by(key, xen)) {
            guest->by_key[key] = e;
            guest->keys_read++;
            r.keys[i] = (uint16_t)key;
        }
    }
    read_all(&r);
    if (a->failed && !r.rc)
        r.rc = dml_err_nomem(err);
    return r.rc;
}
