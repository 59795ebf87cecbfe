/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the table of steps, and holds what every step uses. */
#include "dmargv/walk.h"

#include "base/num.h"
#include "base/version.h"

struct step {
    enum group group;
    enum change since, removed;
    unsigned dm, type, caps;
    step_fn *fn;
};

_Static_assert(STEPS <= UINT8_MAX, "rows of steps.def are counted in bytes");
static const struct step steps[STEPS] = {
#define STEP(group, since, removed, dm, type, caps, fn)                                                                \
    {group, CHANGE_##since, CHANGE_##removed, dm, type, caps, dma_step_##fn},
#include "dmargv/steps.def"
#undef STEP
};

static const struct {
    const char *id;
    enum change since;
    const char *text;
} spellings[] = {
#define SPELLING(id, since, text) {#id, CHANGE_##since, text},
#include "dmargv/spelling.def"
#undef SPELLING
};

static bool has_change(uint32_t xen, enum change change)
{
    static const uint32_t when[][5] = {
#define AT(major, minor, point) DMA_XEN(major, minor, point),
#define CHANGE(id, first)       {first},
#include "dmargv/changes.def"
#undef CHANGE
#undef AT
    };
    return dml_version_has(xen, when[change]);
}

void dma_plan(struct plan *plan, uint32_t xen, unsigned caps)
{
    bool has[CHANGE_COUNT];
    uint8_t n = 0;

    for (unsigned i = 0; i < CHANGE_COUNT; i++)
        has[i] = has_change(xen, (enum change)i);
    for (unsigned group = 0; group < GROUPS; group++) {
        plan->first[group] = n;
        for (unsigned k = 0; k < STEPS; k++) {
            const struct step *s = &steps[k];

            if (s->group == group && !(s->caps & ~caps) && has[s->since] && !has[s->removed])
                plan->step[n++] = (uint8_t)k;
        }
    }
    plan->first[GROUPS] = n;
    for (unsigned i = 0; i < SPELLING_ROWS; i++) {
        unsigned first = i;

        while (first > 0 && strcmp(spellings[first - 1].id, spellings[i].id) == 0)
            first--;
        if (has[spellings[i].since])
            plan->spelled[first] = spellings[i].text;
    }
    plan->xen = xen;
    plan->caps = caps;
    plan->made = true;
}

void dma_walk_group(struct walk *w, enum group group, uint32_t i)
{
    for (unsigned k = w->plan->first[group]; k < w->plan->first[group + 1] && !w->stop; k++) {
        const struct step *s = &steps[w->plan->step[k]];

        /* The device model is known, and can change, only on the way. */
        if (s->dm & 1u << w->g.device_model_version && s->type & 1u << w->g.type)
            s->fn(w, i);
    }
}

static void per_device(struct walk *w, enum group group, uint32_t n)
{
    for (uint32_t i = 0; i < n && !w->stop; i++)
        dma_walk_group(w, group, i);
}

static void out_of_memory(struct walk *w)
{
    w->stop = true;
    w->a->failed = 1;
}

/* A guest that is refused has no notes but the one that its refusal rests on. */
static void keep_doubt(struct walk *w)
{
    if (w->result->refusal.doubt)
        w->notes.v[0] = w->notes.v[w->notes.n - 1];
    w->notes.n = w->result->refusal.doubt != DMA_NOTE_NONE;
}

void dma_walk(struct walk *w)
{
    struct dma_result *r = w->result;

    dma_walk_group(w, CONFIG, 0);
    per_device(w, DISK_DEFAULTS, w->g.disks.n);
    per_device(w, NIC_DEFAULTS, w->g.nics.n);
    if (!w->stop)
        dma_walk_group(w, BUILD, 0);
    per_device(w, DISK_ADD, w->g.disks.n);
    if (!w->stop)
        dma_walk_group(w, LAUNCH, 0);
    if (!w->stop && w->g.type != DMA_HVM && !w->needs_qemu) {
        r->outcome = DMA_NO_DEVICE_MODEL;
        dma_walk_group(w, ATTACH, 0);
        w->stop = true;
    }
    if (!w->stop && !w->stubdom)
        dma_walk_group(w, SPAWN, 0);
    if (!w->stop)
        dma_walk_group(w, ARGS, 0);
    if (!w->stop && w->stubdom) {
        r->outcome = DMA_NO_DEVICE_MODEL;
        w->stop = true;
    }
    if (!w->stop) {
        dma_arg(w, NULL);
        w->late = true;
        dma_walk_group(w, ATTACH, 0);
    }

    if (r->outcome == DMA_RUNS) {
        r->argv = w->argv.v;
        r->argc = w->argv.n ? w->argv.n - 1 : 0;
        r->env = w->env.v;
        r->n_env = w->env.n;
        r->process.device_model = w->g.device_model_version;
        if (w->g.type != DMA_HVM)
            r->process.runas = NULL; /* chosen, and recorded for the kill, but never given to QEMU */
    } else {
        r->process = (struct dma_process){0};
        if (r->outcome == DMA_REFUSED)
            keep_doubt(w);
    }
    r->notes = w->notes.v;
    r->n_notes = w->notes.n;
}

void dma_arg(struct walk *w, const char *text)
{
    const char **slot = dml_vec_add(w->a, &w->argv);

    if (slot)
        *slot = text;
    else
        out_of_memory(w);
}

void dma_argf(struct walk *w, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const char *text = dml_arena_vprintf(w->a, fmt, ap);
    va_end(ap);
    if (text)
        dma_arg(w, text);
    else
        out_of_memory(w);
}

const char *dma_text(struct walk *w, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const char *text = dml_arena_vprintf(w->a, fmt, ap);
    va_end(ap);
    if (!text)
        out_of_memory(w);
    return text ? text : "";
}

void dma_env(struct walk *w, const char *key, const char *value)
{
    struct dma_key_value *slot = dml_vec_add(w->a, &w->env);

    if (slot)
        *slot = (struct dma_key_value){key, value};
    else
        out_of_memory(w);
}

__attribute__((format(printf, 4, 0))) static void refuse(struct walk *w, enum dma_refusal_id id, struct dma_blame blame,
                                                         const char *fmt, va_list ap)
{
    static const char *const advice[] = {
#define DMA_REFUSAL(id, name, advice) advice,
#include "dmargv/dma_refusals.def"
#undef DMA_REFUSAL
    };
    const char *message = dml_arena_vprintf(w->a, fmt, ap);

    if (!message) {
        out_of_memory(w);
        return;
    }
    if (w->late && w->doubt) {
        w->doubt = DMA_NOTE_NONE;
        return;
    }
    if (w->late) {
        dma_note(w, DMA_NOTE_REFUSED_LATER, blame.field, blame.index, "libxl gives up after QEMU has started: %s; %s",
                 message, advice[id]);
        return;
    }
    w->stop = true;
    w->result->outcome = DMA_REFUSED;
    w->result->refusal = (struct dma_refusal){id, dma_refusal_name(id), message, advice[id], blame, w->doubt};
}

void dma_refuse(struct walk *w, enum dma_refusal_id id, enum dma_field field, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    refuse(w, id, (struct dma_blame){field, -1, NULL}, fmt, ap);
    va_end(ap);
}

void dma_refuse_at(struct walk *w, enum dma_refusal_id id, enum dma_field field, uint32_t index, const char *sub,
                   const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    refuse(w, id, (struct dma_blame){field, (int32_t)index, sub}, fmt, ap);
    va_end(ap);
}

void dma_note(struct walk *w, enum dma_note_id id, enum dma_field field, int32_t index, const char *fmt, ...)
{
    struct dma_note *slot = dml_vec_add(w->a, &w->notes);
    va_list ap;

    va_start(ap, fmt);
    const char *text = dml_arena_vprintf(w->a, fmt, ap);
    va_end(ap);
    if (slot && text)
        *slot = (struct dma_note){id, dma_note_name(id), text, {field, index, NULL}};
    else
        out_of_memory(w);
}

struct numbers dma_numbers(struct walk *w, uint32_t n)
{
    uint32_t size = 16;

    while (size / 2 < n && size < 1u << 31)
        size *= 2;
    struct numbers s = {dml_new_n(w->a, uint64_t, size), size - 1};

    if (!s.v)
        out_of_memory(w);
    return s;
}

bool dma_number_seen(struct numbers *seen, uint32_t number, bool kind)
{
    const uint64_t key = (uint64_t)number << 2 | (uint64_t)kind << 1 | 1;

    if (!seen->v)
        return false;
    for (uint32_t at = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & seen->mask;; at = (at + 1) & seen->mask) {
        if (seen->v[at] == key)
            return true;
        if (!seen->v[at]) {
            seen->v[at] = key;
            return false;
        }
    }
}

/* Longer than a name, or a path, can be. */
static bool too_long(const char *path)
{
    enum { NAME = 255, PATH = 4095 };
    size_t all = strlen(path);

    for (const char *p = path; *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");

        if (n > NAME)
            return true;
        p += n;
    }
    return all > PATH;
}

enum dma_file_type dma_plain_file(const struct walk *w, const char *path)
{
    enum dma_file_type type = w->h.file_type ? w->h.file_type(w->h.file_user, path) : DMA_FILE_UNKNOWN;

    if (type != DMA_FILE_UNKNOWN)
        return type;
    if (!*path || too_long(path))
        return DMA_FILE_ABSENT;
    if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0 || strcmp(path, "..") == 0)
        return DMA_FILE_DIRECTORY;
    return DMA_FILE_REGULAR;
}

enum dma_file_type dma_file(const struct walk *w, const char *path)
{
    enum dma_file_type type = w->h.file_type ? w->h.file_type(w->h.file_user, path) : DMA_FILE_UNKNOWN;

    if (type != DMA_FILE_UNKNOWN)
        return type;
    if (!*path || too_long(path) || (*path != '/' && strchr(path, ':')))
        return DMA_FILE_ABSENT; /* "rbd:pool/image": for QEMU a protocol, for libxl a file that does not exist */
    return strncmp(path, "/dev/", 5) == 0 ? DMA_FILE_BLOCK : DMA_FILE_REGULAR;
}

/*
 * A domain by number is never looked for: libxl waits for it to serve the device, in vain where there is none, and then
 * gives up.
 */
static void numbered_backend(struct walk *w, uint32_t domid, enum dma_field field, uint32_t index)
{
    bool listed = domid == 0 || domid == w->domid;

    for (uint32_t i = 0; i < w->h.domains.n && !listed; i++)
        listed = w->h.domains.v[i].domid == domid || w->h.domains.v[i].domid_unknown;
    if (listed)
        return;
    if (w->h.domains_known == DMA_LIST_COMPLETE)
        dma_note(w, DMA_NOTE_REFUSED_LATER, field, (int32_t)index,
                 "there is no running domain %u to serve the device: libxl waits for it, and gives up", domid);
    else
        dma_note(w, DMA_NOTE_BACKEND_DOMAIN_ASSUMED, field, (int32_t)index,
                 "the running domains are not known; %u is taken to be a driver domain", domid);
}

bool dma_backend(struct walk *w, const char *name, enum dma_field field, uint32_t index, uint32_t *domid)
{
    uint64_t number;

    *domid = 0;
    if (!name)
        return true;
    if (strspn(name, "0123456789") == strlen(name)) {
        dml_num_parse_u(dml_sv_of(name), 10, &number, NULL);
        *domid = (uint32_t)number;
        numbered_backend(w, *domid, field, index);
        return true;
    }
    if (strcmp(name, "Domain-0") == 0)
        return true;
    if (w->made && w->g.name && strcmp(w->g.name, name) == 0) {
        *domid = w->domid;
        return true;
    }
    for (uint32_t i = 0; i < w->h.domains.n; i++) {
        if (strcmp(w->h.domains.v[i].name, name) == 0) {
            *domid = w->h.domains.v[i].domid;
            return true;
        }
    }
    if (w->h.domains_known == DMA_LIST_COMPLETE)
        return false;
    *domid = DMA_DOMID_ASSUMED;
    dma_note(w, DMA_NOTE_BACKEND_DOMAIN_ASSUMED, field, (int32_t)index,
             "the running domains are not known; %s is taken to be a driver domain", name);
    return true;
}
