/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session: the host, the target, the policies and the rules that any number of runs judge by. Nothing in it changes. */
#ifndef DML_RUN_SESSION_H
#define DML_RUN_SESSION_H

#include "judge/judge.h"

/* The baseline of a policy. */
struct dml_session_baseline {
    const struct dml_policy *policy;
    struct dml_baseline *baseline;
};

/* Shared by threads. Everything lives in the arena that it was opened with, and in its policies. */
struct dml_session {
    struct dml_world world;
    struct dml_grounds grounds; /* over that world */
    DML_VEC(struct dml_session_baseline) of_policies;
    DML_VEC(const char *) refused;            /* baselines that are not used; see dml_session_refused */
    DML_VEC(struct dml_baseline *) baselines; /* each file once, whatever number of policies names it */
};

struct dml_session_ask {
    const struct dml_facts *facts; /* NULL: nothing is known of the host; must outlive the session */
    struct dml_target target;
    const struct dml_rules *rules; /* known before any policy; NULL: the built-in ones */
    const char *policy;            /* a name or file; NULL: discovered for each path */
    /* The files whose policies count: what is wrong with one is said now, not at the first file. */
    const char *const *paths;
    uint32_t paths_n;
    /* Fills in `paths`, once the policies of files can be asked for; NULL: they are there. */
    int (*choose)(void *user, const struct dml_session *s, struct dml_session_ask *ask, struct dml_err *err);
    const char *baseline;   /* instead of what policies name; NULL: that */
    _Bool baseline_is_made; /* it need not be there yet */
    /* Which rules are selected: makes one truth per rule; NULL: all. */
    int (*select)(void *user, const struct dml_rules *rules, struct dml_arena *a, const _Bool **selected,
                  struct dml_err *err);
    void *user;
    size_t max_bytes;
    const char *today; /* NULL: no waiver has expired */
    uint32_t required; /* set of protections */
};

/*
 * Opens a session; `s` must stay where it is and be closed whatever comes back. DML_EINVAL, DML_EIO, DML_ENOENT,
 * DML_ENOMEM with a message.
 */
int dml_session_open(struct dml_session *s, struct dml_session_ask *ask, struct dml_arena *a, struct dml_err *err);
void dml_session_close(struct dml_session *s);
/* The same session for another target or host; `like` must outlive it, and close it. DML_ENOMEM. */
int dml_session_for(struct dml_session *s, const struct dml_session *like, const struct dml_target *target,
                    const struct dml_facts *facts, struct dml_arena *a, struct dml_err *err);
/* The policy for a path; DML_EINVAL and others with a message. */
int dml_session_policy(const struct dml_session *s, const char *path, struct dml_policy **out, struct dml_err *err);
/* What was found and is not used, because others could have written it: the i-th message, or NULL. */
const char *dml_session_refused(const struct dml_session *s, uint32_t i);
/* The baseline of a policy, or NULL. */
struct dml_baseline *dml_session_baseline(const struct dml_session *s, const struct dml_policy *policy);

#endif
