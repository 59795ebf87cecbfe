/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verdict/: the one decision, over everything it depends on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict/verdict.h"

static struct dml_standing standing(_Bool applicable, uint16_t blockers, uint64_t missing)
{
    return (struct dml_standing){.applicable = applicable, .blockers_n = blockers, .missing = missing};
}

static enum dml_verdict of(struct dml_standing s)
{
    return dml_verdict(&s, NULL);
}

static enum dml_verdict then(struct dml_standing s, struct dml_standing fixed)
{
    return dml_verdict(&s, &fixed);
}

static void test_verdict__without_fixes(void **state)
{
    (void)state;
    assert_int_equal(of(standing(1, 0, 0)), DML_VERDICT_READY);
    assert_int_equal(of(standing(1, 0, 1)), DML_VERDICT_UNKNOWN);
    assert_int_equal(of(standing(1, 1, 0)), DML_VERDICT_BLOCKED);
    assert_int_equal(of(standing(1, 1, 1)), DML_VERDICT_BLOCKED);
    assert_int_equal(of(standing(0, 0, 0)), DML_VERDICT_NOT_APPLICABLE);
    assert_int_equal(of(standing(0, 0, 1)), DML_VERDICT_UNKNOWN);
}

static void test_verdict__fixable_is_what_fixing_shows(void **state)
{
    (void)state;
    assert_int_equal(then(standing(1, 2, 0), standing(1, 0, 0)), DML_VERDICT_FIXABLE);
    assert_int_equal(then(standing(1, 2, 0), standing(1, 1, 0)), DML_VERDICT_BLOCKED);
    assert_int_equal(then(standing(1, 2, 0), standing(1, 0, 4)), DML_VERDICT_UNKNOWN);
    assert_int_equal(then(standing(1, 2, 4), standing(1, 0, 0)), DML_VERDICT_FIXABLE);
    assert_int_equal(then(standing(1, 2, 0), standing(0, 0, 0)), DML_VERDICT_BLOCKED);
    assert_int_equal(then(standing(1, 0, 0), standing(1, 1, 1)), DML_VERDICT_READY);
}

static void test_verdict__words(void **state)
{
    (void)state;
    assert_string_equal(dml_verdict_name(DML_VERDICT_NOT_APPLICABLE), "not-applicable");
    assert_true(dml_verdict_passes(DML_VERDICT_READY));
    assert_true(dml_verdict_passes(DML_VERDICT_NOT_APPLICABLE));
    assert_false(dml_verdict_passes(DML_VERDICT_FIXABLE));
    assert_false(dml_verdict_passes(DML_VERDICT_UNKNOWN));
    assert_false(dml_verdict_passes(DML_VERDICT_BLOCKED));
    assert_null(dml_missing_name(DML_MISSING_FACTS));
    assert_null(dml_protection_name(DML_PROTECTIONS));
    assert_null(dml_running_name(DML_RUNS_NOT));
    assert_int_equal(dml_missing_bit("passwd[*].uid"), DML_MISSING_BIT(passwd));
    assert_int_equal(dml_missing_bit("kernel.release"), DML_MISSING_BIT(kernel));
    assert_int_equal(dml_missing_bit("passwords"), DML_MISSING_BIT(other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict__without_fixes),
        cmocka_unit_test(test_verdict__fixable_is_what_fixing_shows),
        cmocka_unit_test(test_verdict__words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
