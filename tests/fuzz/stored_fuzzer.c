/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any bytes as a config that libxl stored, or as an image of xl save. Every release must read it, with
 * words and places within the text for all that is wrong, and build an argv from what is left.
 */
#include <stdlib.h>

#include "guest/open.h"

static void require(_Bool ok)
{
    if (!ok)
        abort();
}

static _Bool within(struct dml_span span, size_t len)
{
    return dml_span_none(span) || span.off + (uint64_t)span.len <= len;
}

static void read_as(struct dml_xlu *xlu, struct dma_builder *builder, struct dml_arena *a, struct dml_sv text,
                    dml_version xen)
{
    struct dml_guest guest;
    struct dml_cfg cfg;
    struct dml_form_of form;
    struct dma_host host;
    struct dma_target target = {sizeof target, xen, 7};
    const struct dma_result *result;
    require(dml_guest_open(&guest, &cfg, &form, a, xlu, text, xen, NULL, NULL) == 0);
    require(form.config.p >= text.p && form.config.p + form.config.len <= text.p + text.len);
    for (uint32_t i = 0; i < cfg.errors.n && i < 100; i++)
        require(dml_cfg_error_message(&cfg, &cfg.errors.v[i], a) && within(cfg.errors.v[i].span, cfg.text.len));
    for (uint32_t i = 0; i < guest.problems.n && i < 100; i++) {
        const struct dml_guest_problem *p = &guest.problems.v[i];
        require(dml_guest_message(&guest, p, a) && dml_guest_hint(&guest, p, a) && within(p->span, cfg.text.len));
    }
    for (uint32_t i = 0; i < guest.parts.n; i++)
        require(within(guest.parts.v[i].whole, cfg.text.len) && within(guest.parts.v[i].span, cfg.text.len));
    for (uint32_t i = 0; i < cfg.entries.n; i++)
        require(within(dml_cfg_entry_span(&cfg, &cfg.entries.v[i]), cfg.text.len));
    if (cfg.errors.n || guest.refusals)
        return;
    dma_host_init(&host);
    require(dma_build(builder, &guest.g, &host, &target, &result) == DMA_OK);
    require(within(dml_guest_blame(&guest, &result->refusal.blame), cfg.text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dml_xlu *xlu;
    static struct dma_builder *builder;
    struct dml_arena a = {0};
    const dml_version *releases;
    struct dml_sv text = {(const char *)data, size};
    if (!xlu) {
        xlu = dml_xlu_new();
        require(xlu && dma_builder_new(NULL, &builder) == DMA_OK);
    }
    dml_form_image_end(text);
    unsigned n = dml_xen_releases(&releases);
    for (unsigned i = 0; i < n && size < 20000; i += i + 4 < n ? 4 : 1)
        read_as(xlu, builder, &a, text, releases[i]);
    dml_arena_dispose(&a);
    return 0;
}
