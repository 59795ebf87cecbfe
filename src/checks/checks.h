/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: what YAML conditions cannot say. A rule names one with `check:`; checks.def lists them. */
#ifndef DML_CHECKS_CHECKS_H
#define DML_CHECKS_CHECKS_H

#include "facts/subject.h"
#include "rules/value.h"

/* One check on one subject. */
struct dml_check {
    struct dml_subject *s;
    /* The rule fires at `span` about `key` (NULL: none); `message` says more than the rule's own words, or is NULL.
     * Strings are copied. */
    void (*fire)(void *user, struct dml_span span, const char *key, const char *message);
    /* A fact without which the answer is not known, as "passwd". */
    void (*missing)(void *user, const char *fact);
    void *user;
};

/* Number of a check by name, or -1; *near (may be NULL) gets a name near to one that does not exist. */
int dml_check_find(const void *user, struct dml_sv name, const char **near);
/* YES where it fired, UNKNOWN where a fact is missing, NO where all is well. */
enum dml_truth dml_check_run(int number, struct dml_check *c);
/* Is the check made by the judge itself (suppressions, size, second opinion), so that running it says nothing? */
_Bool dml_check_by_judge(int number);

/*
 * Where the argument at index `at` of a guest's command line comes from: an element of its own arguments, or a key.
 * `part`: the key in the argument's value that it is about, NULL where that is not known. *key is NULL for none.
 */
struct dml_span dml_check_blame(const struct dml_subject *s, const struct dma_result *r, uint32_t at, const char *part,
                                const char **key);

#endif
