/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of rules: looking rules up by the words that people use for them. */
#include <string.h>

#include "rules/rule.h"

long dml_rules_find(const struct dml_rules *rules, struct dml_sv id_or_name)
{
    uint32_t lo = 0, hi = rules->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int r = dml_sv_cmp(dml_sv_of(rules->v[mid].id), id_or_name);
        if (r == 0)
            return (long)mid;
        if (r < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (uint32_t i = 0; i < rules->n; i++)
        if (dml_sv_is(id_or_name, rules->v[i].name))
            return (long)i;
    return -1;
}

static long tag_of(struct dml_sv word)
{
    for (int i = 0; i < DML_TAG_COUNT; i++)
        if (dml_sv_is(word, dml_tag_names[i]))
            return i;
    return -1;
}

_Bool dml_rule_matches(const struct dml_rule *rule, struct dml_sv word)
{
    if (word.len >= 2 && word.len <= 6 && memcmp(word.p, "DM", 2) == 0)
        return dml_sv_starts(dml_sv_of(rule->id), word);
    long tag = tag_of(word);
    return tag >= 0 ? rule->tags >> tag & 1 : dml_sv_is(word, rule->name);
}

/* Tags first, then names, then ids. */
static struct dml_sv word_of(const void *user, size_t i)
{
    const struct dml_rules *rules = user;
    if (i < DML_TAG_COUNT)
        return dml_sv_of(dml_tag_names[i]);
    i -= DML_TAG_COUNT;
    return dml_sv_of(i < rules->n ? rules->v[i].name : rules->v[i - rules->n].id);
}

_Bool dml_rules_word(const struct dml_rules *rules, struct dml_sv word, const char **near)
{
    *near = NULL;
    if (tag_of(word) >= 0)
        return 1;
    for (uint32_t i = 0; i < rules->n; i++)
        if (dml_rule_matches(&rules->v[i], word))
            return 1;
    long i = dml_sv_nearest(word, DML_TAG_COUNT + 2 * (size_t)rules->n, word_of, rules);
    if (i >= 0)
        *near = word_of(rules, (size_t)i).p;
    return 0;
}
