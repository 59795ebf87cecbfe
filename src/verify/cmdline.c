/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's command line: what QEMU makes of it, and how it differs from another. */
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "qemu/qemu.h"
#include "verify/verify_i.h"

/* "--option" is "-option" to QEMU. */
static const char *option_of(const char *argument)
{
    return argument[0] == '-' && argument[1] == '-' && argument[2] ? argument + 1 : argument;
}

/* The last value of a key in "a=b,key=value", into *value where there is one. */
static int sub_option(const char *text, const char *key, const char **value, struct dml_arena *a)
{
    struct dml_sv v = dml_qemu_part(text, NULL, key, a);
    if (v.p && !(*value = dml_arena_strndup(a, v.p, v.len)))
        return DML_ENOMEM;
    return 0;
}

/* Which monitor it is, and how libxl made it. */
static void chardev(struct dml_cmdline *out, const char *value, struct dml_arena *a)
{
    if (!dml_sv_is(dml_qemu_part(value, "backend", "id", a), "libxl-cmd"))
        return;
    out->qmp_fd = dml_qemu_part(value, "backend", "fd", a).p != NULL;
    out->qmp_path = dml_qemu_part(value, "backend", "path", a).p != NULL;
}

static int option(struct dml_cmdline *out, const char *name, const char *value, uint32_t at, struct dml_arena *a)
{
    uint64_t n;
    int rc = 0;
    if (strcmp(name, "xen-domid") == 0 || (out->traditional && strcmp(name, "d") == 0))
        out->domid = dml_num_decimal(dml_sv_of(value), UINT32_MAX, &n) ? (int64_t)n : -1;
    else if (strcmp(name, "name") == 0 || (out->traditional && strcmp(name, "domain-name") == 0))
        out->name = value;
    else if (strcmp(name, "chroot") == 0)
        out->chroot = value;
    else if (strcmp(name, "runas") == 0)
        out->user = value;
    else if (strcmp(name, "machine") == 0 || strcmp(name, "M") == 0)
        out->machine = value;
    else if (strcmp(name, "incoming") == 0)
        out->incoming = at;
    else if (strcmp(name, "chardev") == 0)
        chardev(out, value, a);
    else if (strcmp(name, "run-with") == 0) {
        const char *chroot = NULL, *user = NULL;
        rc = sub_option(value, "chroot", &chroot, a);
        rc = rc == 0 ? sub_option(value, "user", &user, a) : rc;
        out->chroot = chroot ? chroot : out->chroot;
        out->user = user ? user : out->user;
        out->run_with_chroot = out->run_with_chroot || chroot;
        out->run_with_user = out->run_with_user || user;
    }
    return rc;
}

static _Bool base_is(const char *path, const char *what)
{
    return dml_sv_starts(dml_path_base(dml_sv_of(path)), dml_sv_of(what));
}

int dml_cmdline_read(struct dml_cmdline *out, const char *const *argv, uint32_t argc, struct dml_arena *a)
{
    *out = (struct dml_cmdline){.domid = -1, .traditional = argc && base_is(argv[0], "qemu-dm")};
    struct dml_qemu_arg arg;
    for (uint32_t i = 1; dml_qemu_next(argv, argc, &i, &arg);) {
        /* An option of another QEMU, such as qemu-xen-traditional's: those that matter take a value. */
        if (arg.kind == DML_QEMU_INVALID && i < argc)
            arg.value = argv[i++];
        out->restricted = out->restricted ||
                          (arg.kind == DML_QEMU_OPTION && strcmp(arg.name, "xen-domid-restrict") == 0);
        int rc = arg.value && arg.kind != DML_QEMU_WORD ? option(out, arg.name, arg.value, arg.at, a) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* libxl gives the domid first; a QEMU that others started (dom0's own) has "qemu" in its name. A shell or a wrapper
 * that carries such a command line along is none. */
_Bool dml_cmdline_is_qemu(const char *const *argv, uint32_t argc)
{
    uint64_t n;
    if (argc < 3)
        return 0;
    if (strcmp(option_of(argv[1]), "-xen-domid") == 0 || (base_is(argv[0], "qemu-dm") && strcmp(argv[1], "-d") == 0))
        return dml_num_decimal(dml_sv_of(argv[2]), UINT32_MAX, &n);
    if (!strstr(dml_path_base(dml_sv_of(argv[0])).p, "qemu"))
        return 0;
    for (uint32_t i = 1; i + 1 < argc; i++)
        if (strcmp(option_of(argv[i]), "-xen-domid") == 0 && dml_num_decimal(dml_sv_of(argv[i + 1]), UINT32_MAX, &n))
            return 1;
    return 0;
}

/* ---- comparison ---- */

/* Length of the placeholder at p ("@QMP_FD@", "@MAC:0@"), or 0. */
static size_t placeholder(const char *p)
{
    size_t n = 1;
    if (p[0] != '@' || p[1] < 'A' || p[1] > 'Z')
        return 0;
    while ((p[n] >= 'A' && p[n] <= 'Z') || p[n] == '_')
        n++;
    if (p[n] == ':')
        n += 1 + strspn(p + n + 1, "0123456789");
    return p[n] == '@' ? n + 1 : 0;
}

_Bool dml_argument_matches(const char *pattern, const char *argument)
{
    /* The last placeholder takes more where the rest does not fit: as a glob's star, without recursion. */
    const char *after = NULL, *taken = NULL;
    for (;;) {
        size_t n = placeholder(pattern);
        if (n && *argument) {
            after = pattern += n;
            taken = ++argument;
        } else if (*pattern && *pattern == *argument) {
            pattern++;
            argument++;
        } else if (!*pattern && !*argument) {
            return 1;
        } else if (after && *taken) {
            pattern = after;
            argument = ++taken;
        } else {
            return 0;
        }
    }
}

/* Is argument i, or the option whose value it is, one that libxl's stored config can have changed since? */
static _Bool changes_later(const char *const *v, uint32_t i)
{
    static const char *const options[] = {"-drive", "-device", "-netdev", "-m", "-smp", NULL};
    for (size_t k = 0; options[k]; k++)
        if (strcmp(v[i], options[k]) == 0 || (i && strcmp(v[i - 1], options[k]) == 0))
            return 1;
    return 0;
}

enum { CELLS_MAX = 4 * 1024 * 1024, LINES_MAX = 40 };

const char *dml_argv_difference(const struct dml_expected *e, const char *const *argv, uint32_t argc,
                                const struct dml_cmdline *said, struct dml_arena *a, _Bool *hotplug)
{
    /* A restored guest has -incoming fd:N beside what its config gives. */
    const char **seen = dml_new_n(a, const char *, argc + 1);
    uint32_t n = 0, lines = 0;
    for (uint32_t i = 1; seen && i < argc; i++)
        if (!said->incoming || (i != said->incoming && i != said->incoming + 1))
            seen[n++] = argv[i];
    uint32_t m = e->argc - 1;
    const char *const *wanted = e->argv + 1;
    size_t width = (size_t)n + 1;
    if ((m + 1) * width > CELLS_MAX)
        return *hotplug = 0, "the command lines are too long to compare";
    uint32_t *common = dml_new_n(a, uint32_t, (m + 1) * width);
    struct dml_buf out;
    if (!seen || !common)
        return NULL; /* the arena says so */
    for (uint32_t i = m; i-- > 0;)
        for (uint32_t j = n; j-- > 0;) {
            uint32_t down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            common[i * width + j] = dml_argument_matches(wanted[i], seen[j]) ? common[(i + 1) * width + j + 1] + 1
                                    : down > right                           ? down
                                                                             : right;
        }
    *hotplug = 1;
    dml_buf_init(&out, 1024 * 1024);
    for (uint32_t i = 0, j = 0; i < m || j < n;) {
        if (i < m && j < n && dml_argument_matches(wanted[i], seen[j])) {
            i++;
            j++;
            continue;
        }
        _Bool gone = j >= n || (i < m && common[(i + 1) * width + j] >= common[i * width + j + 1]);
        *hotplug = *hotplug && (gone ? changes_later(wanted, i) : changes_later(seen, j));
        const char *what = gone ? wanted[i++] : seen[j++];
        if (lines++ < LINES_MAX)
            dml_buf_printf(&out, "%s%c%s", out.len ? "\n" : "", gone ? '-' : '+', what);
    }
    if (lines > LINES_MAX)
        dml_buf_printf(&out, "\nand %u more", lines - LINES_MAX);
    a->failed = a->failed || out.failed;
    const char *text = out.len ? dml_arena_strndup(a, out.p, out.len) : NULL;
    dml_buf_dispose(&out);
    return text;
}
