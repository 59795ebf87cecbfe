/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tally: what a report begins with: how many guests are what, and what stands in the way of most. */
#ifndef DML_REPORT_TALLY_H
#define DML_REPORT_TALLY_H

#include "report/report.h"

/* A rule that speaks of guests, and for how many. */
struct dml_tally_row {
    uint16_t rule;
    uint8_t scope; /* enum dml_scope */
    _Bool blocks;  /* it stands in their way; else it is about the host, and found */
    uint32_t guests;
    uint32_t last;         /* the file that was counted last, so that none counts twice */
    struct dml_sv message; /* of the first */
};

struct dml_tally {
    uint32_t verdicts[DML_VERDICTS];
    uint32_t freed; /* guests that are ready or fixable once the host is repaired, and are blocked now */
    DML_VEC(struct dml_tally_row) rows; /* what blocks before what is only found, those of most guests first */
};

/* Counts. The list lives in `a`. DML_ENOMEM. */
int dml_tally(struct dml_tally *t, const struct dml_report *r, struct dml_arena *a);
/* The next row of the host, or of the guests, from *at on; NULL behind the last. */
const struct dml_tally_row *dml_tally_next(const struct dml_tally *t, _Bool host, uint32_t *at);
/* What stands above these rows; and how many guests repairing the host frees, in a sentence. */
const char *dml_tally_title(_Bool host);
void dml_tally_freed(const struct dml_tally *t, struct dml_buf *out);
/* Is it the host's or its software's, and not the guest's or somebody's? Then one repair serves all guests. */
_Bool dml_tally_of_host(unsigned scope);

#endif
