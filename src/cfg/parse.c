/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser: one pass, no recursion, arena only. It decides accept or reject; diagnose.c finds the words. */
#include "cfg/parse.h"

/*
 * Depth at which the bison parser in libxlutil gives up (YYMAXDEPTH): the grammar symbols it has on its stack. Heights
 * below are counted as it counts, so that deep nesting is accepted and rejected at the same place.
 */
enum { PARSER_STACK = 10000, FIRST_LIST_HEIGHT = 5 };

enum { KEY1 = 1, KEYN = 2, DIGIT = 4, NUMBER = 8, BLANK = 16, ALONE = 32, STRING_STOP = 64 };

enum { L = KEY1 | KEYN | ALONE, H = L | NUMBER, N = KEYN | DIGIT | NUMBER | ALONE };

/* ALONE: bytes that are tokens by themselves; any other byte is dropped in silence if it is the very last. */
/* clang-format off */
static const uint8_t class_of[256] = {
    ['\0'] = STRING_STOP,
    ['\n'] = ALONE | STRING_STOP,
    ['\\'] = STRING_STOP,
    ['\''] = STRING_STOP,
    ['"'] = STRING_STOP,
    [' '] = BLANK | ALONE,
    ['\t'] = BLANK | ALONE,
    [','] = ALONE,
    ['['] = ALONE,
    [']'] = ALONE,
    ['='] = ALONE,
    [';'] = ALONE,
    ['.'] = KEYN,
    ['_'] = KEYN,
    /* 0-9, a-f, g-w, x, y, z: designators are followed by their neighbours. */
    ['0'] = N, N, N, N, N, N, N, N, N, N,
    ['a'] = H, H, H, H, H, H,
    ['g'] = L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, H, L, L,
};
/* clang-format on */

struct frame {
    uint32_t open;   /* offset of `[` */
    uint32_t first;  /* its first element in scratch */
    uint32_t height; /* of bison's stack with this `[` on it */
};

struct parser {
    struct dml_cfg *cfg;
    struct dml_arena *arena;
    const char *begin, *cur, *end;
    const char *statement; /* its first byte that is not blank */
    const char *key_end;
    DML_VEC(struct dml_cfg_value) scratch; /* elements of lists that are still open */
    DML_VEC(struct frame) frames;
    uint32_t crlf;         /* index of the error that counts CR LF, or DML_CFG_NONE */
    uint32_t python_until; /* offset up to which the last error, Python, reaches; or DML_CFG_NONE */
    _Bool no_memory;
};

static inline uint8_t class_at(const char *c)
{
    return class_of[(unsigned char)*c];
}

static uint32_t off(const struct parser *p, const char *c)
{
    return (uint32_t)(c - p->begin);
}

static struct dml_span span(const struct parser *p, const char *from, const char *to)
{
    return (struct dml_span){off(p, from), (uint32_t)(to - from)};
}

static uint32_t add_error(struct parser *p, enum dml_cfg_error_class class, struct dml_span where)
{
    struct dml_cfg_error *e = dml_vec_add(p->arena, &p->cfg->errors);
    if (!e) {
        p->no_memory = 1;
        return DML_CFG_NONE;
    }
    /* Errors come in order but for those that point back to the start of their own statement. */
    struct dml_cfg_error *first = p->cfg->errors.v;
    while (e > first && e[-1].span.off > where.off) {
        *e = e[-1];
        e--;
        if (p->crlf == (uint32_t)(e - first))
            p->crlf++;
    }
    *e = (struct dml_cfg_error){(uint8_t) class, where, 1};
    return (uint32_t)(e - first);
}

static void add_item(struct parser *p, enum dml_cfg_item_kind kind, const char *from, uint32_t setting)
{
    struct dml_cfg_item *item = dml_vec_add(p->arena, &p->cfg->items);
    if (item)
        *item = (struct dml_cfg_item){(uint8_t)kind, span(p, from, p->cur), setting};
    else
        p->no_memory = 1;
}

static inline void skip_blanks(struct parser *p)
{
    while (p->cur < p->end && class_at(p->cur) & BLANK)
        p->cur++;
}

/*
 * No token is left. flex begins an error token at a byte that fits nothing and reports it with what follows; where
 * nothing follows, it is lost, and "a=1-" is accepted.
 */
static inline _Bool at_end(const struct parser *p)
{
    return p->cur == p->end || (p->cur + 1 == p->end && !(class_at(p->cur) & ALONE));
}

static void comment(struct parser *p)
{
    const char *nl = memchr(p->cur, '\n', (size_t)(p->end - p->cur));
    const char *to = nl ? nl : p->end;
    if (!nl)
        add_error(p, DML_CFG_E_COMMENT_NO_NEWLINE, span(p, p->cur, to));
    if (to[-1] == '\r')
        to--;
    struct dml_cfg_comment *c = dml_vec_add(p->arena, &p->cfg->comments);
    if (c)
        *c = (struct dml_cfg_comment){span(p, p->cur, to), p->cfg->items.n};
    else
        p->no_memory = 1;
    p->cur = nl ? nl + 1 : p->end;
}

static inline _Bool at_crlf(const struct parser *p)
{
    return *p->cur == '\r' && p->cur + 1 < p->end && p->cur[1] == '\n';
}

/* One error for the whole file, which counts: a file with one such line end mostly has a thousand. */
static void crlf(struct parser *p)
{
    if (p->crlf == DML_CFG_NONE)
        p->crlf = add_error(p, DML_CFG_E_CRLF, span(p, p->cur, p->cur + 2));
    else
        p->cfg->errors.v[p->crlf].count++;
    p->cur += 2;
}

/* Blanks, line ends and comments, as lists may hold; tells whether there was a line end. */
static _Bool skip_lines(struct parser *p)
{
    _Bool lines = 0;
    for (;;) {
        skip_blanks(p);
        if (at_end(p))
            return lines;
        if (*p->cur == '\n')
            p->cur++;
        else if (*p->cur == '#')
            comment(p);
        else if (at_crlf(p))
            crlf(p);
        else
            return lines;
        lines = 1;
    }
}

/* The end of the string that begins at `from` (past its closing quote), or NULL if it is not closed on its line. */
static const char *string_end(const char *from, const char *end, _Bool *escapes, _Bool *nul)
{
    for (const char *c = from + 1;; c++) {
        while (c < end && !(class_at(c) & STRING_STOP))
            c++;
        if (c == end || *c == '\n')
            return NULL;
        if (*c == *from)
            return c + 1;
        if (*c == '\\') {
            *escapes = 1;
            if (++c == end || *c == '\n')
                return NULL;
        }
        if (!*c)
            *nul = 1;
    }
}

/*
 * Digits after a backslash. As released, libxlutil reads up to three bytes after the first digit as a decimal number
 * (with strtoul's blanks and signs), wants two of them, and then forgets the result: "\0101" is the empty string.
 * Returns how many bytes it takes, 0 if it refuses.
 */
static unsigned octal(const char *c, const char *end)
{
    unsigned n = 0, max = end - c < 3 ? (unsigned)(end - c) : 3;
    while (n < max && (c[n] == ' ' || (c[n] >= '\t' && c[n] <= '\r')))
        n++;
    if (n < max && (c[n] == '+' || c[n] == '-'))
        n++;
    unsigned digits = n;
    while (n < max && class_at(c + n) & DIGIT)
        n++;
    return n == digits || n < 2 ? 0 : n;
}

/* Decodes the inside of a string that has escapes. A wrong escape is an error and stays as it is. */
static void unescape(struct parser *p, const char *c, const char *end, struct dml_cfg_value *v)
{
    static const char plain[] = "\"'\\abfnrtv", meant[] = "\"'\\\a\b\f\n\r\t\v";
    char *out = dml_arena_alloc(p->arena, (size_t)(end - c) + 1, 1);
    if (!out) {
        p->no_memory = 1;
        return;
    }
    v->u.text = out;
    _Bool told = 0;
    while (c < end) {
        if (*c != '\\') {
            *out++ = *c++;
            continue;
        }
        const char *known = c[1] ? strchr(plain, c[1]) : NULL;
        unsigned digits = c[1] >= '0' && c[1] <= '7' ? octal(c + 2, end) : 0;
        if (known) {
            *out++ = meant[known - plain];
            c += 2;
        } else if (digits) {
            c += 2 + digits;
        } else {
            if (!told)
                add_error(p, DML_CFG_E_BAD_ESCAPE, span(p, c, c + 2));
            told = 1;
            *out++ = *c++;
            *out++ = *c++;
        }
    }
    v->n = (uint32_t)(out - v->u.text);
}

/* A string or number at the cursor; 0 if there is none. */
static inline _Bool atom(struct parser *p, struct dml_cfg_value *v)
{
    const char *from = p->cur, *to = from + 1;
    if (class_at(from) & DIGIT) {
        while (to < p->end && class_at(to) & NUMBER)
            to++;
        *v = (struct dml_cfg_value){DML_CFG_NUMBER, span(p, from, to), (uint32_t)(to - from), {.text = from}};
    } else if (*from == '"' || *from == '\'') {
        _Bool escapes = 0, nul = 0;
        to = string_end(from, p->end, &escapes, &nul);
        if (!to)
            return 0;
        *v = (struct dml_cfg_value){DML_CFG_STRING, span(p, from, to), (uint32_t)(to - from - 2), {.text = from + 1}};
        if (nul)
            add_error(p, DML_CFG_E_NUL, span(p, memchr(from, '\0', (size_t)(to - from)), to));
        if (escapes)
            unescape(p, from + 1, to - 1, v);
    } else {
        return 0;
    }
    p->cur = to;
    return 1;
}

static const char *line_end(const struct parser *p, const char *from)
{
    const char *nl = from < p->end ? memchr(from, '\n', (size_t)(p->end - from)) : NULL;
    return nl ? nl + 1 : p->end;
}

/* Moves out of a list that cannot be read: behind its `]` and what is on that line, or to the next KEY = line. */
static void leave_list(struct parser *p)
{
    uint32_t depth = p->frames.n;
    const char *c = p->cur;
    while (c < p->end) {
        _Bool ignored = 0;
        const char *to = NULL;
        if (*c == '[') {
            depth++;
        } else if (*c == ']') {
            if (depth <= 1) {
                p->cur = line_end(p, c);
                return;
            }
            depth--;
        } else if (*c == '#') {
            c = line_end(p, c) - 1;
        } else if (*c == '"' || *c == '\'') {
            to = string_end(c, p->end, &ignored, &ignored);
        }
        if (*c == '\n' && dml_cfg_assignment_at(p->cfg->text, off(p, c + 1))) {
            p->cur = c + 1;
            return;
        }
        c = to ? to : c + 1;
    }
    p->cur = p->end;
}

/* Skips a text in triple quotes that begins at `from`, and the rest of its last line. */
static void leave_triple(struct parser *p, const char *from)
{
    const char *to = p->end - from > 3 ? memmem(from + 3, (size_t)(p->end - from - 3), from, 3) : NULL;
    p->cur = line_end(p, to ? to + 3 : from);
}

/* Skips a value on the next line: told of already, it is not to be told of as a value without a key. */
static void leave_value(struct parser *p)
{
    p->cur = line_end(p, p->cur);
    skip_blanks(p);
    if (p->cur < p->end && *p->cur == '[') {
        p->frames.n = 0;
        leave_list(p);
    } else {
        p->cur = line_end(p, p->cur);
    }
}

/* Reports what is wrong at the cursor and moves to where the next statement can begin. */
static void fault(struct parser *p, const char *item, enum dml_cfg_expect expect, const char *value)
{
    struct dml_cfg *cfg = p->cfg;
    _Bool in_list = expect == EXPECT_ELEMENT || expect == EXPECT_COMMA;
    struct dml_cfg_fault f = {.text = cfg->text,
                              .expect = expect,
                              .statement = off(p, p->statement),
                              .key_end = off(p, p->key_end),
                              .pos = off(p, p->cur),
                              .list = in_list ? p->frames.v[p->frames.n - 1].open : UINT32_MAX,
                              .value = value ? off(p, value) : UINT32_MAX,
                              .after_python = p->python_until == off(p, item)};
    struct dml_span where = {0, 2};
    _Bool utf16 = !cfg->errors.n && dml_cfg_is_utf16(cfg->text);
    enum dml_cfg_error_class class = utf16 ? DML_CFG_E_UTF16 : dml_cfg_diagnose(&f, &where);
    if (class == DML_CFG_E_UTF16)
        p->cur = p->end;
    else if (class == DML_CFG_E_TRIPLE_QUOTE)
        leave_triple(p, p->begin + where.off);
    else if (class == DML_CFG_E_BOM)
        p->cur += 3;
    else if (class == DML_CFG_E_VALUE_NEXT_LINE)
        leave_value(p);
    else if (in_list)
        leave_list(p);
    else
        p->cur = line_end(p, p->cur);
    if (class == DML_CFG_E_PYTHON && f.after_python) {
        cfg->errors.v[cfg->errors.n - 1].count++;
        cfg->items.v[cfg->items.n - 1].span.len += (uint32_t)(p->cur - item);
    } else {
        add_error(p, class, where);
        add_item(p, DML_CFG_BROKEN, item, DML_CFG_NONE);
    }
    if (class == DML_CFG_E_PYTHON)
        p->python_until = off(p, p->cur);
}

static void too_deep(struct parser *p, const char *item)
{
    add_error(p, DML_CFG_E_TOO_DEEP, (struct dml_span){p->frames.v[p->frames.n - 1].open, 1});
    leave_list(p);
    add_item(p, DML_CFG_BROKEN, item, DML_CFG_NONE);
}

static _Bool open_list(struct parser *p, uint32_t height)
{
    struct frame *f = dml_vec_add(p->arena, &p->frames);
    if (!f) {
        p->no_memory = 1;
        return 0;
    }
    *f = (struct frame){off(p, p->cur), p->scratch.n, height};
    p->cur++;
    return 1;
}

/* Takes the elements of the innermost list out of scratch. */
static _Bool close_list(struct parser *p, struct dml_cfg_value *v)
{
    struct frame *f = &p->frames.v[--p->frames.n];
    uint32_t n = p->scratch.n - f->first;
    struct dml_cfg_value *items = dml_arena_alloc(p->arena, n * sizeof *items, _Alignof(struct dml_cfg_value));
    if (!items) {
        p->no_memory = 1;
        return 0;
    }
    if (n)
        memcpy(items, p->scratch.v + f->first, n * sizeof *items);
    p->scratch.n = f->first;
    *v = (struct dml_cfg_value){DML_CFG_LIST, {f->open, off(p, p->cur) - f->open}, n, {.items = items}};
    return 1;
}

static _Bool push_value(struct parser *p, const struct dml_cfg_value *v)
{
    struct dml_cfg_value *slot = dml_vec_add(p->arena, &p->scratch);
    if (slot)
        *slot = *v;
    else
        p->no_memory = 1;
    return slot != NULL;
}

/* A list at the cursor, with the lists in it. 0: an error was reported and the cursor moved on. */
static _Bool list(struct parser *p, const char *item, struct dml_cfg_value *out)
{
    const char *value = NULL; /* the element before the cursor */
    _Bool have = 0;           /* an element was read, and no comma after it */
    p->frames.n = 0;
    p->scratch.n = 0;
    if (!open_list(p, FIRST_LIST_HEIGHT))
        return 0;
    for (;;) {
        struct dml_cfg_value v;
        _Bool lines = skip_lines(p);
        const struct frame *f = &p->frames.v[p->frames.n - 1];
        uint32_t n = p->scratch.n - f->first;
        uint32_t on_stack = have ? (n == 1 ? 3 : 6) + lines : n ? 4 + lines : 3;
        if (f->height + on_stack >= PARSER_STACK) {
            too_deep(p, item);
            return 0;
        }
        if (at_end(p))
            break;
        if (have && *p->cur == ',') {
            p->cur++;
            have = 0;
        } else if (*p->cur == ']') {
            p->cur++;
            if (!close_list(p, &v))
                return 0;
            if (!p->frames.n) {
                *out = v;
                return 1;
            }
            value = p->cur - 1;
            if (!push_value(p, &v))
                return 0;
            have = 1;
        } else if (!have && *p->cur == '[') {
            if (!open_list(p, f->height + (n ? 5 : 2)))
                return 0;
        } else if (!have && atom(p, &v)) {
            value = p->begin + v.span.off;
            if (!push_value(p, &v))
                return 0;
            have = 1;
        } else {
            break;
        }
    }
    fault(p, item, have ? EXPECT_COMMA : EXPECT_ELEMENT, value);
    return 0;
}

static _Bool grow_slots(struct parser *p)
{
    struct dml_cfg *cfg = p->cfg;
    uint32_t n = cfg->slots ? (cfg->slot_mask + 1) * 2 : 128;
    uint32_t *slots = dml_new_n(p->arena, uint32_t, n);
    if (!slots)
        return 0;
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        uint32_t at = cfg->entries.v[i].hash & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = i + 1;
    }
    cfg->slots = slots;
    cfg->slot_mask = n - 1;
    return 1;
}

static void store(struct parser *p, struct dml_cfg_setting *s)
{
    struct dml_cfg *cfg = p->cfg;
    struct dml_sv name = {p->begin + s->key.off, s->key.len};
    if (cfg->entries.n * 2 >= cfg->slot_mask && !grow_slots(p)) {
        p->no_memory = 1;
        return;
    }
    uint32_t hash = dml_cfg_hash(name), at = hash & cfg->slot_mask;
    while (cfg->slots[at]) {
        const struct dml_cfg_entry *e = &cfg->entries.v[cfg->slots[at] - 1];
        if (e->hash == hash && dml_sv_eq(e->name, name))
            break;
        at = (at + 1) & cfg->slot_mask;
    }
    if (!cfg->slots[at]) {
        struct dml_cfg_entry *e = dml_vec_add(p->arena, &cfg->entries);
        if (!e) {
            p->no_memory = 1;
            return;
        }
        *e = (struct dml_cfg_entry){.name = name, .hash = hash, .last = DML_CFG_NONE};
        cfg->slots[at] = cfg->entries.n;
    }
    s->entry = cfg->slots[at] - 1;
    struct dml_cfg_entry *e = &cfg->entries.v[s->entry];
    s->prev = e->last;
    if (s->adds && s->prev != DML_CFG_NONE &&
        dml_cfg_is_list(&cfg->settings.v[s->prev].value) != dml_cfg_is_list(&s->value)) {
        add_error(p, DML_CFG_E_MIXED_ADD, s->op);
        s->adds = 0;
    }
    struct dml_cfg_setting *slot = dml_vec_add(p->arena, &cfg->settings);
    if (!slot) {
        p->no_memory = 1;
        return;
    }
    *slot = *s;
    e->last = cfg->settings.n - 1;
    e->count++;
    e->added = s->adds;
    e->value = s->value;
}

/* KEY = VALUE at the cursor, with what ends it. */
static void assignment(struct parser *p, const char *item)
{
    struct dml_cfg_setting s = {.item = p->cfg->items.n};
    const char *from = p->cur;
    while (p->cur < p->end && class_at(p->cur) & KEYN)
        p->cur++;
    p->key_end = p->cur;
    s.key = span(p, from, p->cur);
    skip_blanks(p);
    from = p->cur;
    if (p->cur + 1 < p->end && p->cur[0] == '+' && p->cur[1] == '=') {
        s.adds = 1;
        p->cur++;
    } else if (at_end(p) || *p->cur != '=') {
        fault(p, item, EXPECT_OPERATOR, NULL);
        return;
    }
    p->cur++;
    s.op = span(p, from, p->cur);
    if (s.adds && p->cfg->xen < DML_V(4, 13, 0))
        add_error(p, DML_CFG_E_PLUS_EQUALS, s.op);
    skip_blanks(p);
    if (!at_end(p) && *p->cur == '[') {
        if (!list(p, item, &s.value))
            return;
    } else if (at_end(p) || !atom(p, &s.value)) {
        fault(p, item, EXPECT_VALUE, NULL);
        return;
    }
    skip_blanks(p);
    if (!at_end(p)) {
        if (*p->cur == '\n' || *p->cur == ';') {
            p->cur++;
        } else if (*p->cur == '#') {
            comment(p);
        } else if (at_crlf(p)) {
            crlf(p);
        } else {
            fault(p, item, EXPECT_END, p->begin + s.value.span.off);
            return;
        }
    }
    store(p, &s);
    add_item(p, DML_CFG_ASSIGNMENT, item, p->cfg->settings.n - 1);
}

static void statement(struct parser *p)
{
    const char *item = p->cur;
    enum dml_cfg_item_kind kind = DML_CFG_BLANK;
    skip_blanks(p);
    p->statement = p->key_end = p->cur;
    if (at_end(p)) {
        if (p->cur < p->end)
            kind = DML_CFG_IGNORED;
        p->cur = p->end;
    } else if (class_at(p->cur) & KEY1) {
        assignment(p, item);
        return;
    } else if (*p->cur == '\n' || *p->cur == ';') {
        p->cur++;
    } else if (*p->cur == '#') {
        kind = DML_CFG_COMMENT;
        comment(p);
    } else if (at_crlf(p)) {
        crlf(p);
    } else {
        fault(p, item, EXPECT_KEY, NULL);
        return;
    }
    add_item(p, kind, item, DML_CFG_NONE);
}

/* Puts together what += added, once per key. */
static void merge(struct parser *p, struct dml_cfg_entry *e)
{
    const struct dml_cfg_setting *all = p->cfg->settings.v;
    uint32_t at = e->last;
    uint64_t n = all[at].value.n;
    for (; all[at].adds && all[at].prev != DML_CFG_NONE; n += all[at].value.n)
        at = all[at].prev;
    if (at == e->last)
        return;
    _Bool is_list = dml_cfg_is_list(&e->value);
    size_t size = is_list ? sizeof(struct dml_cfg_value) : 1;
    char *out = n > INT32_MAX ? NULL : dml_arena_alloc(p->arena, n * size, _Alignof(struct dml_cfg_value));
    if (!out) {
        p->no_memory = 1;
        return;
    }
    e->value = (struct dml_cfg_value){is_list ? DML_CFG_LIST : DML_CFG_STRING, DML_NO_SPAN, (uint32_t)n, {out}};
    if (is_list)
        e->value.u.items = (const struct dml_cfg_value *)(void *)out;
    out += n * size;
    for (at = e->last;; at = all[at].prev) {
        const struct dml_cfg_value *v = &all[at].value;
        out -= v->n * size;
        if (v->n)
            memcpy(out, is_list ? (const char *)v->u.items : v->u.text, v->n * size);
        if (!all[at].adds || all[at].prev == DML_CFG_NONE)
            return;
    }
}

/* Room for what a file of this size mostly needs, so that vectors seldom move. */
static _Bool reserve(struct dml_cfg *cfg, struct dml_arena *a)
{
    uint32_t n = (uint32_t)(cfg->text.len < 64 * 1024 ? cfg->text.len / 24 : 64 * 1024 / 24) + 4;
    cfg->items.v = dml_arena_alloc(a, n * sizeof *cfg->items.v, _Alignof(struct dml_cfg_item));
    cfg->settings.v = dml_arena_alloc(a, n * sizeof *cfg->settings.v, _Alignof(struct dml_cfg_setting));
    cfg->entries.v = dml_arena_alloc(a, n * sizeof *cfg->entries.v, _Alignof(struct dml_cfg_entry));
    if (!cfg->items.v || !cfg->settings.v || !cfg->entries.v)
        return 0;
    cfg->items.cap = cfg->settings.cap = cfg->entries.cap = n;
    return 1;
}

int dml_cfg_parse(struct dml_cfg *cfg, struct dml_arena *a, struct dml_sv text, dml_version xen, struct dml_err *err)
{
    *cfg = (struct dml_cfg){.text = text, .xen = xen};
    if (text.len > INT32_MAX)
        return dml_err_set(err, DML_ETOOBIG, "an input of more than 2 GiB");
    struct parser p = {.cfg = cfg,
                       .arena = a,
                       .begin = text.p,
                       .cur = text.p,
                       .end = text.p + text.len,
                       .crlf = DML_CFG_NONE,
                       .python_until = DML_CFG_NONE};
    p.no_memory = !reserve(cfg, a) || !grow_slots(&p);
    while (p.cur < p.end && !p.no_memory)
        statement(&p);
    for (uint32_t i = 0; i < cfg->entries.n && !p.no_memory; i++)
        if (cfg->entries.v[i].added)
            merge(&p, &cfg->entries.v[i]);
    if (p.no_memory)
        return dml_err_nomem(err);
    return 0;
}
