/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of run/ share: a run while it is made. */
#ifndef DML_RUN_RUN_I_H
#define DML_RUN_RUN_I_H

#include "guest/none.h"
#include "run/run.h"
#include "run/threads.h"

/* What trying something out says of a guest: as it would stand, and what it would have that others may have. */
struct trial {
    _Bool applicable;
    uint16_t blockers_n;
    uint64_t missing;
    struct dml_member member;
};

/* One input. */
struct entry {
    struct dml_standing standing; /* blockers and their messages are kept */
    struct dml_member member;
    struct dml_sv name;
    uint8_t generation; /* of its findings that count: it is judged again where it meets others */
    _Bool read;
    uint8_t none;                            /* enum dml_no_guest: it is skipped */
    _Bool asks;                              /* of one that is: it asks for dm_restrict */
    const char *unknown_user;                /* device_model_user, where the host is not known to have it */
    struct trial *fixed;                     /* after the fixes that verdicts count; NULL: they cannot help */
    struct trial *repaired, *repaired_fixed; /* on the repaired host; NULL: nothing of the host is in the way */
    const struct dml_remark *remarks;        /* of its fixes */
    uint32_t remarks_n;
    struct dml_trial tried;     /* by the QEMU at hand */
    struct dml_refused refused; /* what it refused */
    struct dml_sv text;         /* that was made of it and is judged in its place; NULL: what is read */
};

/* A finding that speaks of another guest, and its clash. */
struct met {
    struct dml_finding *finding;
    uint32_t clash;
};

struct worker {
    struct dml_judge *judge, *repaired; /* repaired: on the host as it should be */
    struct dml_arena scratch, keep;     /* of one input; as long as the outcome */
    struct dml_findings findings;
    DML_VEC(struct met) met;
    DML_VEC(struct dml_message) messages;
};

/* What a clash points at from the other side. */
struct place {
    struct dml_span span;
    struct dml_pos start, end;
};

struct used_baseline {
    const struct dml_baseline *baseline;
    _Bool *used;
};

struct run {
    struct dml_outcome outcome; /* first: what dml_outcome_free gets */
    const struct dml_session *session;
    const struct dml_run_ask *ask;
    unsigned needs, workers_n;
    struct dml_arena a; /* this struct lies in it */
    struct worker *workers;
    struct entry *entries;
    struct dml_clashes clashes;
    struct place *places; /* by clash */
    struct dml_session repaired;
    struct dml_facts repaired_facts;
    struct dml_text_change *changes;
    DML_VEC(struct used_baseline) baselines;
};

/* Reads an input into scratch memory, emptied for it, or takes what was made of it. *too_large where only a part was
 * read. 1: it cannot be read, said. */
int dml_run_read(struct run *r, struct worker *w, uint32_t i, struct dml_sv *text, _Bool *too_large,
                 struct dml_err *err);
/* Is the input, as judged, no guest? It is skipped then, which is kept. */
_Bool dml_run_skips(struct run *r, uint32_t i, const struct dml_judgement *j);
int dml_run_message(struct run *r, struct worker *w, uint32_t i, enum dml_message_kind kind, const char *text);
/* The members of all inputs, `v` by file, against each other and the host of the run. DML_ENOMEM. */
int dml_run_compare(struct run *r, const struct dml_member *v, struct dml_clashes *out);
/* A member whose keys live in `keep`. DML_ENOMEM. */
int dml_run_keep_member(struct dml_member *to, const struct dml_member *from, struct dml_arena *keep);

/* fixing.c: changes texts, each checked alone and with all others. */
int dml_run_fixing(struct run *r, struct dml_err *err);
/* look.c: all inputs, each by itself; those that meet others, again. Then the same on the repaired host. */
int dml_run_looks(struct run *r, struct dml_err *err);
int dml_run_repaired(struct run *r, struct dml_err *err);
/* Judges one input, and keeps what is found and how it stands in place of what was. */
int dml_run_look(void *run, unsigned worker, uint32_t i, struct dml_err *err);
/* Calls fn for the inputs that `wanted` names, of which a thread takes `batch` at a time. */
int dml_run_each(struct run *r, uint32_t batch, _Bool (*wanted)(const struct run *r, uint32_t i),
                 int (*fn)(void *user, unsigned worker, uint32_t i, struct dml_err *err), struct dml_err *err);
/* trials.c: the guests that would be ready, tried; of what is refused the text is judged again. */
int dml_run_trials(struct run *r, struct dml_err *err);
/* finish.c: guests with their verdicts, findings and messages in their order. */
enum dml_verdict dml_run_verdict(const struct dml_standing *s, const struct trial *fixed);
int dml_run_finish(struct run *r, struct dml_err *err);
/* accepted.c: what baselines and waivers make of the findings, and what there is to say of them. */
int dml_run_accepted(struct run *r, struct dml_err *err);
/* Findings of all workers that count, into the outcome. */
int dml_run_collect(struct run *r, struct dml_err *err);

#endif
