/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libdmargv is for: print the command line with which a Xen release would execute QEMU for a restricted guest. */
#include <dmargv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "4.17.5", or "4.17", which a builder takes for that line's first release. */
static int parse_release(const char *text, uint32_t *release)
{
    unsigned major, minor, point = 0;

    if (sscanf(text, "%u.%u.%u", &major, &minor, &point) < 2)
        return 0;
    *release = DMA_XEN(major, minor, point);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct dma_account accounts[] = {{"xen-qemuuser-range-base", 131072, 131072}};
    struct dma_builder *builder = NULL;
    const struct dma_result *result;
    struct dma_disk disk = {0};
    struct dma_nic nic = {0};
    struct dma_guest guest;
    struct dma_host host;
    struct dma_target target = {.size = sizeof target};
    int rc;

    if (argc != 6 || !parse_release(argv[1], &target.xen)) {
        fprintf(stderr, "usage: dmargv-preview XEN DOMID NAME MEMORY_MIB DISK\n");
        return 2;
    }
    target.domid = (uint32_t)strtoul(argv[2], NULL, 10);

    /* The guest, as xl would hand it to libxl: everything that is not set here is libxl's to decide. */
    dma_guest_init(&guest);
    guest.type = DMA_HVM;
    guest.name = argv[3];
    guest.target_memkb = guest.max_memkb = strtoull(argv[4], NULL, 10) * 1024;
    guest.max_vcpus = guest.avail_vcpus = guest.avail_vcpus_bits = 1;
    guest.dm_restrict = DMA_YES;
    disk.pdev_path = argv[5];
    disk.vdev = "xvda";
    disk.format = DMA_FORMAT_RAW;
    disk.readwrite = 1;
    DMA_LIST_SET(&guest.disks, &disk, 1);
    nic.devid = 0;
    DMA_LIST_SET(&guest.nics, &nic, 1);

    /* The host: its accounts, as far as they matter, and nothing else is known. */
    dma_host_init(&host);
    host.accounts_known = DMA_LIST_COMPLETE;
    DMA_LIST_SET(&host.accounts, accounts, 1);

    rc = dma_builder_new(NULL, &builder);
    if (rc == DMA_OK)
        rc = dma_build(builder, &guest, &host, &target, &result);
    if (rc != DMA_OK) {
        fprintf(stderr, "dmargv-preview: %s\n", rc == DMA_ENOMEM ? "out of memory" : "invalid argument");
        dma_builder_free(builder);
        return 2;
    }
    if (result->outcome == DMA_RUNS) {
        for (uint32_t i = 0; i < result->argc; i++)
            puts(result->argv[i]);
    } else if (result->outcome == DMA_REFUSED) {
        fprintf(stderr, "libxl would refuse this guest: %s; %s\n", result->refusal.message, result->refusal.advice);
    }
    for (uint32_t i = 0; i < result->n_notes; i++)
        fprintf(stderr, "note: %s\n", result->notes[i].text);
    rc = result->outcome == DMA_REFUSED;
    dma_builder_free(builder);
    return rc;
}
