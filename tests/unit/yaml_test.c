/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* yaml/: trees, places, JSON, and documents made to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "yaml/yaml.h"

static struct dml_arena arena;
static struct dml_yaml doc;
static struct dml_err err;

static int teardown(void **state)
{
    (void)state;
    dml_arena_dispose(&arena);
    return 0;
}

static int parse(const char *text, size_t len)
{
    err.msg[0] = '\0';
    return dml_yaml_parse(&arena, "t.yaml", (struct dml_sv){text, len}, &doc, &err);
}

#define PARSE(text) parse(text, sizeof(text) - 1)

static void test_yaml__tree_and_places(void **state)
{
    (void)state;
    assert_int_equal(PARSE("a: 1\nb: [x, 'y']\nc: {d: |\n  two\n  lines\n"), DML_EINVAL);
    assert_int_equal(PARSE("a: 1\nb: [x, 'null']\nc:\n  d: |\n    two\n    lines\n"), 0);
    assert_int_equal(doc.root->kind, DML_YAML_MAP);
    assert_int_equal(doc.root->n, 3);
    const struct dml_yaml_node *b = dml_yaml_get(doc.root, "b");
    assert_int_equal(b->n, 2);
    assert_int_equal(b->v[1]->line, 2);
    assert_int_equal(b->v[1]->column, 8);
    assert_true(b->v[1]->quoted);
    assert_false(dml_yaml_is_null(b->v[1]));
    assert_string_equal(dml_yaml_get(dml_yaml_get(doc.root, "c"), "d")->text.p, "two\nlines\n");
    assert_null(dml_yaml_get(doc.root, "z"));
    assert_int_equal(PARSE(""), 0);
    assert_true(dml_yaml_is_null(doc.root));
    assert_int_equal(PARSE("\xef\xbb\xbf# only a comment"), 0);
    assert_true(dml_yaml_is_null(doc.root));
}

static void test_yaml__schema_decides_types(void **state)
{
    (void)state;
    assert_int_equal(PARSE("b: true\nn: no\ni: 0x10\nq: '5'\no: 010\nm: -3\n"), 0);
    _Bool t = 0;
    int64_t i = 0;
    struct dml_sv s;
    assert_int_equal(dml_yaml_bool(&doc, dml_yaml_get(doc.root, "b"), "b", &t, &err), 0);
    assert_true(t);
    assert_int_equal(dml_yaml_bool(&doc, dml_yaml_get(doc.root, "n"), "n", &t, &err), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:2:4: n must be true or false, not \"no\"");
    assert_int_equal(dml_yaml_str(&doc, dml_yaml_get(doc.root, "n"), "n", &s, &err), 0);
    assert_int_equal(dml_yaml_int(&doc, dml_yaml_get(doc.root, "i"), "i", 0, 16, &i, &err), 0);
    assert_int_equal(i, 16);
    assert_int_equal(dml_yaml_int(&doc, dml_yaml_get(doc.root, "i"), "i", 0, 15, &i, &err), DML_EINVAL);
    assert_int_equal(dml_yaml_int(&doc, dml_yaml_get(doc.root, "q"), "q", 0, 15, &i, &err), DML_EINVAL);
    assert_int_equal(dml_yaml_int(&doc, dml_yaml_get(doc.root, "o"), "o", 0, 15, &i, &err), 0);
    assert_int_equal(i, 10);
    assert_int_equal(dml_yaml_int(&doc, dml_yaml_get(doc.root, "m"), "m", -3, 15, &i, &err), 0);
    assert_int_equal(i, -3);
}

static void test_yaml__fields_suggest(void **state)
{
    (void)state;
    static const char *const names[] = {"severity", "summary", "tags"};
    const struct dml_yaml_node *f[3];
    assert_int_equal(PARSE("severity: error\nsummry: x\n"), 0);
    assert_int_equal(dml_yaml_fields(&doc, doc.root, "a rule", names, 3, f, &err), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:2:1: a rule has no key \"summry\"; did you mean \"summary\"?");
    assert_int_equal(PARSE("tags: ~\nseverity: eror\n"), 0);
    assert_int_equal(dml_yaml_fields(&doc, doc.root, "a rule", names, 3, f, &err), 0);
    assert_null(f[1]);
    assert_null(f[2]);
    static const char *const levels[] = {"error", "warning"};
    unsigned level;
    assert_int_equal(dml_yaml_enum(&doc, f[0], "severity", levels, 2, &level, &err), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:2:11: severity cannot be \"eror\"; did you mean \"error\"?");
    assert_int_equal(PARSE("- 1\n"), 0);
    assert_int_equal(dml_yaml_fields(&doc, doc.root, "a rule", names, 3, f, &err), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:1:1: a rule must be a mapping (key: value), not a list");
}

static void test_yaml__duplicate_keys(void **state)
{
    (void)state;
    assert_int_equal(PARSE("a: 1\nb: 2\n\"a\": 3\n"), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:3:1: the key \"a\" is already on line 1; keep one of the two");
    assert_int_equal(parse("a: 1\na: 2\n", 10), DML_EINVAL); /* side by side */
    assert_int_equal(parse("c: 0\na: 1\na: 2\n", 15), DML_EINVAL);
    struct dml_buf b;
    dml_buf_init(&b, 1 << 20);
    for (int i = 0; i < 5000; i++)
        dml_buf_printf(&b, "k%d: 1\n", i);
    assert_int_equal(parse(b.p, b.len), 0);
    dml_buf_str(&b, "k4321: 2\n");
    assert_int_equal(parse(b.p, b.len), DML_EINVAL);
    assert_non_null(strstr(err.msg, "already on line 4322"));
    dml_buf_dispose(&b);
}

static void test_yaml__json(void **state)
{
    (void)state;
    assert_int_equal(
        PARSE(
            "{\"a\":\"\\/\\u00e9\\ud83d\\ude00\\\\ud83d\\\"\",\n\t\"b\":[1,null,true,{}],\"c\":\"x\\udcff\\udc80y\"}"),
        0);
    assert_string_equal(dml_yaml_get(doc.root, "a")->text.p, "/\xc3\xa9\xf0\x9f\x98\x80\\ud83d\"");
    struct dml_sv c = dml_yaml_get(doc.root, "c")->text;
    assert_int_equal(c.len, 4);
    assert_memory_equal(c.p, "x\xff\x80y", 4);
    const struct dml_yaml_node *b = dml_yaml_get(doc.root, "b");
    assert_int_equal(b->n, 4);
    assert_true(dml_yaml_is_null(b->v[1]));
    assert_int_equal(b->v[3]->n, 0);
    assert_int_equal(PARSE("{\"a\": \"\\ud83d\"}"), DML_EINVAL);
    assert_int_equal(PARSE("{\"a\": \"\\ud8"), DML_EINVAL);
    assert_int_equal(PARSE("{\"a\": \"\\"), DML_EINVAL);
}

static void test_yaml__writes_what_reads_the_same(void **state)
{
    (void)state;
    struct dml_buf b;
    dml_buf_init(&b, 1000);
    assert_int_equal(PARSE("a: [~, null, '', '~', -5, \"x\\ny\", 0x10, '7', tr: ue, a b]\nb: &x {c: }\nd: *x\n"), 0);
    dml_yaml_write(doc.root, &b);
    assert_string_equal(
        b.p, "{a: [~, ~, \"\", \"~\", -5, \"x\\x0ay\", 0x10, \"7\", {tr: ue}, \"a b\"], b: {c: ~}, d: {c: ~}}");
    dml_buf_clear(&b);
    assert_int_equal(PARSE("null: 1\n~: 2\n'': 3\nx: \"a\\Nb\\Lc\\Pd\\uFEFFe\"\n"), 0);
    dml_yaml_write(doc.root, &b);
    assert_string_equal(b.p, "{\"null\": 1, \"~\": 2, \"\": 3, x: \"a\\Nb\\Lc\\Pd\\uFEFFe\"}");
    assert_int_equal(parse(b.p, b.len), 0);
    assert_int_equal(doc.root->n, 4);
    assert_int_equal(doc.root->v[3]->text.len, 5 + 2 + 3 + 3 + 3);
    dml_buf_dispose(&b);
}

static void test_yaml__nul_is_no_string(void **state)
{
    (void)state;
    struct dml_sv s;
    assert_int_equal(PARSE("\"a\\0b\""), 0);
    assert_int_equal(doc.root->text.len, 3);
    assert_int_equal(dml_yaml_str(&doc, doc.root, "it", &s, &err), DML_EINVAL);
    assert_int_equal(PARSE("a\0b"), DML_EINVAL);
}

static void test_yaml__deep_nesting_ends(void **state)
{
    (void)state;
    static char deep[200000];
    memset(deep, '[', sizeof deep);
    assert_int_equal(parse(deep, sizeof deep), DML_EINVAL);
    assert_non_null(strstr(err.msg, "too deep"));
    for (size_t i = 0; i + 1 < sizeof deep; i += 2)
        memcpy(deep + i, "- ", 2);
    assert_int_equal(parse(deep, sizeof deep), DML_EINVAL);
    memset(deep, '[', 60);
    memset(deep + 60, ']', 60);
    assert_int_equal(parse(deep, 120), 0);
}

static void test_yaml__alias_bomb_ends(void **state)
{
    (void)state;
    struct dml_buf b;
    dml_buf_init(&b, 1 << 16);
    dml_buf_str(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
        dml_buf_printf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            dml_buf_printf(&b, "%s*a%d", k ? ", " : "", i - 1);
        dml_buf_str(&b, "]\n");
    }
    assert_int_equal(parse(b.p, b.len), DML_EINVAL);
    assert_non_null(strstr(err.msg, "aliases repeat"));
    dml_buf_dispose(&b);
    assert_int_equal(PARSE("a: &x [1, *x]\n"), DML_EINVAL);
    assert_non_null(strstr(err.msg, "inside what it repeats"));
    assert_int_equal(PARSE("a: *nowhere\n"), DML_EINVAL);
    assert_int_equal(PARSE("a: &x {k: v}\nb: *x\n"), 0);
    assert_ptr_equal(dml_yaml_get(doc.root, "a"), dml_yaml_get(doc.root, "b"));
}

static void test_yaml__bad_bytes_and_second_document(void **state)
{
    (void)state;
    assert_int_equal(PARSE("a: \xff\xfe\n"), DML_EINVAL);
    assert_int_equal(PARSE("\xff\xfe"
                           "a\0:\0"),
                     DML_EINVAL);
    assert_int_equal(PARSE("a: \x1b[31m\n"), DML_EINVAL);
    assert_int_equal(PARSE("a: 1\n---\nb: 2\n"), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:2:1: a second document; a file holds one");
    assert_int_equal(PARSE("? [a]\n: b\n"), DML_EINVAL);
    assert_string_equal(err.msg, "t.yaml:1:3: a key must be a word, not a list or a mapping");
    assert_int_equal(PARSE("a: 'open\n"), DML_EINVAL);
}

static void test_yaml__huge_scalar(void **state)
{
    (void)state;
    size_t n = 4u << 20;
    struct dml_buf b;
    dml_buf_init(&b, n + 16);
    dml_buf_str(&b, "a: ");
    for (size_t i = 0; i < n; i += 16)
        dml_buf_str(&b, "xxxxxxxxxxxxxxxx");
    assert_int_equal(parse(b.p, b.len), 0);
    assert_int_equal(dml_yaml_get(doc.root, "a")->text.len, n);
    dml_buf_dispose(&b);
}

static void test_yaml__load_says_which_file(void **state)
{
    (void)state;
    assert_int_equal(dml_yaml_load(&arena, "/nonexistent/x.yaml", 100, &doc, NULL, &err), DML_EIO);
    assert_non_null(strstr(err.msg, "/nonexistent/x.yaml"));
    assert_int_equal(dml_yaml_load(&arena, SOURCE_DIR "/CMakeLists.txt", 10, &doc, NULL, &err), DML_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_yaml__tree_and_places, teardown),
        cmocka_unit_test_teardown(test_yaml__schema_decides_types, teardown),
        cmocka_unit_test_teardown(test_yaml__fields_suggest, teardown),
        cmocka_unit_test_teardown(test_yaml__duplicate_keys, teardown),
        cmocka_unit_test_teardown(test_yaml__json, teardown),
        cmocka_unit_test_teardown(test_yaml__writes_what_reads_the_same, teardown),
        cmocka_unit_test_teardown(test_yaml__nul_is_no_string, teardown),
        cmocka_unit_test_teardown(test_yaml__deep_nesting_ends, teardown),
        cmocka_unit_test_teardown(test_yaml__alias_bomb_ends, teardown),
        cmocka_unit_test_teardown(test_yaml__bad_bytes_and_second_document, teardown),
        cmocka_unit_test_teardown(test_yaml__huge_scalar, teardown),
        cmocka_unit_test_teardown(test_yaml__load_says_which_file, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
