/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdict: what stands in a guest's way and what is not known of it, and the one function that decides what it is. */
#ifndef DML_VERDICT_VERDICT_H
#define DML_VERDICT_VERDICT_H

#include <stdint.h>

#include "finding/finding.h"

enum dml_verdict {
#define VERDICT(id, name, passes) DML_VERDICT_##id,
#include "verdict/verdict.def"
#undef VERDICT
    DML_VERDICTS
};
/* As reports and CONTRACT call it. */
const char *dml_verdict_name(enum dml_verdict v);
/* Does --require-ready let it pass? */
_Bool dml_verdict_passes(enum dml_verdict v);

/* Facts that can be missing for a verdict, as a set of 1 << DML_MISSING_x. */
enum dml_missing {
#define MISSING(id, name, command) DML_MISSING_##id,
#include "verdict/missing.def"
#undef MISSING
    DML_MISSING_FACTS
};
#define DML_MISSING_BIT(id) ((uint64_t)1 << DML_MISSING_##id)
/* As dmlint-facts(5) names them, and what shows them on the host (NULL: nothing does); NULL behind the last. */
const char *dml_missing_name(unsigned i);
const char *dml_missing_command(unsigned i);
/* The bit of a fact by name, by its first part where the whole is not listed ("passwd[*].uid" is passwd). */
uint64_t dml_missing_bit(const char *name);

/* What a guest that runs now is, as far as the host says. */
enum dml_running_state { DML_RUNS_NOT, DML_RUNS_RESTRICTED, DML_RUNS_UNRESTRICTED, DML_RUNS_UNKNOWN };
/* "restricted", "unrestricted", "unknown"; NULL for a guest that does not run. */
const char *dml_running_name(enum dml_running_state r);

/* A rule that decides verdicts and fires, and where it does so first. */
struct dml_blocker {
    uint16_t rule; /* in the rules of the run */
    uint8_t scope; /* enum dml_scope */
    struct dml_span span;
    struct dml_pos start, end; /* all zero without a place */
    struct dml_sv message;
};

/* How a guest stands: everything that its verdict follows from. */
struct dml_standing {
    const struct dml_blocker *blockers;
    uint16_t blockers_n;
    _Bool requested;    /* dm_restrict is in force */
    _Bool applicable;   /* a QEMU in dom0 serves it */
    _Bool stored;       /* xl or libxl wrote it: no fix changes it */
    uint8_t running;    /* enum dml_running_state */
    uint64_t missing;   /* set of facts */
    uint32_t unseen;    /* files that it names and that are only taken to be there */
    const char *reason; /* why it is not applicable; static */
};

/*
 * The verdict of a guest that stands like this. `fixed` is how it stands after the fixes that verdicts count were made
 * in memory; NULL where something stands in the way that no fix removes, or where there is nothing to fix.
 */
enum dml_verdict dml_verdict(const struct dml_standing *s, const struct dml_standing *fixed);
/* Does a blocker of that scope stand in the way? */
_Bool dml_blocked_by(const struct dml_standing *s, unsigned scope);

/* What restriction gives, as a set of 1 << DML_PROTECTION_x; names as in a report, NULL behind the last. */
enum dml_protection {
    DML_PROTECTION_HANDLES,
    DML_PROTECTION_UID,
    DML_PROTECTION_CHROOT,
    DML_PROTECTION_NAMESPACES,
    DML_PROTECTION_LIMITS,
    DML_PROTECTION_KILL_BY_UID,
    DML_PROTECTIONS
};
const char *dml_protection_name(unsigned i);

#endif
