/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host/users: the range that is chosen meets nothing, whatever the host has, and a bad one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/users.h"

static struct dml_users_plan plan(struct dml_arena *a, const char *text, uint64_t base)
{
    static struct dml_facts f;
    struct dml_users_plan p;
    struct dml_err err = {""};
    assert_int_equal(dml_facts_parse(&f, "f.yaml", dml_sv_of(text), a, &err), 0);
    assert_int_equal(dml_users_plan(&f, base, a, &p, &err), 0);
    return p;
}

static void test_users__nothing_known(void **state)
{
    struct dml_arena a = {0};
    struct dml_users_plan p;
    struct dml_err err = {""};
    (void)state;
    assert_int_equal(dml_users_plan(NULL, DML_FACT_UNKNOWN, &a, &p, &err), 0);
    assert_int_equal(p.base, 65536);
    assert_int_equal(p.reaper, 999);
    assert_int_equal(p.checked_n, 0);
    assert_int_equal(p.unknown_n, 7);
    dml_arena_dispose(&a);
}

/* One uid at each end of the block is enough to move it; one beside it is not. */
static void test_users__edges(void **state)
{
    static const struct {
        uint64_t uid;
        _Bool moves;
    } cases[] = {{65535, 0}, {65536, 1}, {65537, 1}, {98287, 1}, {98288, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dml_arena a = {0};
        const char *text = dml_arena_printf(&a, "dmlint_facts: 1\npasswd: [{name: x, uid: %llu, gid: 5}]\n",
                                            (unsigned long long)cases[i].uid);
        struct dml_users_plan p = plan(&a, text, DML_FACT_UNKNOWN);
        assert_int_equal(p.base != 65536, cases[i].moves);
        assert_int_equal(p.clashes.n, 0);
        assert_int_equal(p.base % 65536, 0);
        dml_arena_dispose(&a);
    }
}

static void test_users__each_kind_of_fact(void **state)
{
    static const char *const facts[] = {"subuid: [{name: a, start: 60000, count: 10000}]",
                                        "subgid: [{name: a, start: 98287, count: 1}]",
                                        "groups: [{name: g, gid: 70000, members: []}]",
                                        "reserved_uids: [{what: ldap, start: 65536, count: 1}]",
                                        "uids_in_use: [80000]",
                                        "login_defs: {sub_uid_min: 70000, sub_uid_max: 99999}"};
    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        struct dml_arena a = {0};
        const char *text = dml_arena_printf(&a, "dmlint_facts: 1\n%s\n", facts[i]);
        assert_int_not_equal(plan(&a, text, DML_FACT_UNKNOWN).base, 65536);
        struct dml_users_plan p = plan(&a, text, 65536);
        assert_int_equal(p.clashes.n, 1);
        assert_int_equal(p.refused, !p.clashes.v[0].later);
        dml_arena_dispose(&a);
    }
}

static void test_users__wrong_reaper(void **state)
{
    struct dml_arena a = {0};
    (void)state;
    assert_null(
        plan(&a, "dmlint_facts: 1\npasswd: [{name: xen-qemuuser-reaper, uid: 990, gid: 990}]\n", DML_FACT_UNKNOWN)
            .reaper_wrong);
    assert_non_null(
        plan(&a, "dmlint_facts: 1\npasswd: [{name: xen-qemuuser-reaper, uid: 0, gid: 0}]\n", DML_FACT_UNKNOWN)
            .reaper_wrong);
    assert_non_null(plan(&a,
                         "dmlint_facts: 1\npasswd: [{name: www, uid: 990, gid: 9}, {name: xen-qemuuser-reaper, uid: "
                         "990, gid: 990}]\n",
                         DML_FACT_UNKNOWN)
                        .reaper_wrong);
    dml_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_users__nothing_known), cmocka_unit_test(test_users__edges),
                                       cmocka_unit_test(test_users__each_kind_of_fact),
                                       cmocka_unit_test(test_users__wrong_reaper)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
