/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Selectors of rules: guest keys from the schema, host. facts from the table of facts, truths from facts.def. */
#ifndef DML_FACTS_SELECT_H
#define DML_FACTS_SELECT_H

#include "facts/subject.h"

/* As in struct dml_catalogue (rules/value.h); `user` is not used. */
_Bool dml_select_resolve(const void *user, enum dml_selector_class class, struct dml_sv name, struct dml_selector *out);
const char *dml_select_nearest(const void *user, enum dml_selector_class class, struct dml_sv name);

/* Answers about the host that outlive a guest; one per thread. All zero is empty; lives in its arena. */
struct dml_host_answers;
struct dml_host_answers *dml_host_answers_new(struct dml_arena *a);

/* struct dml_provider's get; `user` is the subject. */
struct dml_values dml_select_get(void *user, uint32_t id);
/* The keys of which one must be written for the selector to have any value, into *keys; 0 where it hangs on no key. */
unsigned dml_select_keys(uint32_t id, enum dml_key_id keys[3]);
/* Is it the truth whether the guest asks for restriction? */
_Bool dml_select_is_request(uint32_t id);
/* Is it the same for all guests of a world: a fact of the host, or of the target? */
_Bool dml_select_is_constant(uint32_t id);
/* The top-level fact behind a selector, as a host file names it ("passwd", "xen.version"); NULL where it is no fact of
 * the host. */
const char *dml_select_fact(uint32_t id);

#endif
