/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* finding/: order, duplicates and sharing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "finding/finding.h"

static struct dml_finding at(uint32_t file, uint16_t rule, uint32_t off, const char *message)
{
    return (struct dml_finding){.file = file, .rule = rule, .span = {off, 1}, .message = dml_sv_of(message)};
}

static void test_finding__order_does_not_depend_on_the_stores(void **state)
{
    (void)state;
    /* The same 300 findings, dealt to one store and to three in another order. */
    struct dml_findings one = {0}, three[3] = {0};
    for (uint32_t i = 0; i < 300; i++) {
        struct dml_finding f = at(i * 7 % 11, (uint16_t)(i * 5 % 13), i * 3 % 17, i % 2 ? "odd" : "even");
        assert_non_null(dml_findings_add(&one, &f, 1));
    }
    for (uint32_t i = 300; i-- > 0;) {
        struct dml_finding f = at(i * 7 % 11, (uint16_t)(i * 5 % 13), i * 3 % 17, i % 2 ? "odd" : "even");
        assert_non_null(dml_findings_add(&three[i % 3], &f, 0));
    }
    struct dml_findings *a[] = {&one}, *b[] = {&three[0], &three[1], &three[2]};
    struct dml_arena arena = {0};
    struct dml_finding_list la, lb;
    assert_int_equal(dml_findings_collect(a, 1, NULL, &arena, &la), 0);
    assert_int_equal(dml_findings_collect(b, 3, NULL, &arena, &lb), 0);
    assert_int_equal(la.n, lb.n);
    for (size_t i = 0; i < la.n; i++) {
        assert_int_equal(la.v[i]->file, lb.v[i]->file);
        assert_int_equal(la.v[i]->span.off, lb.v[i]->span.off);
        assert_int_equal(la.v[i]->rule, lb.v[i]->rule);
        assert_true(dml_sv_eq(la.v[i]->message, lb.v[i]->message));
        if (i)
            assert_true(la.v[i - 1]->file <= la.v[i]->file);
    }
    dml_findings_dispose(&one);
    for (int i = 0; i < 3; i++)
        dml_findings_dispose(&three[i]);
    dml_arena_dispose(&arena);
}

static void test_finding__duplicates_go_and_no_place_is_first(void **state)
{
    (void)state;
    struct dml_findings s = {0};
    struct dml_finding list[] = {at(1, 3, 9, "a"), at(1, 3, 9, "a"), at(1, 3, 9, "b"), at(1, 2, 9, "z"),
                                 at(1, 9, 0, "y")};
    for (size_t i = 0; i < 5; i++)
        dml_findings_add(&s, &list[i], 1);
    struct dml_finding whole = {.file = 1, .rule = 50, .span = DML_NO_SPAN, .message = dml_sv_of("file")};
    dml_findings_add(&s, &whole, 1);
    struct dml_findings *stores[] = {&s};
    struct dml_arena arena = {0};
    struct dml_finding_list l;
    assert_int_equal(dml_findings_collect(stores, 1, NULL, &arena, &l), 0);
    assert_int_equal(l.n, 5);
    assert_int_equal(l.v[0]->rule, 50);
    assert_int_equal(l.v[1]->rule, 9);
    assert_int_equal(l.v[2]->rule, 2);
    assert_true(dml_sv_is(l.v[4]->message, "b"));
    dml_findings_dispose(&s);
    dml_arena_dispose(&arena);
}

static void test_finding__copies_what_dies_and_shares_lines(void **state)
{
    (void)state;
    struct dml_findings s = {0};
    struct dml_arena arena = {0};
    char text[] = "a=1\nmemory=64 # x\n", message[] = "dies", key[] = "memory";
    struct dml_source src;
    dml_source_init(&src, "x.cfg", dml_sv_of(text));
    struct dml_finding f = at(0, 1, 4, message);
    f.span.len = 9;
    f.key = dml_sv_of(key);
    dml_finding_place(&f, &src, &arena, 1);
    assert_int_equal(f.start.line, 2);
    assert_int_equal(f.start.column, 1);
    assert_int_equal(f.end.column, 10);
    struct dml_related rel = {0, {0, 1}, {1, 1, 1}, {1, 2, 2}, dml_sv_of(message)};
    f.related = &rel;
    f.related_n = 1;
    struct dml_finding *a = dml_findings_add(&s, &f, 0), *b;
    f.rule = 2;
    b = dml_findings_add(&s, &f, 0);
    memset(text, '!', sizeof text);
    memset(message, '!', sizeof message);
    memset(key, '!', sizeof key);
    assert_true(dml_sv_is(a->message, "dies"));
    assert_true(dml_sv_is(a->source, "memory=64 # x"));
    assert_true(dml_sv_is(a->related[0].message, "dies"));
    assert_ptr_equal(a->source.p, b->source.p);
    assert_ptr_equal(a->key.p, b->key.p);
    /* The next file's line 2 is not this one's. */
    struct dml_finding other = at(1, 1, 0, "m");
    other.start = (struct dml_pos){2, 1, 1};
    other.source = dml_sv_of("other");
    assert_true(dml_sv_is(dml_findings_add(&s, &other, 1)->source, "other"));
    dml_findings_dispose(&s);
    dml_arena_dispose(&arena);
}

static void test_finding__counts(void **state)
{
    (void)state;
    struct dml_findings s = {0};
    for (int i = 0; i < 6; i++) {
        struct dml_finding f = at(0, (uint16_t)i, 0, "m");
        f.severity = (uint8_t)(i % 2 ? DML_ERROR : DML_HINT);
        f.state = (uint8_t)(i == 5 ? DML_STATE_WAIVED : DML_STATE_NEW);
        f.fix = (uint8_t)(i % 3);
        dml_findings_add(&s, &f, 1);
    }
    struct dml_findings *stores[] = {&s};
    struct dml_arena arena = {0};
    struct dml_finding_list l;
    assert_int_equal(dml_findings_collect(stores, 1, NULL, &arena, &l), 0);
    struct dml_finding_counts c;
    dml_findings_count(&l, &c);
    assert_int_equal(c.by_severity[DML_ERROR], 2);
    assert_int_equal(c.by_severity[DML_HINT], 3);
    assert_int_equal(c.by_state[DML_STATE_WAIVED], 1);
    assert_int_equal(c.fixable, 2);
    assert_int_equal(c.unsafe, 1);
    dml_findings_dispose(&s);
    dml_arena_dispose(&arena);
}

static void test_findings__an_older_look_at_a_file_does_not_count(void **state)
{
    (void)state;
    static const uint8_t generations[] = {2, 1};
    const struct dml_finding_filter which = {generations, 2};
    struct dml_findings s = {0}, *stores[] = {&s};
    struct dml_arena a = {0};
    struct dml_finding_list l;
    struct dml_finding f = {.file = 0, .generation = 1, .span = DML_NO_SPAN, .message = DML_SV("old")};
    assert_non_null(dml_findings_add(&s, &f, 0));
    f.generation = 2;
    f.message = DML_SV("new");
    assert_non_null(dml_findings_add(&s, &f, 0));
    f = (struct dml_finding){.file = 1, .generation = 1, .span = DML_NO_SPAN, .message = DML_SV("other")};
    assert_non_null(dml_findings_add(&s, &f, 0));
    f = (struct dml_finding){.file = 2, .span = DML_NO_SPAN, .message = DML_SV("a policy file")};
    assert_non_null(dml_findings_add(&s, &f, 0));
    assert_int_equal(dml_findings_collect(stores, 1, &which, &a, &l), 0);
    assert_int_equal(l.n, 3);
    assert_true(dml_sv_is(l.v[0]->message, "new"));
    assert_true(dml_sv_is(l.v[1]->message, "other"));
    assert_true(dml_sv_is(l.v[2]->message, "a policy file"));
    dml_findings_dispose(&s);
    dml_arena_dispose(&a);
}

static void test_findings__a_source_line_is_cut_before_a_character(void **state)
{
    (void)state;
    char line[DML_SOURCE_MAX + 3];
    struct dml_findings s = {0};
    memset(line, 'a', sizeof line);
    memcpy(line + DML_SOURCE_MAX - 1, "\xc3\xa4", 2);
    struct dml_finding f = {
        .message = DML_SV("m"), .start = {1, 1, 1}, .end = {1, 2, 2}, .source = {line, sizeof line}};
    const struct dml_finding *kept = dml_findings_add(&s, &f, 0);
    assert_non_null(kept);
    assert_int_equal(kept->source.len, DML_SOURCE_MAX - 1);
    dml_findings_dispose(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding__order_does_not_depend_on_the_stores),
        cmocka_unit_test(test_finding__duplicates_go_and_no_place_is_first),
        cmocka_unit_test(test_finding__copies_what_dies_and_shares_lines),
        cmocka_unit_test(test_finding__counts),
        cmocka_unit_test(test_findings__an_older_look_at_a_file_does_not_count),
        cmocka_unit_test(test_findings__a_source_line_is_cut_before_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
