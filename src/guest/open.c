/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What form a config has, and the way into it: xl.cfg, libxl's JSON, or an image of xl save with either of them. */
#include "guest/open.h"

#include <fnmatch.h>

#include "guest/stored.h"

/* struct save_file_header, then the length of the config and the config. */
static const char magic[32] = "Xen saved domain, xl format\n \0 \r";
enum { BYTE_ORDER_AT = 32, FLAGS_AT = 36, OPTIONAL_AT = 44, LENGTH_AT = 48, CONFIG_AT = 52 };
enum { FLAG_JSON = 1, FLAGS_KNOWN = 3 };

static uint32_t u32(struct dml_sv text, size_t at)
{
    uint32_t v;
    memcpy(&v, text.p + at, sizeof v);
    return v;
}

static _Bool is_image(struct dml_sv text)
{
    return dml_sv_starts(text, (struct dml_sv){magic, sizeof magic});
}

static _Bool is_json(struct dml_sv text)
{
    enum { SOON = 4096 };
    while (text.len && (*text.p == ' ' || (*text.p >= '\t' && *text.p <= '\r')))
        text = (struct dml_sv){text.p + 1, text.len - 1};
    return text.len && *text.p == '{' && memmem(text.p, text.len < SOON ? text.len : SOON, "\"c_info\"", 8);
}

static struct dml_form_of image_form(struct dml_sv text)
{
    const uint32_t byte_order = 0x01020304;
    struct dml_form_of f = {.form = DML_FORM_IMAGE_CFG, .config = {text.p, 0}, .damaged = 1};
    if (text.len < CONFIG_AT) {
        f.fault = DML_CFG_E_IMAGE_CUT;
        if (text.len >= LENGTH_AT && u32(text, BYTE_ORDER_AT) == byte_order && !u32(text, OPTIONAL_AT))
            f.fault = DML_CFG_E_IMAGE_WITHOUT;
        return f;
    }
    uint32_t optional = u32(text, OPTIONAL_AT), n = u32(text, LENGTH_AT);
    f.fault = u32(text, BYTE_ORDER_AT) != byte_order           ? DML_CFG_E_IMAGE_BYTE_ORDER
              : (u32(text, FLAGS_AT) & ~(uint32_t)FLAGS_KNOWN) ? DML_CFG_E_IMAGE_FLAGS
              : !optional || (optional >= 4 && !n)             ? DML_CFG_E_IMAGE_WITHOUT
              : optional < 4 || n > optional - 4               ? DML_CFG_E_IMAGE_CUT
              : n > text.len - CONFIG_AT                       ? DML_CFG_E_IMAGE_CUT
                                                               : 0;
    f.damaged = f.fault != 0;
    if (f.damaged)
        return f;
    f.form = u32(text, FLAGS_AT) & FLAG_JSON ? DML_FORM_IMAGE_JSON : DML_FORM_IMAGE_CFG;
    f.config = (struct dml_sv){text.p + CONFIG_AT, n};
    while (f.config.len && !f.config.p[f.config.len - 1]) /* xl stores the NUL behind its text */
        f.config.len--;
    return f;
}

struct dml_form_of dml_form_find(struct dml_sv text)
{
    if (is_image(text))
        return image_form(text);
    return (struct dml_form_of){.form = is_json(text) ? DML_FORM_JSON : DML_FORM_CFG, .config = text};
}

size_t dml_form_image_end(struct dml_sv text)
{
    if (!is_image(text) || text.len < CONFIG_AT)
        return 0;
    struct dml_form_of f = image_form(text);
    if (!f.damaged)
        return CONFIG_AT + (size_t)u32(text, LENGTH_AT);
    /* What is wrong with a header shows in the header; only a config that is cut off may be whole in the file. */
    _Bool fits = u32(text, OPTIONAL_AT) >= 4 && u32(text, LENGTH_AT) <= u32(text, OPTIONAL_AT) - 4;
    return f.fault == DML_CFG_E_IMAGE_CUT && fits ? 0 : text.len;
}

_Bool dml_form_is_stored_name(const char *name)
{
    return fnmatch("userdata-d.*.libxl-json", name, 0) == 0;
}

int dml_guest_open(struct dml_guest *guest, struct dml_cfg *cfg, struct dml_form_of *form, struct dml_arena *a,
                   struct dml_xlu *xlu, struct dml_sv text, dml_version xen, const struct dml_guest_host *host,
                   struct dml_err *err)
{
    int rc;
    *form = dml_form_find(text);
    if (!form->damaged && (form->form == DML_FORM_CFG || form->form == DML_FORM_IMAGE_CFG)) {
        rc = dml_cfg_parse(cfg, a, form->config, xen, err);
        return rc < 0 ? rc : dml_guest_read(guest, a, xlu, cfg, xen, host, err);
    }
    *cfg = (struct dml_cfg){.text = form->config, .xen = xen};
    if (!form->damaged)
        return dml_stored_read(guest, cfg, a, xlu, xen, host, err);
    *guest = (struct dml_guest){.cfg = cfg, .xen = xen};
    dma_guest_init(&guest->g);
    rc = dml_cfg_fault(cfg, a, form->fault, (struct dml_span){0, 0});
    return rc < 0 ? dml_err_nomem(err) : 0;
}
