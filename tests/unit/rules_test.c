/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules/: the format of rule files and what they mean, in three-valued logic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_catalogue.h"
#include "rules/load.h"
#include "rules/suppress.h"

static struct dml_arena arena;
static struct dml_err err;
static struct fake_guest guest;
static struct dml_provider provider = {fake_get, &guest};
static struct dml_rules rules;
static struct dml_eval *eval;
static const struct dml_rules none;

static int setup(void **state)
{
    (void)state;
    guest = (struct fake_guest){0};
    rules = none;
    eval = NULL;
    err.msg[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dml_eval_free(eval);
    dml_arena_dispose(&arena);
    return 0;
}

#define HEAD "id: DM9001\nname: a-rule\nseverity: error\ntags: [hold]\nsummary: s\nwhy: w\ndo: d\n"

static int load(const char *text)
{
    return dml_rules_add_text(&rules, "r.yaml", dml_sv_of(text), &fake_catalogue, &arena, &err);
}

static struct {
    unsigned n;
    uint32_t element[8];
    struct dml_span span[8];
} fired;

static void fire(void *user, const struct dml_rule *rule, uint32_t element, struct dml_span span)
{
    (void)user;
    (void)rule;
    if (fired.n < 8) {
        fired.element[fired.n] = element;
        fired.span[fired.n] = span;
    }
    fired.n++;
}

/* The truth of a condition, written on one line, for the guest as it is. */
static enum dml_truth judge_with(const char *more, const char *when)
{
    rules = none;
    const char *text = dml_arena_printf(&arena, HEAD "message: m\n%swhen: %s\n", more, when);
    if (load(text))
        fail_msg("%s", err.msg);
    dml_eval_free(eval);
    assert_int_equal(dml_eval_new(&eval, &rules, &err), 0);
    dml_eval_begin(eval, &provider, DML_V(4, 17, 5));
    fired.n = 0;
    return dml_eval_rule(eval, &rules.v[0], NULL, fire, NULL);
}

static enum dml_truth judge(const char *when)
{
    return judge_with("", when);
}

static void refused(const char *rest, const char *message)
{
    rules = none;
    int rc = load(dml_arena_printf(&arena, HEAD "%s", rest));
    assert_int_equal(rc, DML_EINVAL);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not hold \"%s\"", err.msg, message);
}

/* ---- logic ---- */

static void test_logic__kleene_tables(void **state)
{
    (void)state;
    /* memory is 1 (YES), 0 (NO) or unknown; the two halves of each row are AND and OR. */
    static const enum dml_truth all[3][3] = {
        {DML_NO, DML_NO, DML_NO}, {DML_NO, DML_UNKNOWN, DML_UNKNOWN}, {DML_NO, DML_UNKNOWN, DML_YES}};
    static const enum dml_truth any[3][3] = {
        {DML_NO, DML_UNKNOWN, DML_YES}, {DML_UNKNOWN, DML_UNKNOWN, DML_YES}, {DML_YES, DML_YES, DML_YES}};
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            guest = (struct fake_guest){0};
            if (a == DML_UNKNOWN)
                fake_unknown(&guest, "memory");
            else
                fake_int(&guest, "memory", a == DML_YES, 0);
            if (b == DML_UNKNOWN)
                fake_unknown(&guest, "maxmem");
            else
                fake_int(&guest, "maxmem", b == DML_YES, 0);
            assert_int_equal(judge("{all: [{key: memory, equals: 1}, {key: maxmem, equals: 1}]}"), all[a][b]);
            assert_int_equal(judge("{any: [{key: memory, equals: 1}, {key: maxmem, equals: 1}]}"), any[a][b]);
            assert_int_equal(judge("{not: {all: [{key: memory, equals: 1}, {key: maxmem, equals: 1}]}}"),
                             2 - all[a][b]);
        }
    }
}

static void test_logic__operators_on_known_absent_and_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *test;
        enum dml_truth hit, miss, absent; /* memory = 512; memory = 64; no memory. Unknown is always unknown. */
    } table[] = {
        {"exists: true", DML_YES, DML_YES, DML_NO},
        {"exists: false", DML_NO, DML_NO, DML_YES},
        {"absent: true", DML_NO, DML_NO, DML_YES},
        {"absent: false", DML_YES, DML_YES, DML_NO},
        {"equals: 512", DML_YES, DML_NO, DML_NO},
        {"equals: 0x200", DML_YES, DML_NO, DML_NO},
        {"not_equals: 64", DML_YES, DML_NO, DML_NO},
        {"in: [1, 512]", DML_YES, DML_NO, DML_NO},
        {"not_in: [64, 65]", DML_YES, DML_NO, DML_NO},
        {"gt: 64", DML_YES, DML_NO, DML_NO},
        {"ge: 512", DML_YES, DML_NO, DML_NO},
        {"lt: 65", DML_NO, DML_YES, DML_NO},
        {"le: 64", DML_NO, DML_YES, DML_NO},
        {"count: 1", DML_YES, DML_YES, DML_NO},
        {"equals: {key: maxmem}", DML_YES, DML_NO, DML_NO},
        {"not_equals: {key: maxmem}", DML_NO, DML_YES, DML_NO},
        {"lt: {key: maxmem}", DML_NO, DML_YES, DML_NO},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *when = dml_arena_printf(&arena, "{key: memory, %s}", table[i].test);
        for (int k = 0; k < 4; k++) {
            guest = (struct fake_guest){0};
            fake_int(&guest, "maxmem", 512, 0);
            if (k < 2)
                fake_int(&guest, "memory", k ? 64 : 512, 0);
            if (k == 3)
                fake_unknown(&guest, "memory");
            enum dml_truth expected = k == 0   ? table[i].hit
                                      : k == 1 ? table[i].miss
                                      : k == 2 ? table[i].absent
                                               : DML_UNKNOWN;
            if (judge(when) != expected)
                fail_msg("%s, case %d: not %d", when, k, expected);
        }
    }
    /* The right side may be what is absent or unknown. */
    guest = (struct fake_guest){0};
    fake_int(&guest, "memory", 512, 0);
    assert_int_equal(judge("{key: memory, equals: {key: maxmem}}"), DML_NO);
    assert_int_equal(judge("{key: memory, not_equals: {key: maxmem}}"), DML_NO);
    fake_unknown(&guest, "maxmem");
    assert_int_equal(judge("{key: memory, equals: {key: maxmem}}"), DML_UNKNOWN);
    assert_int_equal(judge("{key: memory, not_equals: {key: maxmem}}"), DML_UNKNOWN);
}

static void test_logic__texts(void **state)
{
    (void)state;
    fake_str(&guest, "name", "qemu-xen", 0);
    assert_int_equal(judge("{key: name, equals: qemu-xen}"), DML_YES);
    assert_int_equal(judge("{key: name, equals: QEMU-XEN}"), DML_NO);
    assert_int_equal(judge("{key: name, matches: 'qemu-.*'}"), DML_YES);
    assert_int_equal(judge("{key: name, matches: 'qemu'}"), DML_NO); /* the whole value */
    assert_int_equal(judge("{key: name, matches: 'xen|qemu-xe.'}"), DML_YES);
    assert_int_equal(judge("{key: name, starts_with: qemu}"), DML_YES);
    assert_int_equal(judge("{key: name, starts_with: xen}"), DML_NO);
    assert_int_equal(judge("{key: name, contains: mu-x}"), DML_YES);
    assert_int_equal(judge("{key: name, contains: 'longer than the name itself'}"), DML_NO);
    assert_int_equal(judge("{key: name, in: [a, qemu-xen]}"), DML_YES);
    assert_int_equal(judge("{key: name, not_in: [a, b]}"), DML_YES);
    /* A key whose kind shows in its value: numbers in quotes compare as numbers. */
    fake_str(&guest, "extra", "0x10", 0);
    assert_int_equal(judge("{key: extra, equals: 16}"), DML_YES);
    assert_int_equal(judge("{key: extra, gt: 15}"), DML_YES);
    assert_int_equal(judge("{key: extra, equals: '16'}"), DML_NO);
    assert_int_equal(judge("{key: extra, equals: '0x10'}"), DML_YES);
}

static void test_logic__patterns_have_limits(void **state)
{
    (void)state;
    fake_str(&guest, "name", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 0);
    assert_int_equal(judge("{key: name, matches: '(a+)+(a+)+(a+)+[bc]'}"), DML_UNKNOWN);
    assert_true(dml_eval_undecided(eval));
    assert_int_equal(judge("{key: name, matches: 'b'}"), DML_NO);
    assert_false(dml_eval_undecided(eval));
    guest = (struct fake_guest){0};
    fake_add(&guest, "name", DML_VALUE_STRING, 0)->u.s = (struct dml_sv){"\xff\x00z", 3};
    assert_int_equal(judge("{key: name, matches: '.{3}'}"), DML_YES);
    static char text[3000]; /* longer than what is matched by JIT code */
    memset(text, 'x', sizeof text);
    for (size_t len = 1020; len < sizeof text; len += 990) {
        guest = (struct fake_guest){0};
        fake_add(&guest, "name", DML_VALUE_STRING, 0)->u.s = (struct dml_sv){text, len};
        assert_int_equal(judge("{key: name, matches: 'x*'}"), DML_YES);
        assert_int_equal(judge("{key: name, matches: 'x*y'}"), DML_NO);
    }
}

static void test_logic__versions_by_what_was_said(void **state)
{
    (void)state;
    static const struct {
        dml_version have;
        const char *test;
        enum dml_truth expected;
    } table[] = {
        {DML_V(4, 9, 0), "lt: '4.10'", DML_YES},
        {DML_V(4, 10, 4), "lt: '4.10'", DML_NO},
        {DML_V(4, 10, 4), "le: '4.10'", DML_YES},
        {DML_V(4, 17, 5), "ge: 4.17", DML_YES},
        {DML_V(4, 17, 5), "gt: 4.17", DML_NO},
        {DML_V(4, 17, 5), "gt: 4.17.4", DML_YES},
        {DML_V(4, 17, 5), "lt: 4.17.5", DML_NO},
        {DML_V(4, 17, 5), "equals: 4.17", DML_YES},
        {DML_V(4, 17, 5), "equals: 4.17.4", DML_NO},
        {DML_V(4, 17, 5), "in: ['4.16', '4.17']", DML_YES},
        {DML_V(4, 17, 5), "not_in: ['4.16', '4.17']", DML_NO},
        {DML_V(9, 1, 2), "ge: 9", DML_YES},
        {DML_V(9, 1, 2), "equals: 9", DML_YES},
        {DML_V(10, 0, 0), "gt: 9", DML_YES},
        {DML_V(4, 17, 5), "equals: '${line}'", DML_YES},
        {DML_V(4, 18, 0), "equals: '${line}'", DML_NO},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        guest = (struct fake_guest){0};
        fake_version(&guest, "target.xen", table[i].have);
        const char *when = dml_arena_printf(&arena, "{fact: target.xen, %s}", table[i].test);
        if (judge_with("params: {line: '4.17'}\n", when) != table[i].expected)
            fail_msg("%zu: %s", i, when);
    }
}

static void test_logic__quantifiers(void **state)
{
    (void)state;
    fake_str(&guest, "disk[*]", "d0", 10);
    fake_str(&guest, "disk[*]", "d1", 20);
    fake_str(&guest, "disk[*].format", "raw", 11);
    fake_str(&guest, "disk[*].format", "qcow2", 21);
    assert_int_equal(judge("{key: 'disk[*].format', equals: qcow2}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*].format', every: {equals: qcow2}}"), DML_NO);
    assert_int_equal(judge("{key: 'disk[*].format', every: {in: [raw, qcow2]}}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*].format', none: {equals: vhd}}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*].format', none: {equals: raw}}"), DML_NO);
    assert_int_equal(judge("{key: 'disk[*]', count: {ge: 2}}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*]', count: 3}"), DML_NO);
    assert_int_equal(judge("{key: 'disk[*].format', absent: true}"), DML_NO);
    /* An empty list: none is any, all are every. */
    guest = (struct fake_guest){0};
    assert_int_equal(judge("{key: 'disk[*].format', equals: raw}"), DML_NO);
    assert_int_equal(judge("{key: 'disk[*].format', every: {equals: raw}}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*].format', none: {equals: raw}}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*]', absent: true}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*]', count: 0}"), DML_YES);
    /* One unknown element. */
    fake_str(&guest, "disk[*].format", "raw", 0);
    fake_add(&guest, "disk[*].format", DML_VALUE_UNKNOWN, 0);
    fake_add(&guest, "disk[*].format", DML_VALUE_ABSENT, 0);
    assert_int_equal(judge("{key: 'disk[*].format', equals: raw}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*].format', equals: vhd}"), DML_UNKNOWN);
    assert_int_equal(judge("{key: 'disk[*].format', every: {equals: vhd}}"), DML_NO);
    assert_int_equal(judge("{key: 'disk[*].format', none: {equals: vhd}}"), DML_UNKNOWN);
    assert_int_equal(judge("{key: 'disk[*].format', count: 1}"), DML_UNKNOWN);
    assert_int_equal(judge("{key: 'disk[*].format', count: 3}"), DML_NO);
    assert_int_equal(judge("{key: 'disk[*].format', count: {le: 2}}"), DML_YES);
    assert_int_equal(judge("{key: 'disk[*].format', count: {not_equals: 3}}"), DML_YES);
}

static void test_logic__params(void **state)
{
    (void)state;
    fake_int(&guest, "memory", 512, 0);
    assert_int_equal(judge_with("params: {max: 256}\n", "{key: memory, gt: '${max}'}"), DML_YES);
    assert_int_equal(judge_with("params: {max: 1024}\n", "{key: memory, gt: '${max}'}"), DML_NO);
    assert_int_equal(judge_with("params: {ok: [1, 512]}\n", "{key: memory, in: '${ok}'}"), DML_YES);
    assert_int_equal(judge_with("params: {ok: [1, 512]}\n", "{key: memory, not_in: '${ok}'}"), DML_NO);
    assert_int_equal(judge_with("params: {on: false}\n", "{param: on, equals: true}"), DML_NO);
    assert_int_equal(judge_with("params: {l: []}\n", "{param: l, absent: true}"), DML_YES);
    assert_int_equal(judge_with("params: {l: [a, b]}\n", "{param: l, count: 2}"), DML_YES);
    assert_int_equal(judge_with("params: {l: [a, b]}\n", "{param: l, every: {equals: a}}"), DML_NO);
    /* A policy's values instead of the defaults. */
    struct dml_lit more = {.kind = DML_VALUE_INT, .i = 2048, .s = "2048", .len = 4};
    struct dml_param_value set = {&more, 1};
    assert_int_equal(judge_with("params: {max: 256}\n", "{key: memory, gt: '${max}'}"), DML_YES);
    assert_int_equal(dml_eval_rule(eval, &rules.v[0], &set, NULL, NULL), DML_NO);
}

/* ---- where and what ---- */

static void test_rule__each_element_is_judged_with_its_own_fields(void **state)
{
    (void)state;
    fake_str(&guest, "disk[*]", "d0", 10);
    fake_str(&guest, "disk[*]", "d1", 20);
    fake_str(&guest, "disk[*]", "d2", 30);
    fake_str(&guest, "disk[*].format", "qcow2", 11);
    fake_add(&guest, "disk[*].format", DML_VALUE_ABSENT, UINT32_MAX);
    fake_str(&guest, "disk[*].format", "qcow2", 31);
    fake_str(&guest, "disk[*].vdev", "xvda", 12);
    fake_str(&guest, "disk[*].vdev", "hda", UINT32_MAX);
    fake_str(&guest, "disk[*].vdev", "hdb", 32);
    const char *select = "select: 'disk[*].format'\n";
    assert_int_equal(
        judge_with(select, "{all: [{key: 'disk[*].format', equals: qcow2}, {key: 'disk[*].vdev', starts_with: hd}]}"),
        DML_YES);
    assert_int_equal(fired.n, 1);
    assert_int_equal(fired.element[0], 2);
    assert_int_equal(fired.span[0].off, 31);
    assert_true(dml_sv_is(dml_eval_key(eval, &rules.v[0], 2, &arena), "disk[2].format"));
    /* No place of its own: the element's. */
    assert_int_equal(judge_with(select, "{key: 'disk[*].format', absent: true}"), DML_YES);
    assert_int_equal(fired.n, 1);
    assert_int_equal(fired.span[0].off, 20);
    /* An unknown list is judged once, and asks for itself. */
    guest = (struct fake_guest){0};
    fake_unknown(&guest, "disk[*]");
    fake_unknown(&guest, "disk[*].format");
    assert_int_equal(judge_with(select, "{key: 'disk[*].format', equals: qcow2}"), DML_UNKNOWN);
    uint16_t slot;
    assert_int_equal(dml_eval_missing(eval, &slot, 1), 1);
    assert_string_equal(rules.slots[slot].name, "disk[*]");
}

static void test_rule__place_falls_back(void **state)
{
    (void)state;
    fake_int(&guest, "dm_restrict", 1, 5);
    fake_str(&guest, "device_model_version", "x", UINT32_MAX);
    assert_int_equal(judge_with("select: [device_model_version, dm_restrict]\n", "{key: dm_restrict, equals: 1}"),
                     DML_YES);
    assert_int_equal(fired.span[0].off, 5);
    assert_int_equal(judge_with("select: [name]\n", "{key: dm_restrict, equals: 1}"), DML_YES);
    assert_true(dml_span_none(fired.span[0]));
}

static void test_rule__missing_names_only_what_matters(void **state)
{
    (void)state;
    uint16_t slots[4];
    fake_unknown(&guest, "guest.restricted");
    fake_unknown(&guest, "host.qemu.version");
    fake_int(&guest, "memory", 1, 0);
    assert_int_equal(judge("{all: [{key: memory, equals: 1}, {any: [{key: memory, equals: 2}, "
                           "{fact: host.qemu.version, lt: 8}]}]}"),
                     DML_UNKNOWN);
    assert_int_equal(dml_eval_missing(eval, slots, 4), 1);
    assert_string_equal(rules.slots[slots[0]].name, "host.qemu.version");
    assert_int_equal(judge("{any: [{key: memory, equals: 1}, {fact: guest.restricted, equals: true}]}"), DML_YES);
    assert_int_equal(dml_eval_missing(eval, slots, 4), 0);
}

static void test_rule__since_and_removed(void **state)
{
    (void)state;
    fake_int(&guest, "memory", 1, 0);
    const char *when = "{key: memory, exists: true}";
    assert_int_equal(judge_with("since: '4.17'\n", when), DML_YES);
    assert_int_equal(judge_with("since: 4.18\n", when), DML_NO);
    assert_int_equal(judge_with("since: 4.17.6\n", when), DML_NO);
    assert_int_equal(judge_with("removed: 4.17\n", when), DML_NO);
    assert_int_equal(judge_with("removed: 4.18\n", when), DML_YES);
    /* The target is 4.17.5: its own release is of a rule that came with it, and not of one that went with it. */
    assert_int_equal(judge_with("since: 4.17.5\n", when), DML_YES);
    assert_int_equal(judge_with("removed: 4.17.5\n", when), DML_NO);
    assert_int_equal(judge_with("removed: 4.17.6\n", when), DML_YES);
    dml_eval_begin(eval, &provider, 0);
    assert_int_equal(dml_eval_rule(eval, &rules.v[0], NULL, fire, NULL), DML_UNKNOWN);
}

static void test_rule__messages(void **state)
{
    (void)state;
    fake_str(&guest, "disk[*]", "d0", 10);
    fake_str(&guest, "disk[*]", "d1", 20);
    fake_version(&guest, "target.xen", DML_V(4, 17, 5));
    assert_int_equal(load(HEAD "message: '${value} of ${disk[*]} on ${target.xen}, $$ ${max}, ${ok}; ${name}'\n"
                               "select: disk[*]\nparams: {max: 5, ok: [a, b]}\nwhen: {key: name, absent: true}\n"),
                     0);
    assert_int_equal(dml_eval_new(&eval, &rules, &err), 0);
    dml_eval_begin(eval, &provider, DML_V(4, 17, 5));
    struct dml_sv s = dml_eval_message(eval, &rules.v[0], NULL, 1, &arena);
    assert_string_equal(dml_arena_strndup(&arena, s.p, s.len), "d1 of d1 on 4.17.5, $ 5, a, b; (absent)");
}

static void test_eval__asks_once_and_not_for_what_cannot_matter(void **state)
{
    (void)state;
    assert_int_equal(judge("{all: [{key: memory, exists: true}, {key: name, exists: true}, {key: memory, gt: 1}]}"),
                     DML_NO);
    assert_int_equal(guest.asked, 1);
    fake_int(&guest, "memory", 5, 0);
    dml_eval_begin(eval, &provider, 1);
    assert_int_equal(dml_eval_rule(eval, &rules.v[0], NULL, NULL, NULL), DML_NO);
    assert_int_equal(dml_eval_rule(eval, &rules.v[0], NULL, NULL, NULL), DML_NO);
    assert_int_equal(guest.asked, 3);
}

/* ---- the format ---- */

static void test_format__refusals_say_where_and_what(void **state)
{
    (void)state;
    refused("message: m\nwhen: {key: memori, exists: true}\n",
            "r.yaml:9:13: there is no guest key \"memori\"; did you mean \"memory\"?");
    refused("message: m\nwhen: {fact: target.xem, exists: true}\n",
            "there is no fact \"target.xem\"; did you mean \"target.xen\"?");
    refused("message: m\nwhen: {key: memory, equal: 1}\n",
            "r.yaml:9:21: a condition has no word \"equal\"; did you mean \"equals\"?");
    refused("message: m\nwhen: {al: []}\n", "did you mean \"all\"?");
    refused("message: m\nwhen: {all: []}\n", "needs at least one");
    refused("message: m\nwhen: {key: memory}\n", "needs an operator");
    refused("message: m\nwhen: {key: memory, gt: 1, lt: 5}\n", "has gt already");
    refused("message: m\nwhen: {key: memory, fact: target.xen, lt: 5}\n", "one key, fact or param");
    refused("message: m\nwhen: {key: memory, equals: lots}\n", "\"lots\" is none");
    refused("message: m\nwhen: {key: memory, equals: [1]}\n", "one value");
    refused("message: m\nwhen: {key: memory, in: 1}\n", "needs a list");
    refused("message: m\nwhen: {key: name, lt: a}\n", "numbers and versions");
    refused("message: m\nwhen: {key: memory, matches: a}\n", "is for text");
    refused("message: m\nwhen: {key: name, matches: 'a(b'}\n", "not a pattern");
    refused("message: m\nwhen: {fact: target.xen, lt: '4.x'}\n", "must be a version");
    refused("message: m\nwhen: {key: memory, every: {equals: 1}}\n", "[*]");
    refused("message: m\nwhen: {key: memory, gt: '${max}'}\n", "no parameter \"max\"");
    refused("message: '${valu}'\nselect: memory\nwhen: {key: memory, exists: true}\n",
            "there is no guest key or fact \"valu\"");
    refused("message: '${value}'\nwhen: {key: memory, exists: true}\n", "needs select");
    refused("message: '${value'\nselect: memory\nwhen: {key: memory, exists: true}\n", "without its }");
    refused("message: m\n", "either when: (a condition) or check:");
    refused("message: m\ncheck: uid_overlop\n", "did you mean \"uid_overlap\"?");
    refused("message: m\nwhen: {key: memory, exists: true}\nsince: '4.9'\n", "4.10");
    refused("message: m\nwhen: {key: memory, exists: true}\nfix: {safety: safe}\n", "needs ops");
    refused("message: m\nwhen: {key: memory, exists: true}\nfix: {safety: manual}\n", "has text:");
    refused("message: m\nwhen: {key: memory, exists: true}\nfix: {safety: safe, ops: [{set: {key: memory}}]}\n",
            "set needs value:");
    refused("message: m\nwhen: {key: memory, exists: true}\nfix: {safety: safe, ops: [{delete: {key: memory, value: "
            "1}}]}\n",
            "takes no value:");
    refused("message: m\nwhen: {key: memory, exists: true}\nfix: {safety: safe, ops: [{delte: {key: memory}}]}\n",
            "did you mean \"delete\"?");
    refused("message: m\nwhen: {key: memory, exists: true}\nexamples: {good: [{name: x, cfg: a, line: 3}]}\n",
            "does not fire");
    refused("message: m\nwhen: {key: memory, exists: true}\nid: DM1\n", "already on line 1");
    rules = none;
    assert_int_equal(load("id: DM1\nname: x\nseverity: error\ntags: [hold]\nsummary: s\nwhy: w\ndo: d\nmessage: "
                          "m\ncheck: uid_overlap\n"),
                     DML_EINVAL);
    assert_non_null(strstr(err.msg, "DM and four digits"));
    assert_int_equal(load("id: DM1000\nname: hold\nseverity: error\ntags: [hold]\nsummary: s\nwhy: w\ndo: d\nmessage: "
                          "m\ncheck: uid_overlap\n"),
                     DML_EINVAL);
    assert_non_null(strstr(err.msg, "is a tag"));
    assert_int_equal(rules.n, 0);
}

static void test_format__a_whole_rule(void **state)
{
    (void)state;
    assert_int_equal(load("id: DM9005\nname: whole-rule\nseverity: warning\ntags: [hold, old]\nsummary: One line.\n"
                          "why: |\n  Because.\n\n  Twice.\ndo: This.\nreferences: [a, b]\nconfidence: ran\nmessage: m\n"
                          "check: uid_overlap\nsince: '4.12'\nremoved: 4.21\nscope: host\n"
                          "fix:\n  safety: safe\n  expect_argv: adds\n  migration: true\n  ops:\n"
                          "    - set: {key: dm_restrict, value: 1}\n    - rename_key: {from: maxmem, to: memory}\n"
                          "examples:\n  bad:\n    - {name: b, cfg: \"a=1\\n\", expect_count: 2, line: 1, xen: '4.17', "
                          "facts: {cpus: 4, nss: [files]}}\n"
                          "  good:\n    - {name: g, cfg: '', others: {b.cfg: 'x=1'}}\n"),
                     0);
    const struct dml_rule *r = &rules.v[0];
    assert_int_equal(r->check, 7);
    assert_int_equal(r->severity, DML_WARNING);
    assert_int_equal(r->tags, DML_TAG_hold | DML_TAG_old);
    assert_string_equal(r->why, "Because.\n\nTwice.");
    assert_int_equal(r->references_n, 2);
    assert_int_equal(r->since, DML_V(4, 12, 0));
    assert_int_equal(r->removed, DML_V(4, 21, 0));
    assert_int_equal(r->scope, DML_SCOPE_HOST);
    assert_int_equal(r->fixes_n, 2);
    assert_true(r->fixes[0].number);
    assert_string_equal(r->fixes[1].to, "memory");
    assert_true(r->migration);
    assert_int_equal(r->examples_n, 2);
    assert_true(r->examples[0].bad);
    assert_string_equal(r->examples[0].facts, "{cpus: 4, nss: [files]}");
    assert_string_equal(r->examples[1].others[0].path, "b.cfg");
    assert_string_equal(r->file, "r.yaml");
}

/* What examples share by name: here as rulec and, behind it, a site's file see it. */
static void test_format__shared_examples(void **state)
{
    (void)state;
    static const struct dml_shared hosts[] = {{"none", NULL}, {"small", "{cpus: 4, nss: [files], os: linux}"}};
    static const struct dml_shared kinds[] = {{"restricted", "r"}, {"old", "o"}};
    static const struct dml_rules base = {.hosts = hosts, .hosts_n = 2, .kinds = kinds, .kinds_n = 2};
    static const char rule[] = "- {id: %s, name: %s, severity: error, tags: [hold], summary: s, why: w, do: d, check: "
                               "uid_overlap, examples: {%s}}\n";
    struct dml_rule_builder b;
    const char *text =
        dml_arena_printf(&arena, rule, "DM9001", "one",
                         "remark_on: [restricted, old], bad: [{name: b, cfg: '', facts: small}, {name: c, "
                         "cfg: '', facts: none}], good: [{name: g, cfg: '', facts: {os: bsd, like: small, "
                         "nss: [ldap], vcpus: 1}}]");
    assert_int_equal(dml_rule_builder_init(&b, &base, &fake_catalogue, &arena, 1, &err), 0);
    assert_int_equal(dml_rule_builder_text(&b, "a.yaml", dml_sv_of(text), &err), 0);
    text = dml_arena_printf(&arena, rule, "DM9002", "two",
                            "remark_on: old, bad: [{name: b, cfg: ''}], good: [{name: g, cfg: '', also: [restricted, "
                            "DM9005]}, {name: h, cfg: '', also: old}]");
    assert_int_equal(dml_rule_builder_text(&b, "b.yaml", dml_sv_of(text), &err), 0);
    assert_int_equal(dml_rule_builder_remarks(&b, &err), 0);
    dml_rule_builder_done(&b, &rules);
    const struct dml_example *one = rules.v[0].examples, *two = rules.v[1].examples;
    assert_string_equal(one[0].facts, hosts[1].text);
    assert_null(one[1].facts);
    assert_string_equal(one[2].facts, "{os: bsd, nss: [files, ldap], vcpus: 1, cpus: 4}");
    assert_null(two[0].also);
    assert_string_equal(two[1].also, " restricted DM9005 DM9001 ");
    assert_string_equal(two[2].also, " old DM9001 DM9002 ");

    static const struct {
        const char *examples, *says;
    } wrong[] = {
        {"good: [{name: g, cfg: '', facts: smal}]", "there is no host \"smal\"; there are: none, small"},
        {"good: [{name: g, cfg: '', facts: {like: smal}}]", "there is no host \"smal\""},
        {"good: [{name: g, cfg: '', facts: {like: none, os: bsd}}]", "none can be like it"},
        {"good: [{name: g, cfg: '', facts: [small]}]", "facts"},
        {"good: [{name: g, cfg: '', also: [restrictd]}]", "there is no id or kind of guests \"restrictd\""},
        {"remark_on: DM9001", "there is no kind of guests \"DM9001\"; there are: restricted, old"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rules = base;
        assert_int_equal(load(dml_arena_printf(&arena, rule, "DM9001", "one", wrong[i].examples)), DML_EINVAL);
        if (!strstr(err.msg, wrong[i].says))
            fail_msg("%s: %s", wrong[i].examples, err.msg);
    }
}

static void test_sets__replace_order_and_words(void **state)
{
    (void)state;
    const char *list =
        dml_arena_printf(&arena, "- {%s, id: DM9002, name: two}\n- {%s, id: DM9001, name: one}\n",
                         "severity: error, tags: [hold], summary: s, why: w, do: d, message: m, check: uid_overlap",
                         "severity: error, tags: [old], summary: s, why: w, do: d, message: m, check: uid_overlap");
    assert_int_equal(load(list), 0);
    assert_int_equal(rules.n, 2);
    assert_string_equal(rules.v[0].name, "one");
    assert_int_equal(dml_rules_find(&rules, dml_sv_of("DM9002")), 1);
    assert_int_equal(dml_rules_find(&rules, dml_sv_of("one")), 0);
    assert_int_equal(dml_rules_find(&rules, dml_sv_of("DM9003")), -1);
    assert_true(dml_rule_matches(&rules.v[0], dml_sv_of("DM9")));
    assert_false(dml_rule_matches(&rules.v[0], dml_sv_of("DM1")));
    assert_true(dml_rule_matches(&rules.v[0], dml_sv_of("old")));
    assert_false(dml_rule_matches(&rules.v[0], dml_sv_of("hold")));
    const char *near;
    assert_true(dml_rules_word(&rules, dml_sv_of("two"), &near));
    assert_false(dml_rules_word(&rules, dml_sv_of("isolatoin"), &near));
    assert_string_equal(near, "isolation");
    /* The same id replaces, in a later load only; a name belongs to one rule. */
    struct dml_rules before = rules;
    assert_int_equal(load("{severity: hint, tags: [hold], summary: s, why: w, do: d, message: m, check: uid_overlap, "
                          "id: DM9001, name: uno}"),
                     0);
    assert_int_equal(rules.n, 2);
    assert_string_equal(rules.v[0].name, "uno");
    assert_string_equal(before.v[0].name, "one");
    assert_int_equal(load("{severity: hint, tags: [hold], summary: s, why: w, do: d, message: m, check: uid_overlap, "
                          "id: DM9009, name: two}"),
                     DML_EINVAL);
    assert_non_null(strstr(err.msg, "already that of DM9002"));
    assert_int_equal(load("- {severity: hint, tags: [hold], summary: s, why: w, do: d, message: m, check: uid_overlap, "
                          "id: DM9009, name: a}\n"
                          "- {severity: hint, tags: [hold], summary: s, why: w, do: d, message: m, check: uid_overlap, "
                          "id: DM9009, name: b}\n"),
                     DML_EINVAL);
    assert_non_null(strstr(err.msg, "already that of r.yaml:1"));
    assert_int_equal(rules.n, 2);
}

static void test_sets__a_replaced_builtin_rule_is_kept_for_verdicts(void **state)
{
    (void)state;
    static const struct dml_rule builtin[] = {{.id = "DM9001", .name = "one", .builtin = 1}};
    static const struct dml_rules set = {.v = builtin, .n = 1};
    const char *text =
        "{severity: hint, tags: [hold], summary: s, why: w, do: d, check: uid_overlap, id: DM9001, name: one}";
    rules = set;
    assert_int_equal(load(text), 0);
    assert_ptr_equal(rules.v[0].replaces, &builtin[0]);
    assert_int_equal(load(text), 0); /* once more, over the replacement */
    assert_int_equal(rules.n, 1);
    assert_ptr_equal(rules.v[0].replaces, &builtin[0]);
}

/* ---- suppressions ---- */

static struct dml_suppressions sup;
static uint32_t statement_end;

/* Comments as a lexer would give them: from # to the line's end, in files without strings. */
static void read_suppressions(const char *text)
{
    static struct dml_source src;
    struct dml_comment comments[16];
    uint32_t n = 0;
    assert_int_equal(
        load("- {id: DM9001, name: one, severity: error, tags: [hold], summary: s, why: w, do: d, check: uid_overlap}\n"
             "- {id: DM9002, name: two, severity: error, tags: [hold], summary: s, why: w, do: d, check: "
             "uid_overlap}\n"),
        0);
    for (const char *p = text; (p = strchr(p, '#')) && n < 16;) {
        const char *end = strchrnul(p, '\n');
        comments[n++] = (struct dml_comment){{(uint32_t)(p - text), (uint32_t)(end - p)}, statement_end};
        p = end;
    }
    dml_source_init(&src, "x.cfg", dml_sv_of(text));
    assert_int_equal(dml_suppressions_read(&sup, &src, comments, n, &rules, &arena), 0);
}

static void test_suppress__same_line_next_line_and_file(void **state)
{
    (void)state;
    read_suppressions("a = 1 # dmlint: ignore[DM9001] -- because\n"
                      "# dmlint: ignore[two, DM9001] -- both\n"
                      "# more words\n"
                      "\n"
                      "b = 2\n"
                      "c = 3 # dmlint: file-ignore[two]--everywhere\n");
    assert_int_equal(sup.bad.n, 0);
    assert_int_equal(sup.v.n, 4);
    assert_true(dml_suppressed(&sup, 0, 1, 0, NULL));
    assert_false(dml_suppressed(&sup, 0, 2, 0, NULL));
    assert_true(dml_suppressed(&sup, 0, 5, 0, NULL));
    assert_true(dml_suppressed(&sup, 1, 3, 0, NULL)); /* the file's */
    assert_true(sup.v.v[0].used);
    assert_false(sup.v.v[1].used);
    assert_true(sup.v.v[3].used);
    assert_true(dml_sv_is(sup.v.v[3].reason, "everywhere"));
    assert_false(dml_suppressed(&sup, 0, 1, 1, NULL));
    assert_true(sup.v.v[0].refused);
}

static void test_suppress__covers_the_statement_behind_it(void **state)
{
    (void)state;
    const char *text = "# dmlint: ignore[one] -- all disks\n\ndisk = [\n 'a',\n 'b' ]\nmemory = 1\n";
    statement_end = (uint32_t)(strstr(text, "memory") - text);
    read_suppressions(text);
    statement_end = 0;
    assert_false(dml_suppressed(&sup, 0, 2, 0, NULL));
    assert_true(dml_suppressed(&sup, 0, 3, 0, NULL));
    assert_true(dml_suppressed(&sup, 0, 5, 0, NULL));
    assert_false(dml_suppressed(&sup, 0, 6, 0, NULL));
    /* Within a list: the next line. */
    read_suppressions("disk = [\n  # dmlint: ignore[one] -- this disk\n 'a',\n 'b' ]\n");
    assert_true(dml_suppressed(&sup, 0, 3, 0, NULL));
    assert_false(dml_suppressed(&sup, 0, 4, 0, NULL));
}

/* Against a look at all of them: statements of one line and of many, with comments before, behind and inside. */
static void test_suppress__finds_what_a_look_at_all_finds(void **state)
{
    (void)state;
    static const char *const words[] = {"ignore[DM9001]", "ignore[DM9002]", "ignore[one, two]", "file-ignore[DM9002]"};
    unsigned seed = 7;
    load("- {id: DM9001, name: one, severity: error, tags: [hold], summary: s, why: w, do: d, check: uid_overlap}\n"
         "- {id: DM9002, name: two, severity: error, tags: [hold], summary: s, why: w, do: d, check: uid_overlap}\n");
#define RANDOM(n) ((seed = seed * 1103515245u + 12345u) / 65536u % (n))
    for (int round = 0; round < 300; round++) {
        struct dml_comment comments[128];
        uint32_t n = 0, waiting = 0, lines = 0;
        struct dml_buf b;
        struct dml_source src;
        dml_buf_init(&b, 1 << 16);
        while (lines < 40 && n < 100) {
            _Bool inside = RANDOM(3) == 0;
            for (unsigned k = RANDOM(4); k; k--, lines++) { /* alone on their lines, before a statement */
                uint32_t from = (uint32_t)b.len;
                dml_buf_printf(&b, "# dmlint: %s -- x", words[RANDOM(round % 2 ? 3 : 4)]);
                comments[n++] = (struct dml_comment){{from, (uint32_t)b.len - from}, 0};
                dml_buf_str(&b, RANDOM(3) ? "\n" : "\n\n");
            }
            for (unsigned k = inside ? 1 + RANDOM(4) : 1; k; k--, lines++) {
                dml_buf_str(&b, inside ? "list" : "a = 1");
                if (RANDOM(2)) {
                    uint32_t from = (uint32_t)b.len + 1;
                    dml_buf_printf(&b, " # dmlint: %s -- x", words[RANDOM(3)]);
                    comments[n++] = (struct dml_comment){{from, (uint32_t)b.len - from}, UINT32_MAX};
                }
                dml_buf_char(&b, '\n');
            }
            for (; waiting < n; waiting++)
                comments[waiting].end = comments[waiting].end ? 0 : (uint32_t)b.len - 1;
        }
        dml_source_init(&src, "x.cfg", dml_buf_view(&b));
        assert_int_equal(dml_suppressions_read(&sup, &src, comments, n, &rules, &arena), 0);
        struct dml_suppression *copy = dml_new_n(&arena, struct dml_suppression, sup.v.n + 1);
        memcpy(copy, sup.v.v, sup.v.n * sizeof *copy);
        for (int query = 0; query < 20; query++) {
            uint16_t rule = (uint16_t)RANDOM(2);
            uint32_t line = 1 + RANDOM(lines + 1);
            _Bool forbidden = RANDOM(4) == 0, found = 0;
            for (uint32_t i = 0; i < sup.v.n; i++)
                if (copy[i].rule == rule && line >= copy[i].first && line <= copy[i].last) {
                    *(forbidden ? &copy[i].refused : &copy[i].used) = 1;
                    found = !forbidden;
                }
            assert_int_equal(dml_suppressed(&sup, rule, line, forbidden, NULL), found);
            for (uint32_t i = 0; i < sup.v.n; i++)
                assert_true(sup.v.v[i].used == copy[i].used && sup.v.v[i].refused == copy[i].refused);
        }
        dml_buf_dispose(&b);
    }
#undef RANDOM
}

static void test_suppress__malformed_ones_hold_nothing(void **state)
{
    (void)state;
    read_suppressions("a = 1 # dmlint: ignore\n"
                      "b = 1 # dmlint: ignore[DM9001]\n"
                      "c = 1 # dmlint: ignore[] -- x\n"
                      "d = 1 # dmlint: ignore[DM9003, two] -- x\n"
                      "e = 1 # dmlint: off\n"
                      "f = 1 # dmlint: ignore[DM9001 -- x\n"
                      "g = 1 # dmlint is good\n"
                      "h = 1 # words # dmlint: ignore[one] -- after words\n"
                      "i = 1 # dmlint: ignore[tow] -- x\n"
                      "j = 1 # dmlint: ignore[one] -- \n"
                      "k = 1 # dmlint: ignore[one] --\n"
                      "l = 1 # dmlint: ignore[one] x\n");
    assert_int_equal(sup.bad.n, 10);
    for (int i = 7; i < 10; i++)
        assert_non_null(strstr(sup.bad.v[i].message, "say why"));
    assert_int_equal(sup.v.n, 2);
    assert_true(dml_suppressed(&sup, 1, 4, 0, NULL));
    assert_true(dml_suppressed(&sup, 0, 8, 0, NULL));
    assert_non_null(strstr(sup.bad.v[0].message, "name the rules"));
    assert_non_null(strstr(sup.bad.v[1].message, "say why"));
    assert_non_null(strstr(sup.bad.v[6].message, "did you mean \"two\"?"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_logic__kleene_tables),
        T(test_logic__operators_on_known_absent_and_unknown),
        T(test_logic__texts),
        T(test_logic__patterns_have_limits),
        T(test_logic__versions_by_what_was_said),
        T(test_logic__quantifiers),
        T(test_logic__params),
        T(test_rule__each_element_is_judged_with_its_own_fields),
        T(test_rule__place_falls_back),
        T(test_rule__missing_names_only_what_matters),
        T(test_rule__since_and_removed),
        T(test_rule__messages),
        T(test_eval__asks_once_and_not_for_what_cannot_matter),
        T(test_format__refusals_say_where_and_what),
        T(test_format__a_whole_rule),
        T(test_format__shared_examples),
        T(test_sets__replace_order_and_words),
        T(test_sets__a_replaced_builtin_rule_is_kept_for_verdicts),
        T(test_suppress__same_line_next_line_and_file),
        T(test_suppress__covers_the_statement_behind_it),
        T(test_suppress__finds_what_a_look_at_all_finds),
        T(test_suppress__malformed_ones_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
