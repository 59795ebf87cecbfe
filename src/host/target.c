/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Target: options over facts, and facts in libdmargv's shape. */
#include "host/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "host/accounts.h"

static enum dml_tri tri(_Bool yes)
{
    return yes ? DML_TRI_YES : DML_TRI_NO;
}

/* The abilities that a version implies: restriction works since 3.0, -run-with chroot= since 8.1, user= since 9.1. */
static void abilities(struct dml_target *t)
{
    t->qemu_restricts = tri(t->qemu >= DML_V(3, 0, 0));
    t->run_with_chroot = tri(t->qemu >= DML_V(8, 1, 0));
    t->run_with_user = tri(t->qemu >= DML_V(9, 1, 0));
}

static int parse_caps(struct dml_target *t, const char *caps, struct dml_err *err)
{
    t->run_with_chroot = t->run_with_user = DML_TRI_NO;
    if (strcmp(caps, "none") == 0)
        return 0;
    for (const char *p = caps; *p;) {
        size_t n = strcspn(p, ",");
        struct dml_sv word = {p, n};
        if (dml_sv_is(word, "run-with-chroot"))
            t->run_with_chroot = DML_TRI_YES;
        else if (dml_sv_is(word, "run-with-user"))
            t->run_with_user = DML_TRI_YES;
        else
            return dml_err_set(err, DML_EINVAL,
                               "--qemu-caps: \"%.*s\" is no ability; give none, or of run-with-chroot,run-with-user",
                               DML_SV_ARG(word));
        p += n + (p[n] == ',');
    }
    return 0;
}

/* "6.1.0-21-amd64" is 6.1.0; 0 where it does not begin with a version. */
static dml_version kernel_version(const char *release)
{
    dml_version v = 0;
    size_t n = strspn(release, "0123456789.");
    /* 5.10.0-28 has a third number that fits; 4.19.999999 does not occur. */
    return dml_qemu_version_parse((struct dml_sv){release, n}, &v, NULL) == 0 ? v : 0;
}

/* What the host's QEMU is built with: what the facts say, else what is known of a build of that version at that path.
 */
static void build_of_host(struct dml_target *t, const struct dml_facts *facts)
{
    const char *name = dml_qemu_build_of(facts->qemu.path, t->qemu);
    if (name)
        dml_qemu_build_named(&t->build, name);
    else
        dml_qemu_build_upstream(&t->build, t->qemu);
    t->build.version = t->qemu;
    for (unsigned i = 0; i < DML_QEMU_FEATURES; i++)
        if (facts->qemu.has[i])
            t->build.has[i] = facts->qemu.has[i];
}

/* --qemu: a version, or the name of a build. */
static int parse_qemu(struct dml_target *t, const char *qemu, struct dml_err *err)
{
    if (dml_qemu_build_named(&t->build, qemu)) {
        t->qemu = t->build.version;
    } else if (qemu[0] < '0' || qemu[0] > '9') {
        struct dml_buf names;
        dml_buf_init(&names, 1024);
        for (unsigned i = 0; dml_qemu_build_name(i); i++)
            dml_buf_printf(&names, "%s%s", i ? ", " : "", dml_qemu_build_name(i));
        int rc = dml_err_set(err, DML_EINVAL, "--qemu: \"%s\" is neither a version nor a build that dmlint knows (%s)",
                             qemu, names.len ? names.p : "");
        dml_buf_dispose(&names);
        return rc;
    } else {
        int rc = dml_qemu_release_parse(dml_sv_of(qemu), &t->qemu, err);
        if (rc < 0)
            return rc;
        dml_qemu_build_upstream(&t->build, t->qemu);
    }
    abilities(t);
    return 0;
}

int dml_target_init(struct dml_target *t, const struct dml_facts *facts, const char *xen, const char *qemu,
                    const char *caps, struct dml_err *err)
{
    *t = (struct dml_target){.xen = dml_xen_newest()};
    dml_qemu_build_upstream(&t->build, 0);
    if (facts && facts->xen.version) {
        t->xen = facts->xen.version;
        t->xen_known = 1;
    }
    if (facts) {
        t->qemu = facts->qemu.version;
        if (t->qemu)
            abilities(t);
        if (facts->qemu.xen_domid_restrict)
            t->qemu_restricts = facts->qemu.xen_domid_restrict;
        if (facts->qemu.run_with_chroot)
            t->run_with_chroot = facts->qemu.run_with_chroot;
        if (facts->qemu.run_with_user)
            t->run_with_user = facts->qemu.run_with_user;
        build_of_host(t, facts);
        if (facts->kernel_release)
            t->kernel = kernel_version(facts->kernel_release);
    }
    int rc = 0;
    if (xen) {
        rc = dml_xen_release_parse(dml_sv_of(xen), &t->xen, err);
        t->xen_known = 1;
    }
    if (rc == 0 && qemu)
        rc = parse_qemu(t, qemu, err);
    if (rc == 0 && caps)
        rc = parse_caps(t, caps, err);
    return rc;
}

_Bool dml_pci_address(const char *text, uint32_t *domain, uint8_t *bus, uint8_t *dev, uint8_t *func)
{
    const char *colon = strchr(text, ':');
    const char *rest = colon && strchr(colon + 1, ':') ? colon + 1 : text;
    const char *middle = strchr(rest, ':'), *dot = strchr(rest, '.');
    uint64_t n[4] = {0};
    if (!middle || !dot || dot < middle ||
        (rest != text &&
         dml_num_parse_u((struct dml_sv){text, (size_t)(colon - text)}, 16, &n[0], NULL) != DML_NUM_OK) ||
        dml_num_parse_u((struct dml_sv){rest, (size_t)(middle - rest)}, 16, &n[1], NULL) != DML_NUM_OK ||
        dml_num_parse_u((struct dml_sv){middle + 1, (size_t)(dot - middle - 1)}, 16, &n[2], NULL) != DML_NUM_OK ||
        dml_num_parse_u(dml_sv_of(dot + 1), 16, &n[3], NULL) != DML_NUM_OK || n[0] > UINT32_MAX || n[1] > 255 ||
        n[2] > 31 || n[3] > 7)
        return 0;
    *domain = (uint32_t)n[0];
    *bus = (uint8_t)n[1];
    *dev = (uint8_t)n[2];
    *func = (uint8_t)n[3];
    return 1;
}

static enum dma_bool known(enum dml_tri t)
{
    return t == DML_TRI_UNKNOWN ? DMA_UNSET : t == DML_TRI_YES ? DMA_YES : DMA_NO;
}

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct dml_host_file *)x)->path, ((const struct dml_host_file *)y)->path);
}

/* The files that facts say something of, sorted for look-up, and what of others. */
struct files {
    struct dml_list list;
    _Bool complete, look;
};

static enum dma_file_type look_at(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ? DMA_FILE_ABSENT : DMA_FILE_UNKNOWN;
    return S_ISREG(st.st_mode)   ? DMA_FILE_REGULAR
           : S_ISBLK(st.st_mode) ? DMA_FILE_BLOCK
           : S_ISCHR(st.st_mode) ? DMA_FILE_CHAR
           : S_ISDIR(st.st_mode) ? DMA_FILE_DIRECTORY
                                 : DMA_FILE_UNKNOWN;
}

static enum dma_file_type listed(const struct files *files, const char *path)
{
    static const struct {
        const char *name;
        enum dma_file_type type;
    } types[] = {{"regular", DMA_FILE_REGULAR},
                 {"block", DMA_FILE_BLOCK},
                 {"char", DMA_FILE_CHAR},
                 {"directory", DMA_FILE_DIRECTORY},
                 {"absent", DMA_FILE_ABSENT}};
    struct dml_host_file key = {.path = path};
    const struct dml_host_file *f = files->list.n ? bsearch(&key, files->list.v, files->list.n, sizeof key, by_path)
                                                  : NULL;
    for (size_t i = 0; f && f->type && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(f->type, types[i].name) == 0)
            return types[i].type;
    return DMA_FILE_UNKNOWN;
}

/* Only whole paths: others count from where xl is started. */
static enum dma_file_type file_type(void *user, const char *path)
{
    const struct files *files = user;
    enum dma_file_type type = listed(files, path);
    if (type != DMA_FILE_UNKNOWN || *path != '/')
        return type;
    return files->look ? look_at(path) : files->complete ? DMA_FILE_ABSENT : DMA_FILE_UNKNOWN;
}

enum dma_file_type dml_target_file(const struct dma_host *host, const char *path, _Bool named)
{
    struct files files;
    if (host->file_type != file_type)
        return DMA_FILE_UNKNOWN;
    files = *(const struct files *)host->file_user;
    files.complete &= named;
    return file_type(&files, path);
}

_Bool dml_target_knows_files(const struct dma_host *host)
{
    const struct files *files = host->file_type == file_type ? host->file_user : NULL;
    return files && (files->list.n || files->complete || files->look);
}

static struct files *files_of(const struct dml_facts *f, struct dml_arena *a)
{
    struct files *out = dml_new(a, struct files);
    struct dml_host_file *v = dml_new_n(a, struct dml_host_file, f->files.n ? f->files.n : 1);
    if (!out || !v)
        return NULL;
    *out = (struct files){{v, 0, 1}, f->files_complete == DML_TRI_YES, f->look};
    for (uint32_t i = 0; i < f->files.n; i++)
        if (DML_AT(f->files, struct dml_host_file, i)->path)
            v[out->list.n++] = *DML_AT(f->files, struct dml_host_file, i);
    qsort(v, out->list.n, sizeof *v, by_path);
    return out;
}

static int add_accounts(struct dma_host *out, const struct dml_facts *f, struct dml_arena *a)
{
    struct dma_account *v = dml_new_n(a, struct dma_account, f->passwd.n ? f->passwd.n : 1);
    uint32_t n = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < f->passwd.n; i++) {
        const struct dml_account *account = DML_AT(f->passwd, struct dml_account, i);
        if (account->name && account->uid <= UINT32_MAX)
            v[n++] = (struct dma_account){account->name, (uint32_t)account->uid,
                                          account->gid <= UINT32_MAX ? (uint32_t)account->gid : 0};
    }
    out->accounts_known = !f->passwd.known             ? DMA_LIST_UNKNOWN
                          : dml_accounts_enumerable(f) ? DMA_LIST_COMPLETE
                                                       : DMA_LIST_PARTIAL;
    DMA_LIST_SET(&out->accounts, v, n);
    return 0;
}

/* A running domain with this name and a config of its own? */
static enum dma_bool runs_as_guest(const struct dml_facts *f, const char *name)
{
    for (uint32_t i = 0; i < f->running.n; i++) {
        const struct dml_running *r = DML_AT(f->running, struct dml_running, i);
        if (r->name && strcmp(r->name, name) == 0)
            return DMA_YES;
    }
    return f->running.known ? DMA_NO : DMA_UNSET;
}

/* The domains of `domains`; where those are not known the guests of `running`, which are some of them. */
static int add_domains(struct dma_host *out, const struct dml_facts *f, struct dml_arena *a)
{
    uint32_t most = f->domains.known ? f->domains.n : f->running.n, n = 0;
    struct dma_domain *v = dml_new_n(a, struct dma_domain, most ? most : 1);
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < most; i++) {
        const struct dml_domain *d = f->domains.known ? DML_AT(f->domains, struct dml_domain, i) : NULL;
        const struct dml_running *r = d ? NULL : DML_AT(f->running, struct dml_running, i);
        const char *name = d ? d->name : r->name;
        uint64_t domid = d ? d->domid : r->domid;
        _Bool known = domid <= DML_DOMID_LAST; /* any will do where it is not: it ends up in xenstore paths only */
        if (name)
            v[n++] = (struct dma_domain){.name = name,
                                         .domid = known ? (uint32_t)domid : DML_DOMID_LAST,
                                         .guest = r ? DMA_YES : runs_as_guest(f, name),
                                         .domid_unknown = !known};
    }
    out->domains_known = f->domains.known ? DMA_LIST_COMPLETE : n ? DMA_LIST_PARTIAL : DMA_LIST_UNKNOWN;
    DMA_LIST_SET(&out->domains, v, n);
    return 0;
}

static int add_pci(struct dma_host *out, const struct dml_facts *f, struct dml_arena *a)
{
    struct dma_host_pci *v = dml_new_n(a, struct dma_host_pci, f->pci.n ? f->pci.n : 1);
    uint32_t n = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < f->pci.n; i++) {
        const struct dml_pci *p = DML_AT(f->pci, struct dml_pci, i);
        struct dma_host_pci *to = &v[n];
        if (!p->bdf || !dml_pci_address(p->bdf, &to->domain, &to->bus, &to->dev, &to->func))
            continue;
        to->vendor = p->vendor <= UINT16_MAX ? (uint16_t)p->vendor : 0;
        to->device = p->device <= UINT16_MAX ? (uint16_t)p->device : 0;
        to->class_code = p->class_code <= 0xffffff ? (uint32_t)p->class_code : 0;
        to->driver = p->driver && p->driver[0] ? p->driver : NULL;
        n++;
    }
    out->pci_known = f->pci.known ? DMA_LIST_COMPLETE : DMA_LIST_UNKNOWN;
    DMA_LIST_SET(&out->pci, v, n);
    return 0;
}

static int add_pools(struct dma_host *out, const struct dml_facts *f, struct dml_arena *a)
{
    struct dma_pool *v = dml_new_n(a, struct dma_pool, f->cpupools.n ? f->cpupools.n : 1);
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < f->cpupools.n; i++) {
        const struct dml_cpupool *p = DML_AT(f->cpupools, struct dml_cpupool, i);
        v[i] = (struct dma_pool){p->name, p->id < UINT32_MAX ? (uint32_t)p->id : UINT32_MAX};
    }
    out->pools_known = f->cpupools.known ? DMA_LIST_COMPLETE : DMA_LIST_PARTIAL;
    DMA_LIST_SET(&out->pools, v, f->cpupools.n);
    return 0;
}

static int add_usb(struct dma_host *out, const struct dml_facts *f, struct dml_arena *a)
{
    struct dma_host_usb *v = dml_new_n(a, struct dma_host_usb, f->usb.n ? f->usb.n : 1);
    uint32_t n = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < f->usb.n; i++) {
        const struct dml_usb *u = DML_AT(f->usb, struct dml_usb, i);
        if (u->bus <= UINT8_MAX && u->addr <= UINT8_MAX)
            v[n++] = (struct dma_host_usb){(uint8_t)u->bus, (uint8_t)u->addr, u->hub == DML_TRI_YES};
    }
    out->usb_known = f->usb.known ? DMA_LIST_COMPLETE : DMA_LIST_PARTIAL;
    DMA_LIST_SET(&out->usb, v, n);
    return 0;
}

int dml_target_host(struct dma_host *out, const struct dml_target *t, const struct dml_facts *facts,
                    struct dml_arena *a)
{
    dma_host_init(out);
    out->run_with_chroot = known(t->run_with_chroot);
    out->run_with_user = known(t->run_with_user);
    if (!facts)
        return 0;
    out->qemu_path = facts->qemu.path;
    out->qemu_installed = known(facts->qemu.installed);
    out->traditional_path = facts->qemu_traditional.path;
    out->traditional_installed = known(facts->qemu_traditional.installed);
    out->cpus = facts->cpus <= UINT32_MAX ? (uint32_t)facts->cpus : 0;
    out->numa_nodes = facts->numa_nodes <= UINT32_MAX ? (uint32_t)facts->numa_nodes : 0;
    out->iommu = known(facts->iommu);
    out->file_user = files_of(facts, a);
    out->file_type = file_type;
    if (!out->file_user || add_accounts(out, facts, a) < 0 || add_domains(out, facts, a) < 0 ||
        add_pci(out, facts, a) < 0 || add_pools(out, facts, a) < 0 || add_usb(out, facts, a) < 0)
        return DML_ENOMEM;
    return 0;
}
