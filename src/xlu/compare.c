/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The second opinion: libxlutil's reading of a file against ours. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libxlutil.h>

#include "base/num.h"
#include "xlu/xlu.h"
#include "xlu/xlu_i.h"

#if defined(__SANITIZE_ADDRESS__)
/* libxlutil loses what it had read of a file with errors, and lists that += added to. That is its leak, not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libxlutil.so\n";
}
#endif

/*
 * What libxlutil may spend on one file, in steps of a few nanoseconds: look-ups times settings for comparing, and for
 * parsing what it does more than once.
 */
enum { LOOKUP_BUDGET = 1 << 20, PARSE_BUDGET = 1 << 27 };

/* Keeps the begin, for disk strings, and forgets the rest. */
static ssize_t swallow(void *cookie, const char *p, size_t n)
{
    struct dml_xlu *xlu = cookie;
    size_t room = sizeof xlu->said - 1 - xlu->said_len, take = n < room ? n : room;
    memcpy(xlu->said + xlu->said_len, p, take);
    xlu->said_len += take;
    return (ssize_t)n;
}

/* The release of the libxlutil that is loaded, from its file's name ("libxlutil.so.4.17"); the newest where that does
 * not say. */
static dml_version loaded_release(void)
{
    static const char soname[] = "libxlutil.so.";
    Dl_info info;
    dml_version v;
    struct dml_err err;
    const char *at = dladdr((void *)(uintptr_t)xlu_cfg_init, &info) ? strstr(info.dli_fname, soname) : NULL;
    return at && dml_xen_version_parse(dml_sv_of(at + sizeof soname - 1), &v, &err) == 0 ? v : dml_xen_newest();
}

struct dml_xlu *dml_xlu_new(void)
{
    struct dml_arena arena = {0};
    struct dml_xlu *xlu = dml_new(&arena, struct dml_xlu);
    if (!xlu)
        return NULL;
    xlu->arena = arena;
    xlu->release = loaded_release();
    /* A stream of our own instead of /dev/null: no descriptor, no system call per message. */
    xlu->report = fopencookie(xlu, "w", (cookie_io_functions_t){.write = swallow});
    xlu->plain = xlu->report ? xlu_cfg_init(xlu->report, "-") : NULL;
    if (!xlu->plain) {
        dml_xlu_free(xlu);
        return NULL;
    }
    return xlu;
}

void dml_xlu_free(struct dml_xlu *xlu)
{
    if (!xlu)
        return;
    if (xlu->plain)
        xlu_cfg_destroy(xlu->plain);
    if (xlu->report)
        fclose(xlu->report);
    struct dml_arena arena = xlu->arena;
    dml_arena_dispose(&arena);
}

const char *dml_xlu_what_text(enum dml_xlu_what what)
{
    static const char *const text[] = {
        [DML_XLU_SAME] = "libxlutil reads the file as dmlint does",
        [DML_XLU_SKIPPED] = "libxlutil was not asked",
        [DML_XLU_ACCEPTS] = "libxlutil accepts this file, dmlint does not",
        [DML_XLU_REJECTS] = "libxlutil does not accept this file, dmlint does",
        [DML_XLU_KIND] = "libxlutil and dmlint disagree whether this is a list, a text or nothing",
        [DML_XLU_TEXT] = "libxlutil and dmlint read another text here",
        [DML_XLU_NUMBER] = "libxlutil and dmlint read another number here",
        [DML_XLU_LENGTH] = "libxlutil and dmlint count another number of list elements here",
    };
    return text[what];
}

/*
 * A NUL in a string ends in an assertion of libxlutil's. Where it stands is not asked: in a file with errors the two
 * may differ in what is a string and what a comment.
 */
static _Bool has_nul(struct dml_sv text)
{
    return text.len && memchr(text.p, '\0', text.len);
}

/*
 * libxlutil's parser is not linear: a `+=` walks its settings and copies all that was there, and each `#` of a last
 * line without newline is tried up to the end of the file. Files that are made to hurt are not given to it.
 */
static _Bool too_costly(const struct dml_cfg *cfg, struct dml_arena *scratch)
{
    uint64_t cost = 0, *size = NULL;
    for (uint32_t i = 0; i < cfg->settings.n; i++) {
        const struct dml_cfg_setting *s = &cfg->settings.v[i];
        if (!s->adds && !size)
            continue;
        if (!size)
            size = dml_new_n(scratch, uint64_t, cfg->entries.n);
        if (!size)
            return 1;
        uint64_t before = size[s->entry];
        if (!before && s->adds && s->prev != DML_CFG_NONE)
            before = cfg->settings.v[s->prev].value.n;
        size[s->entry] = s->adds ? before + s->value.n : s->value.n;
        if (s->adds)
            cost += before + i - (s->prev == DML_CFG_NONE ? 0 : s->prev);
    }
    for (uint32_t i = cfg->errors.n; i && !cost; i--) {
        struct dml_span s = cfg->errors.v[i - 1].span;
        if (cfg->errors.v[i - 1].class != DML_CFG_E_COMMENT_NO_NEWLINE)
            continue;
        for (uint32_t k = 0; k < s.len; k++)
            cost += cfg->text.p[s.off + k] == '#' ? s.len - k : 0;
        break;
    }
    return cost > PARSE_BUDGET;
}

static _Bool differs(struct dml_xlu_diff *diff, enum dml_xlu_what what, struct dml_span span)
{
    *diff = (struct dml_xlu_diff){what, span};
    return 1;
}

static _Bool text_differs(const struct dml_cfg_value *v, const char *theirs)
{
    return strlen(theirs) != v->n || memcmp(theirs, v->u.text, v->n) != 0;
}

static _Bool value_differs(const struct dml_cfg_value *ours, XLU_Config *x, XLU_ConfigValue *theirs,
                           struct dml_xlu_diff *diff);

static _Bool list_differs(const struct dml_cfg_value *ours, XLU_Config *x, XLU_ConfigList *theirs,
                          struct dml_xlu_diff *diff)
{
    for (uint32_t i = 0; i < ours->n; i++) {
        XLU_ConfigValue *item = xlu_cfg_get_listitem2(theirs, (int)i);
        if (!item)
            return differs(diff, DML_XLU_LENGTH, ours->span);
        if (value_differs(&ours->u.items[i], x, item, diff))
            return 1;
    }
    return xlu_cfg_get_listitem2(theirs, (int)ours->n) ? differs(diff, DML_XLU_LENGTH, ours->span) : 0;
}

/* Recursion ends where libxlutil's parser does, 5000 levels deep. */
static _Bool value_differs(const struct dml_cfg_value *ours, XLU_Config *x, XLU_ConfigValue *theirs,
                           struct dml_xlu_diff *diff)
{
    XLU_ConfigList *list;
    char *text;
    if ((xlu_cfg_value_type(theirs) == XLU_LIST) != dml_cfg_is_list(ours))
        return differs(diff, DML_XLU_KIND, ours->span);
    if (dml_cfg_is_list(ours))
        return xlu_cfg_value_get_list(x, theirs, &list, 1) ? differs(diff, DML_XLU_KIND, ours->span)
                                                           : list_differs(ours, x, list, diff);
    if (xlu_cfg_value_get_string(x, theirs, &text, 1))
        return differs(diff, DML_XLU_KIND, ours->span);
    return text_differs(ours, text) ? differs(diff, DML_XLU_TEXT, ours->span) : 0;
}

static _Bool may_be_number(struct dml_sv text)
{
    return text.len &&
           (text.p[0] <= ' ' || (text.p[0] >= '0' && text.p[0] <= '9') || text.p[0] == '-' || text.p[0] == '+');
}

static _Bool entry_differs(const struct dml_cfg *cfg, const struct dml_cfg_entry *e, XLU_Config *x,
                           struct dml_xlu_diff *diff)
{
    char name[256];
    struct dml_span span = dml_cfg_entry_value(cfg, e);
    const char *text;
    XLU_ConfigList *list;
    int n;
    if (e->name.len >= sizeof name)
        return 0;
    memcpy(name, e->name.p, e->name.len);
    name[e->name.len] = '\0';
    if (dml_cfg_is_list(&e->value)) {
        if (xlu_cfg_get_list(x, name, &list, &n, 1))
            return differs(diff, DML_XLU_KIND, span);
        if ((uint32_t)n != e->value.n)
            return differs(diff, DML_XLU_LENGTH, span);
        return list_differs(&e->value, x, list, diff);
    }
    if (xlu_cfg_get_string(x, name, &text, 1))
        return differs(diff, DML_XLU_KIND, span);
    if (text_differs(&e->value, text))
        return differs(diff, DML_XLU_TEXT, span);
    uint64_t plain;
    struct dml_sv digits = dml_cfg_text(&e->value);
    /* Of the same few plain digits the two cannot make different numbers. */
    if (!may_be_number(digits) ||
        (!e->added && (digits.p[0] != '0' || digits.len == 1) && dml_num_decimal(digits, INT32_MAX, &plain)))
        return 0;
    long theirs = 0;
    int64_t ours = 0;
    int r = xlu_cfg_get_long(x, name, &theirs, 1);
    enum dml_cfg_num rc = dml_cfg_long(e, INT64_MIN, INT64_MAX, &ours);
    _Bool same = r == 0 ? rc == DML_CFG_NUM_OK && ours == theirs : (r == ERANGE) == (rc == DML_CFG_NUM_RANGE) && rc;
    return same ? 0 : differs(diff, DML_XLU_NUMBER, span);
}

int dml_xlu_compare(struct dml_xlu *xlu, const struct dml_cfg *cfg, struct dml_arena *scratch,
                    struct dml_xlu_diff *diff, struct dml_err *err)
{
    struct dml_cfg again;
    *diff = (struct dml_xlu_diff){DML_XLU_SAME, DML_NO_SPAN};
    if (cfg->text.len > INT_MAX - 2 || has_nul(cfg->text)) {
        diff->what = DML_XLU_SKIPPED;
        return 0;
    }
    if (cfg->xen < DML_V(4, 13, 0)) {
        _Bool adds = 0;
        for (uint32_t i = 0; i < cfg->errors.n && !adds; i++)
            adds = cfg->errors.v[i].class == DML_CFG_E_PLUS_EQUALS;
        if (adds) {
            int rc = dml_cfg_parse(&again, scratch, cfg->text, xlu->release, err);
            if (rc)
                return rc;
            cfg = &again;
        }
    }
    if (too_costly(cfg, scratch)) {
        diff->what = DML_XLU_SKIPPED;
        return 0;
    }
    XLU_Config *x = xlu_cfg_init(xlu->report, "-");
    if (!x)
        return dml_err_nomem(err);
    int r = xlu_cfg_readdata(x, cfg->text.p, (int)cfg->text.len);
    if (r == ENOMEM) {
        xlu_cfg_destroy(x);
        return dml_err_nomem(err);
    }
    if (!r && cfg->errors.n) {
        differs(diff, DML_XLU_ACCEPTS, cfg->errors.v[0].span);
    } else if (r && !cfg->errors.n) {
        differs(diff, DML_XLU_REJECTS, DML_NO_SPAN);
    } else if (!r) {
        uint64_t work = (uint64_t)cfg->entries.n * cfg->settings.n;
        uint32_t step = (uint32_t)(work / LOOKUP_BUDGET) + 1;
        for (uint32_t i = 0; i < cfg->entries.n; i += step)
            if (entry_differs(cfg, &cfg->entries.v[i], x, diff))
                break;
    }
    xlu_cfg_destroy(x);
    return 0;
}
