/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of xlu/ share; not for other rooms. */
#ifndef DML_XLU_XLU_I_H
#define DML_XLU_XLU_I_H

#include <stdio.h>

#include <libxlutil.h>

#include "base/arena.h"

struct dml_xlu {
    struct dml_arena arena; /* holds this struct */
    FILE *report;           /* takes what libxlutil says */
    char said[200];         /* the begin of it, since `said_len` was last 0 */
    size_t said_len;
    dml_version release; /* of the library that is loaded, whose grammar counts */
    XLU_Config *plain;   /* empty; only names the report to xlu_disk_parse */
};

#endif
