/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any text as a vif, and as other devices' strings: every release reads or refuses it, with words and
 * places. */
#include "fuzz.h"

#include "guest/guest.h"

static void read_key(struct dml_xlu *xlu, struct dml_arena *a, const char *key, struct dml_sv value, dml_version xen)
{
    struct dml_buf b;
    struct dml_cfg cfg;
    struct dml_guest guest;
    static const struct dml_guest_host host = {.cpus = 8, .numa_nodes = 2};
    dml_buf_init(&b, SIZE_MAX / 2);
    dml_buf_printf(&b, "type = \"hvm\"\nname = \"a\"\nmemory = 64\n%s = [ '", key);
    dml_buf_sv(&b, value);
    dml_buf_str(&b, "' ]\n");
    struct dml_sv text = dml_arena_sv(a, dml_buf_view(&b));
    dml_buf_dispose(&b);
    require(dml_cfg_parse(&cfg, a, text, xen, NULL) == 0);
    require(dml_guest_read(&guest, a, xlu, &cfg, xen, &host, NULL) == 0);
    for (uint32_t i = 0; i < guest.problems.n && i < 100; i++) {
        const struct dml_guest_problem *p = &guest.problems.v[i];
        require(dml_guest_message(&guest, p, a) && dml_guest_hint(&guest, p, a));
        require(dml_span_none(p->span) || p->span.off + (uint64_t)p->span.len <= text.len);
    }
    for (uint32_t i = 0; i < guest.parts.n; i++)
        require(guest.parts.v[i].whole.off + (uint64_t)guest.parts.v[i].whole.len <= text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"vif", "vfb", "pci", "usbdev", "channel", "vkb", "p9", "rdm", "usbctrl"};
    static struct dml_xlu *xlu;
    struct dml_arena a = {0};
    const dml_version *releases;
    unsigned n = dml_xen_releases(&releases);
    struct dml_sv value = {(const char *)data, size};
    if (!xlu)
        xlu = dml_xlu_new();
    require(xlu != NULL);
    for (unsigned i = 0; i < n; i += 4)
        for (size_t k = 0; k < sizeof keys / sizeof keys[0] && size < 4096; k++)
            read_key(xlu, &a, keys[k], value, releases[i]);
    dml_arena_dispose(&a);
    return 0;
}
