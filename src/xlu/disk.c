/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disk strings: xlu_disk_parse for what all releases read alike, disk_words.def for what came later. */
#include <errno.h>

#include <libxlutil.h>

#include "xlu/xlu.h"
#include "xlu/xlu_i.h"

enum kind { NONE, FLAG, VALUE };

/* A view that may stand in a table. */
#define SV(literal)                                                                                                    \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }

static const struct word {
    struct dml_sv text;
    dml_version since;
    enum kind kind;
} words[] = {
#define WORD(text, since, kind) {SV(text), since, kind},
#include "xlu/disk_words.def"
#undef WORD
};

/*
 * libxlutil's scanner keeps a state for each byte that it looks at in a buffer of 16386 (YY_STATE_BUF_SIZE), and writes
 * on behind it: xl corrupts its heap on a longer text. And it looks to the end of the text at every prefix such as
 * raw:; nobody writes more than two.
 */
enum { LONGEST = 16000, MAX_PREFIXES = 16 };

/* A byte that stands for the first letter of a word that the target release does not know. */
enum { MASK = '\1' };

/* Where the scanner is, as far as it decides what a positional value means. */
struct scan {
    struct dml_arena *arena;
    struct dml_xlu_parts *parts;
    struct dml_sv rest;
    _Bool target, empty_target, format, vdev, access;
    unsigned prefixes; /* such as raw: or phy: */
    _Bool no_memory;
};

static void part(struct scan *s, const char *name, struct dml_sv value, struct dml_sv whole)
{
    struct dml_xlu_part *p = dml_vec_add(s->arena, &s->parts->part);
    if (p)
        *p = (struct dml_xlu_part){name, value, whole};
    else
        s->no_memory = 1;
}

static struct dml_sv until_comma(struct dml_sv s)
{
    const char *comma = memchr(s.p, ',', s.len);
    return (struct dml_sv){s.p, comma ? (size_t)(comma - s.p) : s.len};
}

static void advance(struct scan *s, size_t n)
{
    if (n < s->rest.len && s->rest.p[n] == ',')
        n++;
    s->rest = (struct dml_sv){s->rest.p + n, s->rest.len - n};
}

/* "hdc:cdrom": a device name with its type. */
static _Bool vdev_with_type(struct scan *s, struct dml_sv value)
{
    const char *colon = memrchr(value.p, ':', value.len);
    if (!colon)
        return 0;
    part(s, "vdev", (struct dml_sv){value.p, (size_t)(colon - value.p)}, value);
    part(s, "devtype", (struct dml_sv){colon + 1, value.len - (size_t)(colon - value.p) - 1}, value);
    s->vdev = 1;
    return 1;
}

static void positional(struct scan *s, struct dml_sv value)
{
    if (!s->target) {
        part(s, "target", value, value);
        s->target = 1;
        s->empty_target = !value.len;
    } else if (!s->prefixes && !s->format) {
        if (!s->empty_target || !vdev_with_type(s, value))
            part(s, "format", value, value);
        s->format = 1;
    } else if (!s->vdev) {
        if (!vdev_with_type(s, value))
            part(s, "vdev", value, value);
        s->vdev = 1;
    } else {
        part(s, "access", value, value);
        s->access = 1;
    }
}

/* raw:, phy: and their like at the begin of a value. Returns the length with the colon, 0 if there is none. */
static size_t old_prefix(struct dml_sv s)
{
    static const struct dml_sv prefixes[] = {SV("raw:"),  SV("qcow:"), SV("qcow2:"), SV("vhd:"),     SV("iscsi:"),
                                             SV("nbd:"),  SV("enbd:"), SV("drbd:"),  SV("tapdisk:"), SV("tap:"),
                                             SV("tap2:"), SV("aio:"),  SV("ioemu:"), SV("file:"),    SV("phy:")};
    if (!s.len || !memchr(s.p, ':', s.len < 9 ? s.len : 9))
        return 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (dml_sv_starts(s, prefixes[i]))
            return prefixes[i].len;
    return 0;
}

/* Names that take a value: any value up to the next comma, but for the last one. */
static const struct dml_sv values[] = {SV("format"),      SV("devtype"),       SV("access"),      SV("backend"),
                                       SV("backendtype"), SV("specification"), SV("vdev"),        SV("script"),
                                       SV("colo-host"),   SV("colo-port"),     SV("colo-export"), SV("active-disk"),
                                       SV("hidden-disk"), SV("grant_usage")};
enum { ANY_VALUE = sizeof values / sizeof *values - 1 };

/*
 * libxlutil's scanner finds no rule, and ends the process, where a `=` that belongs to no name stands before a newline.
 * grant_usage is a name only together with its 0 or 1. xl ends there too; we must not.
 */
static _Bool ends_scanner(struct dml_sv spec)
{
    const char *from = spec.p, *end = spec.p + spec.len;
    for (const char *c = spec.p; c + 1 < end; c++) {
        if (*c == ',')
            from = c + 1;
        if (c[0] != '=' || c[1] != '\n')
            continue;
        while (from < c && (*from == ' ' || *from == '\t' || *from == '\n'))
            from++;
        _Bool known = dml_sv_is((struct dml_sv){from, (size_t)(c - from)}, "target");
        for (size_t i = 0; i < ANY_VALUE && !known; i++)
            known = dml_sv_eq((struct dml_sv){from, (size_t)(c - from)}, values[i]);
        if (!known)
            return 1;
    }
    return 0;
}

/* Takes the next token off s->rest. Returns the text it covers, its comma included. */
static struct dml_sv token(struct scan *s)
{
    static const struct dml_sv flags[] = {SV("cdrom"), SV("direct-io-safe"), SV("discard"), SV("no-discard"),
                                          SV("colo"),  SV("no-colo"),        SV("trusted"), SV("untrusted")};
    const char *from = s->rest.p;
    struct dml_sv all = s->rest, whole = until_comma(s->rest);
    const char *eq = memchr(whole.p, '=', whole.len);
    size_t n = 0;
    if (*from == ' ' || *from == '\t' || *from == '\n') {
        while (n < all.len && (from[n] == ' ' || from[n] == '\t' || from[n] == '\n'))
            n++;
        s->rest = (struct dml_sv){from + n, all.len - n};
    } else if (dml_sv_starts(all, DML_SV("target="))) {
        struct dml_sv value = {from + 7, all.len - 7 - (from[all.len - 1] == ',')};
        part(s, "target", value, all);
        s->rest = (struct dml_sv){from + all.len, 0};
    } else if ((n = old_prefix(all)) != 0) {
        if (from[0] != 't' && (from[0] == 'r' || from[0] == 'q' || from[0] == 'v')) {
            part(s, "format", (struct dml_sv){from, n - 1}, (struct dml_sv){from, n});
            s->format = 1;
        }
        s->prefixes++;
        s->rest = (struct dml_sv){from + n, all.len - n};
    } else if (dml_sv_starts(all, DML_SV("grant_usage=0")) || dml_sv_starts(all, DML_SV("grant_usage=1"))) {
        whole.len = sizeof "grant_usage=1" - 1; /* whatever follows is a token of its own */
        part(s, "grant_usage", (struct dml_sv){from + whole.len - 1, 1}, whole);
        advance(s, whole.len);
    } else if (eq) {
        struct dml_sv name = {from, (size_t)(eq - from)}, value = {eq + 1, whole.len - (size_t)(eq - from) - 1};
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            if (dml_sv_eq(name, values[i])) {
                part(s, values[i].p, value, whole);
                s->vdev |= i == 6;
                s->format |= i == 0;
            }
        advance(s, whole.len);
    } else {
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (dml_sv_eq(whole, flags[i])) {
                part(s, flags[i].p, whole, whole);
                n = 1;
            }
        if (!n)
            positional(s, whole);
        advance(s, whole.len);
    }
    return (struct dml_sv){from, (size_t)(s->rest.p - from)};
}

static const struct word *find_word(struct dml_sv t)
{
    struct dml_sv whole = until_comma(t);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (*t.p == *words[i].text.p && /* mostly it differs */
            (words[i].kind == FLAG ? dml_sv_eq(whole, words[i].text) : dml_sv_starts(whole, words[i].text)))
            return &words[i];
    return NULL;
}

/* A word that the target knows. NULL, or why it is refused. */
static const char *apply(struct dma_disk *d, struct dml_sv t)
{
    struct dml_sv whole = until_comma(t);
    if (dml_sv_starts(whole, DML_SV("specification="))) {
        struct dml_sv value = {whole.p + 14, whole.len - 14};
        enum dma_disk_specification now = dml_sv_is(value, "xen")      ? DMA_SPECIFICATION_XEN
                                          : dml_sv_is(value, "virtio") ? DMA_SPECIFICATION_VIRTIO
                                                                       : DMA_SPECIFICATION_UNSET;
        if (now == DMA_SPECIFICATION_UNSET)
            return "specification must be xen or virtio";
        if (d->specification != DMA_SPECIFICATION_UNSET && d->specification != now)
            return "specification is given twice, with different values";
        d->specification = now;
    } else if (*whole.p == 'b') {
        if (!dml_sv_is(whole, "backendtype=standalone"))
            return "backendtype must be phy, tap, qdisk or standalone";
        d->backend = DMA_BACKEND_STANDALONE;
    } else if (*whole.p == 'g') {
        d->grant_usage = whole.p[12] == '1' ? DMA_YES : DMA_NO;
    } else {
        d->trusted = *whole.p == 't' ? DMA_YES : DMA_NO;
    }
    return NULL;
}

/* libxlutil's words, as of any release, in ours; with the value that it quotes, where ours end in "not". */
static const char *explain(struct dml_xlu *xlu, struct dml_arena *a)
{
    static const struct {
        const char *theirs, *ours;
    } reasons[] = {
        {"unknown value for type", "devtype must be disk or cdrom"},
        {"unknown value for access", "access must be r, ro, w or rw, not"},
        {"unknown value for format", "the format must be raw, qcow, qcow2, vhd, qed or empty"},
        {"unknown value for backendtype", "backendtype must be phy, tap or qdisk (standalone from 4.17 on)"},
        {"unknown value for colo", "colo-port must be a number"},
        {"respecified", "something is given twice, with different values"},
        {"unknown parameter", "it has an option that xl of this release does not know"},
        {"unknown deprecated disk prefix", "xl does not know the word before the colon; give the path with target="},
        {"too many positional", "too many values without a name; the fourth and last one is the access"},
        {"bad disk syntax", "it has an option that xl of this release does not know"},
        {"no vdev specified", "it has no vdev, the name of the disk in the guest"},
        {"no target specified", "it has no target, and is no cdrom"},
    };
    fflush(xlu->report);
    xlu->said[xlu->said_len] = '\0';
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const char *ours = reasons[i].ours;
        if (!strstr(xlu->said, reasons[i].theirs))
            continue;
        if (strcmp(ours + strlen(ours) - 4, " not") != 0)
            return ours;
        const char *quoted = strstr(xlu->said, ": near `"), *end = quoted ? strchr(quoted += 8, '\'') : NULL;
        char text[120];
        int n = end ? snprintf(text, sizeof text, "%s \"%.*s\"", ours,
                               DML_SV_ARG(dml_sv_cut((struct dml_sv){quoted, (size_t)(end - quoted)}, 40)))
                    : snprintf(text, sizeof text, "%.*s", (int)strlen(ours) - 5, ours);
        const char *copy = dml_arena_strndup(a, text, (size_t)n);
        return copy ? copy : ours;
    }
    return "xl cannot read it";
}

static char *copy(struct scan *s, const char *text)
{
    if (!text)
        return NULL;
    char *p = dml_arena_strdup(s->arena, text);
    if (!p)
        s->no_memory = 1;
    else if (*p == MASK)
        *p = p[1] == 'n' ? 'u' : p[1] == 'p' ? 's' : 't'; /* "untrusted", "specification", "trusted" */
    return p;
}

static enum dma_bool from_defbool(libxl_defbool b)
{
    return libxl_defbool_is_default(b) ? DMA_UNSET : libxl_defbool_val(b) ? DMA_YES : DMA_NO;
}

static void fill(struct scan *s, const libxl_device_disk *x, struct dma_disk *d)
{
    static const uint8_t formats[] = {
        [LIBXL_DISK_FORMAT_QCOW] = DMA_FORMAT_QCOW,   [LIBXL_DISK_FORMAT_QCOW2] = DMA_FORMAT_QCOW2,
        [LIBXL_DISK_FORMAT_VHD] = DMA_FORMAT_VHD,     [LIBXL_DISK_FORMAT_RAW] = DMA_FORMAT_RAW,
        [LIBXL_DISK_FORMAT_EMPTY] = DMA_FORMAT_EMPTY, [LIBXL_DISK_FORMAT_QED] = DMA_FORMAT_QED,
    };
    d->pdev_path = copy(s, x->pdev_path);
    d->vdev = copy(s, x->vdev);
    d->backend_domname = copy(s, x->backend_domname);
    d->script = copy(s, x->script);
    d->colo_host = copy(s, x->colo_host);
    d->colo_export = copy(s, x->colo_export);
    d->active_disk = copy(s, x->active_disk);
    d->hidden_disk = copy(s, x->hidden_disk);
    d->colo_port = x->colo_port;
    if (d->backend == DMA_BACKEND_UNSET)
        d->backend = x->backend == LIBXL_DISK_BACKEND_PHY     ? DMA_BACKEND_PHY
                     : x->backend == LIBXL_DISK_BACKEND_TAP   ? DMA_BACKEND_TAP
                     : x->backend == LIBXL_DISK_BACKEND_QDISK ? DMA_BACKEND_QDISK
                                                              : DMA_BACKEND_UNSET;
    d->format = (unsigned)x->format < sizeof formats ? formats[x->format] : DMA_FORMAT_UNSET;
    d->removable = x->removable;
    d->readwrite = x->readwrite;
    d->is_cdrom = x->is_cdrom;
    d->direct_io_safe = x->direct_io_safe;
    d->discard = from_defbool(x->discard_enable);
    d->colo_enable = from_defbool(x->colo_enable);
    d->colo_restore_enable = from_defbool(x->colo_restore_enable);
}

int dml_xlu_disk(struct dml_xlu *xlu, struct dml_arena *a, struct dml_sv spec, dml_version xen, struct dma_disk *disk,
                 struct dml_xlu_parts *parts, const char **reason, struct dml_err *err)
{
    struct scan s = {.arena = a, .parts = parts};
    libxl_device_disk x;
    *disk = (struct dma_disk){0};
    *reason = NULL;
    parts->part.n = 0;
    const char *nul = spec.len ? memchr(spec.p, '\0', spec.len) : NULL;
    if (nul)
        spec.len = (size_t)(nul - spec.p);
    if (spec.len > LONGEST) {
        *reason = "it is longer than xl can bear";
        return 0;
    }
    char *common = dml_arena_alloc(a, spec.len + 1, 1), *out = common;
    if (!common)
        return dml_err_nomem(err);
    for (s.rest = spec; s.rest.len;) {
        const struct word *w = find_word(s.rest);
        struct dml_sv t = token(&s);
        if (w && xen >= w->since) {
            const char *wrong = apply(disk, t);
            *reason = *reason ? *reason : wrong;
            continue;
        }
        if (*t.p == ' ' || *t.p == '\t' || *t.p == '\n')
            continue; /* it means nothing, but libxlutil looks to the end of the text at each */
        /* A `=` that ends the text is lost, so that even of a value only a positional one is left. */
        _Bool last = w && w->kind == VALUE && !s.rest.len && dml_sv_eq(t, w->text) && t.p[t.len - 1] == '=';
        if (w && w->kind == VALUE && !last)
            *reason = *reason ? *reason : "it has an option that xl of this release does not know";
        memcpy(out, t.p, t.len);
        if (w && (w->kind == FLAG || last))
            *out = MASK;
        out += t.len;
    }
    *out = '\0';
    if (s.no_memory)
        return dml_err_nomem(err);
    if (s.prefixes > MAX_PREFIXES)
        *reason = "it has far too many prefixes";
    if (!*reason && ends_scanner((struct dml_sv){common, (size_t)(out - common)}))
        *reason = "there is a `=` without a name before a line end";
    if (*reason)
        return 0;
    fflush(xlu->report);
    xlu->said_len = 0;
    libxl_device_disk_init(&x);
    const char *specs = common;
    int r = xlu_disk_parse(xlu->plain, 1, &specs, &x);
    if (r == 0) {
        if (disk->backend != DMA_BACKEND_UNSET && x.backend != LIBXL_DISK_BACKEND_UNKNOWN)
            *reason = "backendtype is given twice, with different values";
        fill(&s, &x, disk);
    } else if (r == EINVAL) {
        *reason = explain(xlu, s.arena);
    }
    libxl_device_disk_dispose(&x);
    if (s.no_memory || r == ENOMEM)
        return dml_err_nomem(err);
    return r && r != EINVAL ? dml_err_set(err, DML_EINTERNAL, "xlu_disk_parse: error %d", r) : 0;
}
