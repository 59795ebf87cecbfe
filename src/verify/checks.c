/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checklist: one function per row of checks.def, and the walk over it. Expectations mirror
 * libxl__local_dm_preexec_restrict and the end of libxl__build_device_model_args_new (libxl_dm.c, libxl_linux.c), and
 * os_setup_post of QEMU (os-posix.c). */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "host/accounts.h"
#include "verify/verify_i.h"

static struct dml_verify_check_result is(_Bool good, const char *expected, const char *seen)
{
    return (struct dml_verify_check_result){good ? DML_VERIFY_PASS : DML_VERIFY_FAIL, expected, seen};
}

static struct dml_verify_check_result unknown(const char *expected, const char *why)
{
    return (struct dml_verify_check_result){DML_VERIFY_UNKNOWN, expected, why};
}

static struct dml_verify_check_result info(const char *seen)
{
    return (struct dml_verify_check_result){DML_VERIFY_INFO, "", seen};
}

/* ---- what libxl asked of QEMU ---- */

static struct dml_verify_check_result check_restrict_argument(const struct dml_verified *q)
{
    return is(q->said.restricted, "-xen-domid-restrict", q->said.restricted ? "there" : "missing");
}

/* "uid:gid" in decimal, or an account that the facts list. */
_Bool dml_verified_account(const struct dml_verified *q, const char *user, uint64_t *uid, uint64_t *gid)
{
    const char *colon = user ? strchr(user, ':') : NULL;
    if (colon)
        return dml_num_decimal((struct dml_sv){user, (size_t)(colon - user)}, UINT32_MAX, uid) &&
               dml_num_decimal(dml_sv_of(colon + 1), UINT32_MAX, gid);
    const struct dml_account *account =
        user && q->run->facts && q->run->facts->passwd.known ? dml_account_find(q->run->facts, user) : NULL;
    if (!account || account->uid > UINT32_MAX || account->gid > UINT32_MAX)
        return 0;
    *uid = account->uid;
    *gid = account->gid;
    return 1;
}

/* The account that libxl takes by itself, "uid:gid"; NULL where it cannot be told. */
static const char *range_user(const struct dml_verified *q)
{
    const struct dml_facts *f = q->run->facts;
    const struct dml_account *base = f && f->passwd.known ? dml_account_find(f, DML_RANGE_BASE_USER) : NULL;
    return base && q->said.domid >= 0 && base->uid != DML_FACT_UNKNOWN && base->gid != DML_FACT_UNKNOWN
               ? dml_arena_printf(q->run->a, "%llu:%llu",
                                  (unsigned long long)base->uid + (unsigned long long)q->said.domid,
                                  (unsigned long long)base->gid)
               : NULL;
}

static struct dml_verify_check_result check_user_argument(const struct dml_verified *q)
{
    const char *user = q->said.user, *option = q->said.run_with_user ? "-run-with user=" : "-runas ", *wanted = NULL;
    uint64_t uid = 0, gid = 0;
    _Bool resolved = dml_verified_account(q, user, &uid, &gid);
    if (q->expected && q->expected->argc && q->expected->user && q->expected->user[0] != '@')
        wanted = q->expected->user;
    else if (user && strchr(user, ':') && q->xen >= DML_V(4, 12, 0)) /* before, device_model_user can be numbers, too */
        wanted = range_user(q);
    const char *expected = wanted ? dml_arena_printf(q->run->a, "-runas or -run-with user= of %s", wanted)
                                  : "-runas or -run-with user=, of an account that is not root";
    if (!user)
        return is(0, expected, "missing");
    const char *seen = dml_arena_printf(q->run->a, "%s%s", option, user);
    if ((resolved && (uid == 0 || gid == 0)) || strcmp(user, "root") == 0 || (wanted && strcmp(user, wanted) != 0))
        return is(0, expected, seen);
    if (!resolved && !strchr(user, ':') && q->run->facts && q->run->facts->passwd.known &&
        dml_accounts_enumerable(q->run->facts))
        return is(0, expected, dml_arena_printf(q->run->a, "%s, which is no account of this host", seen));
    return is(resolved || !strchr(user, ':'), expected, seen);
}

/* libxl makes RUN_DIR/qemu-root-DOMID; RUN_DIR is compiled in. /proc adds " (deleted)" where it has been removed. */
static _Bool is_chroot(const struct dml_verified *q, const char *path)
{
    static const char deleted[] = " (deleted)";
    struct dml_sv s = dml_sv_of(path), gone = DML_SV(deleted);
    char name[64];
    snprintf(name, sizeof name, "qemu-root-%lld", (long long)q->said.domid);
    if (s.len > gone.len && memcmp(s.p + s.len - gone.len, gone.p, gone.len) == 0)
        s.len -= gone.len;
    while (s.len > 1 && s.p[s.len - 1] == '/')
        s.len--;
    return s.len && s.p[0] == '/' && dml_sv_is(dml_path_base(s), name);
}

static const char *chroot_text(const struct dml_verified *q)
{
    return dml_arena_printf(q->run->a, "/var/run/xen/qemu-root-%lld", (long long)q->said.domid);
}

static struct dml_verify_check_result check_chroot_argument(const struct dml_verified *q)
{
    const char *dir = q->expected && q->expected->chroot_dir ? q->expected->chroot_dir : chroot_text(q);
    const char *expected = dml_arena_printf(q->run->a, "the last -chroot or -run-with chroot= is %s", dir);
    return is(q->said.chroot && is_chroot(q, q->said.chroot), expected, q->said.chroot ? q->said.chroot : "missing");
}

/* ---- who it is ---- */

static const char *ids_text(const struct dml_verified *q, const struct dml_proc_ids *ids)
{
    const uint32_t *v = ids->v;
    if (v[0] == v[1] && v[0] == v[2] && v[0] == v[3])
        return dml_arena_printf(q->run->a, "%u", v[0]);
    return dml_arena_printf(q->run->a, "real %u, effective %u, saved %u, file system %u", v[DML_ID_REAL],
                            v[DML_ID_EFFECTIVE], v[DML_ID_SAVED], v[DML_ID_FS]);
}

static const char *status_why(const struct dml_verified *q)
{
    return q->p->status_why ? q->p->status_why : "/proc/PID/status does not say";
}

/* The uid (or gid) that all four must be; UINT64_MAX where only "not 0" can be asked. */
static uint64_t wanted_id(const struct dml_verified *q, _Bool group)
{
    uint64_t uid, gid;
    const char *wanted = q->expected && q->expected->argc && q->expected->user ? q->expected->user : q->said.user;
    return dml_verified_account(q, wanted, &uid, &gid) ? (group ? gid : uid) : UINT64_MAX;
}

static struct dml_verify_check_result check_ids(const struct dml_verified *q, const struct dml_proc_ids *ids,
                                                _Bool group)
{
    uint64_t id = wanted_id(q, group);
    const char *expected = id != UINT64_MAX && id
                               ? dml_arena_printf(q->run->a, "four times %llu", (unsigned long long)id)
                               : "four times the same, not 0";
    if (!ids->known)
        return unknown(expected, status_why(q));
    _Bool good = 1;
    for (int i = 0; i < DML_IDS; i++)
        good = good && ids->v[i] == ids->v[0] && ids->v[i] != 0 && (id == UINT64_MAX || ids->v[i] == id);
    return is(good, expected, ids_text(q, ids));
}

static struct dml_verify_check_result check_uids(const struct dml_verified *q)
{
    return check_ids(q, &q->p->status.uid, 0);
}

static struct dml_verify_check_result check_gids(const struct dml_verified *q)
{
    return check_ids(q, &q->p->status.gid, 1);
}

/* Is the account, by name, a member of that group? */
static enum dml_tri in_group(const struct dml_verified *q, uint64_t gid)
{
    const struct dml_facts *f = q->run->facts;
    if (!f || !f->groups.known)
        return DML_TRI_UNKNOWN;
    for (uint32_t i = 0; i < f->groups.n; i++) {
        const struct dml_group *g = DML_AT(f->groups, struct dml_group, i);
        if (g->gid != gid)
            continue;
        if (!g->members.known)
            return DML_TRI_UNKNOWN;
        for (uint32_t k = 0; k < g->members.n; k++)
            if (strcmp(*DML_AT(g->members, const char *, k), q->said.user) == 0)
                return DML_TRI_YES;
    }
    return DML_TRI_NO;
}

static struct dml_verify_check_result check_groups(const struct dml_verified *q)
{
    const struct dml_proc_status *s = &q->p->status;
    /* Without a chroot QEMU's initgroups finds the groups of a named account; inside the empty one it finds none. */
    _Bool named = q->said.user && !strchr(q->said.user, ':') && q->xen < DML_V(4, 12, 0);
    const char *expected = named ? "the groups of the account" : "none but the gid";
    if (!s->groups_known || !s->gid.known)
        return unknown(expected, status_why(q));
    struct dml_buf seen;
    enum dml_verify_check_status status = DML_VERIFY_PASS;
    dml_buf_init(&seen, 1024 * 1024);
    for (uint32_t i = 0; i < s->n_groups; i++) {
        dml_buf_printf(&seen, "%s%u", i ? " " : "", s->groups[i]);
        if (s->groups[i] == s->gid.v[DML_ID_REAL] && s->groups[i])
            continue;
        enum dml_tri member = named && s->groups[i] ? in_group(q, s->groups[i]) : DML_TRI_NO;
        if (member == DML_TRI_NO)
            status = DML_VERIFY_FAIL;
        else if (member == DML_TRI_UNKNOWN && status == DML_VERIFY_PASS)
            status = DML_VERIFY_UNKNOWN;
    }
    const char *text = seen.len ? dml_arena_strndup(q->run->a, seen.p, seen.len) : "none";
    dml_buf_dispose(&seen);
    return (struct dml_verify_check_result){status, expected, text};
}

static struct dml_verify_check_result check_capabilities(const struct dml_verified *q)
{
    static const char *const names[DML_CAPS] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    const struct dml_proc_status *s = &q->p->status;
    char text[160] = "";
    _Bool known = 1;
    for (int i = 0; i < DML_CAPS; i++) {
        size_t n = strlen(text);
        known = known && s->cap_known[i];
        if (s->cap_known[i] && s->caps[i])
            snprintf(text + n, sizeof text - n, "%s%s %016llx", n ? ", " : "", names[i],
                     (unsigned long long)s->caps[i]);
    }
    if (!known && !text[0])
        return unknown("none", status_why(q));
    return is(!text[0], "none", text[0] ? dml_arena_strdup(q->run->a, text) : "none");
}

static struct dml_verify_check_result check_threads(const struct dml_verified *q)
{
    static const char expected[] = "no thread with other ids, groups or capabilities";
    if (q->p->status_why || !q->p->status.uid.known || !q->p->status.gid.known)
        return unknown(expected, status_why(q));
    if (q->p->odd_thread)
        return is(0, expected, dml_arena_printf(q->run->a, "thread %u has others", q->p->odd_thread));
    if (q->p->threads_why)
        return unknown(expected, q->p->threads_why);
    return is(1, expected, dml_arena_printf(q->run->a, "%u alike", q->p->threads));
}

/* ---- where it is ---- */

static struct dml_verify_check_result check_directory(const struct dml_verified *q, enum dml_proc_link_id link)
{
    const struct dml_proc_link *l = &q->p->links[link];
    const char *expected = chroot_text(q);
    return l->text ? is(is_chroot(q, l->text), expected, l->text) : unknown(expected, l->why);
}

static struct dml_verify_check_result check_root(const struct dml_verified *q)
{
    return check_directory(q, DML_LINK_ROOT);
}

static struct dml_verify_check_result check_cwd(const struct dml_verified *q)
{
    return check_directory(q, DML_LINK_CWD);
}

static struct dml_verify_check_result check_namespace(const struct dml_verified *q, enum dml_proc_ns ns)
{
    const struct dml_proc_link *own = &q->p->ns[ns], *first = &q->run->procs->ns[ns];
    struct dml_arena *a = q->run->a;
    if (!first->text)
        return unknown("another than that of pid 1", dml_arena_printf(a, "that of pid 1: %s", first->why));
    const char *expected = dml_arena_printf(a, "another than that of pid 1, %s", first->text);
    return own->text ? is(strcmp(own->text, first->text) != 0, expected, own->text) : unknown(expected, own->why);
}

static struct dml_verify_check_result check_mount_namespace(const struct dml_verified *q)
{
    return check_namespace(q, DML_NS_MNT);
}

static struct dml_verify_check_result check_ipc_namespace(const struct dml_verified *q)
{
    return check_namespace(q, DML_NS_IPC);
}

/* ---- what it may use ---- */

static const char *limit_text(const struct dml_verified *q, uint64_t value)
{
    return value == DML_LIMIT_UNLIMITED ? "unlimited" : dml_arena_printf(q->run->a, "%llu", (unsigned long long)value);
}

/* libxl sets soft and hard alike; less is stricter. */
static struct dml_verify_check_result check_limit(const struct dml_verified *q, enum dml_proc_limit_id id,
                                                  uint64_t most)
{
    const struct dml_proc_limit *l = &q->p->limits[id];
    const char *expected = limit_text(q, most);
    if (!l->known)
        return unknown(expected, q->p->limits_why ? q->p->limits_why : "/proc/PID/limits does not say");
    const char *seen = l->soft == l->hard ? limit_text(q, l->soft)
                                          : dml_arena_printf(q->run->a, "soft %s, hard %s", limit_text(q, l->soft),
                                                             limit_text(q, l->hard));
    return is(l->soft <= most && l->hard <= most, expected, seen);
}

#define LIMIT(name, id, most)                                                                                          \
    static struct dml_verify_check_result name(const struct dml_verified *q)                                           \
    {                                                                                                                  \
        return check_limit(q, id, most);                                                                               \
    }
LIMIT(check_limit_fsize, DML_LIMIT_FSIZE, DML_FSIZE_LIMIT)
LIMIT(check_limit_core, DML_LIMIT_CORE, 0)
LIMIT(check_limit_msgqueue, DML_LIMIT_MSGQUEUE, 0)
LIMIT(check_limit_locks, DML_LIMIT_LOCKS, 0)
LIMIT(check_limit_memlock, DML_LIMIT_MEMLOCK, 0)

/* ---- what it holds: descriptors.c ---- */

static struct dml_verify_check_result check_xen_descriptors(const struct dml_verified *q)
{
    return dml_verify_check_xen_files(q);
}

static struct dml_verify_check_result check_xenstore_socket(const struct dml_verified *q)
{
    return dml_verify_check_xenstore(q);
}

static struct dml_verify_check_result check_file_descriptors(const struct dml_verified *q)
{
    return dml_verify_check_files(q);
}

static struct dml_verify_check_result check_sockets(const struct dml_verified *q)
{
    return dml_verify_check_sockets(q);
}

/* ---- good to know ---- */

static struct dml_verify_check_result check_no_new_privileges(const struct dml_verified *q)
{
    int32_t n = q->p->status.no_new_privs;
    return info(n < 0 ? "not known" : n ? "set" : "not set");
}

static struct dml_verify_check_result check_seccomp(const struct dml_verified *q)
{
    static const char *const modes[] = {"none", "strict", "a filter"};
    int32_t n = q->p->status.seccomp;
    return info(n < 0 || n > 2 ? "not known" : modes[n]);
}

static struct dml_verify_check_result check_arguments(const struct dml_verified *q)
{
    const struct dml_expected *e = q->expected;
    if (!e)
        return info("no config to compare with is known");
    const char *expected = dml_arena_printf(q->run->a, "what %s gives", e->path);
    if (!e->argc)
        return unknown(expected, e->why);
    if (!q->p->argc)
        return unknown(expected, q->p->argv_why ? q->p->argv_why : "the command line is empty");
    _Bool hotplug = 0;
    const char *difference = dml_argv_difference(e, q->p->argv, q->p->argc, &q->said, q->run->a, &hotplug);
    if (difference && e->stored && hotplug)
        return (struct dml_verify_check_result){
            DML_VERIFY_INFO, expected,
            dml_arena_printf(q->run->a, "devices, memory or vcpus have changed since it started\n%s", difference)};
    return is(!difference, expected, difference ? difference : "the same");
}

/* ---- all of them ---- */

static const struct check {
    dml_version since;
    _Bool linux_only, holds;
    struct dml_verify_check_result (*look)(const struct dml_verified *q);
} checks[DML_VERIFY_CHECKS] = {
#define CHECK(id, name, what, since, linux_only, holds, function, hint) {since, linux_only, holds, function},
#include "verify/checks.def"
#undef CHECK
};

const char *const dml_verify_check_names[DML_VERIFY_CHECKS] = {
#define CHECK(id, name, what, since, linux_only, holds, function, hint) name,
#include "verify/checks.def"
#undef CHECK
};

const char *const dml_verify_check_titles[DML_VERIFY_CHECKS] = {
#define CHECK(id, name, what, since, linux_only, holds, function, hint) what,
#include "verify/checks.def"
#undef CHECK
};

/* What to do where one fails. */
const char *const dml_verify_check_hints[DML_VERIFY_CHECKS] = {
#define CHECK(id, name, what, since, linux_only, holds, function, hint) hint,
#include "verify/checks.def"
#undef CHECK
};

const char *const dml_verify_check_status_names[] = {"pass", "fail", "unknown", "info"};
const char *const dml_verdict_names[] = {"restricted", "not-restricted", "unknown"};

int dml_verified_check(struct dml_verified *q, struct dml_err *err)
{
    struct dml_arena *a = q->run->a;
    const char *os = q->run->facts ? q->run->facts->os : NULL;
    _Bool fails = 0, open = 0;
    q->should = q->said.restricted                       ? "its command line asks for it"
                : q->expected && q->expected->restricted ? "its config asks for it"
                : q->named                               ? "it was asked for by name"
                                                         : NULL;
    for (int i = 0; i < DML_VERIFY_CHECKS; i++) {
        struct dml_verify_check_result *r = &q->checks[i];
        *r = checks[i].look(q);
        if (q->xen < checks[i].since) {
            char since[24];
            *r = info(r->seen);
            r->expected =
                dml_arena_printf(a, "nothing: libxl does this from %s on", dml_version_text(checks[i].since, 1, since));
        } else if (checks[i].linux_only && os && strcmp(os, "linux") != 0) {
            *r = info(r->seen);
            r->expected = "nothing: libxl does this on Linux only";
        }
        fails = fails || (checks[i].holds && r->status == DML_VERIFY_FAIL);
        open = open || (checks[i].holds && r->status == DML_VERIFY_UNKNOWN);
    }
    q->verdict = fails ? DML_NOT_RESTRICTED : open ? DML_NOT_KNOWN : DML_RESTRICTED;
    return a->failed ? dml_err_nomem(err) : 0;
}
