/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for what xl dislikes: what is wrong, and what to do. */
#include <stdio.h>

#include "guest/read.h"

static const struct {
    const char *name, *message, *hint;
} problems[] = {
#define PROBLEM(id, kind, message, hint) {#id, message, hint},
#include "guest/problems.def"
#undef PROBLEM
};

const char *dml_guest_problem_name(enum dml_guest_problem_id id)
{
    return problems[id].name;
}

const char *dml_guest_doubt(const struct dml_guest_problem *p)
{
    return p->kind == DML_GUEST_DOUBTS ? problems[p->id].hint : NULL;
}

/* Puts key, value and words into a message. */
static const char *compose(const struct dml_guest *guest, const struct dml_guest_problem *p, const char *form,
                           struct dml_arena *a)
{
    enum { LONGEST = 60, ROOM = 1024 };
    char text[ROOM], spec[48];
    size_t n = 0;
    for (; *form && n < ROOM - 200; form++) {
        if (*form != '%') {
            text[n++] = *form;
            continue;
        }
        struct dml_sv s = *++form == 'k' ? dml_key(p->key)->name : p->value;
        _Bool cut = s.len > LONGEST;
        if (*form != 'w') {
            s.len = cut ? LONGEST : s.len;
            if (s.len)
                memcpy(text + n, s.p, s.len);
            n += s.len;
            for (unsigned dots = cut ? 3 : 0; dots; dots--)
                text[n++] = '.';
            continue;
        }
        const char *comma = "";
        const struct dml_key *k = dml_key(p->key);
        for (const struct dml_word *w = p->words; w && w->text; w++)
            if (dml_word_known(w, guest->xen) && n < ROOM - 60) {
                n += (size_t)snprintf(text + n, ROOM - n, "%s%s", comma, w->text);
                comma = ", ";
            }
        for (unsigned i = k->spec; !p->words && i < (unsigned)k->spec + k->n_specs; i++) {
            const struct dml_spec *s2 = dml_spec((enum dml_spec_id)i);
            if (dml_spec_known(s2, guest->xen) && n < ROOM - 60 && !s2->colo) {
                n += (size_t)snprintf(text + n, ROOM - n, "%s%s", comma, dml_spec_text(s2, spec));
                comma = ", ";
            }
        }
    }
    return dml_arena_strndup(a, text, n);
}

const char *dml_guest_message(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a)
{
    return compose(guest, p, problems[p->id].message, a);
}

/* What to do about a part of a list element that xl does not take, where more can be said than the words it knows. */
static const char *part_hint(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a)
{
    const char *equals = p->value.len ? memchr(p->value.p, '=', p->value.len) : NULL;
    struct dml_sv name =
        dml_sv_trim((struct dml_sv){p->value.p, equals ? (size_t)(equals - p->value.p) : p->value.len});
    enum dml_key_id key = (enum dml_key_id)p->key;
    if (key == DML_KEY_vfb && dml_sv_is(name, "type"))
        return "it was xm's; xl reads vnc=1 and sdl=1, and takes vnc=1 if neither is there";
    const struct dml_spec *spec = dml_spec_find(key, name);
    const struct dml_spec *near = spec || name.len < 4 ? NULL : dml_spec_nearest(key, name, guest->xen);
    char text[96], spelt[48], since[24];
    int n = 0;
    if (spec && !dml_spec_known(spec, guest->xen))
        n = snprintf(text, sizeof text, "`%s` came with Xen %s", dml_spec_text(spec, spelt),
                     dml_version_text(spec->since, 1, since));
    else if (spec)
        n = snprintf(text, sizeof text, "correct what is behind `%s=`", dml_spec_text(spec, spelt));
    else if (near)
        n = snprintf(text, sizeof text, "did you mean `%s`?", dml_spec_text(near, spelt));
    return n > 0 && (size_t)n < sizeof text ? dml_arena_strndup(a, text, (size_t)n) : NULL;
}

const char *dml_guest_hint(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a)
{
    if (p->id == DML_GUEST_P_UNREADABLE && (p->key == DML_KEY_memory || p->key == DML_KEY_maxmem))
        return "write the number of MiB, without a unit";
    if (p->id == DML_GUEST_P_WORD && p->key == DML_KEY_builder)
        return "write type = \"hvm\", \"pv\" or \"pvh\" instead: builder is its old form";
    if (p->id == DML_GUEST_P_SPEC_IGNORED || p->id == DML_GUEST_P_SPEC_UNKNOWN) {
        const char *hint = part_hint(guest, p, a);
        if (hint)
            return hint;
    }
    return compose(guest, p, problems[p->id].hint, a);
}
