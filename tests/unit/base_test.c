/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/ and text/: arena, views, numbers, versions, globs, line table. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/format.h"
#include "base/num.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/version.h"
#include "text/source.h"

static void test_arena__vec_keeps_elements(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    DML_VEC(uint32_t) v = {0};
    for (uint32_t i = 0; i < 10000; i++)
        *dml_vec_add(&a, &v) = i;
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(v.v[i], i);
    dml_arena_reset(&a);
    assert_string_equal(dml_arena_printf(&a, "%s-%d", "x", 7), "x-7");
    dml_arena_dispose(&a);
}

static void *no_alloc(void *user, size_t size)
{
    (void)user;
    (void)size;
    return NULL;
}
static void no_release(void *user, void *p)
{
    (void)user;
    (void)p;
}

static void test_arena__out_of_memory_sticks(void **state)
{
    (void)state;
    struct dml_mem mem = {no_alloc, no_release, NULL};
    struct dml_arena a;
    dml_arena_init(&a, &mem);
    assert_null(dml_arena_strdup(&a, "x"));
    assert_true(a.failed);
    dml_arena_dispose(&a);
}

static void test_buf__cap_holds(void **state)
{
    (void)state;
    struct dml_buf b;
    dml_buf_init(&b, 4);
    dml_buf_str(&b, "abc");
    dml_buf_str(&b, "de");
    assert_true(b.failed);
    assert_string_equal(b.p, "abc");
    dml_buf_dispose(&b);
}

/* Both ways of formatting, and every cut of the result. */
__attribute__((format(printf, 1, 2))) static void same_text(const char *fmt, ...)
{
    char ours[64], theirs[64];
    for (size_t room = 0; room < sizeof ours; room++) {
        va_list ap, again;
        memset(ours, '#', sizeof ours);
        memset(theirs, '#', sizeof theirs);
        va_start(ap, fmt);
        va_copy(again, ap);
        assert_int_equal(dml_format(ours, room, fmt, ap), vsnprintf(theirs, room, fmt, again));
        va_end(again);
        va_end(ap);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
}

static void test_format__as_vsnprintf(void **state)
{
    (void)state;
    same_text("plain");
    same_text("%s", "");
    same_text("%s,id=%d,%u%c", "model", 7, 0u, ';');
    same_text("%d %d %d %u", INT_MIN, INT_MAX, -1, UINT_MAX);
    same_text("100%% of %s", "it"); /* from here on vsnprintf's */
    same_text("%s=%#x %s", "a", 255u, "b");
    same_text("%.*s|%-5s|%llu", 2, "abc", "d", 1ull << 63);
}

static void test_num__as_strtol(void **state)
{
    (void)state;
    int64_t v;
    assert_int_equal(dml_num_parse(DML_SV("0x10"), 0, &v, NULL), DML_NUM_OK);
    assert_int_equal(v, 16);
    assert_int_equal(dml_num_parse(DML_SV("010"), 0, &v, NULL), DML_NUM_OK);
    assert_int_equal(v, 8);
    assert_int_equal(dml_num_parse(DML_SV(" 1"), 0, &v, NULL), DML_NUM_OK);
    assert_int_equal(dml_num_parse(DML_SV("1 "), 0, &v, NULL), DML_NUM_TRAILING);
    assert_int_equal(dml_num_parse(DML_SV("0x"), 0, &v, NULL), DML_NUM_TRAILING);
    assert_int_equal(dml_num_parse(DML_SV("yes"), 0, &v, NULL), DML_NUM_NONE);
    assert_int_equal(dml_num_parse(DML_SV("99999999999999999999"), 0, &v, NULL), DML_NUM_RANGE);
    assert_true(v == INT64_MAX);
}

static void test_version__order_and_lines(void **state)
{
    (void)state;
    dml_version v;
    struct dml_err err;
    assert_int_equal(dml_xen_version_parse(DML_SV("4.17"), &v, &err), 0);
    assert_int_equal(v, DML_V(4, 17, 7));
    assert_int_equal(dml_xen_version_parse(DML_SV("4.15.0"), &v, &err), 0);
    assert_int_equal(v, DML_V(4, 15, 0));
    assert_int_equal(dml_xen_version_parse(DML_SV("4.17.7+13-g2445b"), &v, &err), 0);
    assert_int_equal(v, DML_V(4, 17, 7));
    assert_int_equal(dml_xen_version_parse(DML_SV("4.9"), &v, &err), DML_EINVAL);
    assert_int_equal(dml_xen_version_parse(DML_SV("4.1x"), &v, &err), DML_EINVAL);
    assert_true(DML_V(4, 9, 9) < DML_V(4, 10, 0));
    assert_int_equal(dml_qemu_version_parse(DML_SV("7.2.22 (Debian 1:7.2)"), &v, &err), 0);
    assert_int_equal(v, DML_V(7, 2, 22));
}

static void test_path__glob(void **state)
{
    (void)state;
    assert_true(dml_path_glob("*.cfg", "a/b/web.cfg"));
    assert_true(dml_path_glob("lab/**", "lab/x/y.cfg"));
    assert_false(dml_path_glob("lab/*", "lab/x/y.cfg"));
    assert_true(dml_path_glob("**/old/*.cfg", "a/b/old/y.cfg"));
    assert_true(dml_path_glob("**/old/*.cfg", "old/y.cfg"));
    assert_true(dml_path_glob("x[0-9]?.cfg", "x1b.cfg"));
    assert_false(dml_path_glob("x[!0-9].cfg", "x1.cfg"));
    assert_true(dml_path_glob("**", "any/thing"));
    /* Only ** goes over a slash. */
    assert_true(dml_path_glob("x/a?b", "x/axb"));
    assert_false(dml_path_glob("x/a?b", "x/a/b"));
    assert_false(dml_path_glob("x/a[!x]b", "x/a/b"));
    assert_false(dml_path_glob("x/a?", "x/a"));
}

static void test_source__positions(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    struct dml_source s;
    dml_source_init(&s, "x", DML_SV("ab\r\ncd\n"));
    struct dml_pos p = dml_source_pos(&s, &a, 5);
    assert_int_equal(p.line, 2);
    assert_int_equal(p.column, 2);
    assert_true(dml_sv_is(dml_source_line(&s, 1), "ab"));
    assert_true(dml_sv_is(dml_source_line(&s, 2), "cd"));
    assert_int_equal(dml_source_pos(&s, &a, 99).line, 3);
    dml_arena_dispose(&a);
}

static void test_sv__distance(void **state)
{
    (void)state;
    assert_int_equal(dml_sv_distance(DML_SV("dm_restrictt"), DML_SV("dm_restrict"), 3), 1);
    assert_int_equal(dml_sv_distance(DML_SV("dm_retsrict"), DML_SV("dm_restrict"), 3), 1);
    assert_int_equal(dml_sv_distance(DML_SV("abc"), DML_SV("xyz"), 2), 3);
}

static void test_sha256__known_answers(void **state)
{
    (void)state;
    char hex[65];
    struct dml_sha256 s;
    dml_sha256_init(&s);
    assert_string_equal(dml_sha256_hex(&s, hex), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    dml_sha256_init(&s);
    dml_sha256_add(&s, DML_SV("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnop"));
    dml_sha256_add(&s, DML_SV("nopq"));
    assert_string_equal(dml_sha256_hex(&s, hex), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    dml_sha256_init(&s);
    for (int i = 0; i < 1000000; i++)
        dml_sha256_add(&s, DML_SV("a"));
    assert_string_equal(dml_sha256_hex(&s, hex), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256__known_answers),       cmocka_unit_test(test_arena__vec_keeps_elements),
        cmocka_unit_test(test_arena__out_of_memory_sticks), cmocka_unit_test(test_buf__cap_holds),
        cmocka_unit_test(test_format__as_vsnprintf),        cmocka_unit_test(test_num__as_strtol),
        cmocka_unit_test(test_version__order_and_lines),    cmocka_unit_test(test_path__glob),
        cmocka_unit_test(test_source__positions),           cmocka_unit_test(test_sv__distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
