/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public functions of libdmargv: builders, initial values, names of the catalogues. */
#include "dmargv/internal.h"

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
        .altp2m_count = DMA_COUNT_UNSET,
        .hvm = {.mmio_hole_memkb = DMA_KB_UNSET, .rdm_mem_boundary_memkb = DMA_KB_UNSET},
    };
}

void dma_host_init(struct dma_host *host)
{
    *host = (struct dma_host){.size = sizeof *host};
}

int dma_build(struct dma_builder *b, const struct dma_guest *guest, const struct dma_host *host,
              const struct dma_target *target, const struct dma_result **result)
{
    if (!result)
        return DMA_EINVAL;
    *result = NULL;
    if (!b || !guest || !target || guest->size == 0 || target->size == 0 || target->xen < DMA_XEN_OLDEST)
        return DMA_EINVAL;
    (void)host;
    return DMA_EINVAL; /* the steps come next */
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
#define DMA_NOTE(id, name) name,
#include "dmargv/dma_notes.def"
#undef DMA_NOTE
    };

    return (unsigned)id < sizeof names / sizeof names[0] ? names[id] : NULL;
}

const char *dma_version(void)
{
    return DML_VERSION;
}
