/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What html.css and html.js become; private to report/. */
#ifndef DML_REPORT_HTML_H
#define DML_REPORT_HTML_H

extern const char dml_html_css[], dml_html_js[];

#endif
