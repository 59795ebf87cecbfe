/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine has to have for the guest: addresses that QEMU can listen at, enough memory. */
#include <arpa/inet.h>
#include <string.h>

#include "checks/checks_i.h"

typedef unsigned long long ull; /* for printf */

/* Is it an address of the host, or one at which every host can listen? YES also of names, which only the host can
 * resolve. */
static _Bool is_local(const struct dml_facts *host, const char *address)
{
    struct in_addr v4, own4;
    struct in6_addr v6, own6;
    _Bool is_v4 = inet_pton(AF_INET, address, &v4) == 1;
    if (is_v4 ? v4.s_addr == 0 || ntohl(v4.s_addr) >> 24 == 127
              : inet_pton(AF_INET6, address, &v6) != 1 || IN6_IS_ADDR_UNSPECIFIED(&v6))
        return 1;
    for (uint32_t i = 0; i < host->addresses.n; i++) {
        const char *own = *DML_AT(host->addresses, const char *, i);
        if (is_v4 ? inet_pton(AF_INET, own, &own4) == 1 && own4.s_addr == v4.s_addr
                  : inet_pton(AF_INET6, own, &own6) == 1 && memcmp(&own6, &v6, sizeof v6) == 0)
            return 1;
    }
    return 0;
}

/* The address of "address:display", brackets of IPv6 taken off. */
static const char *address_of(struct dml_check *c, const char *listen)
{
    const char *colon = strrchr(listen, ':'), *close = strchr(listen, ']');
    if (listen[0] == '[' && close)
        return dml_arena_strndup(c->s->a, listen + 1, (size_t)(close - listen - 1));
    if (colon && strchr(listen, ':') == colon)
        return dml_arena_strndup(c->s->a, listen, (size_t)(colon - listen));
    return listen;
}

enum dml_truth dml_check_address_not_local(struct dml_check *c)
{
    const struct dml_facts *host = c->s->world->host;
    const struct dma_guest *g = &c->s->guest.g;
    const struct dma_result *r = dml_subject_result(c->s);
    _Bool spice = g->type == DMA_HVM && g->hvm.spice.enable == DMA_YES;
    const struct {
        const char *key, *listen;
    } listeners[] = {
        {"vnclisten", g->type == DMA_HVM && g->hvm.vnc.enable != DMA_NO ? g->hvm.vnc.listen : NULL},
        {"spicehost", spice ? g->hvm.spice.host : NULL},
    };
    enum dml_truth answer = DML_NO;
    if (!r || r->outcome != DMA_RUNS || !host || !host->addresses.known)
        return DML_NO;
    for (size_t i = 0; i < sizeof listeners / sizeof listeners[0]; i++) {
        const char *listen = listeners[i].listen;
        const char *address = listen && *listen ? address_of(c, listen) : NULL;
        if (address && !is_local(host, address))
            answer = dml_check_fire(c, dml_subject_key_span(c->s, listeners[i].key), listeners[i].key,
                                    "QEMU is to listen at %s, which is no address of the host", address);
    }
    return answer;
}

enum dml_truth dml_check_firmware_missing(struct dml_check *c)
{
    const struct dml_facts *host = c->s->world->host;
    const struct dma_guest *g = &c->s->guest.g;
    const struct dma_result *r = dml_subject_result(c->s);
    if (!host || !r || r->outcome != DMA_RUNS || g->type != DMA_HVM || g->hvm.system_firmware || g->hvm.firmware ||
        r->process.device_model != DMA_DM_QEMU_XEN)
        return DML_NO;
    _Bool ovmf = g->hvm.bios == DMA_BIOS_OVMF;
    if ((ovmf ? host->firmware.ovmf : host->firmware.seabios) != DML_TRI_NO)
        return DML_NO;
    return dml_check_fire(c, dml_subject_key_span(c->s, "bios"), "bios", "%s, which libxl loads, is not installed",
                          ovmf ? "OVMF" : "SeaBIOS");
}

enum dml_truth dml_check_memory_exceeds_host(struct dml_check *c)
{
    const struct dml_facts *host = c->s->world->host;
    const struct dma_guest *g = &c->s->guest.g;
    uint64_t kib = g->target_memkb != DMA_KB_UNSET ? g->target_memkb : g->max_memkb;
    uint64_t mib = kib != DMA_KB_UNSET ? kib / 1024 : 0;
    if (!host || host->memory == DML_FACT_UNKNOWN || dml_subject_rejected(c->s) || mib <= host->memory)
        return DML_NO;
    return dml_check_fire(c, dml_subject_key_span(c->s, "memory"), "memory",
                          "the guest is to have %llu MiB, and the whole machine has %llu", (ull)mib, (ull)host->memory);
}
