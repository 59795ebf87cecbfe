/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* None: by what a file holds. */
#include "guest/none.h"

#include <string.h>

#include "guest/open.h"
#include "schema/schema.h"

/* A comment alone on its line, of a text that need not be an xl.cfg. */
static _Bool denied(struct dml_sv text)
{
    static const char word[] = "not-a-guest";
    while (text.len) {
        const char *at = memmem(text.p, text.len, word, sizeof word - 1), *line = at;
        if (!at)
            return 0;
        while (line > text.p && line[-1] != '\n')
            line--;
        struct dml_sv before = dml_sv_trim((struct dml_sv){line, (size_t)(at - line)});
        size_t hashes = 0;
        while (hashes < before.len && before.p[hashes] == '#')
            hashes++;
        if (hashes && dml_sv_is(dml_sv_trim((struct dml_sv){before.p + hashes, before.len - hashes}), "dmlint:"))
            return 1;
        size_t skip = (size_t)(at - text.p) + sizeof word - 1;
        text = (struct dml_sv){text.p + skip, text.len - skip};
    }
    return 0;
}

/* The next KEY = at the begin of a line; the tree has only those whose values could be read. */
static _Bool next_key(struct dml_sv *rest, struct dml_sv *name)
{
    while (rest->len) {
        const char *end = memchr(rest->p, '\n', rest->len);
        struct dml_sv line = dml_sv_trim((struct dml_sv){rest->p, end ? (size_t)(end - rest->p) : rest->len});
        size_t n = 0, skip = end ? (size_t)(end - rest->p) + 1 : rest->len;
        *rest = (struct dml_sv){rest->p + skip, rest->len - skip};
        while (n < line.len &&
               ((line.p[n] >= 'a' && line.p[n] <= 'z') || (line.p[n] >= '0' && line.p[n] <= '9') || line.p[n] == '_'))
            n++;
        *name = (struct dml_sv){line.p, n};
        while (n < line.len && (line.p[n] == ' ' || line.p[n] == '\t'))
            n++;
        if (name->len && n < line.len && line.p[n] == '=')
            return 1;
    }
    return 0;
}

enum dml_no_guest dml_guest_none(const struct dml_cfg *cfg)
{
    if (!cfg->items.n)
        return DML_GUEST_PERHAPS;
    if (denied(cfg->text))
        return DML_GUEST_DENIED;
    if (!cfg->errors.n || cfg->errors.v[0].class == DML_CFG_E_UTF16)
        return DML_GUEST_PERHAPS;
    for (struct dml_sv rest = cfg->text, name; next_key(&rest, &name);)
        if (dml_key_find(name) || dml_key_rename(name, cfg->xen))
            return DML_GUEST_PERHAPS;
    return DML_GUEST_FOREIGN;
}

_Bool dml_guest_tree_asks(const struct dml_cfg *cfg)
{
    const struct dml_cfg_entry *e = dml_cfg_find(cfg, DML_SV("dm_restrict"));
    int64_t value;
    return e && !(dml_cfg_long(e, INT64_MIN, INT64_MAX, &value) == DML_CFG_NUM_OK && value == 0);
}

int dml_guest_asks(struct dml_sv text, struct dml_arena *a, _Bool *asks)
{
    struct dml_cfg cfg;
    struct dml_err err;
    struct dml_form_of form = dml_form_find(text);
    if (form.form == DML_FORM_CFG || form.form == DML_FORM_IMAGE_CFG) {
        int rc = dml_cfg_parse(&cfg, a, form.config, dml_xen_newest(), &err);
        *asks = rc == 0 && dml_guest_tree_asks(&cfg);
        return rc == DML_ETOOBIG ? 0 : rc;
    }
    *asks = memmem(form.config.p, form.config.len, "dm_restrict", 11) != NULL;
    return 0;
}
