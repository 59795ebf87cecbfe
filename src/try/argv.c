/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Argv: the predicted command line for the room: changed where Xen, root or this machine would decide, nowhere else. */
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "qemu/qemu.h"
#include "try/try_i.h"

enum { VALUE_MAX = 1 << 20 };

struct planning {
    struct dml_try_plan *p;
    struct dml_arena *a;
    _Bool stopped; /* -S is there */
};

static _Bool in_list(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return 1;
    return 0;
}

static void add(struct dml_try_argv *argv, const char *word, uint32_t from)
{
    argv->from[argv->n] = from;
    argv->v[argv->n++] = word;
}

/* ---- values ---- */

static void put_part(struct dml_buf *b, struct dml_sv key, struct dml_sv value)
{
    dml_buf_printf(b, "%s%.*s=", b->len ? "," : "", DML_SV_ARG(key));
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] == ',')
            dml_buf_char(b, ',');
        dml_buf_char(b, value.p[i]);
    }
}

static const char *text_of(struct planning *g, struct dml_buf *b)
{
    const char *text = b->failed ? NULL : dml_arena_strndup(g->a, b->p ? b->p : "", b->len);
    dml_buf_dispose(b);
    g->a->failed |= text == NULL;
    return text;
}

/*
 * Xen's machines and its accelerator need Xen: pc and qtest have the same devices. That Xen's machines have this
 * accelerator where nothing asks for another is said before all other arguments (begin_machine).
 */
static const char *machine(struct planning *g, const char *value)
{
    struct dml_qemu_parts parts = {value, "type", g->a};
    struct dml_qemu_part part;
    struct dml_buf b;
    _Bool xen = 0;
    dml_buf_init(&b, VALUE_MAX);
    while (dml_qemu_next_part(&parts, &part)) {
        _Bool type = dml_sv_is(part.key, "type") && (dml_sv_is(part.value, "xenfv") || dml_sv_is(part.value, "xenpv"));
        _Bool accel = dml_sv_is(part.key, "accel") && dml_sv_is(part.value, "xen");
        xen |= type || accel;
        if (dml_sv_is(part.key, "igd-passthru"))
            continue;
        put_part(&b, part.key, accel ? dml_sv_of("qtest") : type ? dml_sv_of("pc") : part.value);
    }
    const char *changed = text_of(g, &b);
    return xen ? changed : value;
}

static const char *accelerator(struct planning *g, const char *value)
{
    (void)g;
    return strcmp(value, "xen") == 0 ? "qtest" : value;
}

/* A tap is made by root; what is a hub's port here has an id, and what a tap does not know, a port does not either. */
static const char *netdev(struct planning *g, const char *value)
{
    static const char *const of_tap[] = {"type",   "ifname",  "fd",       "fds",        "script",  "downscript",
                                         "br",     "helper",  "sndbuf",   "vhost",      "vhostfd", "vhostfds",
                                         "queues", "poll-us", "vnet_hdr", "vhostforce", NULL};
    struct dml_sv type = dml_qemu_part(value, "type", "type", g->a);
    struct dml_qemu_parts parts = {value, "type", g->a};
    struct dml_qemu_part part;
    struct dml_buf b;
    if (!type.p || (!dml_sv_is(type, "tap") && !dml_sv_is(type, "bridge")))
        return value;
    dml_buf_init(&b, VALUE_MAX);
    dml_buf_str(&b, "type=hubport,hubid=0");
    while (dml_qemu_next_part(&parts, &part)) {
        const char *key = dml_arena_strndup(g->a, part.key.p, part.key.len);
        if (key && !in_list(key, of_tap))
            put_part(&b, part.key, part.value);
    }
    return text_of(g, &b);
}

/* Guest memory is Xen's; here it would be this process's. */
static const char *memory(struct planning *g, const char *value)
{
    uint64_t mib;
    if (!dml_num_decimal(dml_sv_of(value), INT32_MAX, &mib) || mib <= TRY_MEMORY)
        return value;
    return dml_arena_printf(g->a, "%d", TRY_MEMORY);
}

/* What libxl fills in: the monitor's socket, addresses that it makes up. */
static const char *filled_in(struct planning *g, const char *value)
{
    struct dml_buf b;
    const char *at;
    if (!strstr(value, "@MAC:") && !strstr(value, "@QMP_FD@"))
        return value;
    dml_buf_init(&b, VALUE_MAX);
    for (; (at = strchr(value, '@')); value = at) {
        dml_buf_add(&b, value, (size_t)(at - value));
        size_t digits = strncmp(at, "@MAC:", 5) == 0 ? strspn(at + 5, "0123456789") : 0;
        if (digits && at[5 + digits] == '@') {
            dml_buf_printf(&b, "00:16:3e:00:01:%02x", (unsigned)(at[4 + digits] - '0') + (digits > 1 ? 16u : 0u));
            at += digits + 6;
        } else if (strncmp(at, "@QMP_FD@", 8) == 0) {
            dml_buf_printf(&b, "%d", TRY_QMP_FD);
            at += 8;
        } else {
            dml_buf_char(&b, '@');
            at++;
        }
    }
    dml_buf_str(&b, value);
    return text_of(g, &b);
}

static const struct changed {
    const char *option;
    const char *(*fn)(struct planning *g, const char *value);
} changes[] = {{"machine", machine}, {"M", machine}, {"accel", accelerator}, {"m", memory}, {"netdev", netdev}};

static const char *value_for(struct planning *g, const char *option, const char *value)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (strcmp(option, changes[i].option) == 0)
            value = changes[i].fn(g, value);
    return value ? filled_in(g, value) : NULL;
}

/* ---- what values name ---- */

static void make(struct planning *g, const char *path, size_t len, enum dml_try_stand_in kind)
{
    struct dml_try_made *m = dml_vec_add(g->a, &g->p->made);
    const char *copy = dml_arena_strndup(g->a, path, len);
    if (m && len < PATH_MAX)
        *m = (struct dml_try_made){copy, kind};
    else if (m)
        g->p->made.n--;
}

/* The folder of everything that looks like a path. */
static void make_folders(struct planning *g, const char *value)
{
    for (const char *p = value; (p = strchr(p, '/'));) {
        size_t len = strcspn(p, ",");
        if (p == value || strchr("=:,", p[-1]))
            make(g, p, len, DML_TRY_FOLDER);
        p += len;
    }
}

static void make_drive(struct planning *g, const char *value)
{
    struct dml_sv file = dml_qemu_part(value, NULL, "file", g->a);
    struct dml_sv format = dml_qemu_part(value, NULL, "format", g->a);
    if (!file.p || !file.len)
        return;
    if (format.p && !dml_sv_is(format, "raw") && !dml_sv_is(format, "qcow2"))
        g->p->cannot = dml_arena_printf(g->a, "there is no stand-in for a disk of format %.*s", DML_SV_ARG(format));
    make(g, file.p, file.len, format.p && dml_sv_is(format, "qcow2") ? DML_TRY_QCOW2 : DML_TRY_RAW);
}

static void see_value(struct planning *g, const struct dml_qemu_arg *arg)
{
    static const char *const images[] = {"hda", "hdb", "hdc", "hdd", "fda", "fdb", "cdrom", "initrd", NULL};
    make_folders(g, arg->value);
    if (strcmp(arg->name, "drive") == 0)
        make_drive(g, arg->value);
    else if (in_list(arg->name, images))
        make(g, arg->value, strlen(arg->value), DML_TRY_RAW);
    else if (strcmp(arg->name, "kernel") == 0)
        make(g, arg->value, strlen(arg->value), DML_TRY_KERNEL);
    if (strcmp(arg->name, "chardev") != 0 || !dml_sv_is(dml_qemu_part(arg->value, "backend", "id", g->a), "libxl-cmd"))
        return;
    struct dml_sv path = dml_qemu_part(arg->value, "backend", "path", g->a);
    if (!g->p->qmp && (path.p || g->p->preopened))
        g->p->qmp = path.p ? dml_arena_strndup(g->a, path.p, path.len) : "/run/xen/qmp";
}

/* ---- all of it ---- */

static void add_argument(struct planning *g, const char *const *argv, const struct dml_qemu_arg *arg)
{
    static const char *const restriction[] = {"xen-domid-restrict", "runas", "chroot", "run-with", NULL};
    _Bool option = arg->kind == DML_QEMU_OPTION;
    struct dml_try_argv *to = option && in_list(arg->name, restriction) ? &g->p->apart : &g->p->argv;
    add(to, argv[arg->at], arg->at);
    if (arg->kind == DML_QEMU_WORD) {
        make(g, arg->name, strlen(arg->name), DML_TRY_RAW);
        to->image = arg->at;
    }
    g->stopped |= option && strcmp(arg->name, "S") == 0;
    if (!option || !arg->value)
        return;
    see_value(g, arg);
    add(to, value_for(g, arg->name, arg->value), arg->at + 1);
}

/* Is an option given, and is its value this (NULL: any)? */
static _Bool given(const struct dma_result *r, const char *name, const char *begins)
{
    struct dml_qemu_arg arg;
    for (uint32_t i = 1; dml_qemu_next(r->argv, r->argc, &i, &arg);)
        if (arg.kind == DML_QEMU_OPTION && strcmp(arg.name, name) == 0 &&
            (!begins || strncmp(arg.value, begins, strlen(begins)) == 0))
            return 1;
    return 0;
}

static void begin_machine(struct planning *g, const struct dma_result *r)
{
    if (given(r, "accel", NULL) || (!given(r, "machine", "xen") && !given(r, "M", "xen")))
        return;
    add(&g->p->argv, "-machine", DML_TRY_NOWHERE);
    add(&g->p->argv, "accel=qtest", DML_TRY_NOWHERE);
}

static int begin(struct dml_try_argv *v, const struct dma_result *r, const char *program, struct dml_arena *a)
{
    v->v = dml_new_n(a, const char *, r->argc + 6);
    v->from = dml_new_n(a, uint32_t, r->argc + 6);
    if (!v->v || !v->from)
        return DML_ENOMEM;
    add(v, program, DML_TRY_NOWHERE);
    return 0;
}

static void add_limits(struct dml_try_plan *p, const struct dma_process *of)
{
    static const struct {
        const char *name;
        int what;
    } known[] = {{"RLIMIT_FSIZE", RLIMIT_FSIZE},
                 {"RLIMIT_CORE", RLIMIT_CORE},
                 {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                 {"RLIMIT_LOCKS", RLIMIT_LOCKS},
                 {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}};
    for (uint32_t i = 0; i < of->n_rlimits; i++)
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (strcmp(of->rlimits[i].name, known[k].name) == 0 && p->limits_n < sizeof p->limits / sizeof p->limits[0])
                p->limits[p->limits_n++] = (struct dml_try_limit){known[k].what, of->rlimits[i].value};
}

/* The account that libxl found is there. */
static void add_account(struct dml_try_plan *p, const char *runas, struct dml_arena *a)
{
    p->passwd = "root:x:0:0::/:/\nnobody:x:65534:65534::/:/\n";
    if (runas && !strpbrk(runas, ":@\n"))
        p->passwd = dml_arena_printf(a, "%s%s:x:65534:65534::/:/\n", p->passwd, runas);
}

static int add_env(struct dml_try_plan *p, const struct dma_result *r, struct dml_arena *a)
{
    uint32_t n = 0;
    p->env = dml_new_n(a, const char *, r->n_env + 2);
    if (!p->env)
        return DML_ENOMEM;
    p->env[n++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    for (uint32_t i = 0; i < r->n_env; i++)
        p->env[n++] = dml_arena_printf(a, "%s=%s", r->env[i].key, r->env[i].value);
    return 0;
}

int dml_try_plan(struct dml_try_plan *p, const struct dma_result *r, struct dml_arena *a)
{
    struct planning g = {.p = p, .a = a};
    struct dml_qemu_arg arg;
    uint32_t i = 1;
    p->preopened = r->process.qmp_preopened;
    if (r->process.device_model != DMA_DM_QEMU_XEN)
        p->cannot = "it is qemu-xen-traditional";
    if (begin(&p->argv, r, p->t->program, a) < 0 || begin(&p->apart, r, p->t->program, a) < 0 || add_env(p, r, a) < 0)
        return DML_ENOMEM;
    begin_machine(&g, r);
    add_account(p, r->process.runas, a);
    while (dml_qemu_next(r->argv, r->argc, &i, &arg))
        add_argument(&g, r->argv, &arg);
    if (!g.stopped)
        add(&p->argv, "-S", DML_TRY_NOWHERE);
    if (p->apart.n > 1)
        add(&p->apart, "-version", DML_TRY_NOWHERE);
    add_limits(p, &r->process);
    if (!p->qmp && !p->cannot)
        p->cannot = "its command line has no monitor of libxl's";
    return a->failed ? DML_ENOMEM : 0;
}
