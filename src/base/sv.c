/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* String view: comparison, trimming, edit distance. */
#include "base/sv.h"

int dml_sv_cmp(struct dml_sv a, struct dml_sv b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int r = n ? memcmp(a.p, b.p, n) : 0;
    return r ? r : (a.len > b.len) - (a.len < b.len);
}

static _Bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct dml_sv dml_sv_trim(struct dml_sv s)
{
    while (s.len && is_space(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len && is_space(s.p[s.len - 1]))
        s.len--;
    return s;
}

enum { LONGEST_WORD = 64 };

unsigned dml_sv_distance(struct dml_sv a, struct dml_sv b, unsigned limit)
{
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (gap > limit || a.len > LONGEST_WORD || b.len > LONGEST_WORD)
        return limit + 1;
    unsigned rows[3][LONGEST_WORD + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (unsigned j = 0; j <= b.len; j++)
        last[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned best = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        unsigned *t = before;
        before = last;
        last = now;
        now = t;
    }
    return last[b.len] > limit ? limit + 1 : last[b.len];
}

long dml_sv_nearest(struct dml_sv word, size_t n, struct dml_sv (*name)(const void *user, size_t i), const void *user)
{
    unsigned best = word.len < 4 ? 1 : word.len < 8 ? 2 : 3;
    long found = -1;
    for (size_t i = 0; i < n; i++) {
        struct dml_sv candidate = name(user, i);
        unsigned d = dml_sv_distance(word, candidate, best);
        if (d > best || (found >= 0 && d == best))
            continue;
        best = d;
        found = (long)i;
    }
    return found;
}

struct dml_sv dml_sv_cut(struct dml_sv s, size_t max)
{
    if (s.len > max)
        s.len = max;
    size_t tail = 0; /* bytes at the end that continue a character */
    while (tail < s.len && tail < 3 && ((unsigned char)s.p[s.len - 1 - tail] & 0xc0) == 0x80)
        tail++;
    unsigned char lead = tail < s.len ? (unsigned char)s.p[s.len - 1 - tail] : 0;
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
    if (need > tail + 1)
        s.len -= tail + 1;
    return s;
}
