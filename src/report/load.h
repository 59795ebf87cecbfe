/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Load: a report/1 document becomes the report again that it was written from, for any format. */
#ifndef DML_REPORT_LOAD_H
#define DML_REPORT_LOAD_H

#include "report/report.h"

/* A report that was read. Everything lives in the arena that it was read into, and in `findings`. */
struct dml_loaded {
    struct dml_report report;
    struct dml_outcome outcome;
    struct dml_rules rules;
    struct dml_findings findings;
};

/*
 * Reads `text`, named `path` in messages, of at most 1 GiB. What an older dmlint did not write is absent. Unknown
 * members are passed over. DML_EINVAL with "path:line:column: ..." where it is no such document, DML_ETOOBIG,
 * DML_ENOMEM. To be disposed of whatever comes back; `l` must stay where it is.
 */
int dml_report_load(struct dml_loaded *l, const char *path, struct dml_sv text, struct dml_arena *a,
                    struct dml_err *err);
void dml_loaded_dispose(struct dml_loaded *l);

#endif
