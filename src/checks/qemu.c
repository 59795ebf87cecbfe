/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the target's QEMU makes of its command line, and of libxl's limits. */
#include <string.h>

#include "base/num.h"
#include "checks/checks_i.h"

/* ---- what of the config is to blame ---- */

/* The key behind an argument of libxl's: the first row that fits and that the guest has. */
static const struct asked {
    const char *option;
    const char *begins; /* its value; NULL: anything */
    const char *part;   /* the key in its value that is wrong; NULL: any */
    const char *key;
} asked_by[] = {
#define ASKED(option, begins, part, key) {option, begins, part, key},
#include "checks/asked_by.def"
#undef ASKED
};

/* The number behind `before` in text, as in "id=nic3". */
static _Bool number_behind(const char *text, const char *before, uint64_t *n)
{
    const char *p = strstr(text, before);
    if (!p)
        return 0;
    p += strlen(before);
    return dml_num_decimal((struct dml_sv){p, strspn(p, "0123456789")}, INT32_MAX, n);
}

/* Which element of a list key an argument comes from; -1: none in particular. */
static int32_t element_of(const struct dml_subject *s, const char *key, const char *value, const char *const *argv,
                          uint32_t at)
{
    const struct dma_guest *g = &s->guest.g;
    uint64_t n;
    if (strcmp(key, "vif") == 0 && (number_behind(value, "id=nic", &n) || number_behind(value, "id=net", &n)))
        return (int32_t)n;
    if (strcmp(key, "channel") == 0 && number_behind(value, "id=libxl-channel", &n))
        return (int32_t)n;
    for (uint32_t i = 0; strcmp(key, "disk") == 0 && i < g->disks.n; i++)
        if (g->disks.v[i].pdev_path && strstr(value, g->disks.v[i].pdev_path))
            return (int32_t)i;
    if (strcmp(key, "serial") != 0 && strcmp(key, "usbdevice") != 0)
        return -1;
    int32_t before = 0;
    for (uint32_t i = 1; i < at; i++)
        before += strcmp(argv[i], argv[at]) == 0;
    return before;
}

struct dml_span dml_check_blame(const struct dml_subject *s, const struct dma_result *r, uint32_t at, const char *part,
                                const char **key)
{
    const char *value = at + 1 < r->argc ? r->argv[at + 1] : "", *option = r->argv[at];
    option += strspn(option, "-");
    *key = NULL;
    struct dml_span span = dml_subject_own_argument(s, r->argv[at], key);
    for (size_t i = 0; !*key && i < sizeof asked_by / sizeof asked_by[0]; i++) {
        const struct asked *a = &asked_by[i];
        enum dml_key_id id = dml_key_find(dml_sv_of(a->key));
        if (strcmp(a->option, option) != 0 || (a->begins && strncmp(value, a->begins, strlen(a->begins)) != 0) ||
            (a->part && (!part || strcmp(a->part, part) != 0)) || id == DML_KEY_NONE || !s->guest.by_key[id])
            continue;
        *key = a->key;
        int32_t element = element_of(s, a->key, value, r->argv, at);
        span = element < 0 ? DML_NO_SPAN : dml_guest_element(&s->guest, id, element);
        if (dml_span_none(span))
            span = dml_subject_key_span(s, a->key);
    }
    return span;
}

/* ---- the checks ---- */

static const char *version(const struct dml_check *c, char text[24])
{
    dml_version qemu = c->s->world->target.qemu;
    return qemu ? dml_version_text(qemu, 0, text) : "of this host";
}

/* Fires for all that QEMU refuses for one reason. */
static enum dml_truth refused(struct dml_check *c, enum dml_qemu_reason reason)
{
    const struct dma_result *r = dml_subject_result(c->s);
    struct dml_qemu_findings found = dml_subject_qemu(c->s);
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < found.n; i++) {
        const struct dml_qemu_finding *f = &found.v[i];
        char text[24];
        const char *key;
        if (f->answer != DML_QEMU_REFUSES || f->reason != reason)
            continue;
        struct dml_span span = dml_check_blame(c->s, r, f->at, f->key, &key);
        answer = dml_check_fire(c, span, key, "QEMU %s does not take %s", version(c, text), f->message);
    }
    return answer;
}

/* Says what fact is missing for findings of one kind. */
static enum dml_truth missed(struct dml_check *c, enum dml_qemu_answer kind, const char *fact, enum dml_truth answer)
{
    struct dml_qemu_findings found = dml_subject_qemu(c->s);
    for (uint32_t i = 0; i < found.n; i++) {
        if (found.v[i].answer != kind)
            continue;
        dml_check_missing(c, fact);
        return answer == DML_YES ? DML_YES : DML_UNKNOWN;
    }
    return answer;
}

enum dml_truth dml_check_qemu_lacks_option(struct dml_check *c)
{
    return missed(c, DML_QEMU_VERSION, "qemu.version", refused(c, DML_QEMU_BY_VERSION));
}

/* libxl's own disks at one place are libxl's refusal already. */
static enum dml_truth own_place(struct dml_check *c, const struct dma_result *r, const struct dml_qemu_finding *f)
{
    const char *key = NULL;
    char text[24];
    struct dml_span span = dml_subject_own_argument(c->s, r->argv[f->at], &key);
    return key ? dml_check_fire(c, span, key, "QEMU %s does not take %s", version(c, text), f->message) : DML_NO;
}

enum dml_truth dml_check_qemu_refuses_value(struct dml_check *c)
{
    struct dml_qemu_findings found = dml_subject_qemu(c->s);
    enum dml_truth answer = refused(c, DML_QEMU_BY_VALUE);
    for (uint32_t i = 0; i < found.n; i++)
        if (found.v[i].answer == DML_QEMU_REFUSES && found.v[i].reason == DML_QEMU_BY_PLACE &&
            own_place(c, dml_subject_result(c->s), &found.v[i]) == DML_YES)
            answer = DML_YES;
    return missed(c, DML_QEMU_UNKNOWN, "a value that QEMU is known to take", answer);
}

enum dml_truth dml_check_qemu_built_without(struct dml_check *c)
{
    const struct dml_target *t = &c->s->world->target;
    enum dml_truth answer = missed(c, DML_QEMU_FEATURE, "qemu.caps", refused(c, DML_QEMU_BY_BUILD));
    _Bool known = t->qemu || t->qemu_restricts != DML_TRI_UNKNOWN || t->run_with_chroot != DML_TRI_UNKNOWN;
    return answer != DML_NO || known || !dml_check_restricted_hvm(c) ? answer : dml_check_missing(c, "qemu.version");
}

/* What is not known to be taken: the deciding rules miss it, this one says it. */
enum dml_truth dml_check_qemu_value_unknown(struct dml_check *c)
{
    const struct dma_result *r = dml_subject_result(c->s);
    struct dml_qemu_findings found = dml_subject_qemu(c->s);
    enum dml_truth answer = DML_NO;
    for (uint32_t i = 0; i < found.n; i++) {
        const struct dml_qemu_finding *f = &found.v[i];
        char text[24];
        const char *key;
        if (f->answer != DML_QEMU_UNKNOWN && f->answer != DML_QEMU_FEATURE)
            continue;
        struct dml_span span = dml_check_blame(c->s, r, f->at, f->key, &key);
        answer = dml_check_fire(
            c, span, key,
            f->answer == DML_QEMU_FEATURE ? "whether QEMU %s takes %s is not known; qemu.caps.%s says it"
                                          : "whether QEMU %s takes %s%s",
            version(c, text), f->message, f->answer == DML_QEMU_FEATURE ? dml_qemu_features[f->feature].name : "");
    }
    return answer;
}

/*
 * From 9.2 on QEMU keeps what it displays in a memfd (qemu_create_displaysurface, ui/console.c), which is a file to the
 * kernel's limit; the first surface, of 640 by 480 pixels, is made for every display, and libxl always asks for one
 * (-vnc).
 */
enum dml_truth dml_check_qemu_display_limit(struct dml_check *c)
{
    enum { SURFACE = 640 * 480 * 4 };
    const struct dma_result *r = dml_subject_result(c->s);
    dml_version qemu = c->s->world->target.qemu;
    if (!r || r->outcome != DMA_RUNS || r->process.device_model != DMA_DM_QEMU_XEN)
        return DML_NO;
    for (uint32_t i = 0; i < r->process.n_rlimits; i++) {
        const struct dma_rlimit *l = &r->process.rlimits[i];
        char text[24];
        if (strcmp(l->name, "RLIMIT_FSIZE") != 0 || l->value >= SURFACE)
            continue;
        if (!qemu)
            return dml_check_missing(c, "qemu.version");
        if (qemu >= DML_V(9, 2, 0))
            return dml_check_fire(
                c, dml_subject_key_span(c->s, "dm_restrict"), "dm_restrict",
                "QEMU %s ends at once under libxl's limit of %u KiB for files: since QEMU 9.2 it keeps its "
                "display of %u KiB in one",
                dml_version_text(qemu, 0, text), (unsigned)(l->value / 1024), SURFACE / 1024);
    }
    return DML_NO;
}
