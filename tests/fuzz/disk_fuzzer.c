/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any text as a disk. Every release must take or refuse it, and all parts must lie in it. */
#include <stdlib.h>

#include "xlu/xlu.h"

static void require(_Bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dml_xlu *xlu;
    struct dml_arena a = {0};
    const dml_version *releases;
    unsigned n = dml_xen_releases(&releases);
    struct dml_sv spec = {(const char *)data, size};
    if (!xlu)
        xlu = dml_xlu_new();
    require(xlu != NULL);
    for (unsigned i = 0; i < n; i++) {
        struct dma_disk d;
        struct dml_xlu_parts parts = {{0}};
        const char *reason;
        require(dml_xlu_disk(xlu, &a, spec, releases[i], &d, &parts, &reason, NULL) == 0);
        require(reason || d.vdev);
        for (uint32_t k = 0; k < parts.part.n; k++) {
            struct dml_sv whole = parts.part.v[k].whole, value = parts.part.v[k].value;
            require(whole.p >= spec.p && whole.p + whole.len <= spec.p + spec.len);
            require(value.p >= spec.p && value.p + value.len <= spec.p + spec.len);
        }
    }
    dml_arena_dispose(&a);
    return 0;
}
