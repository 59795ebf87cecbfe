/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host facts from files below a root directory; one function per source, each leaving unknown what it cannot read. */
#include "host/collect_i.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/path.h"
#include "base/root.h"
#include "host/guests.h"

enum { FILE_MAX_BYTES = 16 * 1024 * 1024 };

_Bool dml_collect_is_there(struct collector *c, const char *path)
{
    struct stat st;
    return path && dml_root_stat(c->root, path, 1, &st) == 0;
}

/* The file's text; where it cannot be read, says so in the notes (but for files that need not exist) and returns 0. */
_Bool dml_collect_slurp(struct collector *c, const char *path, _Bool expected, struct dml_sv *text)
{
    struct dml_err err;
    int rc = dml_root_read(c->a, c->root, path, FILE_MAX_BYTES, text, &err);
    if (rc < 0 && rc != DML_ENOMEM && (expected || errno != ENOENT))
        dml_buf_printf(c->notes, "%s\n", err.msg);
    return rc == 0;
}

_Bool dml_collect_next_line(struct dml_sv *text, struct dml_sv *line)
{
    if (!text->len)
        return 0;
    const char *nl = memchr(text->p, '\n', text->len);
    size_t n = nl ? (size_t)(nl - text->p) : text->len;
    *line = (struct dml_sv){text->p, n};
    size_t skip = nl ? n + 1 : n;
    *text = (struct dml_sv){text->p + skip, text->len - skip};
    return 1;
}

/* Cuts the part up to `sep` (or all) off `rest`. */
struct dml_sv dml_collect_cut(struct dml_sv *rest, char sep)
{
    const char *at = rest->len ? memchr(rest->p, sep, rest->len) : NULL;
    size_t n = at ? (size_t)(at - rest->p) : rest->len;
    struct dml_sv part = {rest->p, n};
    size_t skip = at ? n + 1 : n;
    *rest = (struct dml_sv){rest->p + skip, rest->len - skip};
    return part;
}

_Bool dml_collect_next_word(struct dml_sv *rest, struct dml_sv *word)
{
    while (rest->len && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
        rest->p++;
        rest->len--;
    }
    size_t n = 0;
    while (n < rest->len && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    *word = (struct dml_sv){rest->p, n};
    rest->p += n;
    rest->len -= n;
    return n > 0;
}

const char *dml_collect_keep(struct collector *c, struct dml_sv s)
{
    return dml_arena_strndup(c->a, s.p, s.len);
}

/* Appends a zeroed element to a list of facts; NULL when out of memory. */
void *dml_collect_append(struct collector *c, struct dml_list *list, size_t size)
{
    list->known = 1;
    /* Capacity is implied: lists grow at powers of two. */
    if ((list->n & (list->n - 1)) == 0) {
        size_t cap = list->n ? (size_t)list->n * 2 : 1;
        void *v = dml_arena_grow(c->a, list->v, list->n * size, cap * size, _Alignof(max_align_t));
        if (!v)
            return NULL;
        list->v = v;
    }
    void *p = (char *)list->v + (size_t)list->n++ * size;
    memset(p, 0, size);
    return p;
}

static void append_string(struct collector *c, struct dml_list *list, struct dml_sv s)
{
    const char **p = dml_collect_append(c, list, sizeof *p);
    if (p)
        *p = dml_collect_keep(c, s);
}

/* ---- accounts and ids ---- */

static void passwd_lines(struct collector *c, struct dml_sv text)
{
    struct dml_sv line;
    while (dml_collect_next_line(&text, &line)) {
        struct dml_sv rest = line, name = dml_collect_cut(&rest, ':');
        dml_collect_cut(&rest, ':');
        uint64_t uid, gid;
        if (!name.len || name.p[0] == '#' || !dml_num_decimal(dml_collect_cut(&rest, ':'), UINT32_MAX, &uid) ||
            !dml_num_decimal(dml_collect_cut(&rest, ':'), UINT32_MAX, &gid))
            continue;
        _Bool known = 0;
        for (uint32_t i = 0; i < c->f->passwd.n && !known; i++)
            known = dml_sv_is(name, DML_AT(c->f->passwd, struct dml_account, i)->name);
        struct dml_account *account = known ? NULL : dml_collect_append(c, &c->f->passwd, sizeof *account);
        if (account)
            *account = (struct dml_account){dml_collect_keep(c, name), uid, gid};
    }
}

/* Runs `getent ARGS` and takes its output as passwd lines. Returns 0 where it could not be run. */
static _Bool getent_passwd(struct collector *c, const char *names)
{
    char *command = dml_arena_printf(c->a, "LC_ALL=C getent passwd %s 2>/dev/null", names);
    FILE *p = command ? popen(command, "re") : NULL;
    if (!p)
        return 0;
    struct dml_sv text = {"", 0};
    struct dml_err err;
    int rc = dml_fd_read(c->a, fileno(p), "getent", FILE_MAX_BYTES, &text, &err);
    int status = pclose(p);
    if (rc < 0 || status == -1 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
        return 0;
    passwd_lines(c, text);
    return 1;
}

static void collect_accounts(struct collector *c)
{
    struct dml_sv text, line;
    if (dml_collect_slurp(c, "/etc/passwd", 1, &text)) {
        c->f->passwd.known = 1;
        passwd_lines(c, text);
    }
    if (dml_collect_slurp(c, "/etc/nsswitch.conf", 0, &text)) {
        while (dml_collect_next_line(&text, &line)) {
            struct dml_sv rest = dml_collect_cut(&line, '#'), word;
            if (!dml_sv_is(dml_sv_trim(dml_collect_cut(&rest, ':')), "passwd"))
                continue;
            while (dml_collect_next_word(&rest, &word))
                if (word.p[0] != '[' && word.p[word.len - 1] != ']') /* actions such as [NOTFOUND=return] */
                    append_string(c, &c->f->nss, word);
        }
    }
    if (!c->f->nss.known && c->f->passwd.known) /* the C library's own default */
        append_string(c, &c->f->nss, DML_SV("files"));
    if (c->live &&
        !(getent_passwd(c, "") && getent_passwd(c, "xen-qemuuser-range-base xen-qemuuser-shared xen-qemuuser-reaper")))
        dml_buf_str(c->notes, "getent could not be run: accounts are those of /etc/passwd\n");

    if (dml_collect_slurp(c, "/etc/group", 1, &text)) {
        c->f->groups.known = 1;
        while (dml_collect_next_line(&text, &line)) {
            struct dml_sv rest = line, name = dml_collect_cut(&rest, ':');
            dml_collect_cut(&rest, ':');
            uint64_t gid;
            if (!name.len || !dml_num_decimal(dml_collect_cut(&rest, ':'), UINT32_MAX, &gid))
                continue;
            struct dml_group *g = dml_collect_append(c, &c->f->groups, sizeof *g);
            if (!g)
                return;
            *g = (struct dml_group){.name = dml_collect_keep(c, name), .gid = gid, .members = {.known = 1}};
            while (rest.len) {
                struct dml_sv member = dml_sv_trim(dml_collect_cut(&rest, ','));
                if (member.len)
                    append_string(c, &g->members, member);
            }
        }
    }
}

static void collect_subids(struct collector *c, const char *path, struct dml_list *list)
{
    struct dml_sv text, line;
    /* No such file means that nobody has subordinate ids, if the place where it would be is there. */
    list->known = dml_collect_is_there(c, "/etc");
    if (!dml_collect_slurp(c, path, 0, &text))
        return;
    while (dml_collect_next_line(&text, &line)) {
        struct dml_sv rest = line, name = dml_collect_cut(&rest, ':');
        uint64_t start, count;
        if (!dml_num_decimal(dml_collect_cut(&rest, ':'), UINT64_MAX / 2, &start) ||
            !dml_num_decimal(dml_sv_trim(rest), UINT64_MAX / 2, &count))
            continue;
        struct dml_id_range *r = dml_collect_append(c, list, sizeof *r);
        if (r)
            *r = (struct dml_id_range){dml_collect_keep(c, name), start, count};
    }
}

static void collect_login_defs(struct collector *c)
{
    const struct {
        const char *name;
        uint64_t *to, unset; /* login.defs(5) */
    } wanted[] = {
        {"UID_MIN", &c->f->login_defs.uid_min, 1000},
        {"UID_MAX", &c->f->login_defs.uid_max, 60000},
        {"SUB_UID_MIN", &c->f->login_defs.sub_uid_min, 100000},
        {"SUB_UID_MAX", &c->f->login_defs.sub_uid_max, 600100000},
    };
    struct dml_sv text, line;
    if (!dml_collect_slurp(c, "/etc/login.defs", 0, &text))
        return;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        *wanted[i].to = wanted[i].unset;
    while (dml_collect_next_line(&text, &line)) {
        struct dml_sv key, value;
        if (!dml_collect_next_word(&line, &key) || !dml_collect_next_word(&line, &value))
            continue;
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
            uint64_t n;
            if (dml_sv_is(key, wanted[i].name) && dml_num_decimal(value, UINT32_MAX, &n))
                *wanted[i].to = n;
        }
    }
}

/* ---- Xen, QEMU, kernel ---- */

static char *read_word(struct collector *c, const char *path)
{
    struct dml_sv text;
    if (!dml_collect_slurp(c, path, 0, &text))
        return NULL;
    text = dml_sv_trim(text);
    return text.len ? dml_arena_strndup(c->a, text.p, text.len) : NULL;
}

/* The version of a Debian package that is installed, from dpkg's status file: "4.17.5+23-ga4e5191dc0-1". */
static char *dpkg_version(struct collector *c, const char *package)
{
    struct dml_sv text, line;
    if (!dml_collect_slurp(c, "/var/lib/dpkg/status", 0, &text))
        return NULL;
    _Bool here = 0;
    while (dml_collect_next_line(&text, &line)) {
        struct dml_sv rest = line, key = dml_collect_cut(&rest, ':');
        rest = dml_sv_trim(rest);
        if (dml_sv_is(key, "Package"))
            here = dml_sv_is(rest, package);
        else if (here && dml_sv_is(key, "Status") && !dml_sv_is(rest, "install ok installed"))
            here = 0;
        else if (here && dml_sv_is(key, "Version"))
            return dml_arena_strndup(c->a, rest.p, rest.len);
    }
    return NULL;
}

static void set_xen(struct collector *c, const char *text)
{
    dml_version v;
    struct dml_err err;
    if (!text)
        return;
    if (dml_xen_version_parse(dml_sv_of(text), &v, &err) < 0) {
        dml_buf_printf(c->notes, "Xen release: %s\n", err.msg);
        return;
    }
    c->f->xen.version_text = text;
    c->f->xen.version = v;
}

static void collect_xen(struct collector *c, struct dml_libxl_info *libxl)
{
    struct dml_err err;
    int rc = dml_libxl_inspect(c->root, c->a, libxl, &err);
    if (rc < 0)
        dml_buf_printf(c->notes, "%s\n", err.msg);
    c->f->xen.arch = libxl->arch;
    /* The toolstack decides the argv, so its package's version comes before that of the hypervisor that runs. */
    if (libxl->version) {
        const char *text = dpkg_version(c, dml_arena_printf(c->a, "libxenmisc%s", libxl->version));
        /* "4.17.5+23-g...": what follows the point release is the distribution's. */
        size_t n = text ? strspn(text, "0123456789.") : 0;
        set_xen(c, n ? dml_arena_strndup(c->a, text, n) : libxl->version);
        return;
    }
    char *major = read_word(c, "/sys/hypervisor/version/major"), *minor = read_word(c, "/sys/hypervisor/version/minor");
    char *extra = read_word(c, "/sys/hypervisor/version/extra");
    if (major && minor)
        set_xen(c, dml_arena_printf(c->a, "%s.%s%s", major, minor, extra ? extra : ""));
}

static enum dml_tri installed(struct collector *c, const char *path)
{
    return !path ? DML_TRI_UNKNOWN : dml_collect_is_there(c, path) ? DML_TRI_YES : DML_TRI_NO;
}

static void collect_qemu(struct collector *c, const struct dml_libxl_info *libxl)
{
    struct dml_facts *f = c->f;
    f->firmware.seabios = installed(c, libxl->seabios);
    f->firmware.ovmf = installed(c, libxl->ovmf);
    f->qemu_traditional.path = libxl->qemu_traditional_path;
    f->qemu_traditional.installed = installed(c, libxl->qemu_traditional_path);
    if (!libxl->qemu_path)
        return;
    struct dml_qemu_abilities q;
    struct dml_err err;
    int rc = dml_qemu_inspect(c->root, libxl->qemu_path, c->a, &q, &err);
    f->qemu.path = libxl->qemu_path;
    f->qemu.installed = rc == DML_ENOENT ? DML_TRI_NO : DML_TRI_YES;
    if (rc < 0) {
        dml_buf_printf(c->notes, "QEMU: %s\n", err.msg);
        return;
    }
    f->qemu.version_text = q.version;
    if (q.version)
        dml_qemu_version_parse(dml_sv_of(q.version), &f->qemu.version, &err);
    f->qemu.xen_domid_restrict = q.xen_domid_restrict;
    f->qemu.run_with_chroot = q.run_with_chroot;
    f->qemu.run_with_user = q.run_with_user;
    memcpy(f->qemu.has, q.has, sizeof q.has);
}

static uint64_t count_entries(struct collector *c, const char *dir, const char *prefix)
{
    DIR *d = dml_root_opendir(c->root, dir);
    uint64_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
    if (d)
        closedir(d);
    return n;
}

static void collect_kernel(struct collector *c)
{
    char *type = read_word(c, "/proc/sys/kernel/ostype");
    if ((type && strcmp(type, "Linux") == 0) || (!type && dml_collect_is_there(c, "/etc/os-release")))
        c->f->os = "linux";
    c->f->kernel_release = read_word(c, "/proc/sys/kernel/osrelease");
    c->f->hostname = read_word(c, "/proc/sys/kernel/hostname"); /* what runs, whatever it is called after a reboot */
    if (!c->f->hostname)
        c->f->hostname = read_word(c, "/etc/hostname");
    /* dom0 sees only its own vCPUs; Linux shows Xen's physical ones here. */
    uint64_t cpus = count_entries(c, "/sys/devices/system/xen_cpu", "xen_cpu");
    if (cpus)
        c->f->cpus = cpus;
}

/* ---- what happens around guests ---- */

/* Value of a shell assignment NAME=value, without quotes; 0 where the line is none. */
_Bool dml_collect_assignment(struct dml_sv line, struct dml_sv *name, struct dml_sv *value)
{
    line = dml_sv_trim(line);
    if (!line.len || line.p[0] == '#' || !memchr(line.p, '=', line.len))
        return 0;
    *value = line;
    *name = dml_collect_cut(value, '=');
    *value = dml_sv_trim(*value);
    if (value->len && (value->p[0] == '"' || value->p[0] == '\'')) {
        char quote = *value->p;
        value->p++;
        value->len--;
        *value = dml_collect_cut(value, quote);
    } else {
        struct dml_sv rest = *value;
        *value = dml_sv_trim(dml_collect_cut(&rest, '#'));
    }
    return 1;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Sorted paths of the entries of a directory; the list is known where the directory can be read or is not there. */
void dml_collect_list_dir(struct collector *c, const char *dir, const char *prefix, struct dml_list *list)
{
    DIR *d = dml_root_opendir(c->root, dir);
    list->known = d || errno == ENOENT;
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        char *path = e->d_name[0] != '.' && strncmp(e->d_name, prefix, strlen(prefix)) == 0
                         ? dml_arena_printf(c->a, "%s/%s", dir, e->d_name)
                         : NULL;
        if (path)
            append_string(c, list, dml_sv_of(path));
    }
    closedir(d);
    if (list->n)
        qsort(list->v, list->n, sizeof(const char *), by_name);
}

static void collect_xendomains(struct collector *c)
{
    struct dml_sv text, line, name, value;
    struct dml_facts *f = c->f;
    if (!dml_collect_slurp(c, "/etc/default/xendomains", 0, &text) &&
        !dml_collect_slurp(c, "/etc/sysconfig/xendomains", 0, &text))
        return;
    const char *autostart = "/etc/xen/auto";
    f->xendomains.save = f->xendomains.migrate = "";
    while (dml_collect_next_line(&text, &line)) {
        if (!dml_collect_assignment(line, &name, &value))
            continue;
        if (dml_sv_is(name, "XENDOMAINS_SAVE"))
            f->xendomains.save = dml_collect_keep(c, value);
        else if (dml_sv_is(name, "XENDOMAINS_MIGRATE"))
            f->xendomains.migrate = dml_collect_keep(c, value);
        else if (dml_sv_is(name, "XENDOMAINS_RESTORE"))
            f->xendomains.restore = dml_sv_is(value, "true") ? DML_TRI_YES : DML_TRI_NO;
        else if (dml_sv_is(name, "XENDOMAINS_AUTO"))
            autostart = dml_collect_keep(c, value);
    }
    if (autostart && autostart[0] == '/')
        dml_collect_list_dir(c, autostart, "", &f->xendomains.autostart);
}

/* xl.conf has the grammar of guests, but one plain setting is all that is asked of it; unset, it is xen. */
static void collect_xl_conf(struct collector *c)
{
    struct dml_sv text, line, name, value;
    if (!dml_collect_slurp(c, "/etc/xen/xl.conf", 0, &text))
        return;
    c->f->xl_conf.domid_policy = "xen";
    while (dml_collect_next_line(&text, &line))
        if (dml_collect_assignment(line, &name, &value) && dml_sv_is(dml_sv_trim(name), "domid_policy"))
            c->f->xl_conf.domid_policy = dml_collect_keep(c, dml_sv_trim(value));
}

static void collect_stale_chroots(struct collector *c)
{
    struct dml_list dirs = {0};
    dml_collect_list_dir(c, "/var/run/xen", "qemu-root-", &dirs);
    c->f->stale_chroots.known = dirs.known;
    for (uint32_t i = 0; i < dirs.n; i++) {
        const char *dir = *DML_AT(dirs, const char *, i);
        if (count_entries(c, dir, "") > 2) /* . and .. are always there */
            append_string(c, &c->f->stale_chroots, dml_sv_of(dir));
    }
}

enum { DOMIDS = 32752, NEAR = 1024 };

/* Uids of running processes in or near the range of xen-qemuuser-range-base; without it, where it could come to lie. */
static void collect_uids_in_use(struct collector *c)
{
    enum { ABOVE_ACCOUNTS = 65536 };
    uint64_t first = ABOVE_ACCOUNTS, last = UINT32_MAX;
    for (uint32_t i = 0; i < c->f->passwd.n; i++) {
        const struct dml_account *account = DML_AT(c->f->passwd, struct dml_account, i);
        if (strcmp(account->name, "xen-qemuuser-range-base") != 0)
            continue;
        first = account->uid > NEAR ? account->uid - NEAR : 0;
        last = account->uid + DOMIDS + NEAR;
    }
    DIR *d = c->f->passwd.known ? dml_root_opendir(c->root, "/proc") : NULL;
    if (!d)
        return;
    c->f->uids_in_use.known = 1;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9')
            continue;
        struct stat st;
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid < first || st.st_uid > last)
            continue;
        _Bool seen = 0;
        for (uint32_t i = 0; i < c->f->uids_in_use.n && !seen; i++)
            seen = *DML_AT(c->f->uids_in_use, uint64_t, i) == st.st_uid;
        uint64_t *uid = seen ? NULL : dml_collect_append(c, &c->f->uids_in_use, sizeof *uid);
        if (uid)
            *uid = st.st_uid;
    }
    closedir(d);
}

static uint64_t read_hex(struct collector *c, const char *dir, const char *name)
{
    char *text = read_word(c, dml_arena_printf(c->a, "%s/%s", dir, name));
    uint64_t v;
    return text && dml_num_parse_u(dml_sv_of(text), 16, &v, NULL) == DML_NUM_OK ? v : DML_FACT_UNKNOWN;
}

static void collect_pci(struct collector *c)
{
    struct dml_list dirs = {0};
    dml_collect_list_dir(c, "/sys/bus/pci/devices", "", &dirs);
    c->f->pci.known = dirs.known && dirs.v;
    for (uint32_t i = 0; i < dirs.n; i++) {
        const char *dir = *DML_AT(dirs, const char *, i);
        struct dml_pci *pci = dml_collect_append(c, &c->f->pci, sizeof *pci);
        if (!pci)
            return;
        *pci = (struct dml_pci){dml_collect_keep(c, dml_path_base(dml_sv_of(dir))), read_hex(c, dir, "vendor"),
                                read_hex(c, dir, "device"), read_hex(c, dir, "class"), ""};
        char *link = dml_arena_printf(c->a, "%s/driver", dir), target[PATH_MAX];
        ssize_t n = link ? dml_root_readlink(c->root, link, target, sizeof target) : -1;
        if (n > 0)
            pci->driver = dml_collect_keep(c, dml_path_base((struct dml_sv){target, (size_t)n}));
    }
}

/* ---- all together ---- */

static void redact_user(const char **name)
{
    if (*name && **name && strncmp(*name, "xen-", 4) != 0 && strcmp(*name, "root") != 0)
        *name = NULL;
}

static void redact(struct collector *c)
{
    struct dml_facts *f = c->f;
    f->hostname = f->hostname ? "redacted" : NULL;
    f->addresses = (struct dml_list){0};
    for (uint32_t i = 0; i < f->passwd.n; i++) {
        struct dml_account *account = DML_AT(f->passwd, struct dml_account, i);
        if (strncmp(account->name, "xen-", 4) != 0 && strcmp(account->name, "root") != 0)
            account->name = dml_arena_printf(c->a, "user-%llu", (unsigned long long)account->uid);
    }
    for (uint32_t i = 0; i < f->groups.n; i++) {
        struct dml_group *g = DML_AT(f->groups, struct dml_group, i);
        g->members = (struct dml_list){0}; /* names again; that nothing is known of them is the truth now */
    }
    for (uint32_t i = 0; i < f->running.n; i++)
        redact_user(&DML_AT(f->running, struct dml_running, i)->device_model_user);
    for (uint32_t i = 0; i < f->saved_images.n; i++)
        redact_user(&DML_AT(f->saved_images, struct dml_saved_image, i)->device_model_user);
    struct dml_list *blocks[] = {&f->subuid, &f->subgid};
    for (size_t b = 0; b < 2; b++)
        for (uint32_t i = 0; i < blocks[b]->n; i++)
            DML_AT(*blocks[b], struct dml_id_range, i)->name = dml_arena_printf(c->a, "owner-%u", i + 1);
}

/* The time of collection: SOURCE_DATE_EPOCH where it is set, so that output can be reproduced. */
static const char *now(struct dml_arena *a)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    uint64_t t;
    time_t when = epoch && dml_num_decimal(dml_sv_of(epoch), INT32_MAX, &t) ? (time_t)t : time(NULL);
    struct tm tm;
    char text[32];
    if (!gmtime_r(&when, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return NULL;
    return dml_arena_strdup(a, text);
}

int dml_facts_collect(struct dml_facts *f, const struct dml_collect *how, struct dml_arena *a, struct dml_buf *notes,
                      struct dml_err *err)
{
    struct collector c = {.f = f, .a = a, .notes = notes};
    c.live = !how->root || strcmp(how->root, "/") == 0;
    c.root = c.live ? "" : how->root;
    dml_facts_init(f);
    f->origin = c.live ? "local" : how->root;
    f->look = c.live && dml_host_is_dom0();
    f->format = 1;
    f->collected_at = how->collected_at ? how->collected_at : now(a);
    struct dml_libxl_info libxl;
    collect_kernel(&c);
    collect_xen(&c, &libxl);
    collect_qemu(&c, &libxl);
    collect_accounts(&c);
    collect_subids(&c, "/etc/subuid", &f->subuid);
    collect_subids(&c, "/etc/subgid", &f->subgid);
    collect_login_defs(&c);
    collect_xendomains(&c);
    collect_xl_conf(&c);
    collect_stale_chroots(&c);
    collect_uids_in_use(&c);
    collect_pci(&c);
    dml_collect_machine(&c);
    dml_collect_site(&c);
    int rc = dml_collect_guests(f, c.root, a, notes, err);
    if (rc < 0)
        return rc;
    if (how->redact)
        redact(&c);
    if (a->failed)
        return dml_err_nomem(err);
    return 0;
}

_Bool dml_host_is_dom0(void)
{
    char text[64] = "";
    FILE *f = fopen("/proc/xen/capabilities", "re");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    return strstr(text, "control_d") != NULL;
}
