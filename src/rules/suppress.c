/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Suppressions: reading directives in comments, and asking them. */
#include "rules/suppress.h"

#include <stdlib.h>
#include <string.h>

static int bad(struct dml_suppressions *s, struct dml_arena *a, struct dml_span span, const char *message)
{
    struct dml_bad_directive *b = message ? dml_vec_add(a, &s->bad) : NULL;
    if (!b)
        return DML_ENOMEM;
    *b = (struct dml_bad_directive){span, message};
    return 0;
}

/* The text after "# dmlint:" in a comment; p is NULL where there is none. Other words before it in the comment do no
 * harm. */
static struct dml_sv directive(struct dml_sv comment)
{
    for (size_t i = 0; i < comment.len; i++) {
        if (comment.p[i] != '#')
            continue;
        struct dml_sv rest = dml_sv_trim((struct dml_sv){comment.p + i + 1, comment.len - i - 1});
        if (dml_sv_starts(rest, DML_SV("dmlint:")))
            return dml_sv_trim((struct dml_sv){rest.p + 7, rest.len - 7});
    }
    return (struct dml_sv){NULL, 0};
}

/* Lines from..to - 1 are blank or comments, as far as it has been looked. */
struct quiet {
    uint32_t from, to;
};

/* The line that a comment alone on its own speaks of: the next that is neither blank nor a comment. */
static uint32_t next_line(const struct dml_source *src, uint32_t line, struct quiet *seen)
{
    uint32_t n = line + 1;
    if (n >= seen->from && n < seen->to)
        n = seen->to; /* comments come in order, and a thousand may stand before one statement */
    else
        seen->from = n;
    for (; n <= src->line_count; n++) {
        struct dml_sv text = dml_sv_trim(dml_source_line(src, n));
        if (text.len && text.p[0] != '#')
            break;
    }
    seen->to = n;
    return n <= src->line_count ? n : line;
}

static struct dml_sv name_of(const void *user, size_t i)
{
    const struct dml_rules *rules = user;
    return dml_sv_of(i < rules->n ? rules->v[i].name : rules->v[i - rules->n].id);
}

static int one_word(struct dml_suppressions *s, const struct dml_source *src, const struct dml_rules *rules,
                    struct dml_arena *a, struct dml_sv word, const struct dml_suppression *like)
{
    struct dml_span span = {(uint32_t)(word.p - src->text.p), (uint32_t)word.len};
    long rule = dml_rules_find(rules, word);
    if (rule < 0) {
        long near = word.len ? dml_sv_nearest(word, 2 * (size_t)rules->n, name_of, rules) : -1;
        struct dml_sv name = near < 0 ? (struct dml_sv){"", 0} : name_of(rules, (size_t)near);
        if (!word.len)
            return bad(s, a, like->comment, "no rule is named; write ignore[DM1001] -- reason");
        return bad(s, a, span,
                   dml_arena_printf(a, "there is no rule \"%.*s\"%s%.*s%s", DML_SV_ARG(word),
                                    near < 0 ? "" : "; did you mean \"", DML_SV_ARG(name), near < 0 ? "" : "\"?"));
    }
    struct dml_suppression *to = dml_vec_add(a, &s->v);
    if (!to)
        return DML_ENOMEM;
    *to = *like;
    to->word = span;
    to->rule = (uint16_t)rule;
    return 0;
}

static int read_one(struct dml_suppressions *s, struct dml_source *src, const struct dml_comment *c, struct dml_sv text,
                    const struct dml_rules *rules, struct quiet *seen, struct dml_arena *a)
{
    struct dml_suppression like = {.comment = c->span, .last = UINT32_MAX};
    _Bool file = dml_sv_starts(text, DML_SV("file-ignore"));
    if (dml_sv_starts(dml_sv_trim(text), DML_SV("not-a-guest")))
        return 0; /* where it is judged all the same, somebody named the file */
    if (!file && !dml_sv_starts(text, DML_SV("ignore")))
        return bad(s, a, c->span, "dmlint knows ignore[RULE] -- reason and file-ignore[RULE] -- reason in a comment");
    struct dml_sv rest = {text.p + (file ? 11 : 6), text.len - (file ? 11 : 6)};
    rest = dml_sv_trim(rest);
    const char *end = rest.len ? memchr(rest.p, ']', rest.len) : NULL;
    if (!rest.len || rest.p[0] != '[' || !end)
        return bad(s, a, c->span,
                   "name the rules that are to be ignored: ignore[DM1001] -- reason; there is no form for all");
    struct dml_sv words = {rest.p + 1, (size_t)(end - rest.p) - 1};
    struct dml_sv reason = dml_sv_trim((struct dml_sv){end + 1, rest.len - words.len - 2});
    if (!dml_sv_starts(reason, DML_SV("--")) || !dml_sv_trim((struct dml_sv){reason.p + 2, reason.len - 2}).len)
        return bad(s, a, c->span, "say why: put -- and a reason behind the bracket");
    like.reason = dml_sv_trim((struct dml_sv){reason.p + 2, reason.len - 2});
    if (!file) {
        struct dml_pos pos = dml_source_pos(src, a, c->span.off);
        struct dml_sv before = {src->text.p + c->span.off - (pos.column - 1), pos.column - 1};
        like.first = like.last = pos.line;
        if (!dml_sv_trim(before).len) {
            like.first = like.last = next_line(src, pos.line, seen);
            if (c->end > c->span.off)
                like.last = dml_source_pos(src, a, c->end - 1).line;
        }
    }
    for (;;) {
        const char *comma = words.len ? memchr(words.p, ',', words.len) : NULL;
        size_t len = comma ? (size_t)(comma - words.p) : words.len;
        int rc = one_word(s, src, rules, a, dml_sv_trim((struct dml_sv){words.p, len}), &like);
        if (rc || !comma)
            return rc;
        words = (struct dml_sv){comma + 1, words.len - len - 1};
    }
}

static int by_lines(const void *x, const void *y, void *user)
{
    const struct dml_suppression *v = user, *a = &v[*(const uint32_t *)x], *b = &v[*(const uint32_t *)y];
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return (a->last < b->last) - (a->last > b->last);
}

/* Puts those together that cover the same lines for the same rule. */
static int group(struct dml_suppressions *s, struct dml_arena *a)
{
    s->order = dml_new_n(a, uint32_t, s->v.n + 1);
    s->groups = dml_new_n(a, struct dml_suppression_group, s->v.n + 1);
    if (!s->order || !s->groups)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < s->v.n; i++)
        s->order[i] = i;
    qsort_r(s->order, s->v.n, sizeof *s->order, by_lines, s->v.v);
    for (uint32_t i = 0; i < s->v.n; i++) {
        const struct dml_suppression *one = &s->v.v[s->order[i]];
        uint32_t n = s->groups_n;
        struct dml_suppression_group *last = n ? &s->groups[n - 1] : NULL, *g = &s->groups[n];
        if (last && last->rule == one->rule && last->first == one->first && last->last == one->last) {
            last->end = i + 1;
            continue;
        }
        *g = (struct dml_suppression_group){.first = one->first,
                                            .last = one->last,
                                            .begin = i,
                                            .end = i + 1,
                                            .head = n,
                                            .widest = n,
                                            .rule = one->rule};
        if (last && last->rule == one->rule) {
            const struct dml_suppression_group *wide = &s->groups[last->widest];
            g->head = last->head;
            if (wide->last >= g->last && wide->last != UINT32_MAX)
                g->widest = last->widest;
        }
        s->groups_n++;
    }
    return 0;
}

int dml_suppressions_read(struct dml_suppressions *s, struct dml_source *src, const struct dml_comment *comments,
                          uint32_t n, const struct dml_rules *rules, struct dml_arena *a)
{
    *s = (struct dml_suppressions){0};
    if (!src->text.len || !memmem(src->text.p, src->text.len, "dmlint:", 7))
        return 0; /* nearly every file */
    struct quiet seen = {0, 0};
    for (uint32_t i = 0; i < n; i++) {
        struct dml_sv text = directive(dml_source_text(src, comments[i].span));
        int rc = text.p ? read_one(s, src, &comments[i], text, rules, &seen, a) : 0;
        if (rc)
            return rc;
    }
    return s->v.n ? group(s, a) : 0;
}

/* Marks a group, once; whether it covers the line. */
static _Bool mark(struct dml_suppressions *s, struct dml_suppression_group *g, uint32_t line, _Bool forbidden)
{
    _Bool *marked = forbidden ? &g->refused : &g->used;
    if (line < g->first || line > g->last)
        return 0;
    for (uint32_t i = g->begin; !*marked && i < g->end; i++) {
        struct dml_suppression *one = &s->v.v[s->order[i]];
        *(forbidden ? &one->refused : &one->used) = 1;
    }
    *marked = 1;
    return 1;
}

/*
 * Statements do not overlap, and what is inside of one is a single line: beside the file's, only the group that begins
 * last and the one that ends last of those that begin up to the line can cover it.
 */
_Bool dml_suppressed(struct dml_suppressions *s, uint16_t rule, uint32_t line, _Bool forbidden)
{
    uint32_t low = 0, high = s->groups_n; /* the first group that is of a later rule, or begins behind the line */
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct dml_suppression_group *g = &s->groups[mid];
        if (g->rule < rule || (g->rule == rule && g->first <= line))
            low = mid + 1;
        else
            high = mid;
    }
    if (!low || s->groups[low - 1].rule != rule)
        return 0;
    const struct dml_suppression_group *last = &s->groups[low - 1];
    _Bool found = 0;
    for (int i = 0; i < 3; i++)
        found |= mark(s, &s->groups[i == 0 ? low - 1 : i == 1 ? last->widest : last->head], line, forbidden);
    return found && !forbidden;
}
