/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: the table, look-up by name, and what they share. */
#include "checks/checks_i.h"

#include <stdarg.h>

static const struct {
    const char *name;
    enum dml_truth (*run)(struct dml_check *c);
} checks[] = {
#define CHECK(name) {#name, dml_check_##name},
#define JUDGE(name) {#name, NULL},
#include "checks/checks.def"
#undef CHECK
#undef JUDGE
};

enum { CHECKS = sizeof checks / sizeof checks[0] };

static struct dml_sv name_of(const void *user, size_t i)
{
    (void)user;
    return dml_sv_of(checks[i].name);
}

int dml_check_find(const void *user, struct dml_sv name, const char **near)
{
    for (int i = 0; i < CHECKS; i++)
        if (dml_sv_is(name, checks[i].name))
            return i;
    if (near) {
        long i = dml_sv_nearest(name, CHECKS, name_of, user);
        *near = i < 0 ? NULL : checks[i].name;
    }
    return -1;
}

enum dml_truth dml_check_run(int number, struct dml_check *c)
{
    return checks[number].run ? checks[number].run(c) : DML_NO;
}

_Bool dml_check_by_judge(int number)
{
    return !checks[number].run;
}

enum dml_truth dml_check_fire(struct dml_check *c, struct dml_span span, const char *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *message = dml_arena_vprintf(c->s->a, fmt, ap);
    va_end(ap);
    c->fire(c->user, span, key, message);
    return DML_YES;
}

enum dml_truth dml_check_missing(struct dml_check *c, const char *fact)
{
    c->missing(c->user, fact);
    return DML_UNKNOWN;
}

_Bool dml_check_restricted_hvm(const struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    return dml_subject_restricted(c->s) && g->type == DMA_HVM && g->device_model_stubdomain != DMA_YES;
}
