/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of dmlint migrate on the command line share: options, questions, printing. */
#ifndef DML_CLI_MIGRATE_H
#define DML_CLI_MIGRATE_H

#include "cli/guest_files.h"
#include "migrate/migrate.h"

struct migrate {
    const struct dml_args *args;
    struct dml_guest_files files;
    struct dml_migration m;
    const char *goal_text;                  /* "restrict", "qemu-xen", or the release */
    _Bool write, interactive, color, quiet; /* quiet: only the table */
    unsigned width;                         /* of the terminal; 0: there is none */
    char xen[24], qemu[24];                 /* the target; "" where it is not known */
};

/* Somebody at a terminal who decides, with --interactive. */
struct migrate_ask {
    struct migrate *c;
    uint32_t guest;    /* that is asked about */
    _Bool all;         /* every further change of this guest is wanted */
    _Bool leave, quit; /* this guest, or all that are left, stay as they are */
    struct dml_migrate_asker asker;
};

/* migrate_ask.c: DML_EINVAL where there is no terminal to ask on. `ask` must stay where it is. */
int dml_migrate_ask_open(struct migrate_ask *ask, struct migrate *c, struct dml_err *err);

/* migrate_print.c */
/* Text of a guest made harmless for a terminal: as lines behind `indent`, or folded with `first` before it. */
void dml_migrate_put_lines(struct dml_buf *out, struct dml_sv text, const char *indent);
void dml_migrate_put_folded(struct dml_buf *out, const char *text, const char *first, const char *indent);
void dml_migrate_print_text(struct migrate *c, struct dml_buf *out);
void dml_migrate_print_json(struct migrate *c, struct dml_buf *out);

#endif
