/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subject: one guest on one host, with everything that rules and checks may ask about it. */
#ifndef DML_FACTS_SUBJECT_H
#define DML_FACTS_SUBJECT_H

#include "cfg/cfg.h"
#include "dmargv/dmargv.h"
#include "guest/open.h"
#include "host/accounts.h"
#include "host/facts.h"
#include "host/target.h"
#include "qemu/qemu.h"
#include "rules/value.h"
#include "schema/schema.h"
#include "text/source.h"

/* What all guests of a run share. Built once, then only read. */
struct dml_world {
    const struct dml_facts *host; /* NULL: nothing is known */
    struct dml_target target;
    struct dma_host dma_host;
    struct dml_accounts accounts; /* of host; all zero without one */
};

/* Fills the world from facts (NULL: none) and a target. What it points to lives in `a`. DML_ENOMEM. */
int dml_world_init(struct dml_world *w, const struct dml_facts *host, const struct dml_target *target,
                   struct dml_arena *a);

struct dml_host_answers;

/*
 * One guest. Zero, then dml_subject_open. Lives in its arena; `builder` belongs to the thread and holds the last
 * result, so only one subject per builder can be asked for its argv.
 */
struct dml_subject {
    struct dml_arena *a;
    const struct dml_world *world;
    struct dma_builder *builder;
    struct dml_xlu *xlu; /* the thread's, for disk strings */
    struct dml_source src;
    struct dml_cfg cfg;
    struct dml_guest guest;
    struct dml_form_of form;
    const struct dma_result *result;  /* see dml_subject_result */
    struct dml_host_answers *answers; /* the thread's, see select.h */
    struct dml_qemu_findings qemu;    /* see dml_subject_qemu */
    _Bool built, assumed;             /* result is made; restriction is assumed */
    enum dma_bool written;            /* dm_restrict as it was before it was assumed */
    _Bool qemu_judged;
};

/* Parses the text, of any form, and reads the guest from it. DML_ENOMEM, DML_ETOOBIG. */
int dml_subject_open(struct dml_subject *s, const char *path, struct dml_sv text, struct dml_err *err);
/*
 * What libxl would do with the guest; asked for once, then remembered. NULL where the file has syntax errors or xl
 * refuses it (then libxl never sees it), and where memory ran out.
 */
const struct dma_result *dml_subject_result(struct dml_subject *s);
/*
 * The facts (as in dmlint-facts(5)) that decide what becomes of the guest and are not known, one after another, some
 * perhaps more than once; NULL behind the last. `at` is zero for the first.
 */
struct dml_doubts {
    uint32_t problem, note;
};
const char *dml_subject_doubt(struct dml_subject *s, struct dml_doubts *at);
/* What the target's QEMU makes of the command line; none where there is none, or another device model's. */
struct dml_qemu_findings dml_subject_qemu(struct dml_subject *s);
/* The place of an element of argv in the guest's own lists of arguments, and its key; DML_NO_SPAN for one of libxl's.
 */
struct dml_span dml_subject_own_argument(const struct dml_subject *s, const char *argument, const char **key);
/* Does xl read dm_restrict as true? */
_Bool dml_subject_restricted(const struct dml_subject *s);
/* From now on the guest counts as if dm_restrict = 1 stood at its end. */
void dml_subject_assume_restricted(struct dml_subject *s);
/* Takes that back. */
void dml_subject_as_written(struct dml_subject *s);
/* Would xl not even hand the guest to libxl: syntax errors or xl's own refusal? */
_Bool dml_subject_rejected(const struct dml_subject *s);
/* The span of a key's last assignment, or DML_NO_SPAN where it is not there. */
struct dml_span dml_subject_key_span(const struct dml_subject *s, const char *key);

/* The values of one sub-key over the elements of its list, as xl of the target takes them apart. */
struct dml_values dml_subject_field(struct dml_subject *s, enum dml_spec_id field);

#endif
