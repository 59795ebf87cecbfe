/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Out: what reporters write to; private to report/. */
#ifndef DML_REPORT_OUT_H
#define DML_REPORT_OUT_H

#include "report/report.h"

struct dml_out {
    struct dml_buf buf; /* handed to the sink when it has some kilobytes, between findings */
    struct dml_sink sink;
    int rc;
    size_t items; /* for commas */
    const struct dml_finding *last;
};

extern const struct dml_reporter dml_report_text, dml_report_concise, dml_report_json;

/* Length of the UTF-8 character at p (n > 0 bytes are there) and *cp; 0 where it is none. */
unsigned dml_utf8(const char *p, size_t n, uint32_t *cp);
/* Writes one character of `text` at *i, made harmless, and moves *i behind it; returns how many columns it takes. */
unsigned dml_safe_char(struct dml_buf *out, struct dml_sv text, size_t *i);
/* Whether the options of the report show the finding at all. */
_Bool dml_report_shows(const struct dml_report *r, const struct dml_finding *f);

#endif
