/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xlu/: that the second opinion sees each kind of difference, and that nobody can make it take for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "xlu/xlu.h"

static struct dml_arena arena;
static struct dml_xlu *xlu;
static struct dml_cfg cfg;

static int start(void **state)
{
    (void)state;
    xlu = dml_xlu_new();
    return xlu ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dml_xlu_free(xlu);
    dml_arena_dispose(&arena);
    return 0;
}

static void parse(const char *text, dml_version xen)
{
    assert_int_equal(dml_cfg_parse(&cfg, &arena, dml_sv_of(text), xen, NULL), 0);
}

static struct dml_xlu_diff compare(void)
{
    struct dml_xlu_diff diff;
    assert_int_equal(dml_xlu_compare(xlu, &cfg, &arena, &diff, NULL), 0);
    return diff;
}

static void test_compare__same(void **state)
{
    static const char *const texts[] = {"a=1\nb=['x',[2,[]]]\nc=\"\\n\"\na+=2\nb+=[3]\n", "a='", "", "a=1-", "a\n",
                                        "x=99999999999999999999\ny=' 7'\nz='7 '\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        parse(texts[i], DML_V(4, 17, 0));
        assert_int_equal(compare().what, DML_XLU_SAME);
        parse(texts[i], DML_V(4, 12, 0)); /* judged by the grammar of the library, not of the target */
        assert_int_equal(compare().what, DML_XLU_SAME);
    }
}

static void test_compare__sees_every_kind_of_difference(void **state)
{
    const char *text = "a='x'\nb=['x',['y']]\nc=5\n";
    const uint32_t a = 0, b = 1, c = 2;
    (void)state;
    parse(text, DML_V(4, 17, 0));
    cfg.entries.v[a].value.u.text = "z";
    assert_int_equal(compare().what, DML_XLU_TEXT);
    assert_int_equal(compare().span.off, 2);
    parse(text, DML_V(4, 17, 0));
    cfg.entries.v[b].value.n = 1;
    assert_int_equal(compare().what, DML_XLU_LENGTH);
    parse(text, DML_V(4, 17, 0));
    cfg.entries.v[b].value.kind = DML_CFG_STRING;
    assert_int_equal(compare().what, DML_XLU_KIND);
    parse(text, DML_V(4, 17, 0));
    struct dml_cfg_value items[2] = {cfg.entries.v[b].value.u.items[0], cfg.entries.v[b].value.u.items[1]};
    struct dml_cfg_value inner = items[1].u.items[0];
    inner.u.text = "z";
    items[1].u.items = &inner;
    cfg.entries.v[b].value.u.items = items;
    assert_int_equal(compare().what, DML_XLU_TEXT);
    parse(text, DML_V(4, 17, 0));
    cfg.entries.v[c].added = 1; /* xl would not read it as a number then */
    assert_int_equal(compare().what, DML_XLU_NUMBER);
    parse(text, DML_V(4, 17, 0));
    cfg.errors.n = 1;
    cfg.errors.v = &(struct dml_cfg_error){0, {3, 1}, 1};
    assert_int_equal(compare().what, DML_XLU_ACCEPTS);
    assert_int_equal(compare().span.off, 3);
    parse("a=true\n", DML_V(4, 17, 0));
    cfg.errors.n = 0;
    assert_int_equal(compare().what, DML_XLU_REJECTS);
    for (enum dml_xlu_what what = DML_XLU_SAME; what <= DML_XLU_LENGTH; what++)
        assert_non_null(dml_xlu_what_text(what));
}

static void test_compare__leaves_out_what_libxlutil_cannot_bear(void **state)
{
    static const char nul[] = "a='x\0y'\n", comment[] = "# x\0y\na=1\n";
    (void)state;
    assert_int_equal(dml_cfg_parse(&cfg, &arena, (struct dml_sv){nul, sizeof nul - 1}, DML_V(4, 17, 0), NULL), 0);
    assert_int_equal(compare().what, DML_XLU_SKIPPED);
    assert_int_equal(dml_cfg_parse(&cfg, &arena, (struct dml_sv){comment, sizeof comment - 1}, DML_V(4, 17, 0), NULL),
                     0);
    assert_int_equal(compare().what, DML_XLU_SKIPPED); /* where comments end may be in doubt */
    static const char *const pieces[] = {"a+=[1]\n", "a+='xyz'\n", "# "};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct dml_buf b;
        dml_buf_init(&b, 1 << 21);
        while (b.len < 1 << 20)
            dml_buf_str(&b, pieces[i]);
        parse(b.p, DML_V(4, 17, 0));
        assert_int_equal(compare().what, DML_XLU_SKIPPED);
        dml_buf_dispose(&b);
    }
    struct dml_buf keys;
    dml_buf_init(&keys, 1 << 21);
    for (int i = 0; i < 60000; i++)
        dml_buf_printf(&keys, "key%d=%d\n", i, i);
    parse(keys.p, DML_V(4, 17, 0));
    assert_int_equal(compare().what, DML_XLU_SAME);
    dml_buf_dispose(&keys);
}

static void test_disk__long_texts_end(void **state)
{
    static const char *const pieces[] = {"discard, ", "raw:", "  ", "vdev=", ",", "x=1,"};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct dml_buf b;
        struct dma_disk d;
        struct dml_xlu_parts parts = {{0}};
        const char *reason;
        dml_buf_init(&b, 1 << 21);
        while (b.len < 1 << 20)
            dml_buf_str(&b, pieces[i]);
        assert_int_equal(dml_xlu_disk(xlu, &arena, dml_buf_view(&b), DML_V(4, 17, 0), &d, &parts, &reason, NULL), 0);
        assert_non_null(reason);
        dml_buf_dispose(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare__same),
        cmocka_unit_test(test_compare__sees_every_kind_of_difference),
        cmocka_unit_test(test_compare__leaves_out_what_libxlutil_cannot_bear),
        cmocka_unit_test(test_disk__long_texts_end),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
