/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why: which line of a log says why a guest did not start, and what it means. */
#ifndef DML_WHY_WHY_H
#define DML_WHY_WHY_H

#include "base/arena.h"
#include "base/sv.h"

enum dml_why_kind { DML_WHY_NOTHING, DML_WHY_STEP, DML_WHY_UNKNOWN, DML_WHY_CAUSE }; /* a later one says more */

/* What a log says. Texts are the log's, static or in the arena; "" where there is nothing to say. */
struct dml_why {
    uint8_t kind;           /* enum dml_why_kind: CAUSE, a message of the tables; UNKNOWN, one that is in none;
                             * STEP, only where libxl was; NOTHING, no line speaks of a failure */
    _Bool qemu;             /* QEMU says it */
    uint32_t line;          /* from 1; 0: none */
    struct dml_sv message;  /* of that line, without what stands before it; not made safe */
    struct dml_sv argument; /* of QEMU, that it is about: "-usbdevice usb-tablet" */
    struct dml_sv about;    /* the first part of the message that varies: a name, a path */
    const char *key;        /* of the config */
    const char *releases, *what, *todo;
    const char *step, *step_todo; /* where libxl was when it gave up */
    const char *code;             /* libxl's word for its return code */
};

/* Reads what xl create printed, xl-NAME.log or qemu-dm-NAME.log. DML_ENOMEM. */
int dml_why_read(struct dml_why *out, struct dml_sv log, struct dml_arena *a);

#endif
