/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint host check: can this host restrict device models? A checklist of every rule about hosts. */
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd_host.h"
#include "cli/common.h"
#include "cli/words.h"
#include "report/report.h"
#include "text/json_out.h"
#include "text/safe.h"

enum { TEXT_MAX = 16 * 1024 * 1024, NOTES_MAX = 1024 * 1024 };

struct host_check {
    const struct dml_args *args;
    struct dml_arena *a;
    const struct dml_facts *facts; /* NULL: nothing is known */
    _Bool color;
    struct dml_session session;
    struct dml_judge *judge;
    const struct dml_rules *rules;
    struct dml_outcome *o;
    const struct dml_outcome_guest *guest; /* the one that has nothing unusual; there once all has been asked */
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
        return dml_err_nomem(err);
    dml_buf_init(&notes, NOTES_MAX);
    int rc = dml_host_collect(c->args, facts, &notes, err);
    if (rc == 0 && notes.len && !dml_args_get(c->args, DML_OPTION_QUIET))
        fprintf(stderr, "dmlint: these stay unknown:\n%s", notes.p);
    dml_buf_dispose(&notes);
    c->facts = facts;
    return rc;
}

/* Drops what passes whatever the host is: the plain guest has nothing that it could be said of. */
static int drop_what_says_nothing(struct host_check *c, struct dml_err *err)
{
    struct dml_session nothing;
    struct dml_judge *judge = NULL;
    struct dml_host_row *rows;
    uint32_t n = 0, kept = 0;
    const struct dml_target *t = &c->session.world.target, known = {.xen = t->xen, .xen_known = t->xen_known};
    int rc = dml_session_for(&nothing, &c->session, &known, NULL, c->a, err);
    if (rc == 0)
        rc = dml_judge_new(&judge, &nothing.grounds, err);
    if (rc == 0)
        rc = dml_judge_host(judge, &rows, &n, err);
    for (uint32_t i = 0, k = 0; rc == 0 && i < c->rows_n; i++) {
        while (k < n && rows[k].rule < c->rows[i].rule)
            k++;
        _Bool always = k < n && rows[k].rule == c->rows[i].rule && rows[k].fires == DML_NO;
        if (c->rows[i].fires != DML_NO || !always)
            c->rows[kept++] = c->rows[i];
    }
    c->rows_n = kept;
    dml_judge_free(judge);
    return rc;
}

static int ask(struct host_check *c, struct dml_err *err)
{
    static const char *const paths[] = {"host-check.cfg"};
    struct dml_session_ask how = {.policy = "default", .max_bytes = DML_MAX_BYTES};
    struct dml_sv text = dml_sv_of(dml_host_guest);
    struct dml_run_ask run = {.paths = paths, .n = 1, .read = dml_run_texts, .user = &text, .needs = DML_NEED_VERDICTS};
    int rc = dml_common_jobs(c->args, &run.jobs, err);
    if (rc == 0)
        rc = find_facts(c, err);
    if (rc == 0)
        rc = dml_common_target(c->args, c->facts, &how.target, err);
    if (rc < 0)
        return rc;
    how.facts = c->facts;
    rc = dml_session_open(&c->session, &how, c->a, err);
    if (rc == 0)
        rc = dml_run(&c->session, &run, &c->o, err);
    if (rc == 0)
        rc = dml_judge_new(&c->judge, &c->session.grounds, err);
    if (rc < 0)
        return rc;
    c->rules = c->session.grounds.rules;
    c->guest = c->o->guests;
    rc = dml_judge_host(c->judge, &c->rows, &c->rows_n, err);
    return rc < 0 ? rc : drop_what_says_nothing(c, err);
}

/* ---- what is said ---- */

static const char *status_color(const char *status)
{
    static const struct {
        const char *status, *sgr;
    } colors[] = {{"pass", "32"}, {"warn", "1;33"}, {"fail", "1;31"}, {"unknown", "1;36"}};
    for (size_t i = 0; i < sizeof colors / sizeof colors[0]; i++)
        if (strcmp(status, colors[i].status) == 0)
            return colors[i].sgr;
    return "";
}

static const char *status(const struct host_check *c, const struct dml_host_row *row)
{
    if (row->fires == DML_UNKNOWN)
        return "unknown";
    return row->fires == DML_NO ? "pass" : c->rules->v[row->rule].severity == DML_ERROR ? "fail" : "warn";
}

/* The guest's verdict is the host's, too: nothing else stands in the way of that guest. */
static const char *verdict(const struct host_check *c)
{
    return dml_verdict_name((enum dml_verdict)c->guest->verdict);
}

/* What restriction would give by what is known: of an unknown release what every one gives, of an unknown system no
 * more than any. */
static uint32_t protections(const struct host_check *c)
{
    const uint32_t everywhere = 1u << DML_PROTECTION_HANDLES | 1u << DML_PROTECTION_UID;
    const uint32_t of_linux = 1u << DML_PROTECTION_NAMESPACES | 1u << DML_PROTECTION_LIMITS;
    return c->guest->protections & (c->session.world.target.xen_known ? UINT32_MAX : everywhere) &
           (c->facts && c->facts->os ? UINT32_MAX : ~of_linux);
}

static void print_target(const struct host_check *c, struct dml_buf *out)
{
    const struct dml_target *t = &c->session.world.target;
    char xen[24], qemu[24];
    dml_buf_printf(out, "Host %s: Xen %s%s%s, QEMU %s, kernel %s.\n",
                   c->facts && c->facts->hostname ? c->facts->hostname : "(no name)",
                   t->xen_known ? "" : "unknown (asked as for ", dml_version_text(t->xen, 0, xen),
                   t->xen_known ? "" : ")", t->qemu ? dml_version_text(t->qemu, 0, qemu) : "unknown",
                   c->facts && c->facts->kernel_release ? c->facts->kernel_release : "unknown");
}

static void print_row(const struct host_check *c, const struct dml_host_row *row, struct dml_buf *out)
{
    const struct dml_rule *rule = &c->rules->v[row->rule];
    dml_buf_str(out, "  ");
    dml_painted(out, c->color, status_color(status(c, row)), status(c, row), 8);
    dml_buf_printf(out, " %s %s\n", rule->id, rule->name);
    if (row->fires == DML_YES) {
        struct dml_buf safe;
        dml_buf_init(&safe, TEXT_MAX);
        dml_safe_text(&safe, dml_sv_of(row->message), 0);
        dml_buf_char(&safe, '\0');
        dml_fold(out, safe.failed ? "" : safe.p, "           ", DML_FOLD);
        if (rule->what_to_do)
            dml_fold(out, rule->what_to_do, "           ", DML_FOLD);
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
    const struct dml_outcome_guest *g = c->guest;
    print_target(c, out);
    for (uint32_t i = 0; i < c->rows_n; i++)
        print_row(c, &c->rows[i], out);
    dml_buf_str(out, "A restricted guest that has nothing unusual is ");
    dml_painted(out, c->color, dml_verdict_color((enum dml_verdict)g->verdict), verdict(c), 0);
    dml_buf_str(out, " here.\n");
    for (unsigned i = 0; dml_missing_name(i); i++)
        if (g->missing >> i & 1)
            dml_buf_printf(out, "  not known: %s%s%s\n", dml_missing_name(i),
                           dml_missing_command(i) ? "; on the host: " : "",
                           dml_missing_command(i) ? dml_missing_command(i) : "");
    const char *before = "  It would have: ";
    for (unsigned i = 0; dml_protection_name(i); i++) {
        if (!(protections(c) >> i & 1))
            continue;
        dml_buf_printf(out, "%s%s", before, dml_protection_name(i));
        before = ", ";
    }
    dml_buf_str(out, protections(c) == g->protections ? ".\n" : "; what else, depends on what is not known.\n");
}

static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

/* The names of a set's members, as `name` gives them. */
static struct json_object *words(uint64_t set, const char *(*name)(unsigned i))
{
    struct json_object *a = json_object_new_array();
    for (unsigned i = 0; name(i); i++)
        if (set >> i & 1)
            json_object_array_add(a, dml_json_str(name(i)));
    return a;
}

static struct json_object *json_row(const struct host_check *c, const struct dml_host_row *row)
{
    const struct dml_rule *rule = &c->rules->v[row->rule];
    struct json_object *o = json_object_new_object(), *missing = words(row->missing, dml_missing_name);
    put(o, "rule", dml_json_str(rule->id));
    put(o, "name", dml_json_str(rule->name));
    put(o, "severity", dml_json_str(dml_severity_names[rule->severity]));
    put(o, "scope", dml_json_str(dml_scope_names[rule->scope]));
    put(o, "rests_on", dml_json_str(dml_confidence_names[rule->confidence]));
    put(o, "status", dml_json_str(status(c, row)));
    put(o, "message", row->fires == DML_YES ? dml_json_str(row->message) : NULL);
    put(o, "do", row->fires == DML_YES ? dml_json_str(rule->what_to_do) : NULL);
    put(o, "missing", missing);
    return o;
}

static void print_json(const struct host_check *c, struct dml_buf *out)
{
    const struct dml_outcome_guest *g = c->guest;
    struct json_object *o = json_object_new_object(), *target = json_object_new_object(),
                       *checks = json_object_new_array();
    char xen[24], qemu[24];
    const struct dml_target *t = &c->session.world.target;
    put(target, "xen", t->xen_known ? dml_json_str(dml_version_text(t->xen, 0, xen)) : NULL);
    put(target, "qemu", t->qemu ? dml_json_str(dml_version_text(t->qemu, 0, qemu)) : NULL);
    put(o, "schema", dml_json_str("dmlint.host-check/1"));
    put(o, "hostname", dml_json_str(c->facts ? c->facts->hostname : NULL));
    put(o, "target", target);
    put(o, "verdict", dml_json_str(verdict(c)));
    put(o, "missing", words(g->missing, dml_missing_name));
    put(o, "protections", words(protections(c), dml_protection_name));
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
        rc = dml_common_color(args, STDOUT_FILENO, &c.color, &err);
    if (rc == 0)
        rc = ask(&c, &err);
    if (rc < 0 || !c.guest) {
        code = dml_cli_fail(rc == DML_ENOENT ? DML_EXIT_INCOMPLETE : DML_EXIT_USAGE, "%s", err.msg);
    } else {
        struct dml_buf out;
        dml_buf_init(&out, TEXT_MAX);
        (format ? print_json : print_text)(&c, &out);
        code = dml_print_buf(&out, c.guest->verdict == DML_VERDICT_BLOCKED ? DML_EXIT_FINDINGS : DML_EXIT_OK);
    }
    dml_judge_free(c.judge);
    dml_outcome_free(c.o);
    dml_session_close(&c.session);
    return code;
}
