/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the guest can be built once libxl has let it pass: what Xen and libxenguest refuse, and files that are not
 * there. */
#include <string.h>

#include "base/num.h"
#include "checks/checks_i.h"
#include "facts/files.h"

/* What libxl gives QEMU as memory, which is what the domain is built with: in MiB, and it wraps. */
static _Bool memory_of(const struct dma_result *r, uint64_t *mib)
{
    for (uint32_t i = 1; i + 1 < r->argc; i++)
        if (strcmp(r->argv[i], "-m") == 0)
            return dml_num_decimal(dml_sv_of(r->argv[i + 1]), UINT32_MAX, mib);
    return 0;
}

/* Xen's HVM_MAX_VCPUS (arch_sanitise_domain_config, domain_max_vcpus before 4.12); libxl__build_hvm. */
enum dml_truth dml_check_cannot_be_built(struct dml_check *c)
{
    enum { HVM_MAX_VCPUS = 128, MOST_MIB = 1 << 21 };
    const struct dma_guest *g = &c->s->guest.g;
    const struct dma_result *r = dml_subject_result(c->s);
    enum dml_truth answer = DML_NO;
    uint64_t mib;
    if (!r || r->outcome != DMA_RUNS || g->type == DMA_PV)
        return DML_NO;
    if (g->max_vcpus > HVM_MAX_VCPUS) {
        const char *key = c->s->guest.by_key[DML_KEY_maxvcpus] ? "maxvcpus" : "vcpus";
        answer = dml_check_fire(c, dml_subject_key_span(c->s, key), key,
                                "Xen gives an HVM or PVH guest at most %d vcpus, and this asks for %u", HVM_MAX_VCPUS,
                                g->max_vcpus);
    }
    if (g->type == DMA_HVM && memory_of(r, &mib) && (!mib || mib > MOST_MIB))
        answer =
            dml_check_fire(c, dml_subject_key_span(c->s, "memory"), "memory",
                           "nothing is left for the guest: its video memory takes all of memory (QEMU gets -m %llu)",
                           (unsigned long long)mib);
    if (g->hvm.firmware && !*g->hvm.firmware)
        answer = dml_check_fire(c, dml_subject_key_span(c->s, "firmware_override"), "firmware_override",
                                "firmware_override is empty: libxl takes a folder for the firmware");
    if (g->kernel && !*g->kernel)
        answer = dml_check_fire(c, dml_subject_key_span(c->s, "kernel"), "kernel", "the kernel's path is empty");
    return answer;
}

/* Each emulated card brings a boot ROM of 256 KiB, which QEMU puts into memory of the guest that libxl leaves beside
 * what it asks for. */
enum dml_truth dml_check_option_roms(struct dml_check *c)
{
    enum { ROOM = 4 };
    const struct dma_result *r = dml_subject_result(c->s);
    uint32_t cards = 0;
    for (uint32_t i = 1; r && r->outcome == DMA_RUNS && r->process.device_model == DMA_DM_QEMU_XEN && i + 1 < r->argc;
         i++)
        cards += strcmp(r->argv[i], "-device") == 0 && strstr(r->argv[i + 1], ",netdev=") != NULL;
    if (cards <= ROOM)
        return DML_NO;
    return dml_check_fire(
        c, dml_subject_key_span(c->s, "vif"), "vif",
        "%u emulated network cards have boot ROMs for which QEMU finds no memory: it ends; %d have room", cards, ROOM);
}

/* libxl says so itself. */
static _Bool refused_for(const struct dma_result *r, const struct dml_named_file *f)
{
    if (!r || r->outcome != DMA_REFUSED || r->refusal.blame.index != f->index)
        return 0;
    const char *key = dma_field_key(r->refusal.blame.field);
    return key && dml_sv_is(dml_key(f->key)->name, key);
}

enum dml_truth dml_check_file_missing(struct dml_check *c)
{
    const struct dma_result *r = dml_subject_result(c->s);
    const struct dml_named_file *files;
    enum dml_truth answer = DML_NO;
    uint32_t n = dml_target_knows_files(&c->s->world->dma_host) ? dml_subject_files(c->s, &files) : 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_named_file *f = &files[i];
        if (f->type == DMA_FILE_ABSENT && !refused_for(r, f))
            answer = dml_check_fire(c, f->span, dml_key(f->key)->name.p, "%s is not there: %s", f->what, f->path);
    }
    return answer;
}
