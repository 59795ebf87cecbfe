/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint host check: can this host restrict device models? A checklist of every rule about hosts. */
#include <json-c/json.h>
#include <string.h>

#include "cli/cmd_host.h"
#include "cli/common.h"
#include "cli/words.h"
#include "judge/judge.h"

enum { TEXT_MAX = 16 * 1024 * 1024, NOTES_MAX = 1024 * 1024 };

struct host_check {
    const struct dml_args *args;
    struct dml_arena *a;
    const struct dml_facts *facts; /* NULL: nothing is known */
    struct dml_world world;
    struct dml_run run;
    struct dml_judge *judge;
    const struct dml_rules *rules;
    struct dml_report report;
    const struct dml_report_guest *guest; /* the one that has nothing unusual; there once all has been asked */
    struct dml_host_row *rows;
    uint32_t rows_n;
};

/* --host, or what there is below --root or on this machine, dom0 or not: that is what was asked for. */
static int find_facts(struct host_check *c, struct dml_err *err)
{
    const char *host = dml_args_get(c->args, DML_OPTION_HOST), *root = dml_args_get(c->args, DML_OPTION_ROOT);
    struct dml_buf notes;
    if (host && root)
        return dml_err_set(err, DML_EINVAL, "--host names collected facts and --root a tree to collect from; give one");
    if (host && strcmp(host, "local") != 0)
        return dml_common_facts(c->args, &c->facts, err);
    struct dml_facts *facts = dml_new(c->a, struct dml_facts);
    if (!facts)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    dml_buf_init(&notes, NOTES_MAX);
    int rc = dml_host_collect(c->args, facts, &notes, err);
    if (rc == 0 && notes.len && !dml_args_get(c->args, DML_OPTION_QUIET))
        fprintf(stderr, "dmlint: these stay unknown:\n%s", notes.p);
    dml_buf_dispose(&notes);
    c->facts = facts;
    return rc;
}

static int ask(struct host_check *c, struct dml_err *err)
{
    static const char *const paths[] = {"host-check.cfg"};
    struct dml_target target;
    struct dml_finding_list findings;
    int rc = find_facts(c, err);
    if (rc == 0)
        rc = dml_common_target(c->args, c->facts, &target, err);
    if (rc == 0)
        rc = dml_world_init(&c->world, c->facts, &target, c->a) < 0 ? dml_err_set(err, DML_ENOMEM, "out of memory") : 0;
    if (rc == 0)
        rc = dml_policy_load(&c->run.policy, "default", &dml_builtin_rules, &dml_catalogue, err);
    if (rc < 0)
        return rc;
    c->rules = c->run.rules = dml_policy_rules(c->run.policy);
    _Bool *selected = dml_new_n(c->a, _Bool, c->rules->n);
    if (!selected)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    memset(selected, 1, c->rules->n);
    c->run.world = &c->world;
    c->run.selected = selected;
    c->run.max_bytes = DML_MAX_BYTES;
    c->run.want_verdicts = 1;
    c->report = (struct dml_report){.paths = paths, .rules = c->rules, .files = 1};
    rc = dml_judge_new(&c->judge, &c->run, err);
    if (rc == 0)
        rc = dml_judge_file(c->judge, 0, paths[0], dml_sv_of(dml_host_guest), 0, err);
    if (rc == 0)
        rc = dml_judge_finish(&c->judge, 1, &c->run, c->a, &c->report, &findings, err);
    if (rc == 0 && !c->report.guests_n)
        rc = dml_err_set(err, DML_EINVAL, "the guest that hosts are asked about was not judged");
    c->guest = rc == 0 ? &c->report.guests[0] : NULL;
    return rc < 0 ? rc : dml_judge_host(c->judge, &c->rows, &c->rows_n, err);
}

/* ---- what is said ---- */

static const char *status(const struct host_check *c, const struct dml_host_row *row)
{
    if (row->fires == DML_UNKNOWN)
        return "unknown";
    return row->fires == DML_NO ? "pass" : c->rules->v[row->rule].severity == DML_ERROR ? "fail" : "warn";
}

/* "blocked" of a guest is the host's word, too: nothing else stands in the way of that guest. */
static const char *verdict(const struct host_check *c)
{
    return c->guest->verdict;
}

static void print_target(const struct host_check *c, struct dml_buf *out)
{
    const struct dml_target *t = &c->world.target;
    char xen[24], qemu[24];
    dml_buf_printf(out, "Host %s: Xen %s, QEMU %s, kernel %s.\n",
                   c->facts && c->facts->hostname ? c->facts->hostname : "(no name)",
                   t->xen_known ? dml_version_text(t->xen, 0, xen) : "unknown",
                   t->qemu ? dml_version_text(t->qemu, 0, qemu) : "unknown",
                   c->facts && c->facts->kernel_release ? c->facts->kernel_release : "unknown");
}

static void print_row(const struct host_check *c, const struct dml_host_row *row, struct dml_buf *out)
{
    const struct dml_rule *rule = &c->rules->v[row->rule];
    dml_buf_printf(out, "  %-8s %s %s\n", status(c, row), rule->id, rule->name);
    if (row->fires == DML_YES) {
        struct dml_buf safe;
        dml_buf_init(&safe, TEXT_MAX);
        dml_safe_text(&safe, dml_sv_of(row->message), 0);
        dml_buf_char(&safe, '\0');
        dml_fold(out, safe.failed ? "" : safe.p, "           ");
        if (rule->what_to_do)
            dml_fold(out, rule->what_to_do, "           ");
        dml_buf_dispose(&safe);
    }
    for (unsigned i = 0; dml_missing_name(i); i++)
        if (row->missing >> i & 1)
            dml_buf_printf(out, "           not known: %s%s%s\n", dml_missing_name(i),
                           dml_missing_command(i) ? "; on the host: " : "",
                           dml_missing_command(i) ? dml_missing_command(i) : "");
}

static void print_text(const struct host_check *c, struct dml_buf *out)
{
    const struct dml_report_guest *g = c->guest;
    print_target(c, out);
    for (uint32_t i = 0; i < c->rows_n; i++)
        print_row(c, &c->rows[i], out);
    dml_buf_printf(out, "A restricted guest that has nothing unusual is %s here.\n", verdict(c));
    for (uint16_t i = 0; i < g->missing_n; i++)
        dml_buf_printf(out, "  not known: %s%s%s\n", g->missing[i], g->missing_commands[i] ? "; on the host: " : "",
                       g->missing_commands[i] ? g->missing_commands[i] : "");
    dml_buf_str(out, "  It would have:");
    for (uint16_t i = 0; i < g->protections_n; i++)
        dml_buf_printf(out, "%s %s", i ? "," : "", g->protections[i]);
    dml_buf_str(out, ".\n");
}

static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

static struct json_object *words(const char *const *v, uint16_t n)
{
    struct json_object *a = json_object_new_array();
    for (uint16_t i = 0; i < n; i++)
        json_object_array_add(a, dml_json_str(v[i]));
    return a;
}

static struct json_object *json_row(const struct host_check *c, const struct dml_host_row *row)
{
    const struct dml_rule *rule = &c->rules->v[row->rule];
    struct json_object *o = json_object_new_object(), *missing = json_object_new_array();
    put(o, "rule", dml_json_str(rule->id));
    put(o, "name", dml_json_str(rule->name));
    put(o, "severity", dml_json_str(dml_severity_names[rule->severity]));
    put(o, "scope", dml_json_str(dml_scope_names[rule->scope]));
    put(o, "rests_on", dml_json_str(dml_confidence_names[rule->confidence]));
    put(o, "status", dml_json_str(status(c, row)));
    put(o, "message", row->fires == DML_YES ? dml_json_str(row->message) : NULL);
    put(o, "do", row->fires == DML_YES ? dml_json_str(rule->what_to_do) : NULL);
    for (unsigned i = 0; dml_missing_name(i); i++)
        if (row->missing >> i & 1)
            json_object_array_add(missing, dml_json_str(dml_missing_name(i)));
    put(o, "missing", missing);
    return o;
}

static void print_json(const struct host_check *c, struct dml_buf *out)
{
    const struct dml_report_guest *g = c->guest;
    struct json_object *o = json_object_new_object(), *target = json_object_new_object(),
                       *checks = json_object_new_array();
    char xen[24], qemu[24];
    const struct dml_target *t = &c->world.target;
    put(target, "xen", t->xen_known ? dml_json_str(dml_version_text(t->xen, 0, xen)) : NULL);
    put(target, "qemu", t->qemu ? dml_json_str(dml_version_text(t->qemu, 0, qemu)) : NULL);
    put(o, "schema", dml_json_str("dmlint.host-check/1"));
    put(o, "hostname", dml_json_str(c->facts ? c->facts->hostname : NULL));
    put(o, "target", target);
    put(o, "verdict", dml_json_str(verdict(c)));
    put(o, "missing", words(g->missing, g->missing_n));
    put(o, "protections", words(g->protections, g->protections_n));
    for (uint32_t i = 0; i < c->rows_n; i++)
        json_object_array_add(checks, json_row(c, &c->rows[i]));
    put(o, "checks", checks);
    dml_json_print(out, o);
}

enum dml_exit dml_cmd_host_check(const struct dml_args *args)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct host_check c = {.args = args, .a = args->arena};
    struct dml_err err = {""};
    unsigned format = 0;
    enum dml_exit code;
    if (args->n_paths > 1)
        return dml_cli_fail(DML_EXIT_USAGE, "host check takes no path; for a copied root directory say --root %s",
                            args->paths[1]);
    int rc = dml_common_word(args, DML_OPTION_USERS_FORMAT, formats, &format, &err);
    if (rc == 0)
        rc = ask(&c, &err);
    if (rc < 0 || !c.guest) {
        code = dml_cli_fail(rc == DML_ENOENT ? DML_EXIT_INCOMPLETE : DML_EXIT_USAGE, "%s", err.msg);
    } else {
        struct dml_buf out;
        dml_buf_init(&out, TEXT_MAX);
        (format ? print_json : print_text)(&c, &out);
        code = dml_print_buf(&out, strcmp(verdict(&c), "blocked") == 0 ? DML_EXIT_FINDINGS : DML_EXIT_OK);
    }
    dml_judge_free(c.judge);
    dml_policy_free(c.run.policy);
    return code;
}
