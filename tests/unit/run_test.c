/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run/: one session, any number of outcomes, none of which knows of another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "run/run.h"
#include "run/threads.h"

#define GUEST(name) "type = \"hvm\"\nname = \"" name "\"\nmemory = 1024\n"
#define HOST                                                                                                           \
    "dmlint_facts: 1\nos: linux\nxen: {version: \"4.17.5\"}\nkernel: {release: 6.1.0}\n"                               \
    "qemu: {installed: true, version: \"7.2.22\"}\nnss: [files]\nsubuid: []\npasswd:\n"                                \
    "- {name: root, uid: 0, gid: 0}\n- {name: q, uid: 991, gid: 991}\n"                                                \
    "- {name: xen-qemuuser-range-base, uid: 65536, gid: 65536}\n- {name: xen-qemuuser-reaper, uid: 990, gid: 990}\n"

static struct dml_arena arena;
static struct dml_session session;
static struct dml_facts facts;
static struct dml_err err;

static int setup(void **state)
{
    (void)state;
    struct dml_session_ask ask = {.facts = &facts, .policy = "default", .max_bytes = 1 << 20};
    assert_int_equal(dml_facts_parse(&facts, "host", DML_SV(HOST), &arena, &err), 0);
    assert_int_equal(dml_target_init(&ask.target, &facts, NULL, NULL, NULL, &err), 0);
    assert_int_equal(dml_session_open(&session, &ask, &arena, &err), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dml_session_close(&session);
    dml_arena_dispose(&arena);
    return 0;
}

enum { MAX = 64 };
static const char *const paths[MAX] = {"a.cfg", "b.cfg", "c.cfg"};

static struct dml_outcome *run(const char *const *texts, uint32_t n, const struct dml_run_fix *fix, unsigned jobs)
{
    struct dml_sv v[MAX];
    struct dml_outcome *o = NULL;
    for (uint32_t i = 0; i < n; i++)
        v[i] = dml_sv_of(texts[i]);
    const struct dml_run_ask ask = {
        .paths = paths, .n = n, .read = dml_run_texts, .user = v, .fix = fix, .needs = DML_NEED_VERDICTS, .jobs = jobs};
    assert_int_equal(dml_run(&session, &ask, &o, &err), 0);
    assert_int_equal(o->guests_n, n);
    return o;
}

static void test_run__outcomes_know_nothing_of_each_other(void **state)
{
    (void)state;
    static const char *const two[] = {GUEST("a") "device_model_user = \"q\"\ndm_restrict = 1\n",
                                      GUEST("b") "device_model_user = \"q\"\ndm_restrict = 1\n"};
    for (int again = 0; again < 3; again++) {
        struct dml_outcome *both = run(two, 2, NULL, 2), *one = run(two, 1, NULL, 1);
        assert_int_equal(both->guests[0].verdict, DML_VERDICT_BLOCKED);
        assert_int_equal(both->guests[1].verdict, DML_VERDICT_BLOCKED);
        assert_int_equal(both->guests[0].blockers_n, 1);
        assert_int_equal(one->guests[0].verdict, DML_VERDICT_READY);
        dml_outcome_free(both);
        dml_outcome_free(one);
    }
}

static void test_run__a_blocker_has_its_place_and_words(void **state)
{
    (void)state;
    static const char *const texts[] = {GUEST("a") "disk = [ \"/srv/a.img,raw,xvda,w\" ]\n"};
    struct dml_outcome *o = run(texts, 1, NULL, 1);
    const struct dml_outcome_guest *g = &o->guests[0];
    assert_int_equal(g->verdict, DML_VERDICT_BLOCKED);
    assert_false(g->requested);
    assert_int_equal(g->blockers_n, 2);
    assert_string_equal(o->rules->v[g->blockers[0].rule].id, "DM1006");
    assert_string_equal(o->rules->v[g->blockers[1].rule].id, "DM2013");
    assert_int_equal(g->blockers[1].start.line, 4);
    assert_true(dml_sv_starts(g->blockers[1].message, DML_SV("/srv/a.img is a regular file")));
    assert_int_equal(g->unseen, 1);
    dml_outcome_free(o);
}

static void test_run__fixes_in_memory_and_on_the_set(void **state)
{
    (void)state;
    static const char *const texts[] = {GUEST("a"), GUEST("b") "device_model_user = \"q\"\n",
                                        GUEST("c") "device_model_user = \"q\"\n"};
    static const struct dml_run_fix after = {.which = DML_FIX_TO_RESTRICT},
                                    before = {.which = DML_FIX_TO_RESTRICT, .judge_before = 1};
    struct dml_outcome *o = run(texts, 3, &after, 3);
    assert_true(o->changes[0].changed);
    assert_non_null(memmem(o->changes[0].after.p, o->changes[0].after.len, "\ndm_restrict = 1\n", 17));
    assert_int_equal(o->guests[0].verdict, DML_VERDICT_READY);
    for (int i = 1; i < 3; i++) {
        assert_false(o->changes[i].changed);
        assert_int_equal(o->guests[i].verdict, DML_VERDICT_BLOCKED);
        assert_int_equal(o->changes[i].fixed.withheld.n, 1);
        assert_non_null(strstr(o->changes[i].fixed.withheld.v[0].why, "DM4001"));
    }
    dml_outcome_free(o);
    o = run(texts, 1, &before, 1);
    assert_int_equal(o->changed, 1);
    assert_int_equal(o->guests[0].verdict, DML_VERDICT_FIXABLE);
    dml_outcome_free(o);
}

static int refuse(void *user, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed, struct dml_err *e)
{
    (void)user;
    (void)old;
    (void)text;
    return changed ? dml_err_set(e, DML_EIO, "%u cannot be written", i) : 0;
}

static void test_run__what_cannot_be_stored_is_judged_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {GUEST("a"), GUEST("b") "dm_restrict = 1\n"};
    static const struct dml_run_fix fix = {.which = DML_FIX_TO_RESTRICT, .store = refuse};
    struct dml_outcome *o = run(texts, 2, &fix, 2);
    assert_true(o->changes[0].failed);
    assert_int_equal(o->guests[0].verdict, DML_VERDICT_FIXABLE);
    assert_int_equal(o->guests[1].verdict, DML_VERDICT_READY);
    assert_int_equal(o->messages_n, 1);
    assert_int_equal(o->messages[0].file, 0);
    assert_int_equal(o->messages[0].kind, DML_MESSAGE_NOT_FIXED);
    assert_string_equal(o->messages[0].text, "0 cannot be written");
    assert_int_equal(o->unwritten, 1);
    dml_outcome_free(o);
}

static int count(void *user, unsigned worker, uint32_t i, struct dml_err *e)
{
    (void)worker;
    ((uint8_t *)user)[i]++;
    return i % 50 == 49 ? dml_err_set(e, DML_EINVAL, "number %u", i) : 0;
}

static void test_threads__every_number_once_and_the_first_failure(void **state)
{
    (void)state;
    uint8_t seen[MAX * 16] = {0};
    for (uint32_t n = 0; n < 49; n++) {
        memset(seen, 0, sizeof seen);
        assert_int_equal(dml_each(8, DML_BATCH, n, count, seen, &err), 0);
        for (uint32_t i = 0; i < sizeof seen; i++)
            assert_int_equal(seen[i], i < n);
    }
    assert_int_equal(dml_each(1, DML_BATCH, sizeof seen, count, seen, &err), DML_EINVAL);
    assert_string_equal(err.msg, "number 49");
    assert_int_equal(dml_useful_jobs(8, DML_BATCH, 0), 1);
    assert_int_equal(dml_useful_jobs(8, DML_BATCH, 40), 3);
    assert_int_equal(dml_useful_jobs(8, 1, 40), 8);
    assert_int_equal(dml_useful_jobs(0, DML_BATCH, 4000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run__outcomes_know_nothing_of_each_other),
        cmocka_unit_test(test_run__a_blocker_has_its_place_and_words),
        cmocka_unit_test(test_run__fixes_in_memory_and_on_the_set),
        cmocka_unit_test(test_run__what_cannot_be_stored_is_judged_as_it_is),
        cmocka_unit_test(test_threads__every_number_once_and_the_first_failure),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
