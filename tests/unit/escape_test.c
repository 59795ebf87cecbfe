/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text/escape: hostile text stays a value in every language that reports are written in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "text/escape.h"
#include "text/json_out.h"

static const char *with(void (*fn)(struct dml_buf *out, struct dml_sv text), struct dml_sv text)
{
    static struct dml_buf b;
    dml_buf_dispose(&b);
    dml_buf_init(&b, 4096);
    fn(&b, text);
    assert_false(b.failed);
    return b.p ? b.p : "";
}

#define IS(fn, text, want) assert_string_equal(with(fn, DML_SV(text)), want)

/* Control characters, bytes that are no UTF-8, what turns text around, and a NUL in the middle. */
#define NASTY "a\x1b\xff\xe2\x80\xae\xc2\x9b\x00z"
#define SHOWN "a\\x1b\\xff\\u202e\\u009b\\x00z"

static void test_escape__nothing_raw_gets_through(void **state)
{
    (void)state;
    IS(dml_escape_xml, NASTY, SHOWN);
    IS(dml_escape_github, NASTY, SHOWN);
    IS(dml_escape_github_property, NASTY, SHOWN);
    IS(dml_escape_csv, NASTY, "\"" SHOWN "\"");
    IS(dml_escape_markdown, NASTY, SHOWN);
    IS(dml_escape_markdown_code, NASTY, "` " SHOWN " `");
    IS(dml_escape_tap, NASTY, SHOWN);
    IS(dml_escape_json, NASTY, "\"a\\\\x1b\\\\xff\\\\u202e\\\\u009b\\\\x00z\"");
    IS(dml_escape_uri, NASTY, "a%1B%FF%E2%80%AE%C2%9B%00z");
}

static void test_escape__xml(void **state)
{
    (void)state;
    IS(dml_escape_xml, "</script>]]>&amp;\"'", "&lt;/script&gt;]]&gt;&amp;amp;&quot;&#39;");
    IS(dml_escape_xml, "a\n\tb\r", "a&#10;&#9;b\\x0d");
    /* Characters that no XML document may have, and those beside them that may. */
    IS(dml_escape_xml, "\xef\xbf\xbe \xef\xbf\xbf \xf0\x9f\xbf\xbf \xef\xbf\xbd \xf0\x9f\x98\x80 \xc3\xa9",
       "\\ufffe \\uffff \\u1ffff \xef\xbf\xbd \xf0\x9f\x98\x80 \xc3\xa9");
}

static void test_escape__github(void **state)
{
    (void)state;
    IS(dml_escape_github, "100%\r\n::error::x, y", "100%25%0D%0A::error::x, y");
    IS(dml_escape_github_property, "a,b:c%0A\n", "a%2Cb%3Ac%250A%0A");
}

static void test_escape__csv(void **state)
{
    (void)state;
    IS(dml_escape_csv, "say \"no\", then\nstop", "\"say \"\"no\"\", then\\x0astop\"");
    IS(dml_escape_csv, "=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\"");
    IS(dml_escape_csv, "+1", "\"'+1\"");
    IS(dml_escape_csv, "-1", "\"'-1\"");
    IS(dml_escape_csv, "@SUM(A1)", "\"'@SUM(A1)\"");
    IS(dml_escape_csv, "\t=1", "\"'\\x09=1\"");
    IS(dml_escape_csv, "a=1", "\"a=1\"");
    IS(dml_escape_csv, "", "\"\"");
}

static void test_escape__markdown(void **state)
{
    (void)state;
    IS(dml_escape_markdown, "a|b `c` *d* _e_ <f> [g](http://h) &amp; #1 @i ~j~ $k$ \\",
       "a\\|b \\`c\\` \\*d\\* \\_e\\_ \\<f\\> \\[g\\](http\\://h) \\&amp; \\#1 \\@i \\~j\\~ \\$k\\$ \\\\");
    IS(dml_escape_markdown, "a\r\n# b", "a  \\# b");
    IS(dml_escape_markdown_code, "x", "` x `");
    IS(dml_escape_markdown_code, "`a``b`|", "``` `a``b`\\| ```");
}

static void test_escape__tap_uri_json(void **state)
{
    (void)state;
    IS(dml_escape_tap, "a # SKIP b\\\nnot ok 1", "a \\# SKIP b\\\\\\x0anot ok 1");
    IS(dml_escape_uri, "dir/a b%#?[:.cfg", "dir/a%20b%25%23%3F%5B%3A.cfg");
    IS(dml_escape_uri, "\xc3\xa9~-._", "%C3%A9~-._");
    IS(dml_escape_json, "a\"b\\c\n\t/\xc3\xa9", "\"a\\\"b\\\\c\\n\\t/\xc3\xa9\"");
    assert_true(dml_is_utf8(DML_SV("a\n\xc3\xa9\xf0\x9f\x98\x80")));
    assert_false(dml_is_utf8(DML_SV("a\xff")));
    assert_false(dml_is_utf8(DML_SV("a\x00")));
}

static void test_json_put__commas_and_numbers(void **state)
{
    (void)state;
    struct dml_buf b;
    dml_buf_init(&b, 4096);
    dml_json_open(&b, NULL, '{');
    dml_json_put_str(&b, "a", "x,");
    dml_json_put_str(&b, "b", NULL);
    dml_json_open(&b, "c", '[');
    dml_json_put_int(&b, NULL, 0);
    dml_json_put_int(&b, NULL, INT64_MIN);
    dml_json_put(&b, NULL, DML_SV("\xff{"));
    dml_json_open(&b, NULL, '{');
    dml_json_close(&b, '}');
    dml_json_close(&b, ']');
    dml_json_put_safe(&b, "d", DML_SV("\xff"));
    dml_json_close(&b, '}');
    assert_string_equal(b.p,
                        "{\"a\":\"x,\",\"b\":null,\"c\":[0,-9223372036854775808,\"\\udcff{\",{}],\"d\":\"\\\\xff\"}");
    dml_buf_dispose(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape__nothing_raw_gets_through),
        cmocka_unit_test(test_escape__xml),
        cmocka_unit_test(test_escape__github),
        cmocka_unit_test(test_escape__csv),
        cmocka_unit_test(test_escape__markdown),
        cmocka_unit_test(test_escape__tap_uri_json),
        cmocka_unit_test(test_json_put__commas_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
