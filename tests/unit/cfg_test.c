/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfg/: what the tree says. That it accepts and rejects as libxlutil does is tests/conformance/xlutil_agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cfg/cfg.h"

static struct dml_arena arena;
static struct dml_cfg cfg;

static void parse_for(const char *text, dml_version xen)
{
    assert_int_equal(dml_cfg_parse(&cfg, &arena, dml_sv_of(text), xen, NULL), 0);
}

static void parse(const char *text)
{
    parse_for(text, DML_V(4, 17, 0));
}

static int drop(void **state)
{
    (void)state;
    dml_arena_dispose(&arena);
    return 0;
}

static void assert_sv(struct dml_sv got, const char *want)
{
    assert_string_equal(dml_arena_strndup(&arena, got.p, got.len), want);
}

static void assert_span(struct dml_span s, const char *want)
{
    assert_sv((struct dml_sv){cfg.text.p + s.off, s.len}, want);
}

static const struct dml_cfg_entry *entry(const char *key)
{
    const struct dml_cfg_entry *e = dml_cfg_find(&cfg, dml_sv_of(key));
    assert_non_null(e);
    return e;
}

static void test_errors__each_has_its_class_and_place(void **state)
{
    static const struct {
        const char *text;
        enum dml_cfg_error_class class;
        const char *span;
    } cases[] = {
        {"a=1\r\nb=2\r\n", DML_CFG_E_CRLF, "\r\n"},
        {"\xef\xbb\xbf"
         "a=1\n",
         DML_CFG_E_BOM, "\xef\xbb\xbf"},
        {"a=1\n# x", DML_CFG_E_COMMENT_NO_NEWLINE, "# x"},
        {"import os\n", DML_CFG_E_PYTHON, "import os"},
        {"a = os.uname()[4]\n", DML_CFG_E_PYTHON, "os.uname()[4]"},
        {"Name = 1\n", DML_CFG_E_KEY_CAPITAL, "Name"},
        {"dM = 1\n", DML_CFG_E_KEY_CAPITAL, "dM"},
        {"dm-restrict = 1\n", DML_CFG_E_KEY_DASH, "dm-restrict"},
        {"7up = 1\n", DML_CFG_E_KEY_BAD, "7up"},
        {"name\n", DML_CFG_E_NO_EQUALS, "name"},
        {"name: x\n", DML_CFG_E_COLON, "name"},
        {"[guest]\n", DML_CFG_E_SECTION, "[guest]"},
        {"'x',\n", DML_CFG_E_VALUE_WITHOUT_KEY, "'x',"},
        {"a = true\n", DML_CFG_E_BARE_WORD, "true"},
        {"a = [ None ]\n", DML_CFG_E_BARE_WORD, "None"},
        {"a = -1\n", DML_CFG_E_NEGATIVE, "-1"},
        {"a = 1.5\n", DML_CFG_E_FLOAT, "1.5"},
        {"a = 512M\n", DML_CFG_E_NUMBER, "512M"},
        {"a = 0x1F\n", DML_CFG_E_NUMBER, "0x1F"},
        {"abc =\n\n", DML_CFG_E_NO_VALUE, "abc"},
        {"abc =\n[1]\n", DML_CFG_E_VALUE_NEXT_LINE, "abc"},
        {"a = {{ x }}\n", DML_CFG_E_TEMPLATE_JINJA, "{{ x }}"},
        {"a = 'b{{ x|d('y') }}c'\n", DML_CFG_E_TEMPLATE_JINJA, "{{ x|d('y') }}"},
        {"a = 1\n{\n", DML_CFG_E_BAD_CHAR, "{"},
        {"{% if x %}\n", DML_CFG_E_TEMPLATE_JINJA, "{% if x %}"},
        {"a = <%= x %>\n", DML_CFG_E_TEMPLATE_ERB, "<%= x %>"},
        {"a = @NAME@\n", DML_CFG_E_TEMPLATE_AT, "@NAME@"},
        {"a = $NAME\n", DML_CFG_E_TEMPLATE_SHELL, "$NAME"},
        {"a = {mem}\n", DML_CFG_E_TEMPLATE_BRACE, "{mem}"},
        {"a = 1{mem}\n", DML_CFG_E_TEMPLATE_BRACE, "{mem}"},
        {"a = {'b': 1}\n", DML_CFG_E_DICT, "{'b': 1}"},
        {"a = (1, 2)\n", DML_CFG_E_PAREN, "("},
        {"a = 'x\n", DML_CFG_E_UNTERMINATED_STRING, "'x"},
        {"a = [ 'x',\nb = 1\n", DML_CFG_E_UNTERMINATED_LIST, "["},
        {"a = [ 'x'\n", DML_CFG_E_UNTERMINATED_LIST, "["},
        {"a = '''x'''\n", DML_CFG_E_TRIPLE_QUOTE, "'''"},
        {"a = 'x' 'y'\n", DML_CFG_E_ADJACENT_STRINGS, "'y'"},
        {"a = \xe2\x80\x9cx\n", DML_CFG_E_CURLY_QUOTE, "\xe2\x80\x9c"},
        {"a = ['x' 'y']\n", DML_CFG_E_LIST_COMMA, "'y'"},
        {"a = [1,,2]\n", DML_CFG_E_LIST_EXTRA_COMMA, ","},
        {"a = [1;2]\n", DML_CFG_E_LIST_SEMICOLON, ";"},
        {"a = 1,\n", DML_CFG_E_COMMA_AFTER_VALUE, ","},
        {"a = 1 b = 2\n", DML_CFG_E_TWO_ON_LINE, "b"},
        {"a = [1]]\n", DML_CFG_E_EXTRA_BRACKET, "]"},
        {"a = 1 // x\n", DML_CFG_E_COMMENT_STYLE, "//"},
        {"<domain>\n", DML_CFG_E_XML, "<"},
        {"{ \"name\": 1 }\n", DML_CFG_E_JSON, "{"},
        {"a = 'x\\q'\n", DML_CFG_E_BAD_ESCAPE, "\\q"},
        {"a = 1\na += [1]\n", DML_CFG_E_MIXED_ADD, "+="},
        {"a = 'x' % 5\n", DML_CFG_E_OPERATOR, "%"},
        {"a = 1 x\n", DML_CFG_E_JUNK, "x"},
        {"a = \xff\n", DML_CFG_E_NON_ASCII, "\xff"},
        {"=1\n", DML_CFG_E_BAD_CHAR, "="},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parse(cases[i].text);
        if (!cfg.errors.n || cfg.errors.v[0].class != cases[i].class)
            fail_msg("%s: is %s", cases[i].text, cfg.errors.n ? dml_cfg_error_name(cfg.errors.v[0].class) : "accepted");
        assert_span(cfg.errors.v[0].span, cases[i].span);
    }
}

static void test_errors__parsing_goes_on_behind_each(void **state)
{
    (void)state;
    parse("Name = 1\nmemory = 512\ndisk = [ 'a' 'b',\n 'c' ] # x\nvcpus = true\nserial = 'pty'\n");
    assert_int_equal(cfg.errors.n, 3);
    assert_int_equal(cfg.settings.n, 2);
    assert_sv(dml_cfg_text(&entry("memory")->value), "512");
    assert_sv(dml_cfg_text(&entry("serial")->value), "pty");
}

static void test_errors__message_holds_the_text_cut_short(void **state)
{
    (void)state;
    parse("a = abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\nb=\r\nc=1\r\nd=1\r\n");
    assert_string_equal(dml_cfg_error_message(&cfg, &cfg.errors.v[0], &arena),
                        "`abcdefghijklmnopqrstuvwxyzabcdefghijklmn...` needs quotes: xl has no bare words");
    assert_int_equal(cfg.errors.v[2].class, DML_CFG_E_CRLF);
    assert_int_equal(cfg.errors.v[2].count, 2);
    assert_non_null(strstr(dml_cfg_error_message(&cfg, &cfg.errors.v[2], &arena), "(2 such"));
}

static void test_add__is_an_error_before_4_13(void **state)
{
    (void)state;
    parse_for("a=1\na+=2\n", DML_V(4, 12, 4));
    assert_int_equal(cfg.errors.n, 1);
    assert_int_equal(cfg.errors.v[0].class, DML_CFG_E_PLUS_EQUALS);
    assert_span(cfg.errors.v[0].span, "+=");
    parse_for("a=1\na+=2\n", DML_V(4, 13, 0));
    assert_int_equal(cfg.errors.n, 0);
}

static void test_add__joins_texts_and_lists_and_spoils_numbers(void **state)
{
    int64_t n = 7;
    (void)state;
    parse("a='x'\na+='y'\na+='z'\nb=[1]\nb+=[]\nb+=[2,'3']\nc=1\nc+=2\nd+=4\ne+='x'\ne='y'\n");
    assert_int_equal(cfg.errors.n, 0);
    assert_sv(dml_cfg_text(&entry("a")->value), "xyz");
    assert_int_equal(entry("a")->count, 3);
    assert_int_equal(entry("b")->value.n, 3);
    assert_span(entry("b")->value.u.items[2].span, "'3'");
    assert_int_equal(dml_cfg_long(entry("c"), 0, 100, &n), DML_CFG_NUM_ADDED);
    assert_int_equal(dml_cfg_long(entry("d"), 0, 100, &n), DML_CFG_NUM_ADDED);
    assert_sv(dml_cfg_text(&entry("e")->value), "y");
    assert_span(dml_cfg_first_part(&cfg, entry("a"))->value.span, "'x'");
    assert_span(dml_cfg_entry_span(&cfg, entry("a")), "a+='z'");
    assert_int_equal(n, 7);
}

static void test_values__escapes_are_decoded_as_libxlutil_does(void **state)
{
    (void)state;
    parse("a=\"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\"\nb='\\012x'\nc='\\0  1z'\n");
    assert_int_equal(cfg.errors.n, 0);
    assert_sv(dml_cfg_text(&entry("a")->value), "\a\b\f\n\r\t\v\\'\"");
    assert_sv(dml_cfg_text(&entry("b")->value), "x");
    assert_sv(dml_cfg_text(&entry("c")->value), "z");
}

static void test_values__last_one_wins(void **state)
{
    (void)state;
    parse("a=1\na=[2]\na='3'\n");
    assert_sv(dml_cfg_text(&entry("a")->value), "3");
    assert_int_equal(entry("a")->count, 3);
    assert_int_equal(cfg.settings.v[2].prev, 1);
    assert_null(dml_cfg_find(&cfg, DML_SV("b")));
}

static void test_values__numbers_as_strtol_with_base_0(void **state)
{
    static const struct {
        const char *text;
        enum dml_cfg_num rc;
        int64_t value;
    } cases[] = {
        {"a=010", DML_CFG_NUM_OK, 8},        {"a='0x1F'", DML_CFG_NUM_OK, 31},
        {"a=' -3'", DML_CFG_NUM_OK, -3},     {"a='3 '", DML_CFG_NUM_INVALID, 0},
        {"a='yes'", DML_CFG_NUM_INVALID, 0}, {"a=''", DML_CFG_NUM_INVALID, 0},
        {"a=[1]", DML_CFG_NUM_LIST, 0},      {"a=99999999999999999999", DML_CFG_NUM_RANGE, 0},
        {"a='-11'", DML_CFG_NUM_LOW, 0},     {"a=101", DML_CFG_NUM_HIGH, 0},
        {"a=08", DML_CFG_NUM_INVALID, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t n = 0;
        parse(cases[i].text);
        assert_int_equal(dml_cfg_long(entry("a"), -10, 100, &n), cases[i].rc);
        assert_int_equal(n, cases[i].value);
    }
}

static void test_tree__comments_end_before_their_line(void **state)
{
    (void)state;
    parse("a=1 # one\r\n# two \r\n"); /* a carriage return is of the line's end, not of the comment */
    assert_span(cfg.comments.v[0].span, "# one");
    assert_span(cfg.comments.v[1].span, "# two ");
}

static void test_tree__keeps_every_place(void **state)
{
    (void)state;
    parse("# one\n\n  disk = [ 'a', # two\n 'b', ] # three\nx=1;y=2-");
    static const uint8_t kinds[] = {DML_CFG_COMMENT,    DML_CFG_BLANK,      DML_CFG_ASSIGNMENT,
                                    DML_CFG_ASSIGNMENT, DML_CFG_ASSIGNMENT, DML_CFG_IGNORED};
    assert_int_equal(cfg.items.n, sizeof kinds);
    for (size_t i = 0; i < sizeof kinds; i++)
        assert_int_equal(cfg.items.v[i].kind, kinds[i]);
    assert_span(cfg.items.v[3].span, "x=1;");
    assert_int_equal(cfg.comments.n, 3);
    assert_span(cfg.comments.v[1].span, "# two");
    assert_int_equal(cfg.comments.v[2].item, 2);
    const struct dml_cfg_setting *disk = &cfg.settings.v[0];
    assert_span(disk->key, "disk");
    assert_span(disk->op, "=");
    assert_span(disk->value.span, "[ 'a', # two\n 'b', ]");
    assert_span(disk->value.u.items[1].span, "'b'");
    assert_int_equal(cfg.items.v[disk->item].setting, 0);
}

static void test_tree__large_inputs_take_linear_work(void **state)
{
    (void)state;
    struct dml_buf b;
    dml_buf_init(&b, 1 << 24);
    dml_buf_str(&b, "a=[");
    for (int i = 0; i < 100000; i++)
        dml_buf_printf(&b, "%d,", i);
    dml_buf_str(&b, "]\n");
    for (int i = 0; i < 50000; i++)
        dml_buf_printf(&b, "a+=[%d]\nk%d=1\n", i, i);
    parse(b.p);
    assert_int_equal(cfg.errors.n, 0);
    assert_int_equal(entry("a")->value.n, 150000);
    assert_sv(dml_cfg_text(&entry("a")->value.u.items[149999]), "49999");
    assert_non_null(dml_cfg_find(&cfg, DML_SV("k49999")));
    /* A parser that looked ahead for the end of each would not come back from these. */
    static const char *const broken[] = {"a='''x\n", "[", "a=[\n", "a=['x\n", "a=\"\n\"\"\"\n",
                                         "$",        "@", "{x ",   "a=\n[\n"};
    for (size_t k = 0; k < sizeof broken / sizeof *broken; k++) {
        dml_buf_clear(&b);
        while (b.len < 1 << 20)
            dml_buf_str(&b, broken[k]);
        parse(b.p);
        assert_true(cfg.errors.n > 0);
    }
    dml_buf_dispose(&b);
}

static void *no_alloc(void *user, size_t size)
{
    size_t *left = user;
    return *left > size ? (*left -= size, malloc(size)) : NULL;
}
static void give_back(void *user, void *p)
{
    (void)user;
    free(p);
}

static void test_memory__running_out_is_an_error_return(void **state)
{
    (void)state;
    struct dml_buf b;
    dml_buf_init(&b, 1 << 20);
    for (int i = 0; i < 2000; i++)
        dml_buf_printf(&b, "k%d = [ 'x', \"a\\n\", true, # x\n k%d += 'z' }\n", i, i / 2);
    for (size_t left = 0; left < 200000; left += 9973) {
        size_t have = left;
        struct dml_mem mem = {no_alloc, give_back, &have};
        struct dml_arena a;
        dml_arena_init(&a, &mem);
        int rc = dml_cfg_parse(&cfg, &a, dml_buf_view(&b), DML_V(4, 17, 0), NULL);
        assert_true(rc == 0 || rc == DML_ENOMEM);
        if (!left)
            assert_int_equal(rc, DML_ENOMEM);
        dml_arena_dispose(&a);
    }
    dml_buf_dispose(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_errors__each_has_its_class_and_place, drop),
        cmocka_unit_test_teardown(test_errors__parsing_goes_on_behind_each, drop),
        cmocka_unit_test_teardown(test_errors__message_holds_the_text_cut_short, drop),
        cmocka_unit_test_teardown(test_add__is_an_error_before_4_13, drop),
        cmocka_unit_test_teardown(test_add__joins_texts_and_lists_and_spoils_numbers, drop),
        cmocka_unit_test_teardown(test_values__escapes_are_decoded_as_libxlutil_does, drop),
        cmocka_unit_test_teardown(test_values__last_one_wins, drop),
        cmocka_unit_test_teardown(test_values__numbers_as_strtol_with_base_0, drop),
        cmocka_unit_test_teardown(test_tree__comments_end_before_their_line, drop),
        cmocka_unit_test_teardown(test_tree__keeps_every_place, drop),
        cmocka_unit_test_teardown(test_tree__large_inputs_take_linear_work, drop),
        cmocka_unit_test_teardown(test_memory__running_out_is_an_error_return, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
