/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migrate: what the parts of dmlint migrate share: a guest's way from its config to the goal, as numbered steps. */
#ifndef DML_CLI_MIGRATE_H
#define DML_CLI_MIGRATE_H

#include "cli/guest_files.h"
#include "fix/fix.h"

enum migrate_goal { GOAL_RESTRICT, GOAL_QEMU_XEN, GOAL_XEN };

/* Who does a step. */
enum migrate_group { STEP_AUTOMATIC, STEP_DECISION, STEP_HOST, STEP_GROUPS };

struct migrate_step {
    enum migrate_group group;
    const char *rule; /* id, or NULL */
    const char *text; /* what is to be done or decided, in sentences */
    const char *why;  /* or NULL */
    const char *command;
};

/* What libxl would execute for one text. */
struct migrate_argv {
    const char *xen;
    enum dma_outcome outcome;
    const char **argv;
    uint32_t argc;
    const char *message; /* of a refusal */
};

struct migrate_guest {
    const char *path, *result; /* the file, and where the changed text goes */
    struct dml_sv name;
    struct dml_sv before, after; /* the texts */
    _Bool read, too_large, changed, written, not_written, reached;
    _Bool was_traditional, is_traditional;
    struct migrate_argv argv_before, argv_after;
    struct dml_fix_result fixed;
    const struct dml_report_guest *verdict_before, *verdict_after;
    DML_VEC(struct migrate_step) steps;
};

struct migration {
    const struct dml_args *args;
    struct dml_arena *a; /* everything lives until the end of the run */
    enum migrate_goal goal;
    const char *goal_text; /* "restrict", "qemu-xen", or the release */
    _Bool write;
    struct dml_guest_files files;
    struct dml_world world; /* the target's */
    struct dml_run run;
    char xen[24], qemu[24];       /* the target; "" where it is not known */
    struct migrate_guest *guests; /* by input */
    struct dml_report before, after;
    struct dml_finding_list findings_before, findings; /* of the texts before, and after */
};

/* migrate_plan.c: adds the steps that the texts themselves ask for (while `probe`, of the text before, is valid). */
int migrate_note_consequences(struct migration *m, struct migrate_guest *g, const struct dml_probe *probe);
/* Makes all other steps, once verdicts and findings are there. DML_ENOMEM. */
int migrate_plan(struct migration *m);
uint32_t migrate_count(const struct migrate_guest *g, enum migrate_group group);

/* migrate_print.c */
void migrate_print_text(struct migration *m, struct dml_buf *out);
void migrate_print_json(struct migration *m, struct dml_buf *out);

#endif
