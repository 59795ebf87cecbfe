/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Syntax: what can be mended mechanically in a text that xl cannot parse, planned on the lossless tree: habits of xm's
 * Python. */
#include <string.h>

#include "fix/plan.h"

/* A statement that is read as Python would read it, with the edits that make it one of xl's. */
struct mending {
    const struct dml_cfg *cfg;
    struct dml_arena *a;
    struct dml_plan *out;
    uint32_t at; /* where reading goes on */
    dml_version xen;
    _Bool nothing; /* the value is None: xl's default */
    int rc;
};

static char peek(const struct mending *m, uint32_t at)
{
    return at < m->cfg->text.len ? m->cfg->text.p[at] : '\0';
}

static void put(struct mending *m, uint32_t off, uint32_t len, const char *text)
{
    struct dml_edit *e = dml_vec_add(m->a, &m->out->edits);
    if (e && text)
        *e = (struct dml_edit){{off, len}, dml_sv_of(text)};
    else
        m->rc = DML_ENOMEM;
}

static uint32_t line_begin(const struct mending *m, uint32_t at)
{
    while (at && m->cfg->text.p[at - 1] != '\n')
        at--;
    return at;
}

/* Does another statement stand before it on its line? */
static _Bool shares_line(const struct mending *m, uint32_t at)
{
    uint32_t from = line_begin(m, at);
    return dml_sv_trim((struct dml_sv){m->cfg->text.p + from, at - from}).len;
}

static uint32_t line_end(const struct mending *m, uint32_t at)
{
    while (at < m->cfg->text.len && m->cfg->text.p[at] != '\n')
        at++;
    return at;
}

/* Blanks; with `lines` line ends and comments, too. */
static void skip(struct mending *m, _Bool lines)
{
    for (;; m->at++) {
        char c = peek(m, m->at);
        if (lines && c == '#')
            m->at = line_end(m, m->at);
        else if (c != ' ' && c != '\t' && c != '\r' && (!lines || c != '\n'))
            return;
        if (m->at >= m->cfg->text.len)
            return;
    }
}

static struct dml_sv key_at(const struct mending *m, uint32_t at)
{
    uint32_t from = at;
    for (char c = peek(m, at);
         (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || (c >= 'A' && c <= 'Z');
         c = peek(m, at))
        at++;
    return (struct dml_sv){m->cfg->text.p + from, at - from};
}

/* A key that no xl looks at, or device_model, which it ignores: what it is set to does not matter. */
static _Bool is_unread(struct dml_sv key)
{
    return key.len && (dml_key_find(key) == DML_KEY_NONE || dml_key_find(key) == DML_KEY_device_model) &&
           !dml_key_rename(key, DML_V(4, 22, 0));
}

/* --- values
 * ----------------------------------------------------------------------------------------------------------- */

static _Bool read_value(struct mending *m, enum dml_key_id key, unsigned depth);

static _Bool read_string(struct mending *m)
{
    char quote = peek(m, m->at);
    uint32_t end = m->at + 1;
    while (peek(m, end) && peek(m, end) != '\n' && peek(m, end) != quote)
        end += peek(m, end) == '\\' && peek(m, end + 1) && peek(m, end + 1) != '\n' ? 2 : 1;
    if (peek(m, end) != quote || (end == m->at + 1 && peek(m, end + 1) == quote))
        return 0;
    m->at = end + 1;
    return 1;
}

static _Bool is_number(struct dml_sv s)
{
    for (size_t i = 0; i < s.len; i++) {
        _Bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!digit && (!i || !((s.p[i] >= 'a' && s.p[i] <= 'f') || s.p[i] == 'x')))
            return 0;
    }
    return s.len;
}

/* A word without quotes: a truth of Python, or a text whose quotes were forgotten. */
static _Bool read_word(struct mending *m, enum dml_key_id key, unsigned depth)
{
    static const struct {
        const char *word, *text;
        _Bool python; /* else only of a switch */
    } truths[] = {{"True", "1", 1}, {"False", "0", 1}, {"true", "1", 0}, {"false", "0", 0}, {"yes", "1", 0},
                  {"no", "0", 0},   {"Yes", "1", 0},   {"No", "0", 0},   {"on", "1", 0},    {"off", "0", 0}};
    uint32_t from = m->at, end = from;
    while (peek(m, end) && !strchr(" \t\r\n,;]#)\"'([", peek(m, end)))
        end++;
    struct dml_sv s = {m->cfg->text.p + from, end - from};
    m->at = end;
    if (is_number(s))
        return 1;
    if (!s.len || peek(m, end) == '(' || peek(m, end) == '[' || peek(m, end) == '"' || peek(m, end) == '\'')
        return 0;
    for (size_t i = 0; i < s.len; i++) /* an expression, or a template's */
        if (strchr("${}<>@`\\%*+=!|&", s.p[i]) || s.p[i] & 0x80)
            return 0;
    if (depth && (memchr(s.p, ':', s.len) || memchr(s.p, '/', s.len)))
        return 0; /* its commas may be its own */
    if (dml_sv_is(s, "None")) {
        m->nothing = !depth;
        return !depth;
    }
    _Bool is_switch = key && dml_key(key)->type == DML_KEY_FLAG;
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++)
        if (dml_sv_is(s, truths[i].word) && (truths[i].python || is_switch)) {
            put(m, from, (uint32_t)s.len, truths[i].text);
            return 1;
        }
    put(m, from, (uint32_t)s.len, dml_arena_printf(m->a, "\"%.*s\"", DML_SV_ARG(s)));
    return 1;
}

/* A list, or a tuple, which becomes one. */
static _Bool read_list(struct mending *m, enum dml_key_id key, unsigned depth)
{
    uint32_t open = m->at, last = open + 1, n = 0, commas = 0;
    char close = peek(m, open) == '[' ? ']' : ')';
    for (m->at++;; n++) {
        skip(m, 1);
        uint32_t before = m->at;
        if (peek(m, m->at) == close)
            break;
        if (n && commas < n) /* a comma is missing */
            put(m, last, 0, ",");
        if (!read_value(m, key, depth + 1))
            return 0;
        last = m->at;
        commas = commas < n ? n : commas;
        skip(m, 1);
        if (peek(m, m->at) == ',' || peek(m, m->at) == ';') {
            if (peek(m, m->at) == ';')
                put(m, m->at, 1, ",");
            m->at++;
            commas = n + 1;
        }
        if (m->at <= before)
            return 0;
    }
    if (close == ')') {
        _Bool list = key && (dml_key(key)->type == DML_KEY_LIST || dml_key(key)->type == DML_KEY_NESTED);
        _Bool group = n == 1 && !commas && !list; /* ("text") is no tuple */
        put(m, open, 1, group ? "" : "[");
        put(m, m->at, 1, group ? "" : "]");
    }
    m->at++;
    return 1;
}

static _Bool read_value(struct mending *m, enum dml_key_id key, unsigned depth)
{
    char c = peek(m, m->at);
    if (depth > 3)
        return 0;
    if (c == '"' || c == '\'')
        return read_string(m);
    if (c == '[' || c == '(')
        return read_list(m, key, depth);
    return read_word(m, key, depth);
}

/* The statement `key = value` that begins at `at`, up to the end of its last line. */
static _Bool read_statement(struct mending *m, uint32_t at)
{
    m->at = at;
    skip(m, 0);
    struct dml_sv key = key_at(m, m->at);
    uint32_t begin = m->at;
    char known[64];
    for (size_t i = 0; i < key.len && key.len < sizeof known; i++)
        known[i] = key.p[i] >= 'A' && key.p[i] <= 'Z' ? (char)(key.p[i] + 'a' - 'A') : key.p[i] == '-' ? '_' : key.p[i];
    struct dml_sv plain = {known, key.len < sizeof known ? key.len : 0};
    enum dml_key_id id = dml_key_find(plain);
    m->at += (uint32_t)key.len;
    skip(m, 0);
    if (!plain.len || peek(m, m->at) != '=' || (!dml_sv_eq(plain, key) && !id))
        return 0;
    if (!dml_sv_eq(plain, key))
        put(m, begin, (uint32_t)key.len, dml_arena_strndup(m->a, known, plain.len));
    m->at++;
    skip(m, 0);
    if (!read_value(m, id, 0))
        return 0;
    skip(m, 0);
    if (peek(m, m->at) == ',' || peek(m, m->at) == ')') { /* what a tuple of one element ends with */
        if (peek(m, m->at) != ',')
            return 0;
        put(m, m->at++, 1, "");
        skip(m, 0);
    }
    char c = peek(m, m->at);
    if (m->nothing && (c == '\n' || !c) && !shares_line(m, begin)) {
        uint32_t from = line_begin(m, begin);
        put(m, from, line_end(m, m->at) + (c == '\n') - from, "");
        return 1;
    }
    return !m->nothing && (c == '\n' || c == '#' || c == ';' || !c);
}

/* --- Python
 * ----------------------------------------------------------------------------------------------------------- */

static _Bool line_is(const struct mending *m, uint32_t at, const char *word)
{
    size_t n = strlen(word);
    return at + n < m->cfg->text.len && memcmp(m->cfg->text.p + at, word, n) == 0 &&
           strchr(" \t:(", peek(m, at + (uint32_t)n));
}

/* Is all that stands below a condition, with more indentation, set to keys that no xl reads? */
static _Bool body_unread(struct mending *m, uint32_t line)
{
    uint32_t at = line_end(m, line), n = 0;
    for (at += at < m->cfg->text.len; at < m->cfg->text.len; at = line_end(m, at) + 1, n++) {
        m->at = at;
        skip(m, 0);
        if (m->at == at || peek(m, m->at) == '\n')
            break;
        struct dml_sv key = key_at(m, m->at);
        m->at += (uint32_t)key.len;
        skip(m, 0);
        if (peek(m, m->at) != '=' || !is_unread(key))
            return 0;
    }
    return n;
}

/* Lines of Python that say nothing to xl become comments: imports, and what only computes keys that it does not read.
 */
static _Bool comment_out(struct mending *m, struct dml_span item)
{
    static const char *const conditions[] = {"if", "elif", "else"};
    uint32_t end = item.off + item.len;
    if (shares_line(m, item.off))
        return 0;
    for (uint32_t at = line_begin(m, item.off); at < end; at = line_end(m, at) + 1) {
        m->at = at;
        skip(m, 0);
        uint32_t word = m->at;
        if (peek(m, word) == '\n' || peek(m, word) == '#')
            continue;
        struct dml_sv key = key_at(m, word);
        m->at += (uint32_t)key.len;
        skip(m, 0);
        _Bool fine = line_is(m, word, "import") || line_is(m, word, "from") ||
                     (peek(m, m->at) == '=' && peek(m, m->at + 1) != '=' && is_unread(key));
        for (size_t i = 0; !fine && i < sizeof conditions / sizeof conditions[0]; i++)
            fine = line_is(m, word, conditions[i]) && body_unread(m, at);
        if (!fine)
            return 0;
        put(m, at, 0, "# ");
    }
    return m->out->edits.n;
}

/* --- all of it
 * -------------------------------------------------------------------------------------------------------- */

static const struct dml_cfg_item *item_of(const struct dml_cfg *cfg, uint32_t off)
{
    for (uint32_t i = 0; i < cfg->items.n; i++)
        if (off >= cfg->items.v[i].span.off && off < cfg->items.v[i].span.off + cfg->items.v[i].span.len)
            return &cfg->items.v[i];
    return NULL;
}

static void without_cr(struct mending *m)
{
    for (uint32_t i = 0; i + 1 < m->cfg->text.len; i++)
        if (m->cfg->text.p[i] == '\r' && m->cfg->text.p[i + 1] == '\n')
            put(m, i, 1, "");
}

static void plain_quotes(struct mending *m, uint32_t at)
{
    uint32_t end = line_end(m, at);
    for (uint32_t i = line_begin(m, at); i + 3 <= end; i++)
        if (memcmp(m->cfg->text.p + i, "\xe2\x80", 2) == 0 && strchr("\x98\x99\x9c\x9d", m->cfg->text.p[i + 2]))
            put(m, i, 3, (unsigned char)m->cfg->text.p[i + 2] < 0x9c ? "'" : "\"");
}

int dml_plan_syntax(const struct dml_cfg *cfg, struct dml_span where, struct dml_arena *a, struct dml_plan *out)
{
    struct mending m = {.cfg = cfg, .a = a, .out = out};
    const struct dml_cfg_item *item = item_of(cfg, where.off);
    uint8_t class = DML_CFG_E_COUNT;
    for (uint32_t i = 0; i < cfg->errors.n && class == DML_CFG_E_COUNT; i++)
        if (cfg->errors.v[i].span.off == where.off)
            class = cfg->errors.v[i].class;
    switch (class) {
    case DML_CFG_E_CRLF:
        without_cr(&m);
        break;
    case DML_CFG_E_BOM:
        put(&m, 0, 3, "");
        break;
    case DML_CFG_E_COMMENT_NO_NEWLINE:
        put(&m, (uint32_t)cfg->text.len, 0, "\n");
        break;
    case DML_CFG_E_CURLY_QUOTE:
        plain_quotes(&m, where.off);
        break;
    case DML_CFG_E_COMMENT_STYLE:
        if (peek(&m, where.off) == '/' && peek(&m, where.off + 1) == '/')
            put(&m, where.off, 0, "#");
        break;
    default:
        if (item && !read_statement(&m, item->span.off)) {
            out->edits.n = 0;
            if (!comment_out(&m, item->span))
                out->edits.n = 0;
        }
    }
    out->nothing = !out->edits.n; /* somebody has to say what was meant; the finding does */
    return m.rc;
}

_Bool dml_plan_of_syntax(const struct dml_rule *rule)
{
    const char *check = dml_rule_own(rule)->check_name;
    return check && strcmp(check, "syntax") == 0;
}
