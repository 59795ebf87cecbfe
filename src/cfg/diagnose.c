/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a statement that the grammar does not allow, in words for those who wrote it. */
#include "cfg/parse.h"

static _Bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static _Bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static _Bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static _Bool is_word(char c)
{
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

/* A byte of the text, NUL outside of it. */
static char at(struct dml_sv t, uint32_t i)
{
    return i < t.len ? t.p[i] : '\0';
}

static uint32_t skip_blanks(struct dml_sv t, uint32_t i)
{
    while (at(t, i) == ' ' || at(t, i) == '\t')
        i++;
    return i;
}

static uint32_t skip_word(struct dml_sv t, uint32_t i)
{
    while (is_word(at(t, i)))
        i++;
    return i;
}

static uint32_t line_end(struct dml_sv t, uint32_t i)
{
    const char *nl = i < t.len ? memchr(t.p + i, '\n', t.len - i) : NULL;
    uint32_t end = nl ? (uint32_t)(nl - t.p) : (uint32_t)t.len;
    return end > i && t.p[end - 1] == '\r' ? end - 1 : end;
}

static _Bool starts(struct dml_sv t, uint32_t i, const char *s)
{
    return i <= t.len && dml_sv_starts((struct dml_sv){t.p + i, t.len - i}, dml_sv_of(s));
}

static struct dml_span range(uint32_t from, uint32_t to)
{
    return (struct dml_span){from, to - from};
}

uint32_t dml_cfg_assignment_at(struct dml_sv t, uint32_t pos)
{
    uint32_t i = skip_blanks(t, pos);
    if (!is_lower(at(t, i)))
        return 0;
    while (is_lower(at(t, i)) || is_digit(at(t, i)) || at(t, i) == '_' || at(t, i) == '.')
        i++;
    i = skip_blanks(t, i);
    return (at(t, i) == '=' && at(t, i + 1) != '=') || (at(t, i) == '+' && at(t, i + 1) == '=') ? i : 0;
}

/* A placeholder of a template at `i`, on the line that ends at `limit`: its class and its end, or DML_CFG_E_COUNT. */
static enum dml_cfg_error_class template_at(struct dml_sv t, uint32_t i, uint32_t limit, uint32_t *end)
{
    static const struct {
        const char *open, *close;
        enum dml_cfg_error_class class;
    } forms[] = {
        {"{{", "}}", DML_CFG_E_TEMPLATE_JINJA}, {"{%", "%}", DML_CFG_E_TEMPLATE_JINJA},
        {"{#", "#}", DML_CFG_E_TEMPLATE_JINJA}, {"<%", "%>", DML_CFG_E_TEMPLATE_ERB},
        {"${", "}", DML_CFG_E_TEMPLATE_SHELL},  {"$(", ")", DML_CFG_E_TEMPLATE_SHELL},
    };
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        if (!starts(t, i, forms[k].open))
            continue;
        const char *to = memmem(t.p + i, limit - i, forms[k].close, strlen(forms[k].close));
        *end = to ? (uint32_t)(to - t.p) + (uint32_t)strlen(forms[k].close) : limit;
        return forms[k].class;
    }
    char c = at(t, i);
    uint32_t word = i + 1;
    while (is_word(at(t, word)) && at(t, word) != '-' && at(t, word) != '.')
        word++;
    if (word == i + 1 || is_digit(at(t, i + 1)))
        return DML_CFG_E_COUNT;
    *end = word + 1;
    if (c == '@' && at(t, word) == '@')
        return DML_CFG_E_TEMPLATE_AT;
    if (c == '{' && at(t, word) == '}')
        return DML_CFG_E_TEMPLATE_BRACE;
    *end = word;
    return c == '$' ? DML_CFG_E_TEMPLATE_SHELL : DML_CFG_E_COUNT;
}

/* The first placeholder in [from, to). */
static enum dml_cfg_error_class find_template(struct dml_sv t, uint32_t from, uint32_t to, struct dml_span *span)
{
    for (uint32_t i = from; i < to; i++) {
        uint32_t end;
        enum dml_cfg_error_class class = strchr("{<$@", t.p[i]) && t.p[i] ? template_at(t, i, to, &end)
                                                                          : DML_CFG_E_COUNT;
        if (class != DML_CFG_E_COUNT) {
            *span = range(i, end < to ? end : to);
            return class;
        }
    }
    return DML_CFG_E_COUNT;
}

_Bool dml_cfg_find_placeholder(struct dml_sv text, struct dml_span *span)
{
    return find_template(text, 0, (uint32_t)text.len, span) != DML_CFG_E_COUNT;
}

/* Is there nothing but blank lines before `i`? */
static _Bool nothing_before(struct dml_sv t, uint32_t i)
{
    return !dml_sv_trim((struct dml_sv){t.p, i}).len;
}

/* The placeholder around `i`, on its line: a quote in it ended the string that it stands in. */
static enum dml_cfg_error_class template_around(struct dml_sv t, uint32_t i, struct dml_span *span)
{
    uint32_t from = i, eol = line_end(t, i);
    while (from && t.p[from - 1] != '\n')
        from--;
    struct dml_span found;
    for (enum dml_cfg_error_class class; (class = find_template(t, from, eol, &found)) != DML_CFG_E_COUNT;) {
        from = found.off + found.len;
        if (found.off >= i)
            break;
        if (from > i) {
            *span = found;
            return class;
        }
    }
    return DML_CFG_E_COUNT;
}

/* The line that begins at `i` is a statement of Python and no setting. */
static _Bool is_python(struct dml_sv t, uint32_t i)
{
    static const char *const words[] = {"import", "from", "def",   "if",    "elif",   "else", "for",  "while", "try",
                                        "except", "with", "class", "print", "return", "del",  "exec", "raise", "pass"};
    uint32_t end = skip_word(t, i), eol = line_end(t, i), next = skip_blanks(t, end);
    struct dml_sv word = {t.p + i, end - i};
    if (at(t, next) == '=' && at(t, next + 1) != '=')
        return 0;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (dml_sv_is(word, words[k]))
            return 1;
    if (word.len && at(t, end) == '(')
        return 1;
    return word.len && at(t, end) == '[' && memchr(t.p + end, '=', eol - end);
}

/* A value that Python would have to compute: a call, a name with an operator, a format with %. */
static _Bool is_python_value(struct dml_sv t, uint32_t i)
{
    uint32_t end = skip_word(t, i);
    uint32_t next = skip_blanks(t, end);
    char c = at(t, next);
    return end > i && !is_digit(at(t, i)) && (c == '(' || c == '+' || c == '%' || c == '*' || at(t, end) == '[');
}

/* The end of the character at `i`: more than one byte in UTF-8. */
static uint32_t char_end(struct dml_sv t, uint32_t i)
{
    uint32_t end = i + 1;
    while (end < t.len && end < i + 4 && ((unsigned char)t.p[i] & 0xc0) == 0xc0 &&
           ((unsigned char)t.p[end] & 0xc0) == 0x80)
        end++;
    return end < t.len ? end : (uint32_t)t.len;
}

static enum dml_cfg_error_class odd_byte(struct dml_sv t, uint32_t i, struct dml_span *span)
{
    if (i >= t.len) {
        *span = range(i, i);
        return DML_CFG_E_BAD_CHAR;
    }
    *span = range(i, char_end(t, i));
    if (starts(t, i, "\xe2\x80\x98") || starts(t, i, "\xe2\x80\x99") || starts(t, i, "\xe2\x80\x9c") ||
        starts(t, i, "\xe2\x80\x9d"))
        return DML_CFG_E_CURLY_QUOTE;
    if (!t.p[i])
        return DML_CFG_E_NUL;
    return t.p[i] & 0x80 ? DML_CFG_E_NON_ASCII : DML_CFG_E_BAD_CHAR;
}

/* By its byte order mark, or by every other byte of its first four being NUL. */
_Bool dml_cfg_is_utf16(struct dml_sv t)
{
    if (starts(t, 0, "\xff\xfe") || starts(t, 0, "\xfe\xff"))
        return 1;
    return t.len >= 4 && !t.p[0] == !t.p[2] && !t.p[1] == !t.p[3] && !t.p[0] != !t.p[1];
}

static enum dml_cfg_error_class at_key(const struct dml_cfg_fault *f, struct dml_span *span)
{
    struct dml_sv t = f->text;
    uint32_t i = f->statement, eol = line_end(t, i), word = skip_word(t, i), next = skip_blanks(t, word);
    char c = at(t, i);
    *span = range(i, eol);
    if (f->pos == 0 && starts(t, 0, "\xef\xbb\xbf")) {
        *span = range(0, 3);
        return DML_CFG_E_BOM;
    }
    if (starts(t, i, "'''") || starts(t, i, "\"\"\"")) {
        *span = range(i, i + 3);
        return DML_CFG_E_TRIPLE_QUOTE;
    }
    enum dml_cfg_error_class template = find_template(t, i, eol, span);
    if (template != DML_CFG_E_COUNT)
        return template;
    if (is_python(t, i))
        return DML_CFG_E_PYTHON;
    if (word > i) {
        *span = range(i, word);
        _Bool assigns = at(t, next) == '=' || (at(t, next) == '+' && at(t, next + 1) == '=');
        if (assigns && (is_lower(c) || is_upper(c))) {
            for (uint32_t k = i; k < word; k++)
                if (is_upper(t.p[k]))
                    return DML_CFG_E_KEY_CAPITAL;
            return memchr(t.p + i, '-', word - i) ? DML_CFG_E_KEY_DASH : DML_CFG_E_KEY_BAD;
        }
        if (starts(t, i, "--"))
            return DML_CFG_E_COMMENT_STYLE;
        if (assigns)
            return DML_CFG_E_KEY_BAD;
        if (f->after_python)
            return DML_CFG_E_PYTHON;
        if (is_digit(c))
            return DML_CFG_E_VALUE_WITHOUT_KEY;
        if (at(t, word) == ':')
            return DML_CFG_E_COLON;
        if (word < t.len && word < eol && at(t, word) != ' ' && at(t, word) != '\t' && next == word)
            *span = range(i, char_end(t, word));
        return DML_CFG_E_NO_EQUALS;
    }
    if (f->after_python)
        return DML_CFG_E_PYTHON;
    if (c == '[') {
        uint32_t end = skip_word(t, i + 1);
        *span = range(i, end + 1 < eol ? end + 1 : eol);
        return end > i + 1 && at(t, end) == ']' ? DML_CFG_E_SECTION : DML_CFG_E_VALUE_WITHOUT_KEY;
    }
    if (c == '"' || c == '\'')
        return DML_CFG_E_VALUE_WITHOUT_KEY;
    *span = range(i, i + 1);
    if (c == ']')
        return DML_CFG_E_EXTRA_BRACKET;
    if (c == '<')
        return DML_CFG_E_XML;
    if (c == '{' && (at(t, skip_blanks(t, i + 1)) == '"' || (at(t, i + 1) == '\n' && nothing_before(t, i))))
        return DML_CFG_E_JSON;
    if (c == ',')
        return DML_CFG_E_LIST_EXTRA_COMMA;
    if (c == '(' || c == ')')
        return DML_CFG_E_PAREN;
    if (starts(t, i, "//") || starts(t, i, "/*")) {
        *span = range(i, i + 2);
        return DML_CFG_E_COMMENT_STYLE;
    }
    return odd_byte(t, i, span);
}

/* A value or an element that cannot be read at f->pos. */
static enum dml_cfg_error_class at_value(const struct dml_cfg_fault *f, struct dml_span *span)
{
    struct dml_sv t = f->text;
    uint32_t i = f->pos, eol = line_end(t, i), word = skip_word(t, i), end;
    char c = at(t, i);
    *span = range(i, eol);
    if (starts(t, i, "'''") || starts(t, i, "\"\"\"")) {
        *span = range(i, i + 3);
        return DML_CFG_E_TRIPLE_QUOTE;
    }
    if (c == '"' || c == '\'')
        return DML_CFG_E_UNTERMINATED_STRING;
    enum dml_cfg_error_class template = template_at(t, i, eol, &end);
    if (template == DML_CFG_E_COUNT && word > i && word < eol && !is_python_value(t, i))
        template = template_at(t, word, eol, &end);
    if (template != DML_CFG_E_COUNT) {
        *span = range(i, end < eol ? end : eol);
        return template;
    }
    if (c == '{')
        return DML_CFG_E_DICT;
    if (is_python_value(t, i))
        return DML_CFG_E_PYTHON;
    if (c == '(') {
        *span = range(i, i + 1);
        return DML_CFG_E_PAREN;
    }
    if ((c == '-' || c == '+') && is_digit(at(t, i + 1))) {
        *span = range(i, c == '-' ? word : skip_word(t, i + 1));
        return DML_CFG_E_NEGATIVE;
    }
    if (c == '.' && is_digit(at(t, i + 1))) {
        *span = range(i, word);
        return DML_CFG_E_FLOAT;
    }
    if (is_lower(c) || is_upper(c) || c == '/' || c == '_' || c == '.' || c == '~' || c == '-') {
        end = i;
        while (end < eol && !strchr(" \t,;]#\"'", t.p[end]))
            end++;
        *span = range(i, end > i ? end : i + 1);
        return DML_CFG_E_BARE_WORD;
    }
    return odd_byte(t, i, span);
}

static enum dml_cfg_error_class no_value(const struct dml_cfg_fault *f, struct dml_span *span)
{
    struct dml_sv t = f->text;
    uint32_t i = line_end(t, f->pos);
    *span = range(f->statement, f->key_end);
    if (at(t, f->pos) == '\n' || at(t, f->pos) == '\r' || at(t, f->pos) == '#') {
        i = skip_blanks(t, at(t, i) == '\r' ? i + 2 : i + 1);
        char c = at(t, i);
        if (c == '"' || c == '\'' || c == '[' || is_digit(c))
            return DML_CFG_E_VALUE_NEXT_LINE;
    }
    return DML_CFG_E_NO_VALUE;
}

/* The first byte of the line that holds `i`. */
static _Bool only_blanks_before(struct dml_sv t, uint32_t i)
{
    while (i && (t.p[i - 1] == ' ' || t.p[i - 1] == '\t'))
        i--;
    return !i || t.p[i - 1] == '\n';
}

static enum dml_cfg_error_class in_list(const struct dml_cfg_fault *f, struct dml_span *span)
{
    struct dml_sv t = f->text;
    uint32_t i = f->pos;
    char c = at(t, i);
    if (i >= t.len || (i + 1 == t.len && (unsigned char)c != '"' && c != '\'' && !is_word(c) && c != ';' && c != ',') ||
        (only_blanks_before(t, i) && dml_cfg_assignment_at(t, i))) {
        *span = range(f->list, f->list + 1);
        return DML_CFG_E_UNTERMINATED_LIST;
    }
    *span = range(i, i + 1);
    if (c == ';')
        return DML_CFG_E_LIST_SEMICOLON;
    if (c == ',')
        return DML_CFG_E_LIST_EXTRA_COMMA;
    if (f->expect == EXPECT_ELEMENT)
        return at_value(f, span);
    if ((c == '"' || c == '\'')) {
        uint32_t before = f->value;
        if (at(t, before) == c && at(t, before + 1) == c && before + 2 == i) {
            *span = range(before, before + 3);
            return DML_CFG_E_TRIPLE_QUOTE;
        }
        uint32_t end = i + 1, eol = line_end(t, i);
        while (end < eol && t.p[end] != c)
            end++;
        *span = range(i, end < eol ? end + 1 : end);
        return DML_CFG_E_LIST_COMMA;
    }
    if (is_digit(c) || c == '[') {
        *span = range(i, c == '[' ? i + 1 : skip_word(t, i));
        return DML_CFG_E_LIST_COMMA;
    }
    return DML_CFG_E_COUNT;
}

/* Something stands behind a value where nothing may. */
static enum dml_cfg_error_class after_value(const struct dml_cfg_fault *f, struct dml_span *span)
{
    struct dml_sv t = f->text;
    uint32_t i = f->pos, eol = line_end(t, i), value = f->value, word = skip_word(t, i), end;
    char c = at(t, i);
    *span = range(i, word > i ? word : char_end(t, i));
    if ((c == '"' || c == '\'') && at(t, value) == c && at(t, value + 1) == c && value + 2 == i) {
        *span = range(value, value + 3);
        return DML_CFG_E_TRIPLE_QUOTE;
    }
    if (value != UINT32_MAX && is_digit(at(t, value))) {
        end = skip_word(t, value);
        if (end > i) { /* the number goes on with what is no digit */
            *span = range(value, end);
            return c == '.' ? DML_CFG_E_FLOAT : c == '-' ? DML_CFG_E_BARE_WORD : DML_CFG_E_NUMBER;
        }
    }
    enum dml_cfg_error_class template = template_at(t, i, eol, &end);
    if (template != DML_CFG_E_COUNT) {
        *span = range(i, end < eol ? end : eol);
        return template;
    }
    switch (c) {
    case '"':
    case '\'':
        *span = range(i, eol);
        return DML_CFG_E_ADJACENT_STRINGS;
    case ',':
        return DML_CFG_E_COMMA_AFTER_VALUE;
    case ']':
        return DML_CFG_E_EXTRA_BRACKET;
    case '+':
    case '*':
    case '%':
    case '-':
        *span = range(i, i + 1);
        return DML_CFG_E_OPERATOR;
    case '/':
        *span = range(i, i + (starts(t, i, "//") || starts(t, i, "/*") ? 2 : 1));
        return span->len == 2 ? DML_CFG_E_COMMENT_STYLE : DML_CFG_E_OPERATOR;
    default:
        break;
    }
    if (dml_cfg_assignment_at(t, i))
        return DML_CFG_E_TWO_ON_LINE;
    if (word > i) {
        template = template_around(t, i, span);
        return template != DML_CFG_E_COUNT ? template : DML_CFG_E_JUNK;
    }
    enum dml_cfg_error_class class = odd_byte(t, i, span);
    return class == DML_CFG_E_BAD_CHAR ? DML_CFG_E_JUNK : class;
}

enum dml_cfg_error_class dml_cfg_diagnose(const struct dml_cfg_fault *f, struct dml_span *span)
{
    enum dml_cfg_error_class class;
    char c = at(f->text, f->pos);
    if (f->after_python && f->statement && f->text.p[f->statement - 1] != '\n' && f->text.p[f->statement - 1] != ';') {
        *span = range(f->statement, line_end(f->text, f->statement)); /* the inside of a block */
        return DML_CFG_E_PYTHON;
    }
    switch (f->expect) {
    case EXPECT_KEY:
    case EXPECT_OPERATOR:
        return at_key(f, span);
    case EXPECT_VALUE:
        if (f->pos >= f->text.len || c == '\n' || c == '#' || c == ';' ||
            (c == '\r' && at(f->text, f->pos + 1) == '\n'))
            return no_value(f, span);
        return at_value(f, span);
    case EXPECT_ELEMENT:
    case EXPECT_COMMA:
        class = in_list(f, span);
        return class == DML_CFG_E_COUNT ? after_value(f, span) : class;
    case EXPECT_END:
        break;
    }
    return after_value(f, span);
}

static const struct {
    const char *name, *message, *hint;
} words[] = {
#define E(id, message, hint) [DML_CFG_E_##id] = {#id, message, hint},
#include "cfg/errors.def"
#undef E
};

const char *dml_cfg_error_name(enum dml_cfg_error_class c)
{
    return words[c].name;
}

const char *dml_cfg_error_hint(enum dml_cfg_error_class c)
{
    return words[c].hint;
}

const char *dml_cfg_error_message(const struct dml_cfg *cfg, const struct dml_cfg_error *e, struct dml_arena *a)
{
    enum { LONGEST = 40 };
    const char *message = words[e->class].message, *mark = strchr(message, '%');
    if (!mark)
        return message;
    int before = (int)(mark - message);
    if (mark[1] == 'u')
        return dml_arena_printf(a, "%.*s%u%s", before, message, e->count, mark + 2);
    struct dml_sv text = {cfg->text.p + e->span.off, e->span.len};
    _Bool cut = text.len > LONGEST;
    text = dml_sv_cut(text, cut ? LONGEST : text.len);
    return dml_arena_printf(a, "%.*s%.*s%s%s", before, message, DML_SV_ARG(text), cut ? "..." : "", mark + 2);
}
