/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libfakexen.so: an LD_PRELOADed stand-in for everything below libxl.
 *
 * `xl create` runs unmodified on top of it: xl's parser, libxlutil, libxl and
 * libxenctrl are the distribution's own binaries.  Faked are
 *
 *   - hypercalls, event channels and foreign mappings (at the libxencall,
 *     libxenevtchn and libxenforeignmemory boundaries);
 *   - guest image building and CPUID policy (xc_dom_*, xc_cpuid_*);
 *   - xenstore (libxenstore), with the backends and daemons that would answer;
 *   - user accounts, UUIDs, and the existence of files a config names;
 *   - exec: the device model's exec is recorded and ends the run, scripts
 *     "succeed" without running;
 *   - waiting, when nothing but a timeout can happen any more.
 *
 * It expects to live in the chroot that runner.c sets up, and reports through
 * files in OUTDIR:
 *
 *   exec             the device model's exec, see record_exec()
 *   others           one line for each other command libxl tried to exec
 *   second-domain, used-uuid, used-random, probed
 *                    empty; their existence says that it happened
 *
 * Compile with -DXENMINOR=17 for Xen 4.17, against that release's headers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define __XEN_TOOLS__ 1
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/version.h>
#include <xen/xen.h>

#ifndef XENMINOR
#error "compile with -DXENMINOR=N for Xen 4.N"
#endif

#define OUTDIR "/oracle-out"

/* ---------------------------------------------------------------------------
 * Settings, from the environment the runner gives (see init())
 */

static int fake_domid = 7;
static int trace;
static const char *absent = ""; /* colon-separated paths that do not exist */
#if XENMINOR >= 20
static const char *qemu_caps = "none";
#endif

static pid_t main_pid;  /* xl itself, not one of its children */
static char **base_env; /* the environment xl was started with */

/* Other domains said to exist, for backend=NAME in a config. */
static struct {
    int id;
    char name[64];
} extra[16];
static int nextra;

/* ---------------------------------------------------------------------------
 * Small helpers
 */

__attribute__((format(printf, 1, 2))) static void otrace(const char *fmt, ...)
{
    char buf[2048];
    va_list ap;

    if (!trace)
        return;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    dprintf(2, "ORACLE[%d]: %s\n", (int)getpid(), buf);
}

/* Something the fake is not sure about: always shown. */
__attribute__((format(printf, 1, 2))) static void onote(const char *fmt, ...)
{
    char buf[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    dprintf(2, "ORACLE-NOTE: %s\n", buf);
}

/* The function that this library's own one of the same name hides. */
#define REAL(name)                                                                                                     \
    static __typeof__(name) *real_##name;                                                                              \
    if (!real_##name)                                                                                                  \
    real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A function that does not look at its arguments. */
#define ALWAYS(type, name, value)                                                                                      \
    type name(void)                                                                                                    \
    {                                                                                                                  \
        otrace("%s", #name);                                                                                           \
        return value;                                                                                                  \
    }

/* open(2), past the open() below. */
static int raw_open(const char *path, int flags)
{
    return syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0644);
}

static int open_null(void)
{
    return raw_open("/dev/null", O_RDWR);
}

/* Tells the runner that something happened. */
static void mark(const char *name)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, OUTDIR "/%s", name);
    fd = raw_open(path, O_WRONLY | O_CREAT);
    if (fd >= 0)
        close(fd);
}

/* Writes to pipes and sockets of our own, where a short write cannot matter. */
static void poke(int fd, const void *data, size_t len)
{
    ssize_t r = write(fd, data, len);

    (void)r;
}

/* ---------------------------------------------------------------------------
 * The machine: dom0, the guest being created, 64 CPUs, 2 TiB, one NUMA node
 */

#define NCPU        64
#define NPAGES      (2048ULL << 18) /* of 4 KiB */
#define NPAGES_FREE (NPAGES - (2ULL << 18))
#define DOMID_LIMIT 0x7ff0 /* DOMID_FIRST_RESERVED */

static struct {
    bool exists;
    unsigned flags;
    xen_domain_handle_t handle;
    uint32_t ssidref;
    uint64_t maxkb;
    uint32_t max_vcpus;
} guest;

enum { SLOT_NONE = -1, SLOT_DOM0, SLOT_GUEST, SLOT_EXTRA };

static int slot_of(int domid)
{
    if (domid == 0)
        return SLOT_DOM0;
    if (guest.exists && domid == fake_domid)
        return SLOT_GUEST;
    for (int k = 0; k < nextra; k++)
        if (extra[k].id == domid)
            return SLOT_EXTRA + k;
    return SLOT_NONE;
}

static void fill_info(struct xen_domctl_getdomaininfo *info, int slot)
{
    memset(info, 0, sizeof *info);
    if (slot == SLOT_DOM0) {
        info->flags = XEN_DOMINF_running;
        info->tot_pages = info->max_pages = 1 << 18;
        info->nr_online_vcpus = 8;
        info->max_vcpu_id = 7;
    } else if (slot == SLOT_GUEST) {
        info->domain = fake_domid;
        info->flags = XEN_DOMINF_paused;
        if (guest.flags & 1) /* XEN_DOMCTL_CDF_hvm */
            info->flags |= XEN_DOMINF_hvm_guest;
#ifdef XEN_DOMINF_hap
        if (guest.flags & 2) /* XEN_DOMCTL_CDF_hap */
            info->flags |= XEN_DOMINF_hap;
#endif
        info->max_pages = guest.maxkb / 4;
        info->nr_online_vcpus = 1;
        info->max_vcpu_id = guest.max_vcpus ? guest.max_vcpus - 1 : 0;
        memcpy(info->handle, guest.handle, sizeof info->handle);
        info->ssidref = guest.ssidref;
    } else {
        info->domain = extra[slot - SLOT_EXTRA].id;
        info->flags = XEN_DOMINF_running | XEN_DOMINF_hvm_guest;
        info->tot_pages = info->max_pages = 1 << 16;
        info->nr_online_vcpus = 1;
        info->handle[0] = 0xee;
        info->handle[15] = info->domain;
    }
}

/* All that a machine can be capable of; older headers lack some names. */
static const uint32_t physcaps = 0
#ifdef XEN_SYSCTL_PHYSCAP_hvm
                                 | XEN_SYSCTL_PHYSCAP_hvm
#endif
#ifdef XEN_SYSCTL_PHYSCAP_hvm_directio
                                 | XEN_SYSCTL_PHYSCAP_hvm_directio
#endif
#ifdef XEN_SYSCTL_PHYSCAP_pv
                                 | XEN_SYSCTL_PHYSCAP_pv
#endif
#ifdef XEN_SYSCTL_PHYSCAP_directio
                                 | XEN_SYSCTL_PHYSCAP_directio
#endif
#ifdef XEN_SYSCTL_PHYSCAP_hap
                                 | XEN_SYSCTL_PHYSCAP_hap
#endif
#ifdef XEN_SYSCTL_PHYSCAP_shadow
                                 | XEN_SYSCTL_PHYSCAP_shadow
#endif
#ifdef XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share
                                 | XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share
#endif
#ifdef XEN_SYSCTL_PHYSCAP_vpmu
                                 | XEN_SYSCTL_PHYSCAP_vpmu
#endif
#ifdef XEN_SYSCTL_PHYSCAP_gnttab_v1
                                 | XEN_SYSCTL_PHYSCAP_gnttab_v1
#endif
#ifdef XEN_SYSCTL_PHYSCAP_gnttab_v2
                                 | XEN_SYSCTL_PHYSCAP_gnttab_v2
#endif
    ;

/* ---------------------------------------------------------------------------
 * Hypercalls
 */

static void physinfo(struct xen_sysctl_physinfo *p)
{
    memset(p, 0, sizeof *p);
    p->threads_per_core = 1;
    p->cores_per_socket = NCPU;
    p->nr_cpus = NCPU;
    p->max_cpu_id = NCPU - 1;
    p->nr_nodes = 1;
    p->max_node_id = 0;
    p->cpu_khz = 3000000;
    p->capabilities = physcaps;
    p->total_pages = NPAGES;
    p->free_pages = NPAGES_FREE;
}

static void list_domains(struct xen_sysctl_getdomaininfolist *l)
{
    unsigned n = 0;

    /* In domid order, as Xen does. */
    for (int id = l->first_domain; id < DOMID_LIMIT && n < l->max_domains; id++)
        if (slot_of(id) != SLOT_NONE)
            fill_info(&l->buffer.p[n++], slot_of(id));
    l->num_domains = n;
}

static void cpu_topology(struct xen_sysctl_cputopoinfo *t)
{
    if (t->cputopo.p)
        for (unsigned i = 0; i < t->num_cpus && i < NCPU; i++) {
            t->cputopo.p[i].core = i;
            t->cputopo.p[i].socket = 0;
            t->cputopo.p[i].node = 0;
        }
    t->num_cpus = NCPU;
}

static void numa_info(struct xen_sysctl_numainfo *n)
{
    if (n->meminfo.p && n->num_nodes) {
        n->meminfo.p[0].memsize = NPAGES << 12;
        n->meminfo.p[0].memfree = NPAGES_FREE << 12;
    }
    if (n->distance.p && n->num_nodes)
        n->distance.p[0] = 10;
    n->num_nodes = 1;
}

/* One pool, number 0, with every CPU. */
static long cpupool(struct xen_sysctl_cpupool_op *c)
{
    if (c->op != XEN_SYSCTL_CPUPOOL_OP_INFO)
        return 0;
    if (c->cpupool_id != 0) {
        errno = ENOENT;
        return -1;
    }
    c->sched_id = XEN_SCHEDULER_CREDIT2;
    c->n_dom = 1 + guest.exists;
    if (c->cpumap.bitmap.p)
        for (unsigned i = 0; i < NCPU / 8 && i * 8 < c->cpumap.nr_bits; i++)
            c->cpumap.bitmap.p[i] = 0xff;
    return 0;
}

static long do_sysctl(struct xen_sysctl *s)
{
    otrace("sysctl %u", s->cmd);
    switch (s->cmd) {
    case XEN_SYSCTL_physinfo:
        physinfo(&s->u.physinfo);
        return 0;
    case XEN_SYSCTL_sched_id:
        s->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
        return 0;
    case XEN_SYSCTL_getdomaininfolist:
        list_domains(&s->u.getdomaininfolist);
        return 0;
    case XEN_SYSCTL_cputopoinfo:
        cpu_topology(&s->u.cputopoinfo);
        return 0;
    case XEN_SYSCTL_numainfo:
        numa_info(&s->u.numainfo);
        return 0;
    case XEN_SYSCTL_cpupool_op:
        return cpupool(&s->u.cpupool_op);
    default:
        otrace("sysctl %u not modelled: success, no output", s->cmd);
        return 0;
    }
}

static long createdomain(struct xen_domctl *d)
{
    if (guest.exists) {
        onote("a second domain is being created (stubdom): out of scope");
        mark("second-domain");
    }
    guest.exists = true;
    guest.flags = d->u.createdomain.flags;
    guest.ssidref = d->u.createdomain.ssidref;
    memcpy(guest.handle, d->u.createdomain.handle, sizeof guest.handle);
#if XENMINOR >= 12
    guest.max_vcpus = d->u.createdomain.max_vcpus;
#endif
    if (d->domain > 0 && d->domain < DOMID_LIMIT && d->domain != fake_domid)
        onote("libxl asked for domid %u; giving %d", d->domain, fake_domid);
    d->domain = fake_domid;
    return 0;
}

static long getdomaininfo(struct xen_domctl *d)
{
    int slot = slot_of(d->domain);

#if XENMINOR < 18 /* these answer for the next existing domain instead */
    for (int id = d->domain; slot == SLOT_NONE && id < DOMID_LIMIT; id++)
        slot = slot_of(id);
#endif
    if (slot == SLOT_NONE) {
        errno = ESRCH;
        return -1;
    }
    fill_info(&d->u.getdomaininfo, slot);
    d->domain = d->u.getdomaininfo.domain;
    return 0;
}

static long do_domctl(struct xen_domctl *d)
{
    otrace("domctl %u dom %u", d->cmd, d->domain);
    switch (d->cmd) {
    case XEN_DOMCTL_createdomain:
        return createdomain(d);
    case XEN_DOMCTL_destroydomain:
        guest.exists = false;
        return 0;
    case XEN_DOMCTL_getdomaininfo:
        return getdomaininfo(d);
    case XEN_DOMCTL_max_mem:
        guest.maxkb = d->u.max_mem.max_memkb;
        return 0;
    case XEN_DOMCTL_max_vcpus:
        guest.max_vcpus = d->u.max_vcpus.max;
        return 0;
#ifdef XEN_DOMCTL_get_address_size
    case XEN_DOMCTL_get_address_size:
        d->u.address_size.size = 64;
        return 0;
#endif
    default:
        return 0;
    }
}

static long do_xen_version(unsigned long cmd, void *out)
{
    otrace("xen_version %lu", cmd);
    switch (cmd) {
    case XENVER_version:
        return (4 << 16) | XENMINOR;
    case XENVER_capabilities:
        if (out)
            strcpy(out, "xen-3.0-x86_64 xen-3.0-x86_32p hvm-3.0-x86_32 "
                        "hvm-3.0-x86_32p hvm-3.0-x86_64 ");
        return 0;
    case XENVER_extraversion:
        if (out)
            strcpy(out, ".0");
        return 0;
    case XENVER_pagesize:
        return 4096;
    case XENVER_platform_parameters:
        if (out)
            *(uint64_t *)out = 0xffff800000000000ULL;
        return 0;
    default:
        return 0;
    }
}

static long do_memory_op(unsigned long cmd, void *arg)
{
    otrace("memory_op %lu", cmd);
    if (cmd == XENMEM_reserved_device_memory_map) {
        ((struct xen_reserved_device_memory_map *)arg)->nr_entries = 0;
    } else if (cmd == XENMEM_machine_memory_map || cmd == XENMEM_memory_map) {
        struct xen_memory_map *m = arg;
        struct {
            uint64_t addr, size;
            uint32_t type;
        } __attribute__((packed)) *e820 = (void *)m->buffer.p;

        if (e820 && m->nr_entries >= 3) {
            e820[0].addr = 0;
            e820[0].size = 0x9fc00;
            e820[1].addr = 0x100000;
            e820[1].size = 0xbff00000;
            e820[2].addr = 0x100000000ULL;
            e820[2].size = 0xfc0000000ULL;
            e820[0].type = e820[1].type = e820[2].type = 1; /* RAM */
            m->nr_entries = 3;
        }
    } else if (cmd == XENMEM_maximum_ram_page) {
        return NPAGES + (1 << 18);
    }
    return 0;
}

static long hypercall(unsigned op, uint64_t a1, uint64_t a2)
{
    static uint32_t port = 1;

    switch (op) {
    case __HYPERVISOR_xen_version:
        return do_xen_version(a1, (void *)a2);
    case __HYPERVISOR_sysctl:
        return do_sysctl((void *)a1);
    case __HYPERVISOR_domctl:
        return do_domctl((void *)a1);
    case __HYPERVISOR_memory_op:
        return do_memory_op(a1, (void *)a2);
    case __HYPERVISOR_hvm_op:
        otrace("hvm_op %lu", (unsigned long)a1);
        if (a1 == HVMOP_get_param) {
            struct xen_hvm_param *p = (void *)a2;

            p->value = 0xfeff0 + p->index;
        }
        return 0;
    case __HYPERVISOR_event_channel_op:
        otrace("evtchn_op %lu", (unsigned long)a1);
        if (a1 == EVTCHNOP_alloc_unbound)
            ((struct evtchn_alloc_unbound *)a2)->port = ++port;
        return 0;
    case __HYPERVISOR_xsm_op:
        errno = ENOSYS;
        return -1;
    case __HYPERVISOR_multicall: {
        struct multicall_entry *m = (void *)a1;

        for (uint64_t k = 0; k < a2; k++) {
            long r = hypercall(m[k].op, m[k].args[0], m[k].args[1]);

            m[k].result = r < 0 ? (unsigned long)-errno : (unsigned long)r;
        }
        return 0;
    }
    default:
        otrace("hypercall %u(%lx,%lx): success, no output", op, (long)a1, (long)a2);
        return 0;
    }
}

/* ---------------------------------------------------------------------------
 * libxencall, libxenforeignmemory, libxendevicemodel, libxenevtchn
 *
 * A handle keeps as many descriptors open as the real one does, because the
 * number of the QMP descriptor on QEMU's command line depends on it.
 */

struct handle {
    int fd[2];
    int nfd;
};

static struct handle *handle_open(int nfd)
{
    /* Zeroes behind it: libraries look into handles they did not make. */
    struct handle *h = calloc(1, sizeof *h + 4096);

    for (int i = 0; i < nfd; i++)
        h->fd[i] = open_null();
    h->nfd = nfd;
    return h;
}

static int handle_close(struct handle *h)
{
    if (!h)
        return 0;
    for (int i = 0; i < h->nfd; i++)
        close(h->fd[i]);
    free(h);
    return 0;
}

void *xencall_open(void *logger, unsigned flags)
{
    return handle_open(XENMINOR >= 11 ? 2 : 1);
}

int xencall_close(void *h)
{
    return handle_close(h);
}

int xencall_fd(void *h)
{
    return ((struct handle *)h)->fd[0];
}

int xencall1(void *h, unsigned op, uint64_t a)
{
    return hypercall(op, a, 0);
}

int xencall2(void *h, unsigned op, uint64_t a, uint64_t b)
{
    return hypercall(op, a, b);
}

long xencall2L(void *h, unsigned op, uint64_t a, uint64_t b)
{
    return hypercall(op, a, b);
}

/* No hypercall modelled above looks past its second argument. */
#define AS_XENCALL2 __attribute__((alias("xencall2")))
int xencall3(void *h, unsigned op, uint64_t a, uint64_t b) AS_XENCALL2;
int xencall4(void *h, unsigned op, uint64_t a, uint64_t b) AS_XENCALL2;
int xencall5(void *h, unsigned op, uint64_t a, uint64_t b) AS_XENCALL2;

void *xencall_alloc_buffer_pages(void *h, size_t n)
{
    void *p = NULL;

    if (posix_memalign(&p, 4096, n * 4096))
        return NULL;
    memset(p, 0, n * 4096);
    return p;
}

void xencall_free_buffer_pages(void *h, void *p, size_t n)
{
    free(p);
}

void *xencall_alloc_buffer(void *h, size_t size)
{
    return calloc(1, size ? size : 1);
}

void xencall_free_buffer(void *h, void *p)
{
    free(p);
}

ALWAYS(int, xencall_buffers_never_fault, 0)

void *xenforeignmemory_open(void *logger, unsigned flags)
{
    return handle_open(1);
}

int xenforeignmemory_close(void *h)
{
    return handle_close(h);
}

void *xenforeignmemory_map(void *h, uint32_t domid, int prot, size_t pages, const xen_pfn_t *frames, int *err)
{
    if (err)
        memset(err, 0, pages * sizeof *err);
    return mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int xenforeignmemory_unmap(void *h, void *addr, size_t pages)
{
    return munmap(addr, pages * 4096);
}

void *xendevicemodel_open(void *logger, unsigned flags)
{
    struct handle *h = handle_open(2);

    open_null(); /* the real library opens a third one and keeps it */
    return h;
}

int xendevicemodel_close(void *h)
{
    return handle_close(h);
}

void *xenevtchn_open(void *logger, unsigned flags)
{
    return handle_open(1);
}

int xenevtchn_close(void *h)
{
    return handle_close(h);
}

/* A pipe end that never becomes readable, under the handle's own number. */
int xenevtchn_fd(void *handle)
{
    static bool done;
    struct handle *h = handle;
    int p[2];

    if (!done) {
        if (pipe2(p, O_CLOEXEC))
            return -1;
        dup3(p[0], h->fd[0], O_CLOEXEC);
        close(p[0]);
        fcntl(p[1], F_DUPFD_CLOEXEC, 300); /* keep it, out of the way */
        close(p[1]);
        done = true;
    }
    return h->fd[0];
}

ALWAYS(int, xenevtchn_bind_interdomain, 1)
ALWAYS(int, xenevtchn_bind_unbound_port, 1)
ALWAYS(int, xenevtchn_bind_virq, 1)
ALWAYS(int, xenevtchn_notify, 0)
ALWAYS(int, xenevtchn_unbind, 0)
ALWAYS(int, xenevtchn_unmask, 0)

int xenevtchn_pending(void *h)
{
    errno = EAGAIN;
    return -1;
}

/* ---------------------------------------------------------------------------
 * Guest building: nothing of it reaches QEMU's command line, so it succeeds
 */

static bool path_absent(const char *path);
void fake_dom_arch(void *dom); /* fakedom.c */

ALWAYS(int, xc_dom_parse_image, 0)
ALWAYS(int, xc_dom_mem_init, 0)
ALWAYS(int, xc_dom_boot_mem_init, 0)
ALWAYS(int, xc_dom_build_image, 0)
ALWAYS(int, xc_dom_boot_image, 0)
ALWAYS(int, xc_dom_gnttab_init, 0)
ALWAYS(int, xc_dom_gnttab_hvm_seed, 0)
ALWAYS(int, xc_dom_kernel_mem, 0)
ALWAYS(int, xc_dom_module_mem, 0)
ALWAYS(int, xc_dom_translated, 0)
ALWAYS(int, xc_dom_feature_get, 0)
ALWAYS(int, xc_cpuid_apply_policy, 0)
ALWAYS(int, xc_suspend_evtchn_release, 0)
ALWAYS(const char *, xc_dom_guest_os, "linux")

int xc_dom_boot_xen_init(void *dom)
{
    otrace("xc_dom_boot_xen_init");
    fake_dom_arch(dom);
    return 0;
}

#if XENMINOR < 14
int xc_cpuid_set(void *xch, uint32_t domid, const unsigned *in, const char **cfg, char **out)
{
    for (int i = 0; out && i < 4; i++)
        out[i] = NULL;
    return 0;
}
#endif

static int need_file(const char *path, const char *what)
{
    if (!path_absent(path))
        return 0;
    dprintf(2, "xc: error: %s %s: No such file or directory (oracle --absent)\n", what, path);
    errno = ENOENT;
    return -1;
}

int xc_dom_kernel_file(void *dom, const char *path)
{
    return need_file(path, "kernel");
}

int xc_dom_module_file(void *dom, const char *path, const char *cmdline)
{
    return need_file(path, "module");
}

/* ---------------------------------------------------------------------------
 * xenstore: the tree
 *
 * Every process of the run holds the whole tree.  Changes go to a log in
 * shared memory, which each process applies to its copy before it reads;
 * children of xl also wake xl up, so that its watches fire.  Transactions are
 * neither isolated nor undone.
 */

struct node {
    char *path;
    char *val;
    unsigned len;
};
static struct node *nodes;
static int nnodes, nodes_size;

#define LOG_SIZE (4u << 20)
static struct shared_log {
    volatile uint32_t tail;
    char data[] __attribute__((aligned(8)));
} * shared_log;
static uint32_t applied; /* bytes of the log in our copy already */
static int lockfd = -1;

struct logrec { /* followed by the path, with its NUL, and the value */
    uint32_t op, path_len, val_len, pid;
};
enum { OP_WRITE = 1, OP_MKDIR, OP_RM };

static int main_wakes[8]; /* xl's own wake-up pipes, inherited by children */
static int nmain_wakes;

static void fire_watches(const char *path, bool removed);

static int node_find(const char *path)
{
    for (int i = 0; i < nnodes; i++)
        if (!strcmp(nodes[i].path, path))
            return i;
    return -1;
}

/* Is path the node base or below it? */
static bool is_under(const char *path, const char *base)
{
    size_t n = strlen(base);

    if (!strcmp(base, "/"))
        return true;
    return !strncmp(path, base, n) && (!path[n] || path[n] == '/');
}

/* Creates the node and its missing parents. */
static int node_make(const char *path)
{
    int i = node_find(path);
    char parent[4096], *slash;

    if (i >= 0)
        return i;
    snprintf(parent, sizeof parent, "%s", path);
    slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = 0;
        node_make(parent);
    }
    if (nnodes == nodes_size) {
        nodes_size = nodes_size ? nodes_size * 2 : 512;
        nodes = realloc(nodes, nodes_size * sizeof *nodes);
    }
    nodes[nnodes].path = strdup(path);
    nodes[nnodes].val = calloc(1, 1);
    nodes[nnodes].len = 0;
    return nnodes++;
}

static void node_set(const char *path, const void *val, unsigned len)
{
    int i = node_make(path); /* may move the nodes */
    struct node *n = &nodes[i];

    free(n->val);
    n->val = malloc(len + 1);
    memcpy(n->val, val, len);
    n->val[len] = 0;
    n->len = len;
}

static void node_remove(const char *path)
{
    int kept = 0;

    for (int i = 0; i < nnodes; i++) {
        if (is_under(nodes[i].path, path)) {
            free(nodes[i].path);
            free(nodes[i].val);
        } else {
            nodes[kept++] = nodes[i];
        }
    }
    nnodes = kept;
}

static void apply(int op, const char *path, const void *val, unsigned len)
{
    bool exists = node_find(path) >= 0;

    if (op == OP_WRITE)
        node_set(path, val, len);
    else if (op == OP_MKDIR && !exists)
        node_make(path);
    else if (op == OP_RM && exists)
        node_remove(path);
    else
        return;
    fire_watches(path, op == OP_RM);
}

/* Brings our copy of the tree up to date. */
static void catch_up(void)
{
    while (shared_log && applied < shared_log->tail) {
        struct logrec *r = (void *)(shared_log->data + applied);
        char *path = (char *)(r + 1);

        apply(r->op, path, path + r->path_len, r->val_len);
        applied += (sizeof *r + r->path_len + r->val_len + 8) & ~7u;
    }
}

static void commit(int op, const char *path, const void *val, unsigned len)
{
    struct logrec r = {op, strlen(path) + 1, len, getpid()};
    uint32_t size = (sizeof r + r.path_len + r.val_len + 8) & ~7u;
    /* A POSIX lock, because libxl SIGKILLs its middle processes: the kernel
     * releases it then. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

    while (fcntl(lockfd, F_SETLKW, &lock) < 0 && errno == EINTR)
        ;
    if (shared_log->tail + size < LOG_SIZE - 64) {
        char *p = shared_log->data + shared_log->tail;

        memcpy(p, &r, sizeof r);
        memcpy(p + sizeof r, path, r.path_len);
        memcpy(p + sizeof r + r.path_len, val, len);
        __sync_synchronize();
        shared_log->tail += size;
    } else {
        onote("xenstore log full");
    }
    lock.l_type = F_UNLCK;
    fcntl(lockfd, F_SETLK, &lock);

    catch_up();
    if (getpid() != main_pid)
        for (int i = 0; i < nmain_wakes; i++)
            poke(main_wakes[i], "", 1);
}

/* Writes a string; xenstore values carry no NUL. */
static void commit_str(const char *path, const char *val)
{
    commit(OP_WRITE, path, val, strlen(val));
}

/* What the daemons and backends of a dom0 answer to a write.  The backends
 * inside the guest's own QEMU do not answer: it does not run yet. */
static void react(const char *path, const char *val, unsigned len)
{
    static const char *const in_qemu[] = {"qdisk", "vfb", "vkbd", "console", "qusb", "9pfs", "qnic", NULL};
    char type[64], dev[256];
    unsigned backend, domid;
    int end = 0;

    /* xenconsoled publishes the pty of the guest's PV console. */
    if (!len && sscanf(path, "/local/domain/%u/console/tty%n", &domid, &end) == 1 && end && !path[end]) {
        commit_str(path, "/dev/pts/9");
        return;
    }

    end = 0;
    if (sscanf(path, "/local/domain/%u/backend/%63[^/]/%u/%255[^/]/state%n", &backend, type, &domid, dev, &end) != 4 ||
        !end || path[end] || len != 1)
        return;
    /* A disk attached to dom0 itself, for a bootloader: dom0's QEMU and
     * blkfront connect it. */
    if (val[0] == '1' && domid == 0 && !strcmp(type, "qdisk")) {
        commit_str(path, "4"); /* Connected */
        return;
    }
    if (val[0] == '5')         /* Closing */
        commit_str(path, "6"); /* Closed */
    if (val[0] == '1') {       /* Initialising */
        for (int i = 0; in_qemu[i]; i++)
            if (!strcmp(type, in_qemu[i]))
                return;
        commit_str(path, "2"); /* InitWait */
    }
}

/* ---------------------------------------------------------------------------
 * xenstore: libxenstore's interface
 */

struct event {
    char *path, *token;
    struct event *next;
};

struct xs {
    int fd;      /* only there to occupy a number */
    int pipe[2]; /* [0] is what xs_fileno() gives */
    int wake;    /* copy of pipe[1], out of the way */
    struct event *queue, **queue_end;
};

static struct watch {
    char *path, *token;
    struct xs *h;
    struct watch *next;
} * watches;

static void queue_event(struct watch *w, const char *path)
{
    struct event *e = calloc(1, sizeof *e);

    e->path = strdup(path);
    e->token = strdup(w->token);
    *w->h->queue_end = e;
    w->h->queue_end = &e->next;
    if (w->h->wake >= 0)
        poke(w->h->wake, "", 1);
}

static void fire_watches(const char *path, bool removed)
{
    for (struct watch *w = watches; w; w = w->next) {
        if (is_under(path, w->path))
            queue_event(w, path);
        else if (removed && is_under(w->path, path))
            queue_event(w, w->path);
    }
}

static struct event *next_event(struct xs *h)
{
    struct event *e = h->queue;
    char buf[256];

    if (h->pipe[0] >= 0)
        while (read(h->pipe[0], buf, sizeof buf) > 0)
            ;
    catch_up();
    e = h->queue;
    if (!e)
        return NULL;
    h->queue = e->next;
    if (!h->queue)
        h->queue_end = &h->queue;
    else if (h->wake >= 0)
        poke(h->wake, "", 1);
    return e;
}

/* Absolute form of a path that may be relative to dom0's directory. */
static char *xs_path(const char *path, char buf[static 4096])
{
    bool absolute = path[0] == '/' || path[0] == '@';
    size_t n;

    snprintf(buf, 4096, "%s%s", absolute ? "" : "/local/domain/0/", path);
    for (n = strlen(buf); n > 1 && buf[n - 1] == '/'; n--)
        buf[n - 1] = 0;
    return buf;
}

/* The node's index, or -1 with errno set. */
static int xs_find(const char *path, char buf[static 4096])
{
    int i;

    catch_up();
    i = node_find(xs_path(path, buf));
    if (i < 0)
        errno = ENOENT;
    return i;
}

struct xs *xs_open(unsigned long flags)
{
    struct xs *h = calloc(1, sizeof *h);

    h->fd = open_null();
    h->pipe[0] = h->pipe[1] = h->wake = -1;
    h->queue_end = &h->queue;
    return h;
}

struct xs *xs_daemon_open(void)
{
    return xs_open(0);
}

struct xs *xs_domain_open(void)
{
    return xs_open(0);
}

void xs_close(struct xs *h)
{
    struct watch **w = &watches;

    if (!h)
        return;
    while (*w) {
        if ((*w)->h == h)
            *w = (*w)->next;
        else
            w = &(*w)->next;
    }
    close(h->fd);
    if (h->pipe[0] >= 0) {
        close(h->pipe[0]);
        close(h->pipe[1]);
    }
    if (getpid() == main_pid && h->wake >= 0) {
        for (int i = 0; i < nmain_wakes; i++)
            if (main_wakes[i] == h->wake)
                main_wakes[i] = main_wakes[--nmain_wakes];
        close(h->wake);
    }
    free(h);
}

void xs_daemon_close(struct xs *h)
{
    xs_close(h);
}

void xs_daemon_destroy_postfork(struct xs *h)
{
    xs_close(h);
}

int xs_fileno(struct xs *h)
{
    if (h->pipe[0] < 0) {
        if (pipe2(h->pipe, O_CLOEXEC | O_NONBLOCK))
            return -1;
        h->wake = fcntl(h->pipe[1], F_DUPFD_CLOEXEC, 200);
        if (getpid() == main_pid && nmain_wakes < 8)
            main_wakes[nmain_wakes++] = h->wake;
        if (h->queue)
            poke(h->wake, "", 1);
    }
    return h->pipe[0];
}

void *xs_read(struct xs *h, uint32_t t, const char *path, unsigned *len)
{
    char buf[4096], *val;
    int i = xs_find(path, buf);

    otrace("xs_read %s -> %s", buf, i < 0 ? "(none)" : nodes[i].val);
    if (i < 0)
        return NULL;
    val = malloc(nodes[i].len + 1);
    memcpy(val, nodes[i].val, nodes[i].len + 1);
    if (len)
        *len = nodes[i].len;
    return val;
}

bool xs_write(struct xs *h, uint32_t t, const char *path, const void *val, unsigned len)
{
    char buf[4096];

    xs_path(path, buf);
    otrace("xs_write %s = %.*s", buf, (int)len, (const char *)val);
    commit(OP_WRITE, buf, val, len);
    react(buf, val, len);
    return true;
}

bool xs_mkdir(struct xs *h, uint32_t t, const char *path)
{
    char buf[4096];

    commit(OP_MKDIR, xs_path(path, buf), "", 0);
    return true;
}

/* Like the real one, succeeds if at least the parent exists. */
bool xs_rm(struct xs *h, uint32_t t, const char *path)
{
    char buf[4096], *slash;
    int i = xs_find(path, buf);

    otrace("xs_rm %s", buf);
    if (i >= 0) {
        commit(OP_RM, buf, "", 0);
        return true;
    }
    slash = strrchr(buf, '/');
    if (slash && slash != buf) {
        *slash = 0;
        if (node_find(buf) >= 0)
            return true;
    }
    errno = ENOENT;
    return false;
}

/* The last component of a direct child of dir, NULL for any other node. */
static const char *child_name(const char *path, const char *dir)
{
    size_t n = strcmp(dir, "/") ? strlen(dir) : 0;

    if (!is_under(path, dir) || path[n] != '/' || !path[n + 1] || strchr(path + n + 1, '/'))
        return NULL;
    return path + n + 1;
}

/* The array and its strings are one allocation, which the caller frees. */
char **xs_directory(struct xs *h, uint32_t t, const char *path, unsigned *num)
{
    char buf[4096], **list, *s;
    const char *name;
    unsigned n = 0;
    size_t size = 0;

    if (xs_find(path, buf) < 0 && strcmp(buf, "/"))
        return NULL;
    for (int i = 0; i < nnodes; i++)
        if ((name = child_name(nodes[i].path, buf))) {
            n++;
            size += strlen(name) + 1;
        }
    list = malloc((n + 1) * sizeof *list + size);
    s = (char *)(list + n + 1);
    n = 0;
    for (int i = 0; i < nnodes; i++)
        if ((name = child_name(nodes[i].path, buf))) {
            list[n++] = s;
            s = stpcpy(s, name) + 1;
        }
    list[n] = NULL;
    *num = n;
    return list;
}

struct xs_permissions {
    unsigned id;
    int perms;
};

bool xs_set_permissions(struct xs *h, uint32_t t, const char *path, struct xs_permissions *perms, unsigned n)
{
    char buf[4096];

    return xs_find(path, buf) >= 0;
}

struct xs_permissions *xs_get_permissions(struct xs *h, uint32_t t, const char *path, unsigned *num)
{
    char buf[4096];

    if (xs_find(path, buf) < 0)
        return NULL;
    *num = 1;
    return calloc(1, sizeof(struct xs_permissions));
}

bool xs_watch(struct xs *h, const char *path, const char *token)
{
    struct watch *w = calloc(1, sizeof *w), **end = &watches;
    char buf[4096];

    catch_up();
    w->path = strdup(xs_path(path, buf));
    w->token = strdup(token);
    w->h = h;
    while (*end)
        end = &(*end)->next;
    *end = w;
    xs_fileno(h);
    queue_event(w, path); /* a new watch always fires once */
    return true;
}

bool xs_unwatch(struct xs *h, const char *path, const char *token)
{
    struct watch **w = &watches;
    struct event **e = &h->queue;
    char buf[4096];

    xs_path(path, buf);
    while (*w && ((*w)->h != h || strcmp((*w)->path, buf) || strcmp((*w)->token, token)))
        w = &(*w)->next;
    if (*w)
        *w = (*w)->next;
    while (*e) {
        if (!strcmp((*e)->token, token) && is_under((*e)->path, buf))
            *e = (*e)->next;
        else
            e = &(*e)->next;
    }
    h->queue_end = e;
    return true;
}

char **xs_check_watch(struct xs *h)
{
    struct event *e = next_event(h);
    char **pair;

    if (!e) {
        errno = EAGAIN;
        return NULL;
    }
    otrace("watch event %s %s", e->path, e->token);
    /* One allocation, which the caller frees. */
    pair = malloc(2 * sizeof *pair + strlen(e->path) + strlen(e->token) + 2);
    pair[0] = (char *)(pair + 2);
    pair[1] = stpcpy(pair[0], e->path) + 1;
    strcpy(pair[1], e->token);
    free(e->path);
    free(e->token);
    free(e);
    return pair;
}

char **xs_read_watch(struct xs *h, unsigned *num)
{
    char **pair;
    struct pollfd p = {xs_fileno(h), POLLIN, 0};

    while (!(pair = xs_check_watch(h)))
        poll(&p, 1, 1000);
    *num = 2;
    return pair;
}

uint32_t xs_transaction_start(struct xs *h)
{
    static uint32_t t;

    return ++t;
}

bool xs_transaction_end(struct xs *h, uint32_t t, bool abort)
{
    if (abort)
        otrace("transaction %u aborted (writes were NOT undone)", t);
    return true;
}

ALWAYS(bool, xs_introduce_domain, true)
ALWAYS(bool, xs_set_target, true)
ALWAYS(bool, xs_resume_domain, true)
ALWAYS(bool, xs_release_domain, true)
ALWAYS(int, xs_suspend_evtchn_port, -1)

bool xs_is_domain_introduced(struct xs *h, unsigned domid)
{
    return domid == 0 || guest.exists;
}

char *xs_get_domain_path(struct xs *h, unsigned domid)
{
    char buf[64];

    snprintf(buf, sizeof buf, "/local/domain/%u", domid);
    return strdup(buf);
}

/* ---------------------------------------------------------------------------
 * UUIDs: the same ones in every run
 */

void uuid_generate(unsigned char *out)
{
    static unsigned count;

    for (int i = 0; i < 16; i++)
        out[i] = 0xa0 + i;
    out[0] = ++count;
    out[1] = 0x0c;
    out[2] = 0xfe;
    out[3] = 0xed;
    out[6] = 0x4a; /* version 4 */
    out[8] = 0x8a;
    mark("used-uuid");
}

/* ---------------------------------------------------------------------------
 * Accounts: from the passwd(5) file the runner left in OUTDIR
 */

/* Looks for the name, or for the uid when name is NULL. */
static int lookup_account(const char *name, uid_t uid, struct passwd *pw, char *buf, size_t size,
                          struct passwd **result)
{
    char line[1024];
    int fd = raw_open(OUTDIR "/passwd", O_RDONLY), err = 0;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

    *result = NULL;
    if (!f)
        return 0;
    while (!*result && !err && fgets(line, sizeof line, f)) {
        char *field[7], *s = line;
        size_t need = 0;

        line[strcspn(line, "\r\n")] = 0;
        if (!line[0] || line[0] == '#')
            continue;
        for (int i = 0; i < 7; i++)
            field[i] = strsep(&s, ":");
        if (!field[3])
            continue;
        if (name ? strcmp(field[0], name) != 0 : strtoul(field[2], NULL, 10) != uid)
            continue;

        for (int i = 0; i < 7; i++) {
            if (!field[i])
                field[i] = "";
            need += strlen(field[i]) + 1;
        }
        if (need > size) {
            err = ERANGE;
            continue;
        }
        for (int i = 0; i < 7; i++) {
            char *copy = buf;

            buf = stpcpy(buf, field[i]) + 1;
            field[i] = copy;
        }
        pw->pw_name = field[0];
        pw->pw_passwd = field[1];
        pw->pw_uid = strtoul(field[2], NULL, 10);
        pw->pw_gid = strtoul(field[3], NULL, 10);
        pw->pw_gecos = field[4];
        pw->pw_dir = field[5];
        pw->pw_shell = field[6];
        *result = pw;
    }
    fclose(f);
    return err;
}

int getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size, struct passwd **result)
{
    int err = lookup_account(name, 0, pw, buf, size, result);

    otrace("getpwnam_r %s -> %s", name, *result ? "found" : "none");
    return err;
}

int getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size, struct passwd **result)
{
    int err = lookup_account(NULL, uid, pw, buf, size, result);

    otrace("getpwuid_r %u -> %s", uid, *result ? "found" : "none");
    return err;
}

/* ---------------------------------------------------------------------------
 * Files: whatever a config or libxl names exists, unless said to be absent
 */

static bool path_absent(const char *path)
{
    const char *s = absent;

    while (path && *s) {
        size_t n = strcspn(s, ":");

        if (n == strlen(path) && !strncmp(s, path, n))
            return true;
        s += n + (s[n] == ':');
    }
    return false;
}

/* Files libxl keeps for itself, and the chroot's own: never pretended. */
static bool path_own(const char *path)
{
    static const char *const prefix[] = {"/proc/",
                                         "/sys/",
                                         "/oracle",
                                         "/etc/xen/xl.conf",
                                         "/etc/localtime",
                                         "/run/xen",
                                         "/var/run/xen",
                                         "/run/xl",
                                         "/var/run/xl",
                                         "/run/lock",
                                         "/var/lock",
                                         "/var/log/xen",
                                         "/dev/xen",
                                         "/dev/pts",
                                         "/dev/ptmx",
                                         "/dev/null",
                                         "/dev/zero",
                                         "/dev/urandom",
                                         "/var/lib/xen/userdata",
                                         "/var/lib/xen/qemu-",
                                         "/var/lib/xen/save",
                                         "/var/lib/xen/domid",
                                         "/var/lib/xen/bootloader",
                                         "/var/lib/xen/dump",
                                         NULL};

    for (int i = 0; prefix[i]; i++)
        if (!strncmp(path, prefix[i], strlen(prefix[i])))
            return true;
    return !strcmp(path, "/var/lib/xen") || !strcmp(path, "/");
}

/* May this path, which does not exist in the chroot, be said to exist? */
static bool pretend(const char *path)
{
    /* "rbd:pool/img", "iscsi:..." and the like are no files anywhere. */
    if (!path || !*path || (path[0] != '/' && strchr(path, ':')))
        return false;
    return !path_own(path) && !path_absent(path);
}

static bool no_such_file(int err)
{
    return err == ENOENT || err == ENOTDIR;
}

static bool is_random(const char *path)
{
    return path && (!strcmp(path, "/dev/urandom") || !strcmp(path, "/dev/random"));
}

/* Below /dev a block device with a number of its own, else a plain file. */
static void pretend_stat(const char *path, struct stat *st)
{
    unsigned hash = 5381;

    for (const char *c = path; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    memset(st, 0, sizeof *st);
    st->st_nlink = 1;
    st->st_ino = hash;
    st->st_blksize = 4096;
    if (!strncmp(path, "/dev/", 5)) {
        st->st_mode = S_IFBLK | 0660;
        st->st_rdev = makedev(253, hash & 0xff);
    } else {
        st->st_mode = S_IFREG | 0755;
        st->st_size = 1 << 20;
        st->st_blocks = 2048;
    }
}

/* A file that begins like an option ROM, which is what libxl looks into. */
static int pretend_open(const char *path)
{
    int fd = memfd_create("oracle-dummy", MFD_CLOEXEC);
    unsigned char content[512];

    otrace("pretend open %s", path);
    memset(content, 0x5a, sizeof content);
    content[0] = 0x55;
    content[1] = 0xaa;
    content[2] = 1;
    poke(fd, content, sizeof content);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

int stat(const char *path, struct stat *st)
{
    int r;
    REAL(stat);

    if (path_absent(path)) {
        errno = ENOENT;
        return -1;
    }
    r = real_stat(path, st);
    if (r && no_such_file(errno) && pretend(path)) {
        otrace("pretend stat %s", path);
        pretend_stat(path, st);
        return 0;
    }
    return r;
}

int access(const char *path, int mode)
{
    int r;
    REAL(access);

    if (path_absent(path)) {
        errno = ENOENT;
        return -1;
    }
    r = real_access(path, mode);
    if (r && no_such_file(errno) && pretend(path)) {
        otrace("pretend access %s", path);
        return 0;
    }
    return r;
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list ap;
    int fd;
    REAL(open);

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    if (is_random(path))
        mark("used-random");
    if (path_absent(path)) {
        errno = ENOENT;
        return -1;
    }
    fd = real_open(path, flags, mode);
    if (fd < 0 && no_such_file(errno) && !(flags & O_CREAT) && (flags & O_ACCMODE) == O_RDONLY && pretend(path))
        return pretend_open(path);
    return fd;
}

/* What open() is in programs compiled with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *f;
    REAL(fopen);

    if (path_absent(path)) {
        errno = ENOENT;
        return NULL;
    }
    f = real_fopen(path, mode);
    if (!f && errno == ENOENT && mode[0] == 'r' && !strchr(mode, '+') && pretend(path))
        return fdopen(pretend_open(path), mode);
    return f;
}

/* ---------------------------------------------------------------------------
 * exec
 */

static bool has_arg(char *const argv[], const char *arg)
{
    for (; *argv; argv++)
        if (!strcmp(*argv, arg))
            return true;
    return false;
}

/* Writes the exec as NUL-terminated strings, the first byte of each saying
 * what it is: 'p' the path; 'a' an argument; 'e' NAME=VALUE, a variable added
 * or changed since xl was started; 'r' the name of a removed one. */
static void record_exec(const char *path, char *const argv[])
{
    int fd = raw_open(OUTDIR "/exec.new", O_WRONLY | O_CREAT | O_TRUNC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

    if (!f) {
        onote("cannot write record");
        return;
    }
    fprintf(f, "p%s%c", path, 0);
    for (int i = 0; argv[i]; i++)
        fprintf(f, "a%s%c", argv[i], 0);
    for (int i = 0; environ && environ[i]; i++) {
        int j = 0;

        while (base_env[j] && strcmp(base_env[j], environ[i]))
            j++;
        if (!base_env[j] && strchr(environ[i], '='))
            fprintf(f, "e%s%c", environ[i], 0);
    }
    for (int j = 0; base_env[j]; j++) {
        size_t n = strcspn(base_env[j], "=");
        char *name = strndup(base_env[j], n);

        if (base_env[j][n] && !getenv(name))
            fprintf(f, "r%s%c", name, 0);
        free(name);
    }
    fclose(f);
    rename(OUTDIR "/exec.new", OUTDIR "/exec"); /* never half a record */
}

static void record_other(char *const argv[])
{
    int fd = raw_open(OUTDIR "/others", O_WRONLY | O_CREAT | O_APPEND);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "a");

    if (!f)
        return;
    for (int i = 0; argv[i]; i++)
        fprintf(f, "%s%s", i ? " " : "", argv[i]);
    fputc('\n', f);
    fclose(f);
}

#if XENMINOR >= 20
/* libxl 4.20 and later first start a QEMU only to ask it over QMP what it can
 * do: this plays that QEMU.  Only the answer about -run-with is modelled. */

static void qmp_send(int fd, const char *s)
{
    size_t n = strlen(s);

    while (n) {
        ssize_t r = write(fd, s, n);

        if (r <= 0)
            _exit(0);
        s += r;
        n -= r;
    }
}

/* Copies `, "id": N` of a command, empty if it has none. */
static void qmp_id(const char *cmd, char *out, size_t size)
{
    const char *id = strstr(cmd, "\"id\"");

    *out = 0;
    if (id && (id = strchr(id, ':'))) {
        id += 1 + strspn(id + 1, " ");
        snprintf(out, size, ", \"id\": %.*s", (int)strcspn(id, ",} \r"), id);
    }
}

static void qmp_answer(int fd, const char *cmd)
{
    bool can_chroot = strstr(qemu_caps, "chroot"), can_user = strstr(qemu_caps, "user");
    char id[64], run_with[512] = "", out[1024];

    qmp_id(cmd, id, sizeof id);
    if (!strstr(cmd, "query-command-line-options")) {
        snprintf(out, sizeof out, "{\"return\": {}%s}\r\n", id);
        qmp_send(fd, out);
        return;
    }
    if (can_chroot || can_user)
        snprintf(run_with, sizeof run_with,
                 ", {\"parameters\": [{\"name\": \"async-teardown\", \"type\": \"boolean\"}"
                 "%s%s], \"option\": \"run-with\"}",
                 can_chroot ? ", {\"name\": \"chroot\", \"type\": \"string\"}" : "",
                 can_user ? ", {\"name\": \"user\", \"type\": \"string\"}" : "");
    snprintf(out, sizeof out, "{\"return\": [{\"parameters\": [], \"option\": \"smp-opts\"}%s]%s}\r\n", run_with, id);
    qmp_send(fd, out);
}

static void play_probed_qemu(char *const argv[])
{
    int listen_fd = -1, fd;
    char buf[65536], *nl;
    size_t n = 0;

    for (int i = 0; argv[i]; i++) {
        const char *s = strstr(argv[i], "fd=");

        if (s && strstr(argv[i], "libxl-cmd"))
            listen_fd = atoi(s + 3);
    }
    if (strstr(qemu_caps, "fail"))
        _exit(1);
    fd = listen_fd < 0 ? -1 : accept(listen_fd, NULL, NULL);
    if (fd < 0) {
        onote("the QMP probe gave no usable descriptor");
        _exit(1);
    }
    qmp_send(fd, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, "
                 "\"major\": 9}, \"package\": \"oracle\"}, \"capabilities\": [\"oob\"]}}\r\n");
    for (;;) {
        while (!(nl = memchr(buf, '\n', n))) {
            ssize_t r = read(fd, buf + n, sizeof buf - 1 - n);

            if (r <= 0)
                _exit(0);
            n += r;
        }
        *nl = 0;
        otrace("probe qmp <- %s", buf);
        qmp_answer(fd, buf);
        if (strstr(buf, "\"quit\"")) {
            struct pollfd p = {fd, POLLIN, 0};

            poll(&p, 1, 2000); /* libxl hangs up */
            _exit(0);
        }
        n -= nl + 1 - buf;
        memmove(buf, nl + 1, n);
    }
}
#endif

/* A bootloader (pygrub): hands back a kernel that is not there. */
static void play_bootloader(const char *output)
{
    static const char answer[] = "kernel /oracle-bootloader/kernel\0"
                                 "ramdisk /oracle-bootloader/ramdisk\0"
                                 "args root=/dev/xvda1 ro\0";
    int fd = raw_open(output, O_WRONLY | O_CREAT | O_TRUNC);

    if (fd >= 0)
        poke(fd, answer, sizeof answer - 1);
    _exit(0);
}

/* What the block hotplug script leaves in xenstore for a disk with script=. */
static void play_block_script(const char *backend)
{
    char key[4200], dev[64];

    catch_up();
    snprintf(key, sizeof key, "%s/physical-device-path", backend);
    if (node_find(key) < 0) {
        snprintf(dev, sizeof dev, "/dev/oracle-script-%s", strrchr(backend, '/') + 1);
        commit_str(key, dev);
    }
    snprintf(key, sizeof key, "%s/physical-device", backend);
    if (node_find(key) < 0)
        commit_str(key, "fd:1");
    snprintf(key, sizeof key, "%s/hotplug-status", backend);
    commit_str(key, "connected");
}

/* Never returns: no program is ever run. */
static int do_exec(const char *path, char *const argv[])
{
    const char *xenbus = getenv("XENBUS_PATH");
    char buf[4096];

    otrace("exec %s", path);
#if XENMINOR >= 20
    if (has_arg(argv, "none,accel=xen") && !has_arg(argv, "-xen-domid")) {
        record_other(argv);
        mark("probed");
        play_probed_qemu(argv);
    }
#endif
    /* QEMU, or qemu-xen-traditional: this is what the run was for. */
    if (has_arg(argv, "-xen-domid") || (has_arg(argv, "-d") && has_arg(argv, "-domain-name"))) {
        record_exec(path, argv);
        kill(main_pid, SIGKILL);
        _exit(0);
    }

    record_other(argv);
    if (argv[0] && !strcmp(argv[0], "xen-9pfsd")) {
        commit_str("/local/domain/0/libxl/xen-9pfs/state", "running");
        sleep(60);
        _exit(0);
    }
    for (int i = 0; argv[i]; i++)
        if (!strncmp(argv[i], "--output=", 9))
            play_bootloader(argv[i] + 9);
    if (xenbus && argv[1] && !strcmp(argv[1], "add") && strstr(xs_path(xenbus, buf), "/vbd/"))
        play_block_script(buf);
    _exit(0);
}

int execvp(const char *path, char *const argv[])
{
    return do_exec(path, argv);
}

int execv(const char *path, char *const argv[])
{
    return do_exec(path, argv);
}

int execve(const char *path, char *const argv[], char *const env[])
{
    environ = (char **)env;
    return do_exec(path, argv);
}

/* ---------------------------------------------------------------------------
 * Time: when xl has no child and no readable descriptor, only a timeout can
 * still happen, so jump to it instead of sleeping
 */

static long long skew_us; /* how far we have jumped */

static bool childless(void)
{
    siginfo_t si;

    return getpid() == main_pid && waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    int r;
    REAL(poll);

    if (getpid() != main_pid || timeout_ms <= 0)
        return real_poll(fds, n, timeout_ms);
    r = real_poll(fds, n, 0);
    if (r)
        return r;
    if (childless()) {
        otrace("nothing pending: skipping %d ms", timeout_ms);
        skew_us += (timeout_ms + 1) * 1000LL;
        return 0;
    }
    return real_poll(fds, n, timeout_ms);
}

static int do_sleep(long long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};

    if (childless()) {
        skew_us += us;
        return 0;
    }
    return nanosleep(&t, NULL);
}

int usleep(useconds_t us)
{
    return do_sleep(us);
}

unsigned sleep(unsigned seconds)
{
    return do_sleep(seconds * 1000000LL) ? 1 : 0;
}

int gettimeofday(struct timeval *tv, void *tz)
{
    int r;
    REAL(gettimeofday);

    r = real_gettimeofday(tv, tz);
    if (!r && skew_us) {
        long long us = tv->tv_usec + skew_us;

        tv->tv_sec += us / 1000000;
        tv->tv_usec = us % 1000000;
    }
    return r;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int r;
    REAL(clock_gettime);

    r = real_clock_gettime(clock, ts);
    if (!r && skew_us) {
        long long ns = ts->tv_nsec + skew_us % 1000000 * 1000;

        ts->tv_sec += skew_us / 1000000 + ns / 1000000000;
        ts->tv_nsec = ns % 1000000000;
    }
    return r;
}

/* ---------------------------------------------------------------------------
 * Start
 */

/* Parses NAME:ID,NAME:ID.. */
static void parse_domains(char *spec)
{
    for (char *s = strtok(spec, ","); s && nextra < 16; s = strtok(NULL, ",")) {
        char *colon = strchr(s, ':');

        if (!colon || atoi(colon + 1) == 0)
            continue;
        *colon = 0;
        extra[nextra].id = atoi(colon + 1);
        snprintf(extra[nextra].name, sizeof extra[nextra].name, "%s", s);
        nextra++;
    }
}

__attribute__((format(printf, 2, 3))) static void seed(const char *val, const char *fmt, ...)
{
    char path[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof path, fmt, ap);
    va_end(ap);
    node_set(path, val, strlen(val));
}

static void seed_xenstore(void)
{
    seed("0", "/local/domain/0/domid");
    seed("Domain-0", "/local/domain/0/name");
    seed("PV", "/local/domain/0/type");
    seed("1048576", "/local/domain/0/memory/target");
    seed("1048576", "/local/domain/0/memory/static-max");
    seed("262144", "/local/domain/0/memory/freemem-slack");
    seed("qemu_xen", "/libxl/0/dm-version");
    seed("pv", "/libxl/0/type");
    for (int n = 0; n < nextra; n++) {
        seed(extra[n].name, "/local/domain/%d/name", extra[n].id);
        seed("hvm", "/libxl/%d/type", extra[n].id);
        seed("qemu_xen", "/libxl/%d/dm-version", extra[n].id);
        seed("1", "/local/domain/%d/libxl/disable_udev", extra[n].id);
    }
    seed("Pool-0", "/local/pool/0/name");
    seed("Domain-0", "/vm/00000000-0000-0000-0000-000000000000/name");
}

__attribute__((constructor)) static void init(void)
{
    const char *s;
    int n = 0, fd;

    if ((s = getenv("ORACLE_DOMID")))
        fake_domid = atoi(s);
    if ((s = getenv("ORACLE_TRACE")))
        trace = atoi(s);
    if ((s = getenv("ORACLE_ABSENT")))
        absent = strdup(s);
#if XENMINOR >= 20
    if ((s = getenv("ORACLE_QEMU_CAPS")))
        qemu_caps = strdup(s);
#endif
    if ((s = getenv("ORACLE_DOMAINS")))
        parse_domains(strdup(s));

    main_pid = getpid();
    while (environ[n])
        n++;
    base_env = calloc(n + 1, sizeof *base_env);
    for (int i = 0; i < n; i++)
        base_env[i] = strdup(environ[i]);

    fd = memfd_create("oracle-lock", MFD_CLOEXEC);
    lockfd = fcntl(fd, F_DUPFD_CLOEXEC, 260); /* out of the way */
    close(fd);
    shared_log = mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    seed_xenstore();
}
