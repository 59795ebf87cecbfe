/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the guest starts: what xl and libxl refuse, and what QEMU does not understand. */
#include "checks/checks_i.h"

#include <pthread.h>
#include <string.h>

#include "schema/schema.h"

/* Fires for every problem of a kind that xl has with the guest. */
static enum dml_truth each_problem(struct dml_check *c, enum dml_guest_kind kind)
{
    const struct dml_guest *g = &c->s->guest;
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < g->problems.n; i++) {
        const struct dml_guest_problem *p = &g->problems.v[i];
        /* dm_restrict, and a kernel that is firmware, have rules of their own. */
        _Bool stored = p->id == DML_GUEST_P_STORED_KIND || p->id == DML_GUEST_P_STORED_WORD;
        if (p->kind != kind || (p->key == DML_KEY_dm_restrict && !stored) || p->id == DML_GUEST_P_HVMLOADER)
            continue;
        const char *message = dml_guest_message(g, p, c->s->a), *hint = dml_guest_hint(g, p, c->s->a);
        if (p->id != DML_GUEST_P_CMDLINE &&
            dml_cfg_has_placeholder(p->id == DML_GUEST_P_DISK ? dml_source_text(&c->s->src, p->span) : p->value))
            hint = "it looks like a placeholder that was not filled in: render the template first, or check the result "
                   "of it";
        answer = dml_check_fire(c, p->span, p->key ? dml_key(p->key)->name.p : NULL, hint && *hint ? "%s; %s" : "%s",
                                message ? message : "", hint);
    }
    return answer;
}

enum dml_truth dml_check_refused_by_xl(struct dml_check *c)
{
    return each_problem(c, DML_GUEST_REFUSES);
}

enum dml_truth dml_check_value_ignored(struct dml_check *c)
{
    return each_problem(c, DML_GUEST_IGNORES);
}

enum dml_truth dml_check_stored_by_newer(struct dml_check *c)
{
    const struct dml_guest *g = &c->s->guest;
    return g->newer.len ? dml_check_fire(c, g->newer_span, NULL,
                                         "no libxl up to 4.22 knows `%.*s`; it is left out here", DML_SV_ARG(g->newer))
                        : DML_NO;
}

/* Refusals that have rules of their own, with better words for the whole host. */
static _Bool covered(enum dma_refusal_id id)
{
    return id == DMA_REFUSAL_USER_MISSING || id == DMA_REFUSAL_USER_IS_ROOT || id == DMA_REFUSAL_NO_RESTRICT_USER ||
           id == DMA_REFUSAL_UID_TAKEN || id == DMA_REFUSAL_TRADITIONAL_RESTRICT;
}

/* QEMU is executed, but then it stops, or libxl gives up and destroys the guest. */
static enum dml_truth stops_later(struct dml_check *c, const struct dma_result *r)
{
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < r->n_notes; i++) {
        const struct dma_note *n = &r->notes[i];
        if (n->id == DMA_NOTE_REFUSED_LATER || n->id == DMA_NOTE_DISK_PLACE_TWICE)
            answer = dml_check_fire(c, dml_guest_blame(&c->s->guest, &n->blame), dma_field_key(n->blame.field), "%s",
                                    n->text);
    }
    return answer;
}

enum dml_truth dml_check_refused_by_libxl(struct dml_check *c)
{
    const struct dma_result *r = dml_subject_result(c->s);
    if (r && r->outcome == DMA_RUNS)
        return stops_later(c, r);
    if (!r || r->outcome != DMA_REFUSED ||
        (covered(r->refusal.id) && dml_subject_restricted(c->s) && c->s->guest.g.type == DMA_HVM))
        return DML_NO;
    if (r->refusal.doubt)
        return dml_check_missing(c, dma_note_fact(r->refusal.doubt));
    struct dml_span span = dml_guest_blame(&c->s->guest, &r->refusal.blame);
    const char *key = r->refusal.blame.field != DMA_FIELD_NONE ? dma_field_key(r->refusal.blame.field) : NULL;
    return dml_check_fire(c, span, key, r->refusal.advice && *r->refusal.advice ? "%s; %s" : "%s", r->refusal.message,
                          r->refusal.advice);
}

struct option {
    const char *name, *value;
    dml_version since, removed;
    const char *reason;
};

static const struct option options[] = {
#define V(major, minor)                                  (DML_V(major, minor, 0) + 1) /* 0 is taken for "always" */
#define NEVER                                            DML_V_NEVER
#define QEMU_OPTION(name, value, since, removed, reason) {name, value, since, removed, reason},
#include "checks/qemu_options.def"
#undef QEMU_OPTION
#undef NEVER
#undef V
};

/* Is it about this value? A name at its begin may also be written as driver=NAME and the like, or inside of JSON. */
static _Bool value_has(const struct option *o, const char *value)
{
    static const char *const before[] = {"", "driver=", "type=", "backend=", "fsdriver="};
    const char *word = o->value + 1;
    if (o->value[0] != '^')
        return !*o->value || strstr(value, o->value) != NULL;
    if (value[0] == '{')
        return strstr(value, word) != NULL;
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        const char *name = strstr(value, before[i]);
        if (name && strncmp(name + strlen(before[i]), word, strlen(word)) == 0)
            return 1;
    }
    return 0;
}

enum { OPTIONS = sizeof options / sizeof options[0] };

/*
 * The rows by what a glance at their option tells, in their order, numbered from 1: every argument of every guest is
 * looked up here.
 */
enum { OPTION_SLOTS = 128 };
static uint8_t first_option[OPTION_SLOTS], next_option[OPTIONS];
static pthread_once_t options_once = PTHREAD_ONCE_INIT;

static uint8_t *option_slot(const char *name)
{
    return &first_option[((unsigned char)name[1] * 5u + strlen(name)) % OPTION_SLOTS];
}

static void index_options(void)
{
    for (unsigned i = OPTIONS; i-- > 0;) {
        uint8_t *first = option_slot(options[i].name);
        next_option[i] = *first;
        *first = (uint8_t)(i + 1);
    }
}

/* Where the argument stands in the guest's own lists of arguments, or what else in the file asks for it. */
static struct dml_span blame(struct dml_check *c, const char *option, const char *value, const char **key)
{
    static const struct {
        const char *option, *key;
    } asked_by[] = {{"-no-acpi", "acpi"},
                    {"-chroot", "dm_restrict"},
                    {"-runas", "dm_restrict"},
                    {"-run-with", "dm_restrict"},
                    {"-xen-domid-restrict", "dm_restrict"},
                    {"-chardev", "dm_restrict"},
                    {"-spice", "spicepasswd"},
                    {"-soundhw", "soundhw"},
                    {"-sdl", "sdl"},
                    {"-usbdevice", "usbdevice"},
                    {"-serial", "serial"},
                    {"-drive", "disk"},
                    {"-device", "disk"}};
    static const char *const lists[] = {"device_model_args", "device_model_args_hvm", "device_model_args_pv"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct dml_cfg_entry *e = dml_cfg_find(&c->s->cfg, dml_sv_of(lists[i]));
        for (uint32_t k = 0; e && dml_cfg_is_list(&e->value) && k < e->value.n; k++) {
            struct dml_sv item = dml_cfg_text(&e->value.u.items[k]);
            if (item.len > 1 && item.p[0] == '-' && item.p[1] == '-')
                item = (struct dml_sv){item.p + 1, item.len - 1};
            /* With the same value behind it: an option can stand there more than once. */
            if (dml_sv_is(item, option) && (k + 1 >= e->value.n || dml_cfg_is_list(&e->value.u.items[k + 1]) ||
                                            dml_sv_is(dml_cfg_text(&e->value.u.items[k + 1]), value))) {
                *key = lists[i];
                return e->value.u.items[k].span;
            }
        }
    }
    *key = NULL;
    for (size_t i = 0; i < sizeof asked_by / sizeof asked_by[0]; i++) {
        if (strcmp(asked_by[i].option, option) == 0) {
            *key = asked_by[i].key;
            return dml_subject_key_span(c->s, asked_by[i].key);
        }
    }
    return DML_NO_SPAN;
}

enum dml_truth dml_check_qemu_lacks_option(struct dml_check *c)
{
    const struct dma_result *r = dml_subject_result(c->s);
    if (!r || r->outcome != DMA_RUNS || r->process.device_model != DMA_DM_QEMU_XEN)
        return DML_NO;
    dml_version qemu = c->s->world->target.qemu;
    enum dml_truth answer = DML_NO;
    pthread_once(&options_once, index_options);
    for (uint32_t i = 1; i < r->argc; i++) {
        const char *arg = r->argv[i], *value = i + 1 < r->argc ? r->argv[i + 1] : "";
        arg += arg[0] == '-' && arg[1] == '-'; /* QEMU takes two dashes for one */
        if (arg[0] != '-' || !arg[1])
            continue;
        for (uint8_t k = *option_slot(arg); k; k = next_option[k - 1]) {
            const struct option *o = &options[k - 1];
            char have[24];
            const char *key;
            /* First the releases: most rows are about other ones, and texts are dear. */
            _Bool never = o->removed == DML_V(0, 0, 1), unknown = !qemu && !never;
            if (unknown ? o->removed == DML_V_NEVER || answer != DML_NO
                        : !never && o->since <= qemu + 1 && o->removed > qemu + 1)
                continue;
            if (strcmp(arg, o->name) != 0 || !value_has(o, value))
                continue;
            if (unknown) {
                /* Whether -run-with is there is what the abilities say; of old QEMUs that lack the rest nobody knows.
                 */
                answer = dml_check_missing(c, "qemu.version");
                continue;
            }
            struct dml_span span = blame(c, o->name, value, &key);
            answer = dml_check_fire(c, span, key, "QEMU %s does not take %s%s%s: %s",
                                    qemu ? dml_version_text(qemu, 0, have) : "of this host", o->name,
                                    *o->value ? " with " : "", o->value + (*o->value == '^'), o->reason);
            break; /* one row per argument is enough */
        }
    }
    return answer;
}
