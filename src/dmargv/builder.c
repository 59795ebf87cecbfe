/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public functions of libdmargv: builders, initial values, names of the catalogues. */
#include "dmargv/walk.h"

#include "base/version.h"

int dma_builder_new(const struct dma_allocator *allocator, struct dma_builder **builder)
{
    struct dml_mem mem = {NULL, NULL, NULL};
    struct dma_builder *b;

    if (!builder || (allocator && (!allocator->alloc || !allocator->release)))
        return DMA_EINVAL;
    *builder = NULL;
    if (allocator)
        mem = (struct dml_mem){allocator->alloc, allocator->release, allocator->user};
    /* The builder lives in an arena of its own, so that this room needs no allocator of its own. */
    struct dml_arena self;

    dml_arena_init(&self, allocator ? &mem : NULL);
    b = dml_new(&self, struct dma_builder);
    if (!b) {
        dml_arena_dispose(&self);
        return DMA_ENOMEM;
    }
    b->mem = mem;
    b->self = self;
    b->self.mem = allocator ? &b->mem : NULL;
    dml_arena_init(&b->arena, allocator ? &b->mem : NULL);
    *builder = b;
    return DMA_OK;
}

void dma_builder_free(struct dma_builder *b)
{
    struct dml_arena self;
    struct dml_mem mem;

    if (!b)
        return;
    dml_arena_dispose(&b->arena);
    mem = b->mem;
    self = b->self;
    self.mem = mem.alloc ? &mem : NULL;
    dml_arena_dispose(&self);
}

void dma_guest_init(struct dma_guest *guest)
{
    *guest = (struct dma_guest){
        .size = sizeof *guest,
        .max_memkb = DMA_KB_UNSET,
        .target_memkb = DMA_KB_UNSET,
        .video_memkb = DMA_KB_UNSET,
        .shadow_memkb = DMA_KB_UNSET,
        .stubdomain_memkb = DMA_KB_UNSET,
        .timer_mode = DMA_TIMER_UNSET,
        .max_grant_frames = DMA_COUNT_UNSET,
        .max_maptrack_frames = DMA_COUNT_UNSET,
        .max_grant_version = DMA_COUNT_UNSET,
        .cpu_weight = DMA_COUNT_UNSET,
        .cap = DMA_COUNT_UNSET,
        .altp2m_count = DMA_COUNT_UNSET,
        .hvm = {.mmio_hole_memkb = DMA_KB_UNSET, .rdm_mem_boundary_memkb = DMA_KB_UNSET},
    };
}

void dma_host_init(struct dma_host *host)
{
    *host = (struct dma_host){.size = sizeof *host};
}

/* `n` elements of `size` bytes as elements of `want` bytes: what a newer or older program does not know of stays zero.
 */
static void *resized(struct dml_arena *a, const void *v, uint32_t n, uint32_t size, size_t want)
{
    char *copy = dml_arena_calloc(a, n, want, _Alignof(max_align_t));

    for (uint32_t i = 0; copy && i < n; i++)
        memcpy(copy + i * want, (const char *)v + (size_t)i * size, size < want ? size : want);
    return copy;
}

/* A list that steps only read: the caller's own where its elements have our size. */
#define NORMALISE(a, list)                                                                                             \
    ((list)->size == sizeof *(list)->v || (list)->n == 0                                                               \
         ? (void)0                                                                                                     \
         : (void)((list)->v = resized((a), (list)->v, (list)->n, (list)->size, sizeof *(list)->v)))

static void copy_guest(struct walk *w, const struct dma_guest *guest)
{
    struct dma_guest *g = &w->g;

    dma_guest_init(g);
    memcpy(g, guest, guest->size < sizeof *g ? guest->size : sizeof *g);
    NORMALISE(w->a, &g->disks);
    NORMALISE(w->a, &g->nics);
    NORMALISE(w->a, &g->p9s);
    NORMALISE(w->a, &g->usbctrls);
    NORMALISE(w->a, &g->usbdevs);
    NORMALISE(w->a, &g->pcidevs);
    NORMALISE(w->a, &g->vnuma);
    NORMALISE(w->a, &g->vtpms);
    NORMALISE(w->a, &g->virtios);
    NORMALISE(w->a, &g->vdispls);
    NORMALISE(w->a, &g->vsnds);
    w->disks = dml_new_n(w->a, struct disk, g->disks.n);
    w->nics = dml_new_n(w->a, struct nic, g->nics.n);
    w->vfbs = resized(w->a, g->vfbs.v, g->vfbs.n, g->vfbs.size, sizeof *w->vfbs);
    w->vkbs = resized(w->a, g->vkbs.v, g->vkbs.n, g->vkbs.size, sizeof *w->vkbs);
    w->channels = resized(w->a, g->channels.v, g->channels.n, g->channels.size, sizeof *w->channels);
    w->channel_domids = dml_new_n(w->a, uint32_t, g->channels.n);
    for (uint32_t i = 0; !w->a->failed && i < g->disks.n; i++)
        w->disks[i].d = g->disks.v[i];
    for (uint32_t i = 0; !w->a->failed && i < g->nics.n; i++)
        w->nics[i].n = g->nics.v[i];
}

static void copy_host(struct walk *w, const struct dma_host *host)
{
    struct dma_host *h = &w->h;

    dma_host_init(h);
    if (host)
        memcpy(h, host, host->size < sizeof *h ? host->size : sizeof *h);
    NORMALISE(w->a, &h->accounts);
    NORMALISE(w->a, &h->domains);
    NORMALISE(w->a, &h->pci);
    NORMALISE(w->a, &h->pools);
    NORMALISE(w->a, &h->usb);
    if (!h->run_dir)
        h->run_dir = "/var/run/xen";
}

static const struct plan *plan_for(struct dma_builder *b, uint32_t xen, const struct dma_host *h)
{
    unsigned caps = (h->run_with_chroot == DMA_YES ? HAS_CHROOT : LACKS_CHROOT) |
                    (h->run_with_user == DMA_YES ? HAS_USER : LACKS_USER);

    if (!b->plan.made || b->plan.xen != xen || b->plan.caps != caps)
        dma_plan(&b->plan, xen, caps);
    return &b->plan;
}

int dma_build(struct dma_builder *b, const struct dma_guest *guest, const struct dma_host *host,
              const struct dma_target *target, const struct dma_result **result)
{
    struct walk *w;

    if (!result)
        return DMA_EINVAL;
    *result = NULL;
    if (!b || !guest || !target || guest->size == 0 || (host && host->size == 0) || target->size < sizeof *target ||
        !dml_xen_known(target->xen) || (unsigned)guest->type > DMA_PVH || guest->type == DMA_TYPE_UNSET ||
        (unsigned)guest->device_model_version > DMA_DM_QEMU_XEN)
        return DMA_EINVAL;
    dml_arena_reset(&b->arena);
    b->arena.failed = 0;
    w = dml_new(&b->arena, struct walk);
    if (!w || !(w->result = dml_new(&b->arena, struct dma_result)))
        return DMA_ENOMEM;
    w->a = &b->arena;
    w->result->size = sizeof *w->result;
    w->domid = target->domid;
    copy_guest(w, guest);
    copy_host(w, host);
    w->plan = plan_for(b, target->xen, &w->h);
    if (!w->a->failed)
        dma_walk(w);
    if (w->a->failed)
        return DMA_ENOMEM;
    *result = w->result;
    return DMA_OK;
}

const char *dma_field_key(enum dma_field field)
{
    static const char *const keys[] = {
#define DMA_FIELD(id, key) key,
#include "dmargv/dma_fields.def"
#undef DMA_FIELD
    };

    return (unsigned)field < sizeof keys / sizeof keys[0] ? keys[field] : NULL;
}

const char *dma_refusal_name(enum dma_refusal_id id)
{
    static const char *const names[] = {
#define DMA_REFUSAL(id, name, advice) name,
#include "dmargv/dma_refusals.def"
#undef DMA_REFUSAL
    };

    return (unsigned)id < sizeof names / sizeof names[0] ? names[id] : NULL;
}

const char *dma_note_name(enum dma_note_id id)
{
    static const char *const names[] = {
#define DMA_NOTE(id, name, fact) name,
#include "dmargv/dma_notes.def"
#undef DMA_NOTE
    };

    return (unsigned)id < sizeof names / sizeof names[0] ? names[id] : NULL;
}

const char *dma_note_fact(enum dma_note_id id)
{
    static const char *const facts[] = {
#define DMA_NOTE(id, name, fact) fact,
#include "dmargv/dma_notes.def"
#undef DMA_NOTE
    };

    return (unsigned)id < sizeof facts / sizeof facts[0] && *facts[id] ? facts[id] : NULL;
}

const char *dma_version(void)
{
    return DML_VERSION;
}
