/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any bytes as a config. It must print back to itself, be judged as libxlutil judges it, and be read as a
 * guest by every release, with words for all that is wrong.
 */
#include <stdlib.h>

#include "guest/guest.h"

static void require(_Bool ok)
{
    if (!ok)
        abort();
}

static void read_guest(struct dml_xlu *xlu, struct dml_arena *a, const struct dml_cfg *cfg, dml_version xen)
{
    struct dml_guest guest;
    static const struct dml_guest_host host = {.cpus = 8, .numa_nodes = 2};
    require(dml_guest_read(&guest, a, xlu, cfg, xen, &host, NULL) == 0);
    for (uint32_t i = 0; i < guest.problems.n && i < 100; i++) {
        const struct dml_guest_problem *p = &guest.problems.v[i];
        require(dml_guest_message(&guest, p, a) && dml_guest_hint(&guest, p, a));
        require(dml_span_none(p->span) || p->span.off + (uint64_t)p->span.len <= cfg->text.len);
    }
    for (uint32_t i = 0; i < guest.parts.n; i++)
        require(guest.parts.v[i].whole.off + (uint64_t)guest.parts.v[i].whole.len <= cfg->text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dml_xlu *xlu;
    struct dml_arena a = {0};
    struct dml_cfg cfg;
    struct dml_xlu_diff diff;
    struct dml_buf out;
    const dml_version *releases;
    struct dml_sv text = {(const char *)data, size};
    if (!xlu)
        xlu = dml_xlu_new();
    require(xlu != NULL);
    require(dml_cfg_parse(&cfg, &a, text, DML_V(4, 17, 0), NULL) == 0);
    require(dml_xlu_compare(xlu, &cfg, &a, &diff, NULL) == 0);
    require(diff.what == DML_XLU_SAME || diff.what == DML_XLU_SKIPPED);
    dml_buf_init(&out, SIZE_MAX / 2);
    dml_cfg_print(&cfg, &out);
    require(dml_sv_eq(dml_buf_view(&out), text));
    dml_buf_dispose(&out);
    for (uint32_t i = 0; i < cfg.errors.n && i < 100; i++)
        require(dml_cfg_error_message(&cfg, &cfg.errors.v[i], &a) != NULL);
    unsigned n = dml_xen_releases(&releases);
    for (unsigned i = 0; i < n && size < 10000; i++)
        read_guest(xlu, &a, &cfg, releases[i]);
    dml_arena_dispose(&a);
    return 0;
}
