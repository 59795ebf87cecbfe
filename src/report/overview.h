/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Overview: what is to be said of all guests at once: of their host, what to do next, and what blocks most of them. */
#ifndef DML_REPORT_OVERVIEW_H
#define DML_REPORT_OVERVIEW_H

#include "report/report.h"

enum { DML_MANY_GUESTS = 20 }; /* from so many on a report has an overview */

/* One rule about the host that says the same of several guests, as a finding or as what would stand in the way. */
struct dml_host_finding {
    uint16_t rule;
    uint8_t severity, state;
    uint32_t file; /* the first */
    struct dml_pos start;
    struct dml_sv message;
    const char *waiver;
    uint32_t guests;
};
struct dml_host_findings {
    struct dml_host_finding *v; /* by rule, state and message */
    uint32_t n;
};
/* Those that the report shows. DML_ENOMEM. */
int dml_host_findings(const struct dml_report *r, struct dml_arena *a, struct dml_host_findings *out);
/* Is a finding or blocker of a guest one of them? */
_Bool dml_is_host_finding(const struct dml_host_findings *all, uint16_t rule, uint8_t state, struct dml_sv message);

/* A rule and how many guests it blocks. */
struct dml_blocking {
    uint16_t rule;
    uint32_t guests;
};
struct dml_overview {
    uint32_t verdicts[DML_VERDICTS];
    uint32_t freed;         /* guests that are blocked, and no longer once the host is repaired */
    uint32_t fixable;       /* of these: dmlint then makes the rest */
    uint32_t waiting;       /* guests of which something is not known */
    struct dml_blocking *v; /* of blocked guests, without the missing request; those that block most come first */
    uint32_t n;
};
/* DML_ENOMEM. */
int dml_overview(const struct dml_outcome *o, struct dml_arena *a, struct dml_overview *out);

/* What to do next, in numbered steps; and the table. */
void dml_overview_next(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out);
void dml_overview_table(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out);

#endif
