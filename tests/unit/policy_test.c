/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* policy/: what is in force for a file, and who said so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "fake_catalogue.h"
#include "policy/policy.h"

static struct dml_arena arena;
static struct dml_err err;
static struct dml_rules rules;
static struct dml_policy *policy;
static char dir[] = "/tmp/dmlint-policy-XXXXXX";

#define RULE_REST "severity: warning, summary: s, why: w, do: d, message: m, check: uid_overlap"

static int setup(void **state)
{
    (void)state;
    policy = NULL;
    rules = (struct dml_rules){0};
    err.msg[0] = '\0';
    return dml_rules_add_text(&rules, "rules.yaml",
                              DML_SV("- {id: DM1001, name: one, tags: [hold], " RULE_REST
                                     ", params: {limit: 5, names: [a, b]}}\n"
                                     "- {id: DM1002, name: two, tags: [hold, old], " RULE_REST ", params: {limit: 7}}\n"
                                     "- {id: DM1006, name: of-default, tags: [old], " RULE_REST "}\n"
                                     "- {id: DM1016, name: of-default-too, tags: [old], " RULE_REST "}\n"
                                     "- {id: DM1022, name: of-default-as-well, tags: [old], " RULE_REST "}\n"
                                     "- {id: DM5001, name: three, tags: [exposure], " RULE_REST "}\n"),
                              &fake_catalogue, &arena, &err);
}

static int teardown(void **state)
{
    (void)state;
    dml_policy_free(policy);
    dml_arena_dispose(&arena);
    return 0;
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static const char *file(const char *name, const char *text)
{
    const char *path = dml_path_join(&arena, dir, name);
    for (char *p = (char *)(uintptr_t)path + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static int load(const char *path)
{
    dml_policy_free(policy);
    policy = NULL;
    err.msg[0] = '\0';
    return dml_policy_load(&policy, path, &rules, &fake_catalogue, &err);
}

static const struct dml_setting *setting(const char *rule, const char *path)
{
    struct dml_settings_cache fresh = {.arena = &arena};
    const struct dml_setting *v = dml_policy_for(policy, path, &fresh);
    assert_non_null(v);
    return &v[dml_rules_find(dml_policy_rules(policy), dml_sv_of(rule))];
}

static void test_policy__words_by_precision_and_origin(void **state)
{
    (void)state;
    const char *path = file("a.yaml", "name: site\nrules:\n  DM1001: error\n  hold: hint\n  DM1: info\n  two: {params: "
                                      "{limit: 9}}\n  exposure: off\n");
    assert_int_equal(load(path), 0);
    assert_string_equal(dml_policy_name(policy), "site");
    assert_int_equal(setting("DM1001", "x")->severity, DML_ERROR);
    assert_int_equal(setting("DM1001", "x")->severity_from.line, 3);
    assert_string_equal(setting("DM1001", "x")->severity_from.file, path);
    assert_int_equal(setting("DM1002", "x")->severity, DML_INFO);
    assert_int_equal(setting("DM1002", "x")->severity_from.line, 5);
    assert_int_equal(setting("DM5001", "x")->severity, DML_OFF);
    assert_int_equal(setting("DM1002", "x")->params[0].v[0].i, 9);
    assert_int_equal(setting("DM1002", "x")->params_from[0].line, 6);
    assert_null(setting("DM1001", "x")->params);
    enum dml_severity level;
    assert_false(dml_policy_fail_on(policy, &level, NULL));
    assert_ptr_equal(dml_policy_rules(policy), &rules);
}

static void test_policy__extends_in_order_each_once(void **state)
{
    (void)state;
    file("base.yaml", "fail_on: warning\nrules: {DM1001: info, DM1002: info, DM5001: info}\nparams: {limit: 1}\n");
    file("sub/left.yaml", "extends: ../base.yaml\nrules: {DM1001: error}\n");
    file("right.yaml", "extends: [./base.yaml]\nrules: {DM1002: hint}\n");
    assert_int_equal(load(file("top.yaml", "extends: [default, sub/left.yaml, right.yaml]\nrules: {DM5001: error}\n")),
                     0);
    assert_int_equal(setting("DM1001", "x")->severity, DML_ERROR); /* base does not come again with right */
    assert_int_equal(setting("DM1002", "x")->severity, DML_HINT);
    assert_int_equal(setting("DM5001", "x")->severity, DML_ERROR);
    assert_int_equal(setting("DM1001", "x")->params[0].v[0].i, 1);
    assert_int_equal(setting("DM1001", "x")->params[1].n, 2);
    enum dml_severity level;
    struct dml_origin from;
    assert_true(dml_policy_fail_on(policy, &level, &from));
    assert_int_equal(level, DML_WARNING);
    assert_non_null(strstr(from.file, "base.yaml"));
    assert_string_equal(dml_policy_name(policy), "top");
    char first[65];
    snprintf(first, sizeof first, "%s", dml_policy_sha256(policy));
    file("base.yaml", "fail_on: error\n");
    assert_int_equal(load(dml_path_join(&arena, dir, "top.yaml")), 0);
    assert_string_not_equal(first, dml_policy_sha256(policy));
}

static void refused(const char *text, const char *message)
{
    int rc = load(file("bad.yaml", text));
    assert_true(rc == DML_EINVAL || rc == DML_ENOENT || rc == DML_EIO);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not hold \"%s\"", err.msg, message);
}

static void test_policy__refusals(void **state)
{
    (void)state;
    refused("rules: {DM1003: error}\n", "bad.yaml:1:9: no rule or tag is called \"DM1003\"; did you mean");
    refused("rules: {thre: error}\n", "did you mean \"three\"?");
    refused("rules: {one: eror}\n", "did you mean \"error\"?");
    refused("rule: {one: error}\n", "did you mean \"rules\"?");
    refused("rules: {one: {params: {limt: 5}}}\n", "\"limt\"");
    refused("rules: {one: {params: {limit: many}}}\n", "\"many\" is none");
    refused("rules: {one: {params: {limit: [5]}}}\n", "is one value");
    refused("rules: {one: {params: {names: a}}}\n", "is a list");
    refused("params: {nothing: 1}\n", "no rule has a parameter");
    refused("extends: [defualt]\n",
            "bad.yaml:1:11: extends: there is no built-in policy \"defualt\"; did you mean \"default\"?");
    refused("extends: nowhere.yaml\n", "nowhere.yaml");
    refused("extends: ./bad.yaml\n", "in a circle");
    file("loop.yaml", "extends: ./bad.yaml\n");
    refused("extends: ./loop.yaml\n", "loop.yaml:1:10: ");
    assert_non_null(strstr(err.msg, "in a circle"));
    refused("overrides: [{files: x}]\n", "rules: or params:");
    refused("overrides: [{files: x, rules: {nine: off}}]\n", "no rule or tag is called \"nine\"");
    refused("overrides: [{files: x, rules: {one: {locked: true}}}]\n", "not in an override");
    refused("unsuppressible: [nine]\n", "no rule or tag");
    refused("rule_files: [missing.yaml]\n", "missing.yaml");
    refused("fail_on: never\n", "it is one of: error, warning, info, hint, none");
    refused("waivers: [{id: a, rules: [one], owner: o, reason: r}]\n", "needs expires:");
    refused("waivers: [{id: a, rules: [one], owner: o, reason: r, expires: 2026-02-29}]\n", "not \"2026-02-29\"");
    refused("waivers: [{id: a, rules: [nine], owner: o, reason: r, expires: 2026-02-28}]\n", "no rule or tag");
    refused("waivers: [{id: a, rules: [one], owner: o, reason: '', expires: 2026-02-28}]\n", "reason is empty");
    refused("waivers: [{id: a, rules: one, owner: o, reason: r, expires: 2028-02-29}, {id: a, rules: one, owner: o, "
            "reason: r, expires: 2028-02-29}]\n",
            "already in");
}

static void test_policy__locked_cannot_be_weakened(void **state)
{
    (void)state;
    file("central.yaml", "rules:\n  one: {severity: error, locked: true, params: {limit: 2}}\n  three: {severity: "
                         "warning, locked: true}\n");
    refused("extends: central.yaml\nrules: {one: warning}\n", "bad.yaml:2:9: DM1001 one is locked by ");
    assert_non_null(strstr(err.msg, "central.yaml:2"));
    refused("extends: central.yaml\nrules: {hold: off}\n", "locked");
    refused("extends: central.yaml\nparams: {limit: 9}\n", "locked");
    refused("extends: central.yaml\noverrides: [{files: 'lab/**', rules: {one: off}}]\n", "locked");
    assert_int_equal(load(file("ok.yaml", "extends: central.yaml\nrules: {three: error, old: off}\n")), 0);
    assert_int_equal(setting("three", "x")->severity, DML_ERROR);
    assert_true(setting("three", "x")->locked);
}

static void test_policy__overrides_by_path(void **state)
{
    (void)state;
    assert_int_equal(load(file("ov/p.yaml", "rules: {one: error}\noverrides:\n"
                                            "  - {files: ['lab/**'], rules: {one: off}, params: {limit: 3}}\n"
                                            "  - {files: '*.test.cfg', rules: {two: off}}\n")),
                     0);
    const char *lab = dml_arena_printf(&arena, "%s/ov/lab/x/a.cfg", dir);
    assert_int_equal(setting("one", lab)->severity, DML_OFF);
    assert_int_equal(setting("one", lab)->params[0].v[0].i, 3);
    assert_int_equal(setting("two", lab)->severity, DML_WARNING);
    assert_int_equal(setting("one", "lab/a.cfg")->severity, DML_OFF);
    assert_int_equal(setting("one", "/srv/prod/a.cfg")->severity, DML_ERROR);
    assert_int_equal(setting("two", "/srv/prod/a.test.cfg")->severity, DML_OFF);
    assert_int_equal(setting("one", "lab/a.test.cfg")->severity, DML_OFF);
    assert_int_equal(setting("two", "./lab/a.test.cfg")->severity, DML_OFF);
    struct dml_settings_cache cache = {.arena = &arena};
    assert_ptr_equal(dml_policy_for(policy, "lab/1.cfg", &cache), dml_policy_for(policy, "lab/2.cfg", &cache));
}

static void test_policy__brings_its_own_rules(void **state)
{
    (void)state;
    file("pack/a.yaml", "{id: DM9001, name: site-a, tags: [old], " RULE_REST "}\n");
    file("pack/b.yaml",
         "{id: DM5001, name: three, tags: [old], severity: hint, summary: ours, why: w, do: d, check: uid_overlap}\n");
    file("extra.yaml", "[{id: DM9002, name: site-b, tags: [old], " RULE_REST "}]\n");
    assert_int_equal(load(file("p.yaml", "rules_dir: pack\nrule_files: [extra.yaml]\nrules: {site-a: error}\n")), 0);
    const struct dml_rules *r = dml_policy_rules(policy);
    assert_int_equal(r->n, 8);
    assert_int_equal(setting("site-a", "x")->severity, DML_ERROR);
    assert_int_equal(setting("DM5001", "x")->severity, DML_HINT);
    assert_string_equal(r->v[dml_rules_find(r, DML_SV("three"))].summary, "ours");
    assert_int_equal(rules.n, 6);
}

static void test_policy__its_digest_is_of_its_rules_too(void **state)
{
    (void)state;
    char before[65];
    file("pack2/a.yaml", "{id: DM9001, name: site-a, tags: [old], " RULE_REST "}\n");
    const char *p = file("p2.yaml", "rules_dir: pack2\n");
    assert_int_equal(load(p), 0);
    memcpy(before, dml_policy_sha256(policy), sizeof before);
    assert_int_equal(load(p), 0);
    assert_string_equal(before, dml_policy_sha256(policy));
    file("pack2/a.yaml", "{id: DM9001, name: site-b, tags: [old], " RULE_REST "}\n");
    assert_int_equal(load(p), 0);
    assert_string_not_equal(before, dml_policy_sha256(policy));
}

static void test_policy__waivers_and_baseline(void **state)
{
    (void)state;
    assert_int_equal(load(file("w.yaml", "baseline: base.json\nunsuppressible: [exposure]\nwaivers:\n"
                                         "  - {id: W-1, rules: [one, DM5], files: ['a*.cfg'], owner: me, reason: r, "
                                         "expires: 2028-02-29, ticket: T}\n")),
                     0);
    struct dml_waiver *w;
    assert_int_equal(dml_policy_waivers(policy, &w), 1);
    assert_string_equal(w->expires, "2028-02-29");
    assert_int_equal(w->rules_n, 2);
    assert_int_equal(w->from.line, 4);
    const char *below;
    assert_string_equal(dml_policy_baseline_file(policy, &below), dml_path_join(&arena, dir, "base.json"));
    assert_string_equal(below, dir);
    assert_true(setting("three", "x")->unsuppressible);
    assert_false(setting("one", "x")->unsuppressible);
}

static void test_policy__effective_is_a_policy_that_means_the_same(void **state)
{
    (void)state;
    file("parent.yaml", "rules:\n  one: {severity: error, locked: true}\n");
    assert_int_equal(load(file("p.yaml", "extends: parent.yaml\nfail_on: none\nrules: {old: off}\nparams: {limit: 4}\n"
                                         "overrides: [{files: [x.cfg], rules: {three: hint}}]\nwaivers:\n"
                                         "- {id: W, rules: [one], owner: o, reason: \"it's\", expires: 2028-01-01}\n")),
                     DML_EINVAL); /* limit of a locked rule, which must not be waived either */
    assert_int_equal(
        load(file("p.yaml", "extends: parent.yaml\nfail_on: none\nrules: {old: off, two: {params: {limit: 4}}}\n"
                            "overrides: [{files: [x.cfg], rules: {three: hint}}]\nwaivers:\n"
                            "- {id: W, rules: [three], owner: o, reason: \"it's\", expires: 2028-01-01}\n")),
        0);
    struct dml_buf b;
    dml_buf_init(&b, 1 << 20);
    dml_policy_show(policy, 1, &b);
    assert_non_null(strstr(b.p, "  DM1001:  # one\n    severity: error  # "));
    assert_non_null(strstr(b.p, "parent.yaml:2\n    locked: true  # "));
    assert_non_null(strstr(b.p, "limit: 5  # the rule's own"));
    assert_non_null(strstr(b.p, "fail_on: none  # "));
    const char *again = file("again.yaml", b.p);
    dml_buf_dispose(&b);
    if (load(again))
        fail_msg("%s", err.msg);
    assert_int_equal(setting("two", "x")->severity, DML_OFF);
    assert_int_equal(setting("two", "x")->params[0].v[0].i, 4);
    assert_int_equal(setting("three", "x.cfg")->severity, DML_HINT);
    assert_true(setting("one", "x")->locked);
}

static void test_policies__nearest_upward_then_the_users(void **state)
{
    (void)state;
    struct dml_policies *ps;
    struct dml_policy *a, *b, *c;
    file("tree/.dmlint.yaml", "name: tree\n");
    file("tree/x/y/.dmlint.yaml", "name: inner\n");
    file("config/dmlint/policy.yaml", "name: user\n");
    setenv("XDG_CONFIG_HOME", dml_path_join(&arena, dir, "config"), 1);
    assert_int_equal(dml_policies_new(&ps, &rules, &fake_catalogue, &err), 0);
    assert_int_equal(dml_policies_for(ps, dml_path_join(&arena, dir, "tree/x/y/z/a.cfg"), &a, &err), 0);
    assert_string_equal(dml_policy_name(a), "inner");
    assert_int_equal(dml_policies_for(ps, dml_path_join(&arena, dir, "tree/x/a.cfg"), &b, &err), 0);
    assert_string_equal(dml_policy_name(b), "tree");
    assert_int_equal(dml_policies_for(ps, dml_path_join(&arena, dir, "tree/x/y/../../b.cfg"), &c, &err), 0);
    assert_ptr_equal(b, c);
    assert_int_equal(dml_policies_for(ps, dml_path_join(&arena, dir, "elsewhere.cfg"), &c, &err), 0);
    assert_string_equal(dml_policy_name(c), "user");
    file("tree/bad/.dmlint.yaml", "rules: {nine: off}\n");
    assert_int_equal(dml_policies_for(ps, dml_path_join(&arena, dir, "tree/bad/a.cfg"), &c, &err), DML_EINVAL);
    dml_policies_free(ps);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    if (access("/etc/dmlint/policy.yaml", F_OK) != 0) {
        assert_int_equal(dml_policies_new(&ps, &rules, &fake_catalogue, &err), 0);
        assert_int_equal(dml_policies_for(ps, "/nonexistent/a.cfg", &c, &err), 0);
        assert_string_equal(dml_policy_name(c), "default");
        dml_policies_free(ps);
    }
}

static void test_policy__builtin_ones_fit_the_builtin_rules(void **state)
{
    (void)state;
    static const char *const names[] = {"default", "fleet-audit", "hardened", "migrate-from-traditional",
                                        "restrict-ready"};
    assert_int_equal(dml_builtin_policies_n, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(dml_builtin_policies[i].name, names[i]);
        dml_policy_free(policy);
        policy = NULL;
        if (dml_policy_load(&policy, names[i], &dml_builtin_rules, &fake_catalogue, &err))
            fail_msg("%s: %s", names[i], err.msg);
        assert_string_equal(dml_policy_name(policy), names[i]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_policy__words_by_precision_and_origin),
        T(test_policy__extends_in_order_each_once),
        T(test_policy__refusals),
        T(test_policy__locked_cannot_be_weakened),
        T(test_policy__overrides_by_path),
        T(test_policy__brings_its_own_rules),
        T(test_policy__its_digest_is_of_its_rules_too),
        T(test_policy__waivers_and_baseline),
        T(test_policy__effective_is_a_policy_that_means_the_same),
        T(test_policies__nearest_upward_then_the_users),
        T(test_policy__builtin_ones_fit_the_builtin_rules),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
