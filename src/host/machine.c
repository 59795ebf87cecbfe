/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine below dom0: memory, NUMA nodes, an IOMMU, addresses; each from the firmware's tables or Linux's lists,
 * where they are complete. */
#include <arpa/inet.h>
#include <string.h>

#include "base/num.h"
#include "host/collect_i.h"

/* ---- firmware ---- */

static uint32_t little(const unsigned char *p, size_t n)
{
    uint32_t v = 0;
    while (n--)
        v = v << 8 | p[n];
    return v;
}

/* MiB of one memory device (SMBIOS 3.0, 7.18); 0 for an empty slot, DML_FACT_UNKNOWN where it does not say. */
static uint64_t device_memory(const unsigned char *p, size_t len)
{
    enum { SIZE = 0x0c, EXTENDED = 0x1c };
    uint32_t size = len >= SIZE + 2 ? little(p + SIZE, 2) : 0xffff;
    if (size == 0xffff)
        return DML_FACT_UNKNOWN;
    if (size == 0x7fff)
        return len >= EXTENDED + 4 ? little(p + EXTENDED, 4) & 0x7fffffff : DML_FACT_UNKNOWN;
    return size & 0x8000 ? (size & 0x7fff) / 1024 : size;
}

/* The sum over the memory devices; unknown where one does not say, or the table ends early. */
static uint64_t smbios_memory(struct dml_sv table)
{
    enum { MEMORY_DEVICE = 17, END = 127, HEADER = 4 };
    uint64_t sum = 0;
    while (table.len >= HEADER) {
        const unsigned char *p = (const unsigned char *)table.p;
        size_t len = p[1];
        if (p[0] == END)
            return sum ? sum : DML_FACT_UNKNOWN;
        if (len < HEADER || len > table.len)
            return DML_FACT_UNKNOWN;
        uint64_t mib = p[0] == MEMORY_DEVICE ? device_memory(p, len) : 0;
        if (mib == DML_FACT_UNKNOWN)
            return mib;
        sum += mib;
        /* Behind the structure its strings, ended by two zeros. */
        const char *strings = table.p + len, *zeros = memmem(strings, table.len - len, "\0\0", 2);
        if (!zeros)
            return DML_FACT_UNKNOWN;
        table = (struct dml_sv){zeros + 2, table.len - (size_t)(zeros + 2 - table.p)};
    }
    return DML_FACT_UNKNOWN;
}

static void collect_firmware(struct collector *c)
{
    static const char tables[] = "/sys/firmware/acpi/tables";
    static const char *const iommus[] = {"DMAR", "XMAR", "IVRS", "IORT"}; /* Xen hides DMAR from dom0 as XMAR */
    struct dml_sv dmi;
    if (dml_collect_slurp(c, "/sys/firmware/dmi/tables/DMI", 0, &dmi))
        c->f->memory = smbios_memory(dmi);
    if (!dml_collect_is_there(c, dml_arena_printf(c->a, "%s/FACP", tables)))
        return;
    /* Without a table there is none; with one, whether Xen uses it stays for `xl info` to say. */
    _Bool iommu = 0;
    for (size_t i = 0; i < sizeof iommus / sizeof iommus[0]; i++)
        iommu |= dml_collect_is_there(c, dml_arena_printf(c->a, "%s/%s", tables, iommus[i]));
    if (!iommu)
        c->f->iommu = DML_TRI_NO;
    if (!dml_collect_is_there(c, dml_arena_printf(c->a, "%s/SRAT", tables)))
        c->f->numa_nodes = 1;
}

/* ---- addresses ---- */

static void add_address(struct collector *c, const char *text)
{
    for (uint32_t i = 0; i < c->f->addresses.n; i++)
        if (strcmp(*DML_AT(c->f->addresses, const char *, i), text) == 0)
            return;
    const char **p = dml_collect_append(c, &c->f->addresses, sizeof *p);
    if (p)
        *p = dml_collect_keep(c, dml_sv_of(text));
}

/* fib_trie says "|-- 192.0.2.1", and in the next line "/32 host LOCAL" of an address of this host; if_inet6 has one in
 * 32 digits in each line. */
static void collect_addresses(struct collector *c)
{
    struct dml_sv text, line, rest, word;
    char shown[INET6_ADDRSTRLEN] = "";
    if (!dml_collect_slurp(c, "/proc/net/fib_trie", 0, &text))
        return;
    c->f->addresses.known = 1;
    while (dml_collect_next_line(&text, &line)) {
        rest = line;
        if (!dml_collect_next_word(&rest, &word))
            continue;
        if (dml_sv_is(word, "|--") && dml_collect_next_word(&rest, &word) && word.len < sizeof shown) {
            memcpy(shown, word.p, word.len);
            shown[word.len] = '\0';
        } else if (shown[0] && dml_collect_next_word(&rest, &word) && dml_sv_is(word, "host") &&
                   dml_collect_next_word(&rest, &word) && dml_sv_is(word, "LOCAL")) {
            add_address(c, shown);
        }
    }
    if (!dml_collect_slurp(c, "/proc/net/if_inet6", 0, &text))
        return;
    while (dml_collect_next_line(&text, &line)) {
        struct in6_addr address;
        uint64_t byte = 0;
        size_t i = 0;
        while (line.len > 32 && i < sizeof address.s6_addr &&
               dml_num_parse_u((struct dml_sv){line.p + 2 * i, 2}, 16, &byte, NULL) == DML_NUM_OK)
            address.s6_addr[i++] = (unsigned char)byte;
        if (i == sizeof address.s6_addr && inet_ntop(AF_INET6, &address, shown, sizeof shown))
            add_address(c, shown);
    }
}

void dml_collect_machine(struct collector *c)
{
    collect_firmware(c);
    collect_addresses(c);
}
