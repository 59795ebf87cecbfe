/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of report/1 (json.c), each the members of an object that the caller opens and closes; private to report/.
 */
#ifndef DML_REPORT_MEMBERS_H
#define DML_REPORT_MEMBERS_H

#include "report/out.h"

void dml_members_of_run(struct dml_buf *b, const struct dml_report *r);
void dml_members_of_rule(struct dml_buf *b, const struct dml_rule *rule);
void dml_members_of_guest(struct dml_buf *b, const struct dml_report *r, const struct dml_outcome_guest *g);
void dml_members_of_finding(struct dml_buf *b, const struct dml_report *r, const struct dml_finding *f);
void dml_members_of_message(struct dml_buf *b, const struct dml_report *r, const struct dml_message *m);
void dml_members_of_skipped(struct dml_buf *b, const struct dml_skipped *s);
void dml_members_of_summary(struct dml_buf *b, const struct dml_report *r);

#endif
