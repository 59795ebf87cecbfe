/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage: argv_golden DIR: every golden of tests/golden/argv under every release; see regen-argv there for the format.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "base/version.h"
#include "guest/guest.h"

enum { MAX_FILE = 1024 * 1024, MAX_LIST = 64 };

static const char *root;
static unsigned failures;

static void fail(const char *name, const char *xen, const char *what, const char *got, const char *want)
{
    if (failures++ < 20)
        printf("%s, Xen %s: %s\n  got  %s\n  want %s\n", name, xen, what, got ? got : "(nothing)",
               want ? want : "(nothing)");
}

/* The host of a case. */
struct world {
    struct dma_host host;
    struct dma_account accounts[MAX_LIST];
    struct dma_domain domains[MAX_LIST];
    const char *absent[MAX_LIST];
    uint32_t n_accounts, n_domains, n_absent, domid;
};

static enum dma_file_type file_type(void *user, const char *path)
{
    const struct world *w = user;

    for (uint32_t i = 0; i < w->n_absent; i++) {
        if (strcmp(w->absent[i], path) == 0)
            return DMA_FILE_ABSENT;
    }
    return DMA_FILE_UNKNOWN;
}

/* The next line of *rest without its newline, NUL-terminated in place; NULL at the end. */
static char *next_line(char **rest)
{
    char *line = *rest, *end;

    if (!*line)
        return NULL;
    end = strchr(line, '\n');
    *rest = end ? end + 1 : line + strlen(line);
    if (end)
        *end = 0;
    return line;
}

static char *slurp(struct dml_arena *a, const char *path)
{
    struct dml_err err = {{0}};
    struct dml_sv text;

    if (dml_file_read(a, path, MAX_FILE, &text, &err) == 0)
        return dml_arena_strndup(a, text.p, text.len);
    printf("%s\n", err.msg);
    failures++;
    return NULL;
}

static uint32_t number(const char *text)
{
    uint64_t value = 0;

    dml_num_decimal(dml_sv_of(text), UINT32_MAX, &value);
    return (uint32_t)value;
}

static void load_passwd(struct world *w, struct dml_arena *a, const char *name)
{
    char *rest = slurp(a, dml_arena_printf(a, "%s/passwd/%s", root, name)), *line;

    while (rest && (line = next_line(&rest)) && w->n_accounts < MAX_LIST) {
        char *field[4], *save = line;

        for (unsigned i = 0; i < 4; i++)
            field[i] = strsep(&save, ":");
        if (field[3])
            w->accounts[w->n_accounts++] = (struct dma_account){field[0], number(field[2]), number(field[3])};
    }
}

/* The machine that the vectors were made on. */
static const struct dma_host_pci pci[] = {
    {0, 0, 2, 0, 0x8086, 0x5912, 0x030000, "pciback"},
    {0, 1, 0, 0, 0x8086, 0x1521, 0x020000, "pciback"},
    {0, 1, 0, 1, 0x8086, 0x1521, 0x020000, "pciback"},
    {0, 3, 0, 0, 0x10de, 0x1c03, 0x030000, "pciback"},
};

static int load_case(struct world *w, struct dml_arena *a, const char *name)
{
    char *rest = slurp(a, dml_arena_printf(a, "%s/%s.case", root, name)), *line;

    if (!rest)
        return 0;
    *w = (struct world){0};
    dma_host_init(&w->host);
    w->host.qemu_path = "/usr/libexec/xen-qemu-system-i386";
    w->host.qemu_installed = w->host.traditional_installed = DMA_YES;
    w->host.run_with_chroot = w->host.run_with_user = DMA_NO;
    w->host.cpus = 64;
    w->host.numa_nodes = 1;
    w->host.file_type = file_type;
    w->host.file_user = w;
    while ((line = next_line(&rest))) {
        char *value = line;
        const char *key = strsep(&value, "=");

        if (!value)
            continue;
        if (strcmp(key, "domid") == 0)
            w->domid = number(value);
        else if (strcmp(key, "passwd") == 0)
            load_passwd(w, a, value);
        else if (strcmp(key, "qemu") == 0)
            w->host.qemu_installed = DMA_NO;
        else if (strcmp(key, "absent") == 0)
            w->absent[w->n_absent++] = value;
        else if (strcmp(key, "domain") == 0)
            w->domains[w->n_domains++] = (struct dma_domain){.name = value, .domid = 1000 + w->n_domains};
        else if (strcmp(key, "caps") == 0 && strcmp(value, "none") != 0) {
            w->host.run_with_chroot = DMA_YES;
            w->host.run_with_user = strstr(value, "user") ? DMA_YES : DMA_NO;
        }
    }
    w->host.accounts_known = w->host.domains_known = w->host.pci_known = DMA_LIST_COMPLETE;
    DMA_LIST_SET(&w->host.accounts, w->accounts, w->n_accounts);
    DMA_LIST_SET(&w->host.domains, w->domains, w->n_domains);
    DMA_LIST_SET(&w->host.pci, pci, 4);
    return 1;
}

/* A MAC address that libxl made up is a fixed value in the vectors, and a placeholder here. */
static int same(const char *got, const char *want)
{
    const char *mac = strstr(got, "@MAC:");
    size_t before = mac ? (size_t)(mac - got) : 0;

    if (!mac || strlen(want) < before + 17)
        return strcmp(got, want) == 0;
    return strncmp(got, want, before) == 0 && strcmp(strchr(mac + 1, '@') + 1, want + before + 17) == 0;
}

static void check_env(const struct dma_result *r, const char *name, const char *xen, char **rest)
{
    uint32_t n = 0;
    char *line;

    while ((line = next_line(rest)) && *line) {
        char *value = line;
        const char *key = strsep(&value, "="), *got = NULL;

        n++;
        for (uint32_t i = 0; i < r->n_env; i++) {
            if (strcmp(r->env[i].key, key) == 0)
                got = r->env[i].value;
        }
        if (!got || !value || strcmp(got, value) != 0)
            fail(name, xen, key, got, value);
    }
    if (n != r->n_env)
        fail(name, xen, "environment", "another number of variables", "");
}

static void check(const char *name, const char *xen, const struct dma_result *r, enum dma_outcome outcome, char *want)
{
    static const char *const outcomes[] = {"runs", "refused", "no-device-model"};
    char *line = next_line(&want);
    uint32_t i = 0;

    if (!line || strcmp(outcomes[outcome], line) != 0) {
        fail(name, xen, "outcome", outcomes[outcome], line);
        return;
    }
    if (outcome != DMA_RUNS)
        return;
    check_env(r, name, xen, &want);
    while ((line = next_line(&want))) {
        const char *got = i < r->argc ? r->argv[i] : NULL;

        if (!got || !same(got, line)) {
            fail(name, xen, i ? r->argv[i - 1] : "argv[0]", got, line);
            return;
        }
        i++;
    }
    if (i != r->argc)
        fail(name, xen, "more arguments than there should be", r->argv[i], NULL);
}

static void run(const char *name, struct dml_arena *a, struct dml_xlu *xlu, dml_version xen, const char *xen_text,
                const char *args)
{
    struct dma_target target = {sizeof target, xen, 0};
    enum dma_outcome outcome = DMA_REFUSED;
    const struct dma_result *r = NULL;
    struct dma_builder *b = NULL;
    struct dml_guest guest;
    struct dml_sv text;
    struct dml_cfg cfg;
    struct world w;
    char *want = slurp(a, args);

    if (!want || !load_case(&w, a, name))
        return;
    target.domid = w.domid;
    if (dml_file_read(a, dml_arena_printf(a, "%s/%s.cfg", root, name), MAX_FILE, &text, NULL) != 0 ||
        dml_cfg_parse(&cfg, a, text, xen, NULL) != 0 || dma_builder_new(NULL, &b) != DMA_OK) {
        fail(name, xen_text, "cannot be read", NULL, NULL);
        return;
    }
    if (!cfg.errors.n) {
        const struct dml_guest_host asked = {w.host.cpus, w.host.numa_nodes};

        if (dml_guest_read(&guest, a, xlu, &cfg, xen, &asked, NULL) != 0)
            fail(name, xen_text, "cannot be read", NULL, NULL);
        else if (!dml_guest_refusal(&guest) && dma_build(b, &guest.g, &w.host, &target, &r) == DMA_OK)
            outcome = r->outcome;
    }
    check(name, xen_text, r, outcome, want);
    dma_builder_free(b);
}

/* The file that holds for a release: NAME.args, or the newest fork that is not newer. NULL: none. */
static const char *args_of(struct dml_arena *a, const char *name, unsigned n, const dml_version *releases,
                           unsigned release)
{
    const char *path = dml_arena_printf(a, "%s/%s.args", root, name);
    FILE *f = fopen(path, "re");

    for (unsigned i = release + 1; !f && i-- > 0 && i < n;) {
        char text[24];

        path = dml_arena_printf(a, "%s/%s@%s.args", root, name, dml_version_text(releases[i], 1, text));
        f = fopen(path, "re");
    }
    if (!f)
        return NULL;
    fclose(f);
    return path;
}

int main(int argc, char **argv)
{
    const dml_version *releases;
    unsigned n = dml_xen_releases(&releases), cases = 0, runs = 0, forks = 0, used = 0;
    struct dml_xlu *xlu = dml_xlu_new();
    const struct dirent *e;
    DIR *dir;

    root = argc > 1 ? argv[1] : ".";
    if (!xlu || !(dir = opendir(root))) {
        printf("cannot list %s\n", root);
        return 1;
    }
    while ((e = readdir(dir))) {
        const char *end = strrchr(e->d_name, '.');
        const char *last = NULL;
        struct dml_arena a = {0};
        char *name;

        if (end && strcmp(end, ".args") == 0)
            forks++;
        if (!end || strcmp(end, ".cfg") != 0)
            continue;
        cases++;
        name = dml_arena_strndup(&a, e->d_name, (size_t)(end - e->d_name));
        for (unsigned i = 0; i < n; i++) {
            const char *args = args_of(&a, name, n, releases, i);
            char text[24];

            if (!args)
                continue;
            runs++;
            used += !last || strcmp(last, args) != 0;
            last = args;
            run(name, &a, xlu, releases[i], dml_version_text(releases[i], 1, text), args);
        }
        if (!last)
            fail(name, "any", "no .args file", NULL, NULL);
        dml_arena_dispose(&a);
    }
    closedir(dir);
    dml_xlu_free(xlu);
    if (forks != used)
        fail("orphans", "any", "files that no guest or release uses", NULL, NULL);
    printf("%u guests, %u runs, %u forks, %u differences\n", cases, runs, forks, failures);
    return failures || !cases;
}
