/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of truths made from facts.def; private to facts/ and to the generator of man pages. */
#ifndef DML_FACTS_TRUTHS_H
#define DML_FACTS_TRUTHS_H

#include "facts/subject.h"

enum {
#define FACT(id, name, kind, list, doc) DML_FACT_ID_##id,
#include "facts/facts.def"
#undef FACT
    DML_FACTS
};

struct dml_truth_row {
    const char *name;
    enum dml_value_kind kind;
    _Bool list;
    struct dml_values (*get)(struct dml_subject *s);
    const char *doc;
};
extern const struct dml_truth_row dml_truth_rows[DML_FACTS];

#endif
