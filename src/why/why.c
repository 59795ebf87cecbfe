/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of logs, looked up in the tables of messages. */
#include "why/why.h"

#include <string.h>

#include "base/err.h"

enum { CAPTURES = 6, LONGEST_LINE = 8192 };
enum row_kind { CAUSE, STEP, NOISE };
enum refusal {
#define DMA_REFUSAL(id, name, advice) REFUSAL_##id,
#include "dmargv/dma_refusals.def"
#undef DMA_REFUSAL
};
static const char *const advice[] = {
#define DMA_REFUSAL(id, name, what_to_do) what_to_do,
#include "dmargv/dma_refusals.def"
#undef DMA_REFUSAL
};

static const struct row {
    uint8_t kind; /* enum row_kind */
    uint8_t refusal;
    const char *pattern, *key, *releases, *what, *todo;
} rows[] =
    {
#define WHY(kind, pattern, refusal, key, releases, what, todo)                                                         \
    {kind, REFUSAL_##refusal, pattern, key, releases, what, todo},
#include "why/messages.def"
#undef WHY
},
  qemu_rows[] = {
#define QEMU_WHY(kind, pattern, key, releases, what, todo) {kind, REFUSAL_NONE, pattern, key, releases, what, todo},
#include "why/qemu_messages.def"
#undef QEMU_WHY
};

/* A line without what stands before its message. */
struct line {
    struct dml_sv message, argument;
    _Bool qemu, error, quiet; /* error: said to be one; quiet: of a level below warning */
    const struct row *row;
    struct dml_sv captures[CAPTURES];
};

/* Text against a pattern in which * stands for anything: the leftmost place of each part will do. */
static _Bool matches(const char *pattern, struct dml_sv text, struct dml_sv captures[CAPTURES])
{
    for (unsigned n = 0;;) {
        size_t part = strcspn(pattern, "*");
        const char *at = text.p;
        if (n) {
            if (!pattern[part]) /* the last part ends the text */
                at = part <= text.len ? text.p + text.len - part : NULL;
            else
                at = part ? memmem(text.p, text.len, pattern, part) : text.p;
        }
        if (!at || (size_t)(text.p + text.len - at) < part || memcmp(at, pattern, part) != 0)
            return 0;
        if (n && n <= CAPTURES)
            captures[n - 1] = (struct dml_sv){text.p, (size_t)(at - text.p)};
        text.len -= (size_t)(at - text.p) + part;
        text.p = at + part;
        pattern += part;
        if (!*pattern)
            return !text.len;
        pattern++;
        n++;
    }
}

static const struct row *find(const struct row *table, size_t n, struct dml_sv text, struct dml_sv captures[CAPTURES])
{
    for (size_t i = 0; i < n; i++) {
        memset(captures, 0, CAPTURES * sizeof *captures);
        if (matches(table[i].pattern, text, captures))
            return &table[i];
    }
    return NULL;
}

static struct dml_sv behind(struct dml_sv s, size_t n)
{
    return (struct dml_sv){s.p + n, s.len - n};
}

/* The length of a beginning that ends with `mark` and has no blank in it; 0 where there is none. */
static size_t prefix(struct dml_sv s, const char *mark)
{
    const char *at = s.len ? memmem(s.p, s.len, mark, strlen(mark)) : NULL;
    size_t n = at ? (size_t)(at - s.p) : 0;
    return n && !memchr(s.p, ' ', n) && !memchr(s.p, '`', n) ? n + strlen(mark) : 0;
}

/* "libxl: error: libxl_dm.c:240:libxl__...: Domain 7:", "xc: error: ", "xl: " */
static void without_source(struct line *l)
{
    static const struct {
        const char *word;
        _Bool error, quiet;
    } levels[] = {{"critical: ", 1, 0}, {"error: ", 1, 0},  {"warning: ", 0, 0}, {"notice: ", 0, 1}, {"info: ", 0, 1},
                  {"progress: ", 0, 1}, {"detail: ", 0, 1}, {"verbose: ", 0, 1}, {"debug: ", 0, 1}};
    static const char *const programs[] = {
        "libxl: ", "xl: ", "xc: ", "libxl-save-helper: ", "xencall: ", "xenstore: ", "domainbuilder: "};
    struct dml_sv *s = &l->message;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (dml_sv_starts(*s, dml_sv_of(programs[i]))) {
            *s = behind(*s, strlen(programs[i]));
            break;
        }
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (dml_sv_starts(*s, dml_sv_of(levels[i].word))) {
            *s = behind(*s, strlen(levels[i].word));
            l->error = levels[i].error;
            l->quiet = levels[i].quiet;
            break;
        }
    size_t n = prefix(*s, ": ");
    if (n && memmem(s->p, n, ".c:", 3))
        *s = behind(*s, n);
    n = dml_sv_starts(*s, DML_SV("Domain ")) ? 7 : 0;
    while (n && n < s->len && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    if (n > 7 && n < s->len && s->p[n] == ':')
        *s = behind(*s, n + 1);
}

/* "qemu-system-i386: -device foo,x=1: message": the argument may have colons of its own. */
static void read_qemu(struct line *l, size_t program)
{
    struct dml_sv all = behind(l->message, program);
    l->qemu = l->error = 1;
    l->message = all;
    l->row = find(qemu_rows, sizeof qemu_rows / sizeof qemu_rows[0], all, l->captures);
    for (size_t i = 0; all.len && *all.p == '-' && i + 1 < all.len; i++) {
        if (all.p[i] != ':' || all.p[i + 1] != ' ')
            continue;
        struct dml_sv captures[CAPTURES], rest = behind(all, i + 2);
        const struct row *row = find(qemu_rows, sizeof qemu_rows / sizeof qemu_rows[0], rest, captures);
        if (!row && l->argument.len)
            continue;
        l->argument = (struct dml_sv){all.p, i};
        l->message = rest;
        l->row = row;
        memcpy(l->captures, captures, sizeof captures);
        if (row)
            return;
    }
}

static void read_line(struct line *l, struct dml_sv text)
{
    *l = (struct line){.message = dml_sv_trim(dml_sv_cut(text, LONGEST_LINE))};
    size_t program = prefix(l->message, ": ");
    struct dml_sv name = {l->message.p, program};
    if (program && memmem(name.p, name.len, "qemu", 4) && !memmem(name.p, name.len, ".c:", 3)) {
        read_qemu(l, program);
        return;
    }
    l->row = find(qemu_rows, sizeof qemu_rows / sizeof qemu_rows[0], l->message, l->captures);
    if (l->row && l->row->kind == NOISE) /* QEMU says that without its name */
        return;
    without_source(l);
    l->row = find(rows, sizeof rows / sizeof rows[0], l->message, l->captures);
}

/* Puts in what %1, %2 ... stand for. NULL when out of memory. */
static const char *expand(const char *form, const struct line *l, struct dml_arena *a)
{
    enum { LONGEST = 120 };
    const char *out = "";
    for (const char *mark; out && (mark = strchr(form, '%')); form = mark + 2) {
        unsigned n = (unsigned)(mark[1] - '1');
        struct dml_sv s = n < CAPTURES ? dml_sv_cut(l->captures[n], LONGEST) : DML_SV("");
        out = dml_arena_printf(a, "%s%.*s%.*s", out, (int)(mark - form), form, (int)s.len, s.len ? s.p : "");
    }
    return out ? dml_arena_printf(a, "%s%s", out, form) : NULL;
}

/* libxl_error in libxl_types.idl */
static const char *code_words(const struct line *l)
{
    static const struct {
        const char *code, *words;
    } codes[] = {{"-3", "-3, it failed; the lines before say why"},
                 {"-5", "-5, no memory"},
                 {"-6", "-6, an invalid value"},
                 {"-8", "-8, the guest did not answer in time"},
                 {"-9", "-9, something did not get done in time"},
                 {"-11", "-11, not ready"}};
    for (unsigned i = 0; i < CAPTURES; i++)
        for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++)
            if (dml_sv_is(l->captures[i], codes[k].code))
                return codes[k].words;
    return "";
}

static void take(struct dml_why *w, enum dml_why_kind kind, const struct line *l, uint32_t number, struct dml_arena *a)
{
    const struct row *r = l->row;
    w->kind = kind;
    w->line = number;
    w->qemu = l->qemu;
    w->message = l->message;
    w->argument = l->argument;
    if (kind != DML_WHY_CAUSE)
        return;
    w->about = l->captures[0];
    w->key = expand(r->key, l, a);
    w->releases = r->releases;
    w->what = expand(r->what, l, a);
    w->todo = r->refusal ? advice[r->refusal] : expand(r->todo, l, a);
}

int dml_why_read(struct dml_why *out, struct dml_sv log, struct dml_arena *a)
{
    *out = (struct dml_why){.key = "", .releases = "", .what = "", .todo = "", .step = "", .step_todo = "", .code = ""};
    for (uint32_t number = 1; log.len; number++) {
        const char *nl = memchr(log.p, '\n', log.len);
        size_t n = nl ? (size_t)(nl - log.p) : log.len;
        struct line l;
        read_line(&l, (struct dml_sv){log.p, n});
        log = behind(log, n + (nl != NULL));
        if (!l.message.len || (l.row && l.row->kind == NOISE) || (!l.row && l.quiet))
            continue;
        if (l.row && l.row->kind == STEP) { /* the first one is the innermost */
            if (!*out->step) {
                out->step = expand(l.row->what, &l, a);
                out->step_todo = l.row->todo;
                out->key = *out->key ? out->key : expand(l.row->key, &l, a);
            }
            out->code = *out->code ? out->code : code_words(&l);
            if (out->kind < DML_WHY_STEP)
                take(out, DML_WHY_STEP, &l, number, a);
        } else if (l.row && out->kind < DML_WHY_CAUSE) {
            take(out, DML_WHY_CAUSE, &l, number, a);
        } else if (!l.row && out->kind < (l.error ? DML_WHY_UNKNOWN : DML_WHY_STEP)) {
            take(out, DML_WHY_UNKNOWN, &l, number, a); /* without a level: what xl itself says, or a script */
        }
        if (a->failed)
            return DML_ENOMEM;
    }
    return a->failed ? DML_ENOMEM : 0;
}
