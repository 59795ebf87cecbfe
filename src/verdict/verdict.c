/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdict: the decision, and the words for it. */
#include "verdict/verdict.h"

#include <string.h>

static const struct {
    const char *name;
    _Bool passes;
} verdicts[DML_VERDICTS] = {
#define VERDICT(id, name, passes) {name, passes},
#include "verdict/verdict.def"
#undef VERDICT
};

static const struct {
    const char *name, *command;
} facts[DML_MISSING_FACTS] = {
#define MISSING(id, name, command) {name, command},
#include "verdict/missing.def"
#undef MISSING
};
_Static_assert(DML_MISSING_FACTS <= 64, "a set of facts is 64 bits");

const char *dml_verdict_name(enum dml_verdict v)
{
    return verdicts[v].name;
}

_Bool dml_verdict_passes(enum dml_verdict v)
{
    return verdicts[v].passes;
}

const char *dml_missing_name(unsigned i)
{
    return i < DML_MISSING_FACTS ? facts[i].name : NULL;
}

const char *dml_missing_command(unsigned i)
{
    return i < DML_MISSING_FACTS ? facts[i].command : NULL;
}

uint64_t dml_missing_bit(const char *name)
{
    for (unsigned i = 0; i < DML_MISSING_FACTS; i++) {
        size_t n = strlen(facts[i].name);
        if (strncmp(name, facts[i].name, n) == 0 && (name[n] == '\0' || name[n] == '[' || name[n] == '.'))
            return (uint64_t)1 << i;
    }
    return DML_MISSING_BIT(other);
}

const char *dml_running_name(enum dml_running_state r)
{
    static const char *const names[] = {NULL, "restricted", "unrestricted", "unknown"};
    return names[r];
}

const char *dml_protection_name(unsigned i)
{
    static const char *const names[DML_PROTECTIONS] = {"handles",    "uid",    "chroot",
                                                       "namespaces", "limits", "kill-by-uid"};
    return i < DML_PROTECTIONS ? names[i] : NULL;
}

_Bool dml_blocked_by(const struct dml_standing *s, unsigned scope)
{
    for (uint16_t i = 0; i < s->blockers_n; i++)
        if (s->blockers[i].scope == scope)
            return 1;
    return 0;
}

enum dml_verdict dml_verdict(const struct dml_standing *s, const struct dml_standing *fixed)
{
    if (!s->applicable)
        return s->missing ? DML_VERDICT_UNKNOWN : DML_VERDICT_NOT_APPLICABLE;
    if (!s->blockers_n)
        return s->missing ? DML_VERDICT_UNKNOWN : DML_VERDICT_READY;
    if (!fixed || fixed->blockers_n || !fixed->applicable)
        return DML_VERDICT_BLOCKED;
    return fixed->missing ? DML_VERDICT_UNKNOWN : DML_VERDICT_FIXABLE;
}
