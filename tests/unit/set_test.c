/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set/: which guests meet, over members made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "set/set.h"

static struct dml_arena arena;

static int teardown(void **state)
{
    (void)state;
    dml_arena_dispose(&arena);
    return 0;
}

static struct dml_set_key key(enum dml_set_kind kind, uint64_t hash, uint32_t element, _Bool writes)
{
    return (struct dml_set_key){hash, element, (uint8_t)kind, writes};
}

static struct dml_clashes compare(const struct dml_member *v, uint32_t n, _Bool one_host)
{
    struct dml_clashes c;
    assert_int_equal(dml_set_compare(v, n, one_host, &arena, &c), 0);
    return c;
}

static void test_set__both_of_a_pair_are_told(void **state)
{
    (void)state;
    const struct dml_set_key a[] = {key(DML_SET_ACCOUNT, 7, 0, 0), key(DML_SET_MAC, 9, 1, 0)},
                             b[] = {key(DML_SET_ACCOUNT, 8, 0, 0)},
                             c[] = {key(DML_SET_MAC, 9, 0, 0), key(DML_SET_ACCOUNT, 7, 0, 0)};
    const struct dml_member v[] = {{.keys = a, .keys_n = 2, .there = 1},
                                   {.keys = b, .keys_n = 1, .there = 1},
                                   {0},
                                   {.keys = c, .keys_n = 2, .there = 1}};
    struct dml_clashes all = compare(v, 4, 1);
    const struct dml_clash *first;
    assert_int_equal(all.v.n, 4);
    assert_int_equal(dml_clashes_of(&all, 0, &first), 2);
    assert_int_equal(first[0].key.kind, DML_SET_ACCOUNT);
    assert_int_equal(first[0].other, 3);
    assert_int_equal(first[1].key.kind, DML_SET_MAC);
    assert_int_equal(first[1].key.element, 1);
    assert_int_equal(dml_clashes_of(&all, 1, &first), 0);
    assert_int_equal(dml_clashes_of(&all, 3, &first), 2);
    assert_int_equal(first[0].other, 0);
    /* Of hosts that may be two only accounts are compared. */
    all = compare(v, 4, 0);
    assert_int_equal(all.v.n, 2);
    assert_int_equal(all.v.v[0].key.kind, DML_SET_ACCOUNT);
}

static void test_set__a_disk_is_shared_where_somebody_writes(void **state)
{
    (void)state;
    struct dml_set_key a = key(DML_SET_DISK, 5, 0, 0), b = key(DML_SET_DISK, 5, 2, 0);
    const struct dml_member v[] = {{.keys = &a, .keys_n = 1, .there = 1}, {.keys = &b, .keys_n = 1, .there = 1}};
    assert_int_equal(compare(v, 2, 1).v.n, 0);
    b.writes = 1;
    assert_int_equal(compare(v, 2, 1).v.n, 2);
}

static void test_set__the_same_twice_in_one_guest_is_no_clash(void **state)
{
    (void)state;
    const struct dml_set_key a[] = {key(DML_SET_MAC, 5, 0, 0), key(DML_SET_MAC, 5, 1, 0)};
    const struct dml_member v[] = {{.keys = a, .keys_n = 2, .there = 1}, {.there = 1}};
    assert_int_equal(compare(v, 2, 1).v.n, 0);
}

static void test_set__stored_configs_and_files(void **state)
{
    (void)state;
    struct dml_member v[] = {{.there = 1, .name = 3, .argv = 1},
                             {.there = 1, .name = 3, .argv = 2, .requested = 1},
                             {.there = 1, .name = 3, .argv = 2, .form = DML_FORM_JSON, .requested = 1},
                             {.there = 1, .name = 4, .form = DML_FORM_JSON},
                             {.there = 1, .name = 4, .form = DML_FORM_IMAGE_JSON}};
    const struct dml_clash *first;
    struct dml_clashes all = compare(v, 5, 1);
    /* The file that it is like counts; the running guest without a file is gone, an image is not. */
    assert_int_equal(dml_clashes_of(&all, 2, &first), 0);
    assert_int_equal(dml_clashes_of(&all, 3, &first), 1);
    assert_int_equal(first->key.kind, DML_SET_GONE);
    assert_int_equal(dml_clashes_of(&all, 4, &first), 0);
    assert_int_equal(all.running[0], DML_TRI_YES);
    assert_int_equal(all.running[1], DML_TRI_YES);
    v[1].argv = 9;
    all = compare(v, 5, 1);
    assert_int_equal(dml_clashes_of(&all, 2, &first), 1);
    assert_int_equal(first->key.kind, DML_SET_DIFFERS);
    assert_int_equal(first->other, 0);
    assert_int_equal(first->differs, DML_DIFFERS_REQUEST | DML_DIFFERS_ARGV);
    /* What is in an image does not run. */
    v[2].form = DML_FORM_IMAGE_JSON;
    all = compare(v, 5, 1);
    assert_int_equal(all.running[0], DML_TRI_UNKNOWN);
    assert_int_equal(dml_clashes_of(&all, 2, &first), 1);
}

static void test_set__a_million_guests(void **state)
{
    (void)state;
    enum { N = 1000000, MEET = 777777 };
    struct dml_set_key *keys = calloc(N, sizeof *keys);
    struct dml_member *v = calloc(N, sizeof *v);
    assert_true(keys && v);
    for (uint32_t i = 0; i < N; i++) {
        keys[i] = key(DML_SET_UUID, (i + 1) * UINT64_C(0x9e3779b97f4a7c15), 0, 0);
        v[i] = (struct dml_member){.keys = &keys[i], .keys_n = 1, .there = 1};
    }
    keys[MEET].hash = keys[5].hash;
    struct dml_clashes all = compare(v, N, 1);
    assert_int_equal(all.v.n, 2);
    assert_int_equal(all.v.v[1].file, MEET);
    free(keys);
    free(v);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        T(test_set__both_of_a_pair_are_told),
        T(test_set__a_disk_is_shared_where_somebody_writes),
        T(test_set__the_same_twice_in_one_guest_is_no_clash),
        T(test_set__stored_configs_and_files),
        T(test_set__a_million_guests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
