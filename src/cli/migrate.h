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
    _Bool write, interactive;
    struct dml_guest_files files;
    struct dml_world world; /* the target's */
    struct dml_run run;
    char xen[24], qemu[24];       /* the target; "" where it is not known */
    struct migrate_guest *guests; /* by input */
    struct dml_report before, after;
    struct dml_finding_list findings_before, findings; /* of the texts before, and after */
};

/* Somebody at a terminal who decides, with --interactive. */
struct migrate_ask {
    struct migration *m;
    struct migrate_guest *g; /* that is asked about */
    _Bool all;               /* every further change of this guest is wanted */
    _Bool leave, quit;       /* this guest, or all that are left, stay as they are */
};

/* migrate_ask.c: DML_EINVAL where there is no terminal to ask on. */
int migrate_ask_open(struct migrate_ask *ask, struct migration *m, struct dml_err *err);
void migrate_ask_guest(struct migrate_ask *ask, struct migrate_guest *g);
/* For dml_fix_text; `user` is the struct migrate_ask. */
_Bool migrate_ask_fix(void *user, const struct dml_fix_question *q);
/* Asks about the decisions among the guest's steps; afterwards `leave` says whether it stays as it is. */
void migrate_ask_decisions(struct migrate_ask *ask);

/* migrate_plan.c: adds the steps that the texts themselves ask for (while `probe`, of the text before, is valid). */
int migrate_note_consequences(struct migration *m, struct migrate_guest *g, const struct dml_probe *probe);
/* Makes all other steps, once verdicts and findings are there. DML_ENOMEM. */
int migrate_plan(struct migration *m);
/* The same for one guest, by the verdicts and findings that `m` has now. */
int migrate_plan_guest(struct migration *m, uint32_t i);
uint32_t migrate_count(const struct migrate_guest *g, enum migrate_group group);

/* migrate_print.c */
/* Text of a guest made harmless for a terminal: as lines behind `indent`, or folded with `first` before it. */
void migrate_put_lines(struct dml_buf *out, struct dml_sv text, const char *indent);
void migrate_put_folded(struct migration *m, struct dml_buf *out, const char *text, const char *first,
                        const char *indent);
void migrate_print_text(struct migration *m, struct dml_buf *out);
void migrate_print_json(struct migration *m, struct dml_buf *out);

#endif
