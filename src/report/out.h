/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Out: what reporters write to; private to report/. */
#ifndef DML_REPORT_OUT_H
#define DML_REPORT_OUT_H

#include "report/overview.h"
#include "text/json_out.h"
#include "text/safe.h"

struct dml_out {
    struct dml_buf buf; /* handed to the sink when it has some kilobytes, between findings */
    struct dml_sink sink;
    int rc;
    size_t items; /* for commas */
    struct dml_arena a;
    struct dml_host_findings host; /* text: said once, at the begin */
    struct dml_overview overview;  /* text, of many guests */
    const struct dml_finding *last;
    struct dml_finding *const *of_file; /* the findings of the file that is written */
    size_t of_file_n;
};

/* What formats.def names. */
#define FORMAT(name, needs, begin, file_begin, finding, guest, file_end, end, summary)                                 \
    void begin(struct dml_out *out, const struct dml_report *r);                                                       \
    void file_begin(struct dml_out *out, const struct dml_report *r, uint32_t file);                                   \
    void finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f);                        \
    void guest(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g);                    \
    void file_end(struct dml_out *out, const struct dml_report *r, uint32_t file);                                     \
    void end(struct dml_out *out, const struct dml_report *r);
#include "report/formats.def"
#undef FORMAT
/* Whether the options of the report show the finding at all. */
_Bool dml_report_shows(const struct dml_report *r, const struct dml_finding *f);

#endif
