/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guests that run or were saved. Without a Xen library: libxl's stored configs, QEMU's command lines, saved images. */
#include "host/guests.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/path.h"
#include "base/root.h"
#include "guest/open.h"
#include "host/accounts.h"

enum { CONFIG_MAX_BYTES = 1024 * 1024 };

static const char STORED_DIR[] = "/var/lib/xen", SAVE_DIR[] = "/var/lib/xen/save",
                  BACKEND_DIR[] = "/sys/bus/xen-backend/devices";

/* A QEMU that runs for a guest. */
struct process {
    uint64_t domid, uid;
    const char *pid, *name;
};

struct search {
    struct dml_facts *f;
    const char *root;
    struct dml_arena *a;  /* what is kept */
    struct dml_arena one; /* what a file takes */
    struct dml_buf *notes;
    struct dml_xlu *xlu;
    _Bool proc; /* there are processes to be seen */
    _Bool backends_known;
    DML_VEC(uint64_t) backends; /* domids that have a device in dom0: all that are there */
    DML_VEC(struct process) processes;
    DML_VEC(struct dml_running) running;
    DML_VEC(struct dml_saved_image) images;
};

static const char *base_name(const char *path)
{
    return dml_path_base(dml_sv_of(path)).p;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

struct names {
    DML_VEC(const char *) v;
};

/* Sorted names in a directory below root, hidden ones left out; 0 where it can neither be read nor is absent. */
static _Bool list(struct search *s, const char *dir, struct names *out)
{
    DIR *d = dml_root_opendir(s->root, dir);
    *out = (struct names){{0}};
    if (!d)
        return errno == ENOENT || errno == ENOTDIR;
    for (struct dirent *e; (e = readdir(d));) {
        const char **name = e->d_name[0] != '.' ? dml_vec_add(s->a, &out->v) : NULL;
        if (name)
            *name = dml_arena_strdup(s->a, e->d_name);
    }
    closedir(d);
    if (!s->a->failed && out->v.v)
        qsort(out->v.v, out->v.n, sizeof *out->v.v, by_text);
    return 1;
}

/* ---- processes ---- */

/* What of a QEMU's arguments says whose it is: -xen-domid (qemu-xen) or -d (qemu-xen-traditional), and -name. */
static _Bool read_arguments(struct dml_sv args, uint64_t *domid, struct dml_sv *name)
{
    struct dml_sv before = {"", 0};
    _Bool found = 0;
    *name = before;
    for (_Bool first = 1; args.len; first = 0) {
        const char *end = memchr(args.p, '\0', args.len);
        struct dml_sv arg = {args.p, end ? (size_t)(end - args.p) : args.len};
        if (first && !memmem(arg.p, arg.len, "qemu", 4))
            return 0;
        if (dml_sv_is(before, "-xen-domid") || (!found && dml_sv_is(before, "-d")))
            found = dml_num_decimal(arg, DML_DOMID_LAST, domid) && *domid;
        else if (dml_sv_is(before, "-name") || dml_sv_is(before, "-domain-name"))
            *name = arg;
        before = arg;
        size_t skip = arg.len + (end != NULL);
        args = (struct dml_sv){args.p + skip, args.len - skip};
    }
    return found;
}

static void find_processes(struct search *s)
{
    struct names names;
    list(s, "/proc", &names);
    for (uint32_t i = 0; i < names.v.n && !s->a->failed; i++) {
        const char *pid = names.v.v[i];
        struct stat st;
        struct dml_sv args, name;
        uint64_t n, domid;
        if (!dml_num_decimal(dml_sv_of(pid), UINT32_MAX, &n))
            continue;
        s->proc = 1;
        dml_arena_reset(&s->one);
        char *inside = dml_arena_printf(&s->one, "/proc/%s/cmdline", pid);
        char *dir = dml_arena_printf(&s->one, "/proc/%s", pid);
        if (!inside || !dir || dml_root_read(&s->one, s->root, inside, CONFIG_MAX_BYTES, &args, NULL) < 0 ||
            !read_arguments(args, &domid, &name) || dml_root_stat(s->root, dir, 1, &st) < 0)
            continue;
        struct process *p = dml_vec_add(s->a, &s->processes);
        if (p)
            *p = (struct process){domid, st.st_uid, pid, name.len ? dml_arena_strndup(s->a, name.p, name.len) : NULL};
    }
}

static const struct process *process_of(const struct search *s, uint64_t domid)
{
    for (uint32_t i = 0; i < s->processes.n; i++)
        if (s->processes.v[i].domid == domid)
            return &s->processes.v[i];
    return NULL;
}

/* ---- domains ---- */

/* The domid behind the first `separator`: userdata-d.DOMID.UUID.libxl-json, vbd-DOMID-51712. Domain 0 is none. */
static _Bool domid_in(const char *name, char separator, uint64_t *domid)
{
    const char *from = strchr(name, separator);
    const char *to = from ? strchr(from + 1, separator) : NULL;
    return to && dml_num_decimal((struct dml_sv){from + 1, (size_t)(to - from - 1)}, DML_DOMID_LAST, domid) && *domid;
}

/* Linux lists the devices that dom0 serves as TYPE-DOMID-NUMBER; every domain has a console there while it exists. */
static void find_backends(struct search *s)
{
    struct names names;
    struct stat st;
    s->backends_known = dml_root_stat(s->root, BACKEND_DIR, 1, &st) == 0 && list(s, BACKEND_DIR, &names);
    for (uint32_t i = 0; s->backends_known && i < names.v.n; i++) {
        uint64_t domid, *slot = domid_in(names.v.v[i], '-', &domid) ? dml_vec_add(s->a, &s->backends) : NULL;
        if (slot)
            *slot = domid;
    }
}

static enum dml_tri alive(const struct search *s, uint64_t domid)
{
    for (uint32_t i = 0; i < s->backends.n; i++)
        if (s->backends.v[i] == domid)
            return DML_TRI_YES;
    return s->backends_known ? DML_TRI_NO : DML_TRI_UNKNOWN;
}

/* ---- configs ---- */

/* What matters of a stored config. */
struct config {
    const char *name, *device_model_version, *device_model_user;
    enum dml_tri dm_restrict;
    _Bool needs_qemu; /* an HVM guest whose QEMU runs in dom0 */
    DML_VEC(struct dml_running_disk) disks;
};

/* 0 where it cannot be read, or neither libxl nor xl save wrote it, which is said. */
static _Bool read_config(struct search *s, const char *path, struct config *out)
{
    struct dml_sv text;
    struct dml_cfg cfg = {0};
    struct dml_guest guest;
    struct dml_form_of form = {0};
    struct dml_err err = {""};
    dml_version xen = s->f->xen.version ? s->f->xen.version : dml_xen_newest();
    dml_arena_reset(&s->one);
    int rc = dml_root_read(&s->one, s->root, path, CONFIG_MAX_BYTES, &text, &err);
    if (rc == DML_ETOOBIG && dml_form_image_end(text))
        rc = 0;
    if (rc == 0)
        rc = dml_guest_open(&guest, &cfg, &form, &s->one, s->xlu, text, xen, NULL, &err);
    if (rc < 0) {
        dml_buf_printf(s->notes, "%s: %s\n", path, err.msg);
        return 0;
    }
    if (form.form == DML_FORM_CFG || cfg.errors.n) {
        const char *why = cfg.errors.n && form.form != DML_FORM_CFG
                              ? dml_cfg_error_message(&cfg, &cfg.errors.v[0], &s->one)
                              : "neither a config that libxl stored nor an image of xl save";
        dml_buf_printf(s->notes, "%s: %s\n", path, why ? why : "out of memory");
        return 0;
    }
    const struct dma_guest *g = &guest.g;
    _Bool hvm = g->type == DMA_HVM && g->device_model_stubdomain != DMA_YES;
    *out = (struct config){
        .name = g->name ? dml_arena_strdup(s->a, g->name) : NULL,
        .device_model_version = g->device_model_version == DMA_DM_QEMU_XEN      ? "qemu-xen"
                                : g->device_model_version == DMA_DM_TRADITIONAL ? "qemu-xen-traditional"
                                : hvm && s->f->qemu.installed == DML_TRI_YES    ? "qemu-xen"
                                                                                : NULL,
        .device_model_user = g->device_model_user ? dml_arena_strdup(s->a, g->device_model_user) : "",
        .dm_restrict = g->dm_restrict == DMA_YES ? DML_TRI_YES : DML_TRI_NO,
        .needs_qemu = hvm,
    };
    for (uint32_t i = 0; i < g->disks.n; i++) {
        const struct dma_disk *d = &g->disks.v[i];
        struct dml_running_disk *to =
            d->pdev_path && *d->pdev_path && !d->backend_domname ? dml_vec_add(s->a, &out->disks) : NULL;
        if (to)
            *to = (struct dml_running_disk){dml_arena_strdup(s->a, d->pdev_path),
                                            d->readwrite && !d->is_cdrom ? DML_TRI_YES : DML_TRI_NO};
    }
    return 1;
}

static void find_stored(struct search *s)
{
    struct names names;
    s->f->running.known = list(s, STORED_DIR, &names);
    for (uint32_t i = 0; i < names.v.n && !s->a->failed; i++) {
        uint64_t domid;
        struct config c = {0};
        if (!dml_form_is_stored_name(names.v.v[i]) || !domid_in(names.v.v[i], '.', &domid))
            continue;
        const char *path = dml_arena_printf(s->a, "%s/%s", STORED_DIR, names.v.v[i]);
        const struct process *p = process_of(s, domid);
        _Bool readable = path && read_config(s, path, &c);
        enum dml_tri there = alive(s, domid);
        if (there == DML_TRI_NO || (there == DML_TRI_UNKNOWN && readable && s->proc && c.needs_qemu && !p)) {
            dml_buf_printf(s->notes, "%s is a leftover: %s domid %llu\n", path,
                           there == DML_TRI_NO ? "there is no domain with" : "no QEMU runs for",
                           (unsigned long long)domid);
            continue;
        }
        struct dml_running *r = dml_vec_add(s->a, &s->running);
        if (r)
            *r = (struct dml_running){.domid = domid,
                                      .name = c.name ? c.name
                                              : p    ? p->name
                                                     : NULL,
                                      .dm_restrict = c.dm_restrict,
                                      .device_model_version = c.device_model_version,
                                      .device_model_user = c.device_model_user,
                                      .uid = p ? p->uid : DML_FACT_UNKNOWN,
                                      .qemu = p                         ? DML_TRI_YES
                                              : s->proc && c.needs_qemu ? DML_TRI_NO
                                                                        : DML_TRI_UNKNOWN,
                                      .disks = {c.disks.v, c.disks.n, readable},
                                      .path = path};
    }
}

/* QEMUs of guests that libxl stored nothing of: all that is known of them is what runs. */
static void add_others(struct search *s)
{
    for (uint32_t i = 0; s->processes.v && i < s->processes.n; i++) {
        const struct process *p = &s->processes.v[i];
        _Bool known = 0;
        if (alive(s, p->domid) == DML_TRI_NO) {
            dml_buf_printf(s->notes,
                           "process %s is a leftover: the QEMU of domid %llu, which is gone; it keeps all its rights "
                           "until it is ended (kill %s)\n",
                           p->pid, (unsigned long long)p->domid, p->pid);
            continue;
        }
        for (uint32_t k = 0; s->running.v && k < s->running.n && !known; k++)
            known = s->running.v[k].domid == p->domid;
        struct dml_running *r = known ? NULL : dml_vec_add(s->a, &s->running);
        if (r)
            *r = (struct dml_running){.domid = p->domid, .name = p->name, .uid = p->uid, .qemu = DML_TRI_YES};
    }
}

static int by_domid(const void *x, const void *y)
{
    const struct dml_running *a = x, *b = y;
    return (a->domid > b->domid) - (a->domid < b->domid);
}

static void find_images(struct search *s, const char *dir)
{
    struct names names;
    if (list(s, dir, &names))
        s->f->saved_images.known = 1;
    for (uint32_t i = 0; i < names.v.n && !s->a->failed; i++) {
        struct config c = {0};
        struct stat st;
        const char *path = dml_arena_printf(s->a, "%s/%s", dir, names.v.v[i]);
        if (!path || dml_root_stat(s->root, path, 1, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        read_config(s, path, &c);
        struct dml_saved_image *m = dml_vec_add(s->a, &s->images);
        if (m)
            *m = (struct dml_saved_image){path, c.name ? c.name : base_name(path), c.dm_restrict,
                                          c.device_model_version, c.device_model_user};
    }
}

int dml_collect_guests(struct dml_facts *f, const char *root, struct dml_arena *a, struct dml_buf *notes,
                       struct dml_err *err)
{
    struct search s = {.f = f, .root = root, .a = a, .notes = notes, .xlu = dml_xlu_new()};
    const char *save = f->xendomains.save && f->xendomains.save[0] == '/' ? f->xendomains.save : NULL;
    if (!s.xlu)
        return dml_err_nomem(err);
    find_processes(&s);
    find_backends(&s);
    find_stored(&s);
    add_others(&s);
    if (s.running.n)
        qsort(s.running.v, s.running.n, sizeof *s.running.v, by_domid);
    f->running.v = s.running.v;
    f->running.n = s.running.n;
    if (save)
        find_images(&s, save);
    if (!save || strcmp(save, SAVE_DIR) != 0)
        find_images(&s, SAVE_DIR);
    f->saved_images.v = s.images.v;
    f->saved_images.n = s.images.n;
    dml_xlu_free(s.xlu);
    dml_arena_dispose(&s.one);
    return a->failed ? dml_err_nomem(err) : 0;
}
