/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk through libxl's steps for one guest: its state, and what the steps use to write down arguments. */
#ifndef DML_DMARGV_WALK_H
#define DML_DMARGV_WALK_H

#include "base/arena.h"
#include "dmargv/dmargv.h"

enum change {
#define CHANGE(id, when) CHANGE_##id,
#include "dmargv/changes.def"
#undef CHANGE
    CHANGE_COUNT
};

enum spelling {
#define SPELLING(id, since, text) SPELLING_ROW_##id##_##since,
#include "dmargv/spelling.def"
#undef SPELLING
    SPELLING_ROWS
};

/* One per identifier of spelling.def: the row that holds its first text. */
#define SPELLED(w, id) ((w)->plan->spelled[SPELLING_ROW_##id##_ALWAYS])

enum group {
    CONFIG,
    DISK_DEFAULTS,
    NIC_DEFAULTS,
    BUILD,
    DISK_ADD,
    LAUNCH,
    SPAWN,
    ARGS,
    DISK_ARGS,
    NIC_ARGS,
    ATTACH,
    GROUPS
};
enum { HVM = 1 << DMA_HVM, PV = 1 << DMA_PV, PVH = 1 << DMA_PVH, ALL = HVM | PV | PVH };
enum {
    UNKNOWN_DM = 1 << DMA_DM_UNSET,
    TRADITIONAL = 1 << DMA_DM_TRADITIONAL,
    QEMU_XEN = 1 << DMA_DM_QEMU_XEN,
    ANY = UNKNOWN_DM | TRADITIONAL | QEMU_XEN
};
enum { HAS_CHROOT = 1, LACKS_CHROOT = 2, HAS_USER = 4, LACKS_USER = 8, ANY_CAPS = 0 };

/* A device with what libxl works out about it. `d` or `n` is the caller's, with libxl's defaults filled in. */
struct disk {
    struct dma_disk d;
    uint32_t backend_domid;
    enum dma_file_type file; /* of pdev_path, where libxl looks */
    bool settled;            /* its backend is chosen */
    int32_t number;          /* device number, -1: none; index and partition as libxl counts */
    int32_t index, partition;
    /* for the arguments */
    const char *path, *format;
    bool done, emulated;
};

struct nic {
    struct dma_nic n;
    bool generated_mac;
};

enum {
    STEPS = 0
#define STEP(group, since, removed, dm, type, caps, fn) +1
#include "dmargv/steps.def"
#undef STEP
};

/* What the release and QEMU's abilities decide, whatever the guest. */
struct plan {
    bool made;
    uint32_t xen;
    unsigned caps;             /* HAS_..., LACKS_... */
    uint8_t first[GROUPS + 1]; /* by group: where its steps begin in `step`, and end */
    uint8_t step[STEPS];       /* rows of steps.def */
    const char *spelled[SPELLING_ROWS];
};

/* Device numbers that have been met, as a hash table: a list of a megabyte has very many. */
struct numbers {
    uint64_t *v; /* 0: free */
    uint32_t mask;
};

struct walk {
    struct dml_arena *a;
    struct dma_guest g; /* a copy, which libxl's defaults fill in */
    struct dma_host h;
    uint32_t domid;
    const struct plan *plan;

    struct disk *disks;
    struct nic *nics;
    struct dma_vfb *vfbs;
    struct dma_vkb *vkbs;
    struct dma_channel *channels;
    uint32_t *channel_domids;
    int32_t next_nic_devid;
    struct numbers disk_numbers;

    bool memory_given;
    bool made;       /* the domain exists, so that its own name is one */
    bool needs_qemu; /* a PV or PVH guest does */
    bool stubdom;
    const char *program;
    const struct dma_vnc *vnc; /* NULL: off */
    const struct dma_sdl *sdl; /* NULL: off */

    DML_VEC(const char *) argv;
    DML_VEC(struct dma_key_value) env;
    DML_VEC(struct dma_note) notes;
    struct dma_result *result;
    bool stop;              /* refused, or out of memory */
    bool late;              /* QEMU runs: what libxl refuses now becomes a note */
    enum dma_note_id doubt; /* what the next refusal rests on */
};

struct dma_builder {
    struct dml_arena self;  /* holds this struct */
    struct dml_arena arena; /* holds the last result */
    struct dml_mem mem;     /* the caller's allocator; all NULL: malloc */
    struct plan plan;       /* of the last target and host: mostly, all guests are built for one */
};

typedef void step_fn(struct walk *w, uint32_t i);

#define STEP(group, since, removed, dm, type, caps, fn) step_fn dma_step_##fn;
#include "dmargv/steps.def"
#undef STEP

/* Picks the steps and spellings of a release for a QEMU of these abilities. */
void dma_plan(struct plan *plan, uint32_t xen, unsigned caps);
/* Runs the steps of a group that apply, in order, for device `i` (0 where the group is not about devices). */
void dma_walk_group(struct walk *w, enum group group, uint32_t i);
/* The whole walk; w->result is filled in. */
void dma_walk(struct walk *w);

/* One argument, which must outlive the result; or a formatted one. */
void dma_arg(struct walk *w, const char *text);
void dma_argf(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void dma_arg2(struct walk *w, const char *option, const char *value)
{
    dma_arg(w, option);
    dma_arg(w, value);
}
void dma_env(struct walk *w, const char *key, const char *value);
/* Formatted text in the result's arena; "" when out of memory (then the walk has stopped). */
const char *dma_text(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the walk: libxl would not start this guest. */
void dma_refuse(struct walk *w, enum dma_refusal_id id, enum dma_field field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void dma_refuse_at(struct walk *w, enum dma_refusal_id id, enum dma_field field, uint32_t index, const char *sub,
                   const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void dma_note(struct walk *w, enum dma_note_id id, enum dma_field field, int32_t index, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Before a refusal that rests on a fact which is not known: the note says so and goes with it. Where QEMU runs already,
 * or there is no refusal, the note alone is what remains.
 */
#define dma_doubt(w, id, ...) ((w)->doubt = (id), dma_note((w), (id), __VA_ARGS__))

/* A default for a truth value, as libxl_defbool_setdefault. */
static inline void dma_default(enum dma_bool *b, bool value)
{
    if (*b == DMA_UNSET)
        *b = value ? DMA_YES : DMA_NO;
}
static inline bool dma_yes(enum dma_bool b)
{
    return b == DMA_YES;
}

/* A table for `n` numbers; without memory for it the walk stops. */
struct numbers dma_numbers(struct walk *w, uint32_t n);
/* Was this number, of one of two kinds, met before? It is from now on. */
bool dma_number_seen(struct numbers *seen, uint32_t number, bool kind);

/* A domid of a domain of which only the name is known. */
enum { DMA_DOMID_ASSUMED = DMA_DOMID_MAX };
/* What a path is: what the host says, or what its name suggests. */
enum dma_file_type dma_file(const struct walk *w, const char *path);
/* The same of a file that is read as it is, so that neither /dev nor a colon means anything. */
enum dma_file_type dma_plain_file(const struct walk *w, const char *path);
/*
 * The domid of a backend domain's name or number (NULL: 0). False where libxl knows no such domain; where the host's
 * domains are unknown a driver domain is assumed, with a note.
 */
bool dma_backend(struct walk *w, const char *name, enum dma_field field, uint32_t index, uint32_t *domid);
/* What both device models' arguments share: the address of -vnc (NULL: refused), a nic's MAC address, -usb with its
 * devices (false: none asked for, or refused). */
const char *dma_vnc_address(struct walk *w);
const char *dma_mac(struct walk *w, uint32_t i);
bool dma_usb_devices(struct walk *w);
/* KiB to MiB as libxl__sizekb_to_mb: rounded up, in 32 bits. */
static inline uint32_t dma_mib(uint64_t kb)
{
    return ((uint32_t)kb + 1023) / 1024;
}

#endif
