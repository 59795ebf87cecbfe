/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of try/ share: everything that the shut-in process needs, made before it is. */
#ifndef DML_TRY_TRY_I_H
#define DML_TRY_TRY_I_H

#include <sys/resource.h>

#include "try/try.h"

enum {
    TRY_QMP_FD = 4,     /* the monitor's socket, where libxl hands it over */
    TRY_NOBODY = 65534, /* uid and gid inside */
    TRY_MEMORY = 512    /* MiB of guest memory at most: the real one is Xen's */
};

/* Something of this machine that is seen inside. */
struct dml_try_seen {
    const char *path;
    const char *link; /* it is a link with this text; NULL: bound */
    _Bool is_dir;
};

enum dml_try_stand_in { DML_TRY_FOLDER, DML_TRY_RAW, DML_TRY_QCOW2, DML_TRY_KERNEL };
/* A path that arguments name: its folder is made, and where it is an image, an empty one. */
struct dml_try_made {
    const char *path;
    enum dml_try_stand_in kind;
};

struct dml_try {
    const char *program; /* its real path */
    DML_VEC(struct dml_try_seen) seen;
};

/* A command line for the room. */
struct dml_try_argv {
    const char **v; /* NULL-terminated */
    uint32_t *from; /* by argument: its index in the prediction */
    uint32_t n;
    uint32_t image; /* index in the prediction of a word that stands alone, QEMU's first disk; 0: there is none */
};

struct dml_try_plan {
    const struct dml_try *t;
    struct dml_try_argv argv;  /* what is tried */
    struct dml_try_argv apart; /* the restriction's own options, to be read only; n is 2 where there are none */
    const char **env;
    DML_VEC(struct dml_try_made) made;
    const char *qmp;    /* path of the monitor's socket; NULL: there is none */
    _Bool preopened;    /* libxl opens it */
    const char *passwd; /* what is in /etc/passwd */
    const char *cannot; /* why it cannot be tried at all, or NULL */
    struct dml_try_limit {
        int what; /* RLIMIT_x */
        uint64_t value;
    } limits[8]; /* libxl's */
    uint32_t limits_n;
};

/* argv.c: changes the command line where it must be. DML_ENOMEM. */
int dml_try_plan(struct dml_try_plan *p, const struct dma_result *r, struct dml_arena *a);

/* What comes through the pipe from inside. */
enum dml_try_event { DML_TRY_EVENT_NONE, DML_TRY_EVENT_STEP, DML_TRY_EVENT_ENDED, DML_TRY_EVENT_ANSWERED };
struct dml_try_record {
    uint8_t event; /* enum dml_try_event */
    uint8_t step;  /* of DML_TRY_EVENT_STEP: enum dml_try_step, that failed with `value` as errno */
    int value;     /* of DML_TRY_EVENT_ENDED: as waitpid says */
};
enum dml_try_step {
#define STEP(id, words) DML_TRY_STEP_##id,
#include "try/steps.def"
#undef STEP
    DML_TRY_STEPS
};

struct dml_try_inside {
    const struct dml_try_plan *plan;
    const struct dml_try_argv *argv;
    const char *qmp; /* NULL: only its end counts */
    _Bool user;      /* in a user namespace, which the parent maps */
    int go[2];       /* pipe: a byte comes when that is done */
    int said, told;  /* ends of pipes to write to: the program's words, and records */
};
/* inside.c: the first process of the room; makes only system calls, as other threads may have held locks. */
int dml_try_inside(void *inside);

#endif
