/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the page share, and what html.css and html.js become; private to report/. */
#ifndef DML_REPORT_HTML_H
#define DML_REPORT_HTML_H

#include "report/out.h"

extern const char dml_html_css[], dml_html_js[];

/* A string as content or in quotes; NULL is nothing. */
void dml_html_put(struct dml_buf *b, const char *text);
/* The id of a file's section, which is the same in every report. */
void dml_html_id(struct dml_buf *b, const char *path);
/* Is there anything to be said of a guest (NULL: none) with so many findings? */
_Bool dml_html_has_section(const struct dml_outcome_guest *g, size_t findings);

#endif
