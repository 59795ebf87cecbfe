/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text/: edits change their spans and nothing else; diffs are what git makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "text/edit.h"

static void test_edits__apply_in_order(void **state)
{
    (void)state;
    struct dml_edit e[] = {{{6, 1}, DML_SV("ZZ")}, {{0, 0}, DML_SV("<")}, {{2, 2}, DML_SV("")}};
    struct dml_buf out;
    dml_buf_init(&out, 1000);
    dml_edits_sort(e, 3);
    dml_edits_apply(DML_SV("abcdefgh"), e, 3, &out);
    assert_string_equal(out.p, "<abefZZh");
    dml_buf_dispose(&out);
}

static void test_edits__clashes(void **state)
{
    (void)state;
    struct dml_edit replace = {{4, 4}, DML_SV("x")}, touching = {{8, 2}, DML_SV("y")}, inside = {{6, 0}, DML_SV("z")},
                    at_end = {{8, 0}, DML_SV("z")}, at_start = {{4, 0}, DML_SV("z")};
    assert_false(dml_edits_clash(replace, touching));
    assert_true(dml_edits_clash(replace, inside));
    assert_true(dml_edits_clash(inside, replace));
    assert_false(dml_edits_clash(replace, at_end));
    assert_true(dml_edits_clash(replace, at_start));
    assert_true(dml_edits_clash(at_end, at_end));
}

static void assert_diff(const char *before, const char *after, const char *expected)
{
    struct dml_buf out;
    dml_buf_init(&out, 1 << 20);
    assert_int_equal(dml_udiff("/etc/xen/web.cfg", dml_sv_of(before), dml_sv_of(after), &out), 0);
    assert_string_equal(out.p ? out.p : "", expected);
    dml_buf_dispose(&out);
}

static void test_udiff__shapes(void **state)
{
    (void)state;
    assert_diff("a\n", "a\n", "");
    assert_diff("a\nb\nc\n", "a\nB\nc\n",
                "--- a/etc/xen/web.cfg\n+++ b/etc/xen/web.cfg\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    assert_diff("", "a\n", "--- a/etc/xen/web.cfg\n+++ b/etc/xen/web.cfg\n@@ -0,0 +1 @@\n+a\n");
    assert_diff(
        "a", "a\nb\n",
        "--- a/etc/xen/web.cfg\n+++ b/etc/xen/web.cfg\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nx\n3\n4\n5\n6\n7\n8\n9\ny\n",
                "--- a/etc/xen/web.cfg\n+++ b/etc/xen/web.cfg\n@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -7,3 +7,4 "
                "@@\n 7\n 8\n 9\n+y\n");
}

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

/* Random edits of random files: what git apply makes of the diff is the new text. */
static void test_udiff__git_applies_it(void **state)
{
    (void)state;
    char dir[] = "/tmp/dmlint-udiff-XXXXXX";
    if (system("git --version >/dev/null 2>&1") != 0) {
        print_message("skipped: git is not installed\n");
        skip();
    }
    assert_non_null(mkdtemp(dir));
    unsigned seed = 7;
    for (int round = 0; round < 60; round++) {
        struct dml_buf before, after, diff;
        struct dml_arena a = {0};
        dml_buf_init(&before, 1 << 20);
        dml_buf_init(&after, 1 << 20);
        dml_buf_init(&diff, 1 << 20);
        unsigned lines = next(&seed) % 40;
        for (unsigned i = 0; i < lines; i++) {
            unsigned word = next(&seed) % 5, what = next(&seed) % 10;
            const char *end = i + 1 == lines && next(&seed) % 3 == 0 ? "" : "\n";
            dml_buf_printf(&before, "line %u%s", word, end);
            if (what != 0)
                dml_buf_printf(&after, "line %u%s", what == 1 ? 9 : word, end);
            if (what == 2)
                dml_buf_printf(&after, "%snew %u%s", *end ? "" : "\n", word, end);
        }
        assert_int_equal(dml_udiff("f", dml_buf_view(&before), dml_buf_view(&after), &diff), 0);
        char *path = dml_arena_printf(&a, "%s/f", dir), *patch = dml_arena_printf(&a, "%s/p", dir);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(before.p ? before.p : "", f);
        fclose(f);
        f = fopen(patch, "w");
        assert_non_null(f);
        fputs(diff.p ? diff.p : "", f);
        fclose(f);
        if (diff.len)
            assert_int_equal(system(dml_arena_printf(
                                 &a, "cd %s && GIT_CEILING_DIRECTORIES=/tmp git apply --whitespace=nowarn p", dir)),
                             0);
        struct dml_sv got;
        struct dml_err err;
        /* git removes a file that became empty. */
        if (after.len) {
            assert_int_equal(dml_file_read(&a, path, 1 << 20, &got, &err), 0);
            assert_true(dml_sv_eq(got, dml_buf_view(&after)));
        }
        dml_arena_dispose(&a);
        dml_buf_dispose(&before);
        dml_buf_dispose(&after);
        dml_buf_dispose(&diff);
    }
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits__apply_in_order),
        cmocka_unit_test(test_edits__clashes),
        cmocka_unit_test(test_udiff__shapes),
        cmocka_unit_test(test_udiff__git_applies_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
