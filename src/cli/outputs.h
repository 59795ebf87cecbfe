/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outputs: what -f says of a report: in which formats it goes where. */
#ifndef DML_CLI_OUTPUTS_H
#define DML_CLI_OUTPUTS_H

#include <sys/stat.h>

#include "cli/cli.h"
#include "report/report.h"

enum { DML_OUTPUTS_MAX = 16 };

/* One -f F[:FILE]. */
struct dml_output {
    const struct dml_format *format;
    const char *file; /* NULL: standard output */
};

struct dml_outputs {
    struct dml_output v[DML_OUTPUTS_MAX];
    unsigned n;
    FILE *stream; /* what standard output is: stdout, or stderr where that is taken */
    _Bool color;  /* of the one that goes there */
    mode_t umask;
    /* Is this file read by the run? It is not written over. */
    _Bool (*is_input)(const void *user, const struct stat *there);
    const void *user;
};

/* Reads -f and --color; before any thread starts, and with `stream` set. DML_EINVAL with a message. */
int dml_outputs_parse(struct dml_outputs *out, const struct dml_args *args, struct dml_err *err);
/* What the formats want of a run: enum dml_need, or-ed. */
unsigned dml_outputs_needs(const struct dml_outputs *out);
/* Writes a report everywhere: files as a whole or not at all, onto no input and through no link. */
int dml_outputs_write(const struct dml_outputs *out, const struct dml_report *r, struct dml_err *err);
/* Prints the summary to stderr. */
void dml_outputs_summary(const struct dml_report *r);
/* Is it that file? NULL is none. */
_Bool dml_is_file(const char *path, const struct stat *there);

#endif
