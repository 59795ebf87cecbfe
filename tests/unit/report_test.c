/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report/: formats, and text that would harm a terminal or break a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "report/load.h"
#include "report/report.h"

static const struct dml_rule rule_list[] = {{.id = "DM1001",
                                             .name = "restrict-with-traditional",
                                             .what_to_do = "Choose\nanother.\n\nMore words.",
                                             .summary = "s"},
                                            {.id = "DM1002", .name = "two", .what_to_do = "Do.", .summary = "s"}};
static const struct dml_rules rules = {.v = rule_list, .n = 2};
static const char *const paths[] = {"a.cfg", "b\x1b[2J\n.cfg", "c.cfg"};

static struct dml_buf got;

static int keep(void *user, struct dml_sv text)
{
    (void)user;
    dml_buf_sv(&got, text);
    return 0;
}

static int refuse(void *user, struct dml_sv text)
{
    (void)user;
    (void)text;
    return DML_EIO;
}

static struct dml_findings store;
static struct dml_arena arena;

static int setup(void **state)
{
    (void)state;
    dml_buf_init(&got, 1 << 24);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dml_buf_dispose(&got);
    dml_findings_dispose(&store);
    dml_arena_dispose(&arena);
    return 0;
}

static void add(uint32_t file, uint16_t rule, const char *text, uint32_t off, uint32_t len, struct dml_sv message)
{
    struct dml_source src;
    struct dml_finding f = {.file = file, .rule = rule, .severity = rule, .span = {off, len}, .message = message};
    dml_source_init(&src, "x", dml_sv_of(text));
    if (!text)
        f.span = DML_NO_SPAN;
    f.key = dml_sv_of(text ? "dm_restrict" : "");
    dml_finding_place(&f, &src, &arena, 1);
    assert_non_null(dml_findings_add(&store, &f, 0));
}

static struct dml_outcome outcome;

static struct dml_report report_of(void)
{
    struct dml_findings *stores[] = {&store};
    outcome = (struct dml_outcome){.paths = paths, .rules = &rules, .files = 3, .checked = 3};
    assert_int_equal(dml_findings_collect(stores, 1, NULL, &arena, &outcome.findings), 0);
    dml_findings_count(&outcome.findings, &outcome.counts);
    return (struct dml_report){
        .o = &outcome, .version = "1", .policy_name = "default", .target_xen = "4.17", .min_severity = DML_HINT};
}

static const char *write(const char *format, const struct dml_report *r)
{
    dml_buf_clear(&got);
    assert_int_equal(dml_report_write(dml_format_find(dml_sv_of(format)), r, (struct dml_sink){keep, NULL}, NULL), 0);
    return got.p ? got.p : "";
}

static void test_text__line_underline_and_hint(void **state)
{
    (void)state;
    add(0, 0, "name = 'x'\n\tdm_restrict = 1 # y\n", 12, 15, DML_SV("no"));
    add(0, 0, "name = 'x'\n\tdm_restrict = 1 # y\n", 0, 4, DML_SV("first"));
    add(2, 1, NULL, 0, 0, DML_SV("whole file"));
    struct dml_report r = report_of();
    assert_string_equal(write("text", &r), "a.cfg:1:1: error: first [DM1001 restrict-with-traditional]\n"
                                           " 1 | name = 'x'\n"
                                           "   | ^~~~\n"
                                           "  hint: Choose another.\n"
                                           "a.cfg:2:2: error: no [DM1001 restrict-with-traditional]\n"
                                           " 2 |         dm_restrict = 1 # y\n"
                                           "   |         ^~~~~~~~~~~~~~~\n"
                                           "c.cfg: warning: whole file [DM1002 two]\n"
                                           "  hint: Do.\n");
    assert_string_equal(write("concise", &r), "a.cfg:1:1: error: first [DM1001 restrict-with-traditional]\n"
                                              "a.cfg:2:2: error: no [DM1001 restrict-with-traditional]\n"
                                              "c.cfg:1:1: warning: whole file [DM1002 two]\n");
    r.min_severity = DML_ERROR;
    assert_null(strstr(write("concise", &r), "whole file"));
    r.color = 1;
    assert_non_null(strstr(write("text", &r), "\x1b[1;31merror\x1b[0m"));
}

static void test_text__nothing_reaches_the_terminal(void **state)
{
    (void)state;
    add(1, 0, "\x1b]0;evil\x07 \xff\xe2\x80\xae\xc2\x9bz = \xc3\xa9\n", 4, 3,
        DML_SV("bad \x1b[31m\r\nline \xff \xe2\x80\xae\x00"));
    struct dml_report r = report_of();
    static const char *const formats[] = {"text", "concise", "json"};
    for (int i = 0; i < 3; i++) {
        const char *s = write(formats[i], &r);
        for (const char *p = s; *p; p++)
            if ((unsigned char)*p < 0x20 && *p != '\n')
                fail_msg("%s: byte %02x", formats[i], *p);
        assert_null(strstr(s, "\xe2\x80\xae"));
        assert_null(strstr(s, "\xc2\x9b"));
        assert_null(memchr(s, 0xff, strlen(s)));
    }
    const char *s = write("text", &r);
    assert_non_null(strstr(s, "b\\x1b[2J\\x0a.cfg:1:5: error: bad \\x1b[31m\\x0d\\x0aline \\xff \\u202e\\x00 ["));
    assert_non_null(strstr(s, " 1 | \\x1b]0;evil\\x07 \\xff\\u202e\\u009bz = \xc3\xa9\n   |        ^~~\n"));
}

static void test_text__long_lines_are_cut_around_the_place(void **state)
{
    (void)state;
    char line[600];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    memcpy(line + 300, "HERE", 4);
    add(0, 0, line, 300, 4, DML_SV("m"));
    struct dml_report r = report_of();
    const char *s = write("text", &r);
    const char *here = strstr(s, "HERE"), *caret = strstr(s, "^~~~\n");
    assert_non_null(here);
    assert_non_null(caret);
    const char *line1 = strstr(s, " 1 | "), *line2 = strstr(s, "\n   | ");
    assert_int_equal(here - line1, caret - (line2 + 1));
    assert_true(strcspn(line1, "\n") < 200);
}

static void test_text__multi_line_span_and_end_of_file(void **state)
{
    (void)state;
    add(0, 0, "disk = [\n'x' ]", 7, 6, DML_SV("m"));
    add(1, 0, "a=1\n", 4, 0, DML_SV("m"));
    struct dml_report r = report_of();
    const char *s = write("text", &r);
    assert_non_null(strstr(s, " 1 | disk = [\n   |        ^\n"));
    assert_non_null(strstr(s, ":2:1: error"));
}

static void test_json__shape_and_bytes(void **state)
{
    (void)state;
    add(0, 0, "name = 'x'\ndm_restrict = 1\n", 11, 15, DML_SV("q\" b\\ \xff n\n /"));
    add(2, 1, NULL, 0, 0, DML_SV("m"));
    static const struct dml_blocker blockers[] = {
        {0, DML_SCOPE_GUEST, {11, 15}, {2, 1, 1}, {2, 16, 16}, {"shown as a finding", 18}},
        {1, DML_SCOPE_HOST, {UINT32_MAX, 0}, {0, 0, 0}, {0, 0, 0}, {"hidden \x1b", 8}}};
    const struct dml_outcome_guest guest = {.file = 0,
                                            .name = DML_SV("web"),
                                            .verdict = DML_VERDICT_BLOCKED,
                                            .if_host_fixed = DML_VERDICT_READY,
                                            .blockers = blockers,
                                            .blockers_n = 2,
                                            .missing = DML_MISSING_BIT(passwd),
                                            .protections = 1u << DML_PROTECTION_HANDLES | 1u << DML_PROTECTION_UID};
    struct dml_report r = report_of();
    outcome.guests = &guest;
    outcome.guests_n = 1;
    const char *s = write("json", &r);
    assert_non_null(strstr(s, "\"q\\\" b\\\\ \\udcff n\\n /\""));
    assert_non_null(
        strstr(s, "{\"path\":\"a.cfg\",\"name\":\"web\",\"verdict\":\"blocked\",\"if_host_fixed\":\"ready\","
                  "\"blockers\":[{\"rule\":\"DM1001\",\"scope\":\"guest\",\"range\":{\"start\":{\"line\":2,\"column\":"
                  "1,\"offset\":11},\"end\":{\"line\":2,\"column\":16,\"offset\":26}},\"message\":\"shown as a "
                  "finding\"},{\"rule\":\"DM1002\",\"scope\":\"host\",\"range\":null,\"message\":\"hidden "
                  "\\u001b\"}],\"missing\":[\"passwd\"],"
                  "\"supply\":{\"passwd\":\"getent passwd\"},"
                  "\"protections\":[\"handles\",\"uid\"],\"files_not_looked_at\":0}"));
    assert_non_null(strstr(s, "\"range\":{\"start\":{\"line\":2,\"column\":1,\"offset\":11},\"end\":{\"line\":2,"
                              "\"column\":16,\"offset\":26}}"));
    char *valid = strdup(s); /* json-c does not take lone surrogates back as bytes; the rest must parse */
    memcpy(strstr(valid, "\\udcff"), "\\u00ff", 6);
    struct json_object *o = json_tokener_parse(valid);
    assert_non_null(o);
    struct json_object *summary, *findings, *v;
    assert_true(json_object_object_get_ex(o, "summary", &summary));
    assert_true(json_object_object_get_ex(summary, "errors", &v));
    assert_int_equal(json_object_get_int(v), 1);
    assert_true(json_object_object_get_ex(o, "findings", &findings));
    assert_int_equal(json_object_array_length(findings), 2);
    assert_true(json_object_object_get_ex(json_object_array_get_idx(findings, 1), "range", &v));
    assert_null(v);
    json_object_put(o);
    free(valid);
    assert_non_null(strstr(write("text", &r), "a.cfg: verdict: blocked by DM1001 restrict-with-traditional (guest), "
                                              "DM1002 two (host); ready once the host is repaired\n"
                                              "  in the way: a.cfg: hidden \\x1b [DM1002 two]\n"));
}

/* Each format from what was loaded is what it was from the run. */
static void test_load__every_format_again(void **state)
{
    (void)state;
    static const char text[] = "name = '\xc3\xa9\xff\xf0\x9f\x98\x80\x1b'\ndm_restrict = 1\n";
    const struct dml_replacement edits[] = {{{12, 2}, {1, 13, 12}, {1, 15, 14}, DML_SV("\xfe\n\"")}};
    const struct dml_related other[] = {{1, DML_NO_SPAN, {1, 1, 1}, {1, 1, 1}, DML_SV("there \xf0\x9f\x98\x80\xff")}};
    static const struct dml_message messages[] = {{1, DML_MESSAGE_UNREADABLE, "cannot read \xff"}};
    static const char *const before[] = {"qemu", "-name", "\xf0\x9f\x98\x80\xff\n"}, *const after[] = {"qemu", "-S"};
    const struct dml_fixed fixed = {DML_SV("--- a\n+++ b\n-\xff\n+x\n"), {before, 3}, {after, 2}};
    const struct dml_outcome_guest guests[] = {
        {.file = 0, .name = DML_SV("\xed\xb2\x80\\\"/"), .fixed = &fixed, .unseen = 2, .running = 2},
        {.file = 2, .name = DML_SV(""), .reason = "it is \xff"}};
    add(0, 0, text, 8, 9, DML_SV("\\udc80 is no byte, \xf0\x9f\x98\x80\x80 ends in one"));
    add(0, 1, text, 0, 4, DML_SV("x"));
    add(2, 1, NULL, 0, 0, DML_SV("=whole"));
    struct dml_report r = report_of();
    struct dml_finding *f = outcome.findings.v[1];
    f->edits = edits;
    f->edits_n = 1;
    f->fix = DML_FIX_SAFE;
    f->related = other;
    f->related_n = 1;
    f->fingerprint = 0xfedcba9876543210;
    outcome.findings.v[0]->state = DML_STATE_WAIVED;
    outcome.findings.v[0]->waiver = "W-1";
    outcome.findings.v[0]->reason = DML_SV("because \xff");
    outcome.guests = guests;
    outcome.guests_n = 2;
    outcome.messages = messages;
    outcome.messages_n = 1;
    r.hostname = "h\xff";
    char *json = strdup(write("json", &r));
    struct dml_loaded l;
    struct dml_err err = {""};
    assert_int_equal(dml_report_load(&l, "r.json", dml_sv_of(json), &arena, &err), 0);
    for (int i = 0; i < DML_FORMATS; i++) {
        char *want = strdup(write(dml_formats[i].name, &r));
        assert_string_equal(write(dml_formats[i].name, &l.report), want);
        free(want);
    }
    dml_loaded_dispose(&l);
    free(json);
}

static void test_report__empty_and_refused(void **state)
{
    (void)state;
    struct dml_report r = report_of();
    assert_string_equal(write("text", &r), "");
    struct json_object *o = json_tokener_parse(write("json", &r));
    assert_non_null(o);
    json_object_put(o);
    assert_null(dml_format_find(DML_SV("jsn")));
    add(0, 0, "a=1", 0, 1, DML_SV("m"));
    r = report_of();
    assert_int_equal(dml_report_write(dml_format_find(DML_SV("text")), &r, (struct dml_sink){refuse, NULL}, NULL),
                     DML_EIO);
    struct dml_buf b;
    dml_buf_init(&b, 1000);
    dml_report_summary(&r, &b);
    assert_string_equal(b.p, "3 files checked: 1 error\n");
    dml_buf_dispose(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_text__line_underline_and_hint),
        T(test_text__nothing_reaches_the_terminal),
        T(test_text__long_lines_are_cut_around_the_place),
        T(test_text__multi_line_span_and_end_of_file),
        T(test_json__shape_and_bytes),
        T(test_load__every_format_again),
        T(test_report__empty_and_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
