/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint policy show|check|test: what is in force, whether files are valid, whether rules do what their examples say.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"
#include "cli/words.h"
#include "run/run.h"
#include "yaml/yaml.h"

enum { TEXT_MAX = 16 * 1024 * 1024, FILE_MAX = 1024 * 1024 };

/* ---- show ---- */

static enum dml_exit show(const struct dml_args *args)
{
    struct dml_here here;
    struct dml_err err = {""};
    struct dml_buf out;
    enum dml_exit code = DML_EXIT_OK;
    if (args->n_paths > 2)
        return dml_cli_fail(DML_EXIT_USAGE, "policy show takes one policy");
    dml_buf_init(&out, TEXT_MAX);
    if (dml_here_open(&here, args, args->n_paths == 2 ? args->paths[1] : NULL, &err) < 0)
        code = dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    else
        code = here.code;
    if (here.policy)
        dml_policy_show(here.policy, dml_args_get(args, DML_OPTION_EFFECTIVE) != NULL, &out);
    dml_here_free(&here);
    return dml_print_buf(&out, code);
}

/* ---- check ---- */

/* A file of rules, and no policy: a list, or a mapping with an id. */
static int is_rule_file(const char *path, _Bool *yes, struct dml_arena *a, struct dml_err *err)
{
    struct dml_yaml y;
    *yes = 0;
    if (!strchr(path, '/') && !strstr(path, ".y"))
        return 0; /* a built-in policy's name */
    int rc = dml_yaml_load(a, path, FILE_MAX, &y, NULL, err);
    if (rc == 0)
        *yes = y.root->kind == DML_YAML_SEQ || dml_yaml_get(y.root, "id");
    return rc;
}

/* The rules that a file brings: its own if it is a rule file, its policy's otherwise. `policy` is to be freed. */
static int rules_of(const char *path, struct dml_rules *rules, struct dml_policy **policy, struct dml_arena *a,
                    struct dml_err *err)
{
    _Bool is_rules;
    int rc = is_rule_file(path, &is_rules, a, err);
    *rules = dml_builtin_rules;
    if (rc == 0 && is_rules)
        return dml_rules_add_file(rules, path, &dml_catalogue, a, err);
    if (rc == 0)
        rc = dml_policy_load(policy, path, &dml_builtin_rules, &dml_catalogue, err);
    if (rc == 0)
        *rules = *dml_policy_rules(*policy);
    return rc;
}

static enum dml_exit check(const struct dml_args *args)
{
    enum dml_exit code = DML_EXIT_OK;
    if (args->n_paths < 2)
        return dml_cli_fail(DML_EXIT_USAGE, "policy check needs the policy or rule files to be checked");
    for (uint32_t i = 1; i < args->n_paths; i++) {
        struct dml_rules rules;
        struct dml_policy *policy = NULL;
        struct dml_err err = {""};
        if (rules_of(args->paths[i], &rules, &policy, args->arena, &err) < 0)
            code = dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
        else
            printf("%s: valid\n", args->paths[i]);
        dml_policy_free(policy);
    }
    return code;
}

/* ---- test ---- */

struct tally {
    size_t rules, examples, failed, skipped, lacking;
};

struct outcome {
    size_t count;     /* how often the rule fired */
    uint32_t line;    /* of its first finding, or the line that the example names where one is there */
    const char *also; /* the id of another built-in rule that fires, and that the example does not name */
};

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct dml_example_file *)x)->path, ((const struct dml_example_file *)y)->path);
}

/* The host and the target of an example. */
static int open_example(struct dml_session *s, const struct dml_session *all, const struct dml_example *x,
                        struct dml_arena *a, struct dml_err *err)
{
    struct dml_facts *facts = x->facts ? dml_new(a, struct dml_facts) : NULL;
    struct dml_target target;
    int rc = 0;
    if (facts) {
        struct dml_yaml y;
        rc = dml_yaml_parse(a, "facts", dml_sv_of(x->facts), &y, err);
        if (rc == 0)
            rc = dml_facts_from_yaml(facts, &y, y.root, a, err);
    }
    if (rc == 0)
        rc = dml_target_init(&target, facts, x->xen, x->qemu, NULL, err);
    return rc < 0 ? rc : dml_session_for(s, all, &target, facts, a, err);
}

/* What of the findings matters for the example of a rule. */
static void take_outcome(const struct dml_outcome *o, const struct dml_rule *rule, const struct dml_example *x,
                         struct outcome *out, struct dml_arena *a)
{
    *out = (struct outcome){0};
    for (size_t i = 0; i < o->findings.n; i++) {
        const struct dml_finding *f = o->findings.v[i];
        const char *id = o->rules->v[f->rule].id;
        if (f->state != DML_STATE_NEW)
            continue;
        if (strcmp(id, rule->id) != 0) {
            const char *named = dml_arena_printf(a, " %s ", id);
            if (rule->builtin && !x->bad && !(x->also && named && strstr(x->also, named)))
                out->also = id;
            continue;
        }
        if (!out->count++ || f->start.line == x->line)
            out->line = f->start.line;
    }
}

/* Judges the guests of an example, as `check` would, on its host. */
static int run_example(const struct dml_session *all, unsigned jobs, const struct dml_rule *rule,
                       const struct dml_example *x, struct outcome *out, struct dml_arena *a, struct dml_err *err)
{
    struct dml_session session;
    struct dml_outcome *o = NULL;
    uint32_t n = x->others_n + 1u;
    struct dml_example_file *files = dml_new_n(a, struct dml_example_file, n);
    const char **paths = dml_new_n(a, const char *, n);
    struct dml_sv *texts = dml_new_n(a, struct dml_sv, n);
    if (!files || !paths || !texts)
        return dml_err_nomem(err);
    int rc = open_example(&session, all, x, a, err);
    files[0] = (struct dml_example_file){"example.cfg", x->cfg};
    for (uint32_t i = 1; i < n; i++)
        files[i] = x->others[i - 1];
    qsort(files, n, sizeof *files, by_path);
    for (uint32_t i = 0; i < n; i++) {
        paths[i] = files[i].path;
        texts[i] = dml_sv_of(files[i].cfg);
    }
    const struct dml_run_ask ask = {
        .paths = paths, .n = n, .read = dml_run_texts, .user = texts, .needs = DML_NEED_DIGESTS, .jobs = jobs};
    if (rc == 0)
        rc = dml_run(&session, &ask, &o, err);
    if (rc == 0)
        take_outcome(o, rule, x, out, a);
    dml_outcome_free(o);
    return rc;
}

static void example(const struct dml_session *all, unsigned jobs, const struct dml_rule *rule,
                    const struct dml_example *x, struct tally *t)
{
    struct dml_arena a = {0};
    struct dml_err err = {""};
    struct outcome got = {0};
    char wrong[1100] = "";
    t->examples++;
    if (!x->cfg) {
        t->skipped++; /* a host alone is not judged yet */
        return;
    }
    int rc = run_example(all, jobs, rule, x, &got, &a, &err);
    if (rc < 0)
        snprintf(wrong, sizeof wrong, "%s", err.msg[0] ? err.msg : "out of memory");
    else if (!x->bad && got.count)
        snprintf(wrong, sizeof wrong, "fires on line %u, and must not", got.line);
    else if (got.also)
        snprintf(wrong, sizeof wrong, "%s fires, and the example does not say so with also:", got.also);
    else if (x->bad && !got.count)
        snprintf(wrong, sizeof wrong, "does not fire");
    else if (x->bad && x->expect_count && got.count != x->expect_count)
        snprintf(wrong, sizeof wrong, "fires %zu times, not %u", got.count, x->expect_count);
    else if (x->bad && x->line && got.line != x->line)
        snprintf(wrong, sizeof wrong, "fires on line %u, not %u", got.line, x->line);
    if (wrong[0]) {
        t->failed++;
        printf("%s:%u: %s %s, %s example \"%s\": %s\n", rule->file, x->yaml_line, rule->id, rule->name,
               x->bad ? "bad" : "good", x->name, wrong);
    }
    dml_arena_dispose(&a);
}

/* A rule of a site that nothing shows to fire, or to keep still. Built-in ones have both, or could not be built. */
static void look_for_examples(const struct dml_rule *rule, struct tally *t)
{
    static const char *const kinds[] = {"good", "bad"};
    unsigned have[2] = {0, rule->no_bad};
    for (unsigned i = 0; i < rule->examples_n; i++)
        have[rule->examples[i].bad]++;
    for (int k = 1; k >= 0; k--)
        if (!rule->builtin && !have[k]) {
            t->lacking++;
            printf("%s:%u: %s %s has no %s example\n", rule->file, rule->line, rule->id, rule->name, kinds[k]);
        }
}

/*
 * Tries the examples of the rules that did not come with the program, or with `all` of every rule, under the policy
 * that --policy names (one that hides a rule fails its examples), or under the one that shows everything.
 */
static int try_rules(const struct dml_args *args, const struct dml_rules *known, _Bool all, struct tally *t,
                     struct dml_err *err)
{
    const char *policy = dml_args_get(args, DML_OPTION_POLICY);
    struct dml_session session;
    struct dml_session_ask ask = {.policy = policy ? policy : "fleet-audit", .rules = known, .max_bytes = FILE_MAX};
    unsigned jobs;
    int rc = dml_common_jobs(args, &jobs, err);
    if (rc == 0)
        rc = dml_target_init(&ask.target, NULL, NULL, NULL, NULL, err);
    if (rc < 0)
        return rc;
    rc = dml_session_open(&session, &ask, args->arena, err);
    const struct dml_rules *rules = session.grounds.rules;
    for (uint32_t i = 0; rc == 0 && i < rules->n; i++) {
        const struct dml_rule *rule = &rules->v[i];
        if (rule->builtin && !all)
            continue;
        t->rules++;
        look_for_examples(rule, t);
        for (unsigned k = 0; k < rule->examples_n; k++)
            example(&session, jobs, rule, &rule->examples[k], t);
    }
    dml_session_close(&session);
    return rc;
}

static enum dml_exit test(const struct dml_args *args)
{
    struct tally t = {0};
    struct dml_err err = {""};
    int rc = 0;
    if (args->n_paths < 2)
        rc = try_rules(args, &dml_builtin_rules, 1, &t, &err);
    for (uint32_t i = 1; rc == 0 && i < args->n_paths; i++) {
        struct dml_rules rules;
        struct dml_policy *policy = NULL;
        rc = rules_of(args->paths[i], &rules, &policy, args->arena, &err);
        if (rc == 0)
            rc = try_rules(args, &rules, 0, &t, &err);
        dml_policy_free(policy);
    }
    if (rc < 0)
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    fflush(stdout);
    fprintf(stderr, "%zu rule%s, %zu example%s: %zu failed", t.rules, t.rules == 1 ? "" : "s", t.examples,
            t.examples == 1 ? "" : "s", t.failed);
    if (t.lacking)
        fprintf(stderr, ", %zu lacking", t.lacking);
    if (t.skipped)
        fprintf(stderr, ", %zu not tried (no guest in them)", t.skipped);
    fputc('\n', stderr);
    return t.failed || t.lacking ? DML_EXIT_FINDINGS : DML_EXIT_OK;
}

enum dml_exit dml_cmd_policy(const struct dml_args *args)
{
    static const struct {
        const char *name;
        enum dml_exit (*run)(const struct dml_args *args);
    } verbs[] = {{"show", show}, {"check", check}, {"test", test}};
    for (size_t i = 0; args->n_paths && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(args->paths[0], verbs[i].name) == 0)
            return verbs[i].run(args);
    return dml_cli_fail(DML_EXIT_USAGE,
                        args->n_paths ? "policy has no subcommand \"%s\"; there are: show, check, test"
                                      : "say what: policy show, policy check or policy test",
                        args->n_paths ? args->paths[0] : "");
}
