/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage: argv_bench [GUEST.cfg...]: microseconds that dma_build takes for one argv, per guest and release, best of
 * rounds. */
#include <stdio.h>
#include <time.h>

#include "base/path.h"
#include "guest/guest.h"

enum { MAX_FILE = 1024 * 1024, BUILDS = 2000, ROUNDS = 10 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double measure(const struct dml_guest *guest, dml_version xen, uint32_t *argc)
{
    const struct dma_target target = {sizeof target, xen, 7};
    const struct dma_account accounts[] = {{"xen-qemuuser-range-base", 65536, 65536}};
    const struct dma_result *r = NULL;
    struct dma_builder *b = NULL;
    struct dma_host host;
    double best = 1e9;

    dma_host_init(&host);
    host.accounts_known = DMA_LIST_COMPLETE;
    DMA_LIST_SET(&host.accounts, accounts, 1);
    if (dma_builder_new(NULL, &b) != DMA_OK)
        return -1;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();

        for (int i = 0; i < BUILDS; i++) {
            if (dma_build(b, &guest->g, &host, &target, &r) != DMA_OK)
                return -1;
        }
        double each = (now() - start) / BUILDS;
        best = each < best ? each : best;
    }
    *argc = r->argc;
    dma_builder_free(b);
    return best;
}

int main(int argc, char **argv)
{
    const dml_version *releases;
    unsigned n = dml_xen_releases(&releases);
    struct dml_xlu *xlu = dml_xlu_new();

    for (int f = 1; xlu && f < argc; f++) {
        const struct dml_guest_host asked = {0, 0};
        struct dml_arena a = {0};
        struct dml_err err = {{0}};
        struct dml_guest guest;
        struct dml_sv text;
        struct dml_cfg cfg;

        if (dml_file_read(&a, argv[f], MAX_FILE, &text, &err) != 0) {
            fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        for (unsigned i = 0; i < n; i += n - 1) {
            char xen[24];
            uint32_t args = 0;

            if (dml_cfg_parse(&cfg, &a, text, releases[i], &err) != 0 ||
                dml_guest_read(&guest, &a, xlu, &cfg, releases[i], &asked, &err) != 0)
                return 1;
            double us = measure(&guest, releases[i], &args);
            printf("%-40s Xen %-5s %3u arguments  %6.2f us\n", argv[f], dml_version_text(releases[i], 1, xen), args,
                   us);
        }
        dml_arena_dispose(&a);
    }
    dml_xlu_free(xlu);
    return 0;
}
