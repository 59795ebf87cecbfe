/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QEMU and libxenlight binaries of a host are and can do, read from the files. */
#include "host/facts.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/root.h"
#include "host/elf.h"

struct qemu_strings {
    struct dml_arena *a;
    const char *version;
    _Bool run_with;
    _Bool shows[DML_QEMU_FEATURES]; /* by a constant string */
};

/* The next of the words that show a feature; 0 at the end. */
static _Bool next_word(const char **p, struct dml_sv *word)
{
    *p += strspn(*p, " ");
    *word = (struct dml_sv){*p, strcspn(*p, " ")};
    *p += word->len;
    return word->len > 0;
}

/* Constant strings that show a feature have a slash in them. */
static void see_feature(struct qemu_strings *q, struct dml_sv s)
{
    if (s.p[0] != '.')
        return;
    for (unsigned i = 0; i < DML_QEMU_FEATURES; i++) {
        const char *p = dml_qemu_features[i].shown_by;
        struct dml_sv word;
        while (next_word(&p, &word))
            q->shows[i] = q->shows[i] || (memchr(word.p, '/', word.len) && dml_sv_eq(word, s));
    }
}

/* Is there a module of this name, where distributions put them? */
static _Bool has_module(struct dml_arena *a, const char *root, struct dml_sv name)
{
    static const char *const dirs[] = {"/usr/lib/x86_64-linux-gnu/qemu", "/usr/lib/aarch64-linux-gnu/qemu",
                                       "/usr/lib64/qemu", "/usr/lib/qemu", "/usr/local/lib/qemu"};
    struct stat s;
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        char *path = dml_arena_printf(a, "%s/%.*s", dirs[i], DML_SV_ARG(name));
        if (path && dml_root_stat(root, path, 1, &s) == 0)
            return 1;
    }
    return 0;
}

/* What the binary is built with: functions that it imports, and modules, if it can load any. */
static void find_features(struct dml_qemu_abilities *out, const struct dml_elf *elf, const struct qemu_strings *found,
                          const char *root)
{
    _Bool loads = dml_elf_has_symbol(elf, "g_module_open");
    for (unsigned i = 0; i < DML_QEMU_FEATURES; i++) {
        const char *p = dml_qemu_features[i].shown_by;
        _Bool has = found->shows[i];
        struct dml_sv word;
        while (!has && next_word(&p, &word)) {
            const char *name = dml_arena_strndup(found->a, word.p, word.len);
            _Bool module = word.len > 3 && memcmp(word.p + word.len - 3, ".so", 3) == 0;
            has = name && (module ? loads && has_module(found->a, root, word) : dml_elf_has_symbol(elf, name));
        }
        out->has[i] = has ? DML_TRI_YES : DML_TRI_NO;
    }
}

static _Bool see_qemu(void *user, struct dml_sv s)
{
    static const struct dml_sv banner = {"QEMU emulator version ", sizeof "QEMU emulator version " - 1};
    struct qemu_strings *q = user;
    if (dml_sv_is(s, "run-with"))
        q->run_with = 1;
    see_feature(q, s);
    for (size_t i = 0; !q->version && i + banner.len < s.len; i++) {
        struct dml_sv rest = {s.p + i, s.len - i};
        if (!dml_sv_starts(rest, banner))
            continue;
        size_t n = banner.len;
        while (n < rest.len && ((rest.p[n] >= '0' && rest.p[n] <= '9') || rest.p[n] == '.'))
            n++;
        q->version = dml_arena_strndup(q->a, rest.p + banner.len, n - banner.len);
    }
    return 1;
}

enum { WRAPPERS = 4, WRAPPER_BYTES = 64 * 1024 };

static _Bool path_end(char c)
{
    return c == '\0' || strchr(" \t\n\"';&|)", c) != NULL;
}

/*
 * The QEMU that a shell wrapper runs: the absolute path of a line's exec whose name speaks of QEMU, one with "xen" in
 * it before any other (Debian's qemu-system-i386 hands -xen-* to another binary). NULL where there is none.
 */
static char *wrapped(struct dml_arena *a, struct dml_sv script, const char *self)
{
    char *any = NULL;
    for (size_t i = 0; i < script.len; i++) {
        if (script.p[i] != '/' || (i && !strchr(" \t\"'=", script.p[i - 1])))
            continue;
        size_t n = 1;
        while (i + n < script.len && !path_end(script.p[i + n]))
            n++;
        char *path = dml_arena_strndup(a, script.p + i, n);
        if (!path)
            return NULL;
        if (strstr(dml_path_base(dml_sv_of(path)).p, "qemu") && !strchr(path, '$') && strcmp(path, self) != 0) {
            if (strstr(path, "xen"))
                return path;
            any = path;
        }
        i += n - 1;
    }
    return any;
}

int dml_qemu_inspect(const char *root, const char *path, struct dml_arena *a, struct dml_qemu_abilities *out,
                     struct dml_err *err)
{
    struct dml_elf *elf = NULL;
    int rc = DML_EINVAL;
    *out = (struct dml_qemu_abilities){0};
    const char *at = path;
    for (int hops = 0; hops < WRAPPERS; hops++) {
        rc = dml_elf_open(root, at, a, &elf, err);
        if (rc != DML_EINVAL)
            break;
        struct dml_sv script;
        struct dml_err ignored;
        rc = dml_root_read(a, root, at, WRAPPER_BYTES, &script, &ignored);
        char *next = rc == 0 && dml_sv_starts(script, DML_SV("#!")) ? wrapped(a, script, at) : NULL;
        if (!next)
            return dml_err_set(err, DML_EINVAL, "%s is neither an ELF file nor a script that names the QEMU it runs",
                               dml_root_shown(a, root, at));
        at = next;
        rc = dml_err_set(err, DML_EINVAL, "%s: more than %d wrapper scripts in a row", path, WRAPPERS);
    }
    if (rc < 0)
        return rc;
    struct qemu_strings found = {.a = a};
    dml_elf_strings(elf, 4, see_qemu, &found);
    out->binary = dml_arena_strdup(a, at);
    out->version = found.version;
    /* The import is there exactly since QEMU 3.0 built with Xen: only then is the restriction effective. */
    out->xen_domid_restrict = dml_elf_has_symbol(elf, "xentoolcore_restrict_all") ? DML_TRI_YES : DML_TRI_NO;
    find_features(out, elf, &found, root);
    dml_elf_close(elf);
    dml_version v = 0;
    if (!found.run_with)
        out->run_with_chroot = out->run_with_user = DML_TRI_NO;
    else if (found.version && dml_qemu_version_parse(dml_sv_of(found.version), &v, NULL) == 0) {
        /* -run-with chroot= came with 8.1, user= with 9.1. */
        out->run_with_chroot = v >= DML_V(8, 1, 0) ? DML_TRI_YES : DML_TRI_NO;
        out->run_with_user = v >= DML_V(9, 1, 0) ? DML_TRI_YES : DML_TRI_NO;
    }
    return 0;
}

struct libxl_strings {
    struct dml_arena *a;
    const char *qemu, *private_bin, *seabios, *ovmf;
};

static _Bool ends_with(struct dml_sv s, const char *tail)
{
    size_t n = strlen(tail);
    return s.len >= n && memcmp(s.p + s.len - n, tail, n) == 0;
}

static _Bool see_libxl(void *user, struct dml_sv s)
{
    struct libxl_strings *l = user;
    if (s.p[0] != '/' || memchr(s.p, ' ', s.len) || memchr(s.p, '%', s.len))
        return 1;
    if (!l->qemu && ends_with(s, "qemu-system-i386"))
        l->qemu = dml_arena_strndup(l->a, s.p, s.len);
    else if (!l->private_bin && ends_with(s, "/bin") && memmem(s.p, s.len, "/xen", 4))
        l->private_bin = dml_arena_strndup(l->a, s.p, s.len);
    else if (!l->seabios && memmem(s.p, s.len, "seabios", 7) && ends_with(s, ".bin"))
        l->seabios = dml_arena_strndup(l->a, s.p, s.len);
    else if (!l->ovmf && (memmem(s.p, s.len, "ovmf", 4) || memmem(s.p, s.len, "OVMF", 4)) &&
             (ends_with(s, ".bin") || ends_with(s, ".fd")))
        l->ovmf = dml_arena_strndup(l->a, s.p, s.len);
    return 1;
}

/* Looks in `dir` for libxenlight.so.X.Y.Z; returns its path below root, or NULL. */
static char *find_libxl(const char *root, const char *dir, struct dml_arena *a, char **version)
{
    DIR *d = dml_root_opendir(root, dir);
    char *found = NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        static const char stem[] = "libxenlight.so.";
        const char *number = e->d_name + sizeof stem - 1;
        dml_version v;
        /* libxenlight.so.4.17 and .4.17.0 are both there; the point number of a soname says nothing of the release's.
         */
        if (strncmp(e->d_name, stem, sizeof stem - 1) != 0 || dml_xen_version_parse(dml_sv_of(number), &v, NULL) < 0)
            continue;
        found = dml_arena_printf(a, "%s/%s", dir, e->d_name);
        *version = dml_arena_printf(a, "%u.%u", DML_V_MAJOR(v), DML_V_MINOR(v));
    }
    if (d)
        closedir(d);
    return found;
}

int dml_libxl_inspect(const char *root, struct dml_arena *a, struct dml_libxl_info *out, struct dml_err *err)
{
    static const char *const dirs[] = {"/usr/lib/x86_64-linux-gnu",
                                       "/usr/lib/aarch64-linux-gnu",
                                       "/usr/lib/arm-linux-gnueabihf",
                                       "/usr/lib64",
                                       "/usr/lib",
                                       "/usr/local/lib",
                                       "/usr/local/lib64"};
    *out = (struct dml_libxl_info){0};
    char *file = NULL, *version = NULL;
    for (size_t i = 0; !file && i < sizeof dirs / sizeof dirs[0]; i++)
        file = find_libxl(root, dirs[i], a, &version);
    if (!file)
        return dml_err_set(err, DML_ENOENT, "no libxenlight of a release that dmlint knows");
    out->file = file;
    out->version = version;
    struct dml_elf *elf;
    int rc = dml_elf_open(root, file, a, &elf, err);
    if (rc < 0)
        return rc;
    struct libxl_strings found = {.a = a};
    dml_elf_strings(elf, 4, see_libxl, &found);
    out->arch = dml_elf_arch(elf);
    out->qemu_path = found.qemu;
    out->seabios = found.seabios;
    out->ovmf = found.ovmf;
    if (found.private_bin)
        out->qemu_traditional_path = dml_arena_printf(a, "%s/qemu-dm", found.private_bin);
    dml_elf_close(elf);
    return 0;
}
