/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parser and the naming of its errors share; not for other rooms. */
#ifndef DML_CFG_PARSE_H
#define DML_CFG_PARSE_H

#include "cfg/cfg.h"

/* What the grammar allows at the place where it could not go on. */
enum dml_cfg_expect { EXPECT_KEY, EXPECT_OPERATOR, EXPECT_VALUE, EXPECT_END, EXPECT_ELEMENT, EXPECT_COMMA };

struct dml_cfg_fault {
    struct dml_sv text;
    enum dml_cfg_expect expect;
    uint32_t statement; /* where the statement begins, blanks skipped */
    uint32_t key_end;   /* end of its key; statement if it has none */
    uint32_t pos;       /* the first byte that does not fit */
    uint32_t list;      /* the innermost `[` that is open, or UINT32_MAX */
    uint32_t value;     /* where the value or element before `pos` begins, or UINT32_MAX */
    _Bool after_python; /* the lines just before were called Python */
};

/* Names the error; *span is what to point at. */
enum dml_cfg_error_class dml_cfg_diagnose(const struct dml_cfg_fault *f, struct dml_span *span);
/* Is the text in UTF-16, by its byte order mark or its first characters? */
_Bool dml_cfg_is_utf16(struct dml_sv text);
/* Where a line that looks like KEY = or KEY += begins its operator, if `pos` is the start of such a line; else 0. */
uint32_t dml_cfg_assignment_at(struct dml_sv text, uint32_t pos);

#endif
