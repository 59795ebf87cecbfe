/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target where libFuzzer is not there: FUZZER [-n N] FILE-OR-DIRECTORY..., over the files, and over N texts
 * made of them: bytes changed, parts left out, doubled or taken from another file. The same N texts each time.
 */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"

enum { SEEDS_MAX = 4096, CHANGES_MAX = 6, GROWN_MAX = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dml_arena arena;
static struct dml_sv seeds[SEEDS_MAX];
static unsigned seeds_n;
static uint64_t state = 88172645463325252;

static size_t below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (size_t)(state % n) : 0;
}

static void put(struct dml_sv text)
{
    uint8_t *copy = malloc(text.len ? text.len : 1); /* exactly as long, for ASan */
    if (text.len)
        memcpy(copy, text.p, text.len);
    LLVMFuzzerTestOneInput(copy, text.len);
    free(copy);
}

/* A part of at most 64 bytes of a text, or a line of it. */
static struct dml_sv part_of(struct dml_sv text)
{
    size_t from = below(text.len), len = below(text.len - from < 64 ? text.len - from : 64);
    if (below(2)) {
        while (from && text.p[from - 1] != '\n')
            from--;
        const char *end = memchr(text.p + from, '\n', text.len - from);
        len = end ? (size_t)(end + 1 - text.p) - from : text.len - from;
    }
    return (struct dml_sv){text.p + from, len};
}

static size_t change(char *text, size_t len)
{
    static const char odd[] = "\0\n\r\t \"'\\,=[]{}:#%-/0\x7f\x80\xc2\xff";
    struct dml_sv part = part_of((struct dml_sv){text, len});
    size_t at = (size_t)(part.p - text);
    switch (below(5)) {
    case 0:
        if (len)
            text[at] = odd[below(sizeof odd - 1)];
        return len;
    case 1:
        if (len)
            text[at] = (char)(text[at] ^ (1 << below(8)));
        return len;
    case 2:
        memmove(text + at, text + at + part.len, len - at - part.len);
        return len - part.len;
    case 3:
        part = part_of(seeds[below(seeds_n)]);
        break;
    default:
        at = below(len);
    }
    if (len + part.len > GROWN_MAX)
        return len;
    char copy[GROWN_MAX];
    memcpy(copy, part.p, part.len);
    memmove(text + at + part.len, text + at, len - at);
    memcpy(text + at, copy, part.len);
    return len + part.len;
}

static void put_changed(void)
{
    char text[GROWN_MAX];
    struct dml_sv seed = dml_sv_cut(seeds[below(seeds_n)], GROWN_MAX);
    size_t len = seed.len;
    memcpy(text, seed.p, len);
    for (size_t n = 1 + below(CHANGES_MAX); n; n--)
        len = change(text, len);
    put((struct dml_sv){text, len});
}

int main(int argc, char **argv)
{
    _Bool more = argc > 2 && strcmp(argv[1], "-n") == 0;
    long n = more ? strtol(argv[2], NULL, 10) : 0;
    if (argc < 2 || (more && argc < 4)) {
        fprintf(stderr, "usage: %s [-n N] FILE-OR-DIRECTORY...\n", argv[0]);
        return 2;
    }
    FTS *fts = fts_open(argv + (more ? 3 : 1), FTS_LOGICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *e; fts && (e = fts_read(fts)) && seeds_n < SEEDS_MAX;) {
        struct dml_err err;
        if (e->fts_info != FTS_F)
            continue;
        if (dml_file_read(&arena, e->fts_path, 1 << 24, &seeds[seeds_n], &err)) {
            fprintf(stderr, "%s\n", err.msg);
            return 2;
        }
        put(seeds[seeds_n++]);
    }
    if (fts)
        fts_close(fts);
    for (long i = 0; i < n && seeds_n; i++)
        put_changed();
    printf("%u files, %ld texts made of them\n", seeds_n, n);
    unsigned found = seeds_n;
    dml_arena_dispose(&arena);
    return found ? 0 : 2;
}
