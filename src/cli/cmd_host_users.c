/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint host users: the accounts that device models need on a host, in the form that creates them there. */
#include <string.h>

#include "cli/cmd_host.h"
#include "cli/common.h"
#include "host/users.h"
#include "text/safe.h"

typedef unsigned long long ull; /* for printf */

enum { TEXT_MAX = 1024 * 1024, BUSYBOX_LAST = 256000 };

/* One account to create. */
struct account {
    const char *name, *comment;
    uint64_t uid;
};

/* Each format: what goes before, one account, what goes behind. */
struct format {
    const char *name, *head;
    void (*account)(struct dml_buf *out, const struct account *a);
};

static void sysusers(struct dml_buf *out, const struct account *a)
{
    dml_buf_printf(out, "u %s %llu \"%s\" - -\n", a->name, (ull)a->uid, a->comment);
}

static void adduser(struct dml_buf *out, const struct account *a)
{
    if (a->uid > BUSYBOX_LAST)
        dml_buf_printf(out,
                       "# The adduser of BusyBox takes no uid above the limit it was built with (%d on Alpine): there, "
                       "use --format shell.\n",
                       BUSYBOX_LAST);
    dml_buf_printf(out,
                   "# Debian, Ubuntu:\n"
                   "addgroup --system --gid %llu %s\n"
                   "adduser --system --uid %llu --ingroup %s --no-create-home --home /nonexistent "
                   "--shell /usr/sbin/nologin --gecos \"%s\" %s\n"
                   "# Alpine (BusyBox), instead:\n"
                   "#addgroup -S -g %llu %s\n"
                   "#adduser -S -D -H -h /nonexistent -s /sbin/nologin -G %s -g \"%s\" -u %llu %s\n",
                   (ull)a->uid, a->name, (ull)a->uid, a->name, a->comment, a->name, (ull)a->uid, a->name, a->name,
                   a->comment, (ull)a->uid, a->name);
}

static void shell(struct dml_buf *out, const struct account *a)
{
    /* --no-log-init: with a high uid lastlog and faillog would become huge. --system: no subordinate uids. */
    dml_buf_printf(out,
                   "groupadd --system --gid %llu %s\n"
                   "useradd --system --uid %llu --gid %s --no-create-home --home-dir /nonexistent "
                   "--shell /usr/sbin/nologin --no-log-init --comment \"%s\" %s\n",
                   (ull)a->uid, a->name, (ull)a->uid, a->name, a->comment, a->name);
}

static void ansible(struct dml_buf *out, const struct account *a)
{
    dml_buf_printf(out,
                   "- name: Group %s\n"
                   "  ansible.builtin.group:\n"
                   "    name: %s\n"
                   "    gid: %llu\n"
                   "    system: true\n"
                   "- name: Account %s\n"
                   "  ansible.builtin.user:\n"
                   "    name: %s\n"
                   "    comment: %s\n"
                   "    uid: %llu\n"
                   "    group: %s\n"
                   "    system: true\n"
                   "    create_home: false\n"
                   "    home: /nonexistent\n"
                   "    shell: /usr/sbin/nologin\n",
                   a->name, a->name, (ull)a->uid, a->name, a->name, a->comment, (ull)a->uid, a->name);
}

static const struct format formats[] = {
    {"sysusers", "# As /etc/sysusers.d/xen-qemuuser.conf; systemd-sysusers(8) then creates the accounts.\n", sysusers},
    {"adduser", "# To be run as root.\n", adduser},
    {"ansible", "---\n", ansible},
    {"shell", "# To be run as root.\n", shell},
};
static const char *const format_names[] = {"sysusers", "adduser", "ansible", "shell", NULL};

static void list(struct dml_buf *out, const char *const *names, uint8_t n)
{
    for (uint8_t i = 0; i < n; i++)
        dml_buf_printf(out, "%s%s", i ? ", " : "", names[i]);
}

static void say_clash(struct dml_buf *out, const struct dml_users_clash *c)
{
    dml_buf_printf(out, "%s (", c->what);
    if (c->ids.first == c->ids.last)
        dml_buf_printf(out, "%llu)", (ull)c->ids.first);
    else
        dml_buf_printf(out, "%llu to %llu)", (ull)c->ids.first, (ull)c->ids.last);
}

/* Why this range, what was looked at, and what could not be: one sentence per line. */
static void explain(struct dml_buf *out, const struct dml_users_plan *p, _Bool asked)
{
    dml_buf_printf(out, "%s needs its own uid, %llu, and one for each domid from %d to %d: %llu to %llu.\n",
                   DML_RANGE_BASE_USER, (ull)p->base, DML_DOMID_FIRST, DML_DOMID_LAST, (ull)p->base + DML_DOMID_FIRST,
                   (ull)p->base + DML_DOMID_LAST);
    if (p->base_exists)
        dml_buf_str(out, "That account exists already, and is kept.\n");
    else if (!asked)
        dml_buf_printf(
            out,
            "That block was chosen because it meets no account, group or reserved range that is known%s, and "
            "%s.\n",
            p->clashes.n ? "" : ", and nothing that useradd or container software would hand out",
            p->base % 65536 ? "no multiple of 65536 is free"
                            : "begins at a multiple of 65536, as Xen's documents recommend");
    for (uint32_t i = 0; i < p->clashes.n; i++) {
        dml_buf_str(out, "Beware: it meets ");
        say_clash(out, &p->clashes.v[i]);
        dml_buf_str(out, ", so others could be given these uids one day.\n");
    }
    dml_buf_printf(out, "%s (uid %llu) %s.\n", DML_REAPER_USER, (ull)p->reaper,
                   p->reaper_exists ? "exists already, and is kept"
                                    : "kills what is left of a guest's QEMU; nothing else may have its uid");
    dml_buf_str(out, "Looked at: Xen's and systemd's reserved ranges");
    if (p->checked_n)
        dml_buf_str(out, ", ");
    list(out, p->checked, p->checked_n);
    dml_buf_str(out, ".\n");
    if (p->unknown_n) {
        dml_buf_str(out, "Not known, so please check: ");
        list(out, p->unknown, p->unknown_n);
        dml_buf_str(out, "; `dmlint host collect` on the host finds out.\n");
    }
}

static void as_comments(struct dml_buf *out, struct dml_sv text)
{
    while (text.len) {
        const char *end = memchr(text.p, '\n', text.len);
        size_t n = end ? (size_t)(end - text.p) : text.len;
        dml_buf_str(out, "# ");
        dml_safe_text(out, (struct dml_sv){text.p, n}, 0);
        dml_buf_char(out, '\n');
        n += end != NULL;
        text = (struct dml_sv){text.p + n, text.len - n};
    }
}

/* A base that must not be used: why, and which would do. */
static enum dml_exit refuse(const struct dml_users_plan *p)
{
    struct dml_buf why;
    dml_buf_init(&why, TEXT_MAX);
    for (uint32_t i = 0, n = 0; i < p->clashes.n; i++) {
        if (p->clashes.v[i].later)
            continue;
        dml_buf_str(&why, n++ ? ", " : "");
        say_clash(&why, &p->clashes.v[i]);
    }
    dml_cli_fail(DML_EXIT_FINDINGS, "with the base %llu, device models get uids %llu to %llu, which meet %s",
                 (ull)p->base, (ull)p->base, (ull)p->base + DML_DOMID_LAST, why.p ? why.p : "something");
    dml_buf_dispose(&why);
    if (p->instead == DML_FACT_UNKNOWN)
        return dml_cli_fail(DML_EXIT_FINDINGS, "no other block of %d uids is free", DML_USERS_UIDS);
    if (!p->base_exists)
        return dml_cli_fail(DML_EXIT_FINDINGS, "--base %llu would do", (ull)p->instead);
    return dml_cli_fail(DML_EXIT_FINDINGS,
                        "%llu would do: while no restricted guest runs, `groupmod --gid %llu %s`, then `usermod --uid "
                        "%llu --gid %llu %s`",
                        (ull)p->instead, (ull)p->instead, DML_RANGE_BASE_USER, (ull)p->instead, (ull)p->instead,
                        DML_RANGE_BASE_USER);
}

static void print(const struct dml_users_plan *p, const struct format *format, _Bool asked, _Bool quiet)
{
    const struct account accounts[] = {
        {p->base_exists ? NULL : DML_RANGE_BASE_USER, "Base of the uids of Xen device models", p->base},
        {p->reaper_exists ? NULL : DML_REAPER_USER, "Ends device models of Xen guests", p->reaper}};
    struct dml_buf why, out;
    dml_buf_init(&why, TEXT_MAX);
    dml_buf_init(&out, TEXT_MAX);
    explain(&why, p, asked);
    if (strcmp(format->name, "ansible") == 0)
        dml_buf_str(&out, format->head);
    as_comments(&out, dml_buf_view(&why));
    if (strcmp(format->name, "ansible") != 0)
        dml_buf_str(&out, format->head);
    for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++)
        if (accounts[i].name)
            format->account(&out, &accounts[i]);
    if (p->base_exists && p->reaper_exists)
        dml_buf_str(&out, strcmp(format->name, "ansible") == 0 ? "[]\n" : "# There is nothing to create.\n");
    fwrite(out.p ? out.p : "", 1, out.len, stdout);
    fflush(stdout);
    if (!quiet)
        fwrite(why.p ? why.p : "", 1, why.len, stderr);
    dml_buf_dispose(&why);
    dml_buf_dispose(&out);
}

static int find_facts(const struct dml_args *args, const struct dml_facts **facts, struct dml_err *err)
{
    struct dml_buf notes;
    if (!dml_args_get(args, DML_OPTION_ROOT))
        return dml_common_facts(args, facts, err);
    if (dml_args_get(args, DML_OPTION_HOST))
        return dml_err_set(err, DML_EINVAL, "--host names collected facts and --root a tree to collect from; give one");
    struct dml_facts *f = dml_new(args->arena, struct dml_facts);
    if (!f)
        return dml_err_nomem(err);
    dml_buf_init(&notes, TEXT_MAX); /* what is not known is said by the plan */
    int rc = dml_host_collect(args, f, &notes, err);
    dml_buf_dispose(&notes);
    *facts = f;
    return rc;
}

enum dml_exit dml_cmd_host_users(const struct dml_args *args)
{
    const struct dml_facts *facts = NULL;
    struct dml_users_plan plan;
    struct dml_err err = {""};
    unsigned format = 0;
    uint64_t base = DML_FACT_UNKNOWN;
    if (args->n_paths > 1)
        return dml_cli_fail(DML_EXIT_USAGE, "host users takes no path; for the facts of another host say --host %s",
                            args->paths[1]);
    int rc = dml_common_word(args, DML_OPTION_USERS_FORMAT, format_names, &format, &err);
    if (rc == 0)
        rc = dml_common_number(args, DML_OPTION_BASE, 1, UINT32_MAX - 1, &base, &err);
    if (rc == 0)
        rc = find_facts(args, &facts, &err);
    if (rc < 0)
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    rc = dml_users_plan(facts, base, args->arena, &plan, &err);
    if (rc < 0)
        return dml_cli_fail(rc == DML_EINVAL ? DML_EXIT_FINDINGS : DML_EXIT_USAGE, "%s", err.msg);
    const struct dml_account *there = facts ? dml_account_find(facts, DML_RANGE_BASE_USER) : NULL;
    if (plan.refused)
        return refuse(&plan);
    if (there && !plan.base_exists)
        return dml_cli_fail(DML_EXIT_FINDINGS,
                            DML_RANGE_BASE_USER " exists already, with uid %llu; without --base, that is judged",
                            (ull)there->uid);
    if (plan.reaper_wrong)
        return dml_cli_fail(DML_EXIT_FINDINGS,
                            DML_REAPER_USER " exists already, with uid %llu, and cannot stay so: %s; give it a uid of "
                                            "its own with usermod --uid",
                            (ull)plan.reaper, plan.reaper_wrong);
    print(&plan, &formats[format], base != DML_FACT_UNKNOWN, dml_args_get(args, DML_OPTION_QUIET) != NULL);
    return DML_EXIT_OK;
}
