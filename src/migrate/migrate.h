/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migrate: per guest the way from its config to a goal, as numbered steps: what dmlint does, what somebody decides,
 * what the host needs. It asks nobody and prints nothing; cli/ does. */
#ifndef DML_MIGRATE_MIGRATE_H
#define DML_MIGRATE_MIGRATE_H

#include "run/run.h"

enum dml_migrate_goal { DML_GOAL_RESTRICT, DML_GOAL_QEMU_XEN, DML_GOAL_XEN };

/* Who does a step. */
enum dml_step_group { DML_STEP_AUTOMATIC, DML_STEP_DECISION, DML_STEP_HOST, DML_STEP_GROUPS };

/* A further place of what a step is about. */
struct dml_step_place {
    uint32_t line; /* 0: none */
    const char *message;
};
struct dml_step {
    enum dml_step_group group;
    const char *rule; /* id, or NULL */
    const char *text; /* what is to be done or decided, in sentences */
    const char *why;  /* or NULL */
    const char *command;
    uint32_t line;   /* that `why` is about; 0: none */
    _Bool from_rule; /* `why` begins with what the rule says there, and `more` with what it says elsewhere */
    DML_VEC(struct dml_step_place) more;
};

/* What libxl would execute for one text. */
struct dml_migrate_argv {
    const char *xen;
    enum dma_outcome outcome;
    const char **argv;
    uint32_t argc;
    const char *message; /* of a refusal */
};

/* One input. Strings and texts live as long as the migration. */
struct dml_migrate_guest {
    struct dml_sv name;
    struct dml_sv before, after; /* the texts */
    _Bool read, stored, too_large, changed, written, not_written, reached;
    _Bool left; /* somebody who was asked left it as it is */
    _Bool was_traditional, is_traditional;
    struct dml_migrate_argv argv_before, argv_after;
    struct dml_fix_result fixed;
    DML_VEC(struct dml_step) steps;
    /* The outcomes that its plan is made by, and its number in them; guests are NULL where there is no verdict. */
    const struct dml_outcome *o_before, *o_after;
    const struct dml_outcome_guest *verdict_before, *verdict_after;
    uint32_t file;
};

/* Somebody who decides: asked about each change, and about the decisions of a guest's plan. */
struct dml_migrate_asker {
    struct dml_fix_ask fix;
    void (*guest)(void *user, uint32_t i);   /* it is about this guest from now on */
    _Bool (*decide)(void *user, uint32_t i); /* its steps are there; 0: it stays as it is */
    void *user;
};

struct dml_migration {
    /* To be filled in before dml_migrate_run. */
    struct dml_arena *a;               /* everything lives until it is gone */
    const struct dml_run_ask *inputs;  /* paths, read, may_skip, skipped, jobs */
    const struct dml_session *session; /* the host as it is */
    enum dml_migrate_goal goal;
    struct dml_target target;              /* DML_GOAL_XEN: the one to come; otherwise the session's */
    const char *host_option;               /* how commands name the host: " --host facts.json", or "" */
    _Bool accounts_are_there;              /* `dmlint host users` has nothing to propose for this host */
    const struct dml_migrate_asker *asker; /* NULL: nobody is asked */
    int (*store)(void *user, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed, struct dml_err *err);
    /* Results. */
    struct dml_migrate_guest *guests;         /* by input */
    struct dml_outcome *before, *after, *now; /* now: argv of the present release, with DML_GOAL_XEN */
    struct dml_session to;                    /* the target's */
};

/* Judges, fixes and plans. Free it whatever comes back. As dml_run. */
int dml_migrate_run(struct dml_migration *m, struct dml_err *err);
void dml_migrate_free(struct dml_migration *m);
uint32_t dml_migrate_count(const struct dml_migrate_guest *g, enum dml_step_group group);

/* plan.c: adds the steps that leaving qemu-xen-traditional asks for by itself. The steps live in `a`. DML_ENOMEM. */
int dml_migrate_consequences(struct dml_migrate_guest *g, const struct dml_judgement *j, struct dml_arena *a);
/* Makes all other steps of a guest by its outcomes. DML_ENOMEM. */
int dml_migrate_plan(struct dml_migration *m, uint32_t i);
/* Is the guest where it should be? */
_Bool dml_migrate_reached(const struct dml_migration *m, const struct dml_migrate_guest *g);

#endif
