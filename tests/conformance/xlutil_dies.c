/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks for texts that make the installed libxlutil end the process, or crash, through our way of asking it.
 *
 *   xlutil_dies RUNS SEED
 *
 * A child makes up RUNS files and as many disk strings from pieces that its scanners know, and has each read; what it
 * reads stands in shared memory, so that the parent can print it when the child is gone. With -raw before RUNS the
 * library is asked without our refusals, which shows the classes that they are for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libxlutil.h>

#include "xlu/xlu.h"

enum { LONGEST = 400, MAX_DEATHS = 100000 };

struct now {
    unsigned long run;
    unsigned len;
    _Bool disk;
    char text[LONGEST];
};

static uint64_t state;
static _Bool raw;

/* splitmix64: the same sequence everywhere. */
static uint32_t below(uint32_t n)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

/* Pieces with a NUL are told by their length. */
struct piece {
    const char *p;
    unsigned len;
};
#define P(s)                                                                                                           \
    {                                                                                                                  \
        (s), sizeof(s) - 1                                                                                             \
    }
static const struct piece of_disks[] = {
    P("="),
    P("\n"),
    P(","),
    P(":"),
    P(" "),
    P("\t"),
    P("=\n"),
    P("target="),
    P("format="),
    P("raw:"),
    P("qcow2:"),
    P("vhd:"),
    P("phy:"),
    P("file:"),
    P("tap2:"),
    P("tap"),
    P("drbd:"),
    P("enbd:"),
    P("zz:"),
    P("aio:"),
    P("ioemu:"),
    P("vdev="),
    P("xvda"),
    P("w"),
    P("r"),
    P("rw"),
    P("raw"),
    P("cdrom"),
    P("devtype="),
    P("devtype=disk"),
    P("hdc:cdrom"),
    P("access="),
    P("backend="),
    P("backendtype="),
    P("phy"),
    P("standalone"),
    P("script="),
    P("specification="),
    P("virtio"),
    P("xen"),
    P("direct-io-safe"),
    P("discard"),
    P("no-discard"),
    P("colo"),
    P("no-colo"),
    P("colo-host="),
    P("colo-port="),
    P("7"),
    P("colo-export="),
    P("active-disk="),
    P("hidden-disk="),
    P("trusted"),
    P("untrusted"),
    P("grant_usage="),
    P("grant_usage=1"),
    P("grant_usage=0"),
    P("\0"),
    P("\1"),
    P("\r"),
    P("\v"),
    P("\xff"),
    P("\\"),
    P("'"),
    P("\""),
    P("x"),
    P("A"),
    P("_"),
    P("-"),
    P("%s%n"),
    P("/dev/x"),
};
static const struct piece of_files[] = {
    P("\n"),       P("\r"),       P("#"),        P("#x\n"), P("["),     P("]"),       P(","),
    P("="),        P("+="),       P(";"),        P("'"),    P("\""),    P("\\"),      P("\\n"),
    P("\\\n"),     P("\\0"),      P("\\012"),    P("\\x"),  P("\\x41"), P("\\8"),     P("\\'"),
    P("\\\""),     P("a"),        P("b"),        P("disk"), P("a=1\n"), P("a='x'\n"), P("a=[1]\n"),
    P("a+='x'\n"), P("a+=[1]\n"), P("a+=1\n"),   P("[["),   P("]]"),    P("0x1"),     P("1f"),
    P("-1"),       P("'y'"),      P("\"z\""),    P("''"),   P("\0"),    P("'\0'"),    P("\"\0\""),
    P("#\0\n"),    P("#'\0"),     P(" "),        P("\t"),   P("."),     P("("),       P("+"),
    P(":"),        P("\xff"),     P("\xc3\xa9"), P("\1"),   P("'''"),   P("a\n=1"),   P("99999999999999999999"),
    P("a=-9\n"),
};

static void make(struct now *now, const struct piece *of, uint32_t n)
{
    now->len = 0;
    for (uint32_t left = 1 + below(below(8) ? 7 : 40); left; left--) {
        const struct piece *p = &of[below(n)];
        if (below(24) == 0 && now->len < LONGEST) {
            now->text[now->len++] = (char)below(256);
        } else if (now->len + p->len <= LONGEST) {
            memcpy(now->text + now->len, p->p, p->len);
            now->len += p->len;
        }
    }
}

static void read_disk(struct dml_xlu *xlu, XLU_Config *plain, struct dml_sv text)
{
    struct dml_arena a = {0};
    const dml_version *releases;
    unsigned n = dml_xen_releases(&releases);
    if (raw) {
        char spec[LONGEST + 1];
        const char *specs = spec;
        libxl_device_disk d;
        memcpy(spec, text.p, text.len);
        spec[text.len] = '\0';
        libxl_device_disk_init(&d);
        xlu_disk_parse(plain, 1, &specs, &d);
        libxl_device_disk_dispose(&d);
        return;
    }
    for (unsigned i = 0; i<n; i += n - 1> 8 ? 7 : 1) { /* before, with and after all of disk_words.def */
        struct dma_disk d;
        struct dml_xlu_parts parts = {{0}};
        const char *reason;
        dml_xlu_disk(xlu, &a, text, releases[i], &d, &parts, &reason, NULL);
    }
    dml_arena_dispose(&a);
}

static void read_file(struct dml_xlu *xlu, FILE *nowhere, struct dml_sv text)
{
    struct dml_arena a = {0};
    struct dml_cfg cfg;
    struct dml_xlu_diff diff;
    if (raw) {
        XLU_Config *x = xlu_cfg_init(nowhere, "-");
        xlu_cfg_readdata(x, text.p, (int)text.len);
        xlu_cfg_destroy(x);
        return;
    }
    if (dml_cfg_parse(&cfg, &a, text, DML_V(4, below(2) ? 17 : 11, 0), NULL) == 0)
        dml_xlu_compare(xlu, &cfg, &a, &diff, NULL);
    dml_arena_dispose(&a);
}

static void child(struct now *now, unsigned long runs, uint64_t seed)
{
    struct dml_xlu *xlu = dml_xlu_new();
    FILE *nowhere = fopen("/dev/null", "w");
    XLU_Config *plain = nowhere ? xlu_cfg_init(nowhere, "-") : NULL;
    if (!xlu || !plain)
        _exit(3);
    if (raw && !freopen("/dev/null", "w", stderr))
        _exit(3);
    for (; now->run < runs; now->run++) {
        state = seed + (uint64_t)now->run * 2654435761u;
        now->disk = now->run % 2;
        if (now->disk)
            make(now, of_disks, sizeof of_disks / sizeof *of_disks);
        else
            make(now, of_files, sizeof of_files / sizeof *of_files);
        struct dml_sv text = {now->text, now->len};
        if (now->disk)
            read_disk(xlu, plain, text);
        else
            read_file(xlu, nowhere, text);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "-raw") == 0) {
        raw = 1;
        argv++;
        argc--;
    }
    if (argc != 3) {
        fprintf(stderr, "usage: xlutil_dies [-raw] RUNS SEED\n");
        return 2;
    }
    unsigned long runs = strtoul(argv[1], NULL, 10), seed = strtoul(argv[2], NULL, 10), deaths = 0;
    struct now *now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (now == MAP_FAILED)
        return 2;
    for (now->run = 0; now->run < runs && deaths < MAX_DEATHS; now->run++) {
        int status = 0;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            child(now, runs, seed);
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
            return 2;
        if (now->run >= runs)
            break;
        deaths++;
        printf("%s %s %d:", now->disk ? "disk" : "file", WIFSIGNALED(status) ? "signal" : "exit",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        for (unsigned i = 0; i < now->len; i++)
            printf(now->text[i] > ' ' && now->text[i] < 127 ? "%c" : "\\x%02x", (unsigned char)now->text[i]);
        printf("\n");
    }
    printf("%lu runs, %lu deaths\n", now->run, deaths);
    return deaths != 0;
}
