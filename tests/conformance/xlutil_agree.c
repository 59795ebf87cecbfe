/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds our parser against libxlutil: every file named on the command line, and mutations of them.
 *
 *   xlutil_agree MUTATIONS SEED PATH...
 *
 * PATH is a file, or a directory whose *.cfg files are taken, those in its folders too. Each input must be accepted or
 * rejected alike, have the same values, and print back to itself. A disagreement is printed with the input.
 */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "xlu/xlu.h"

enum { MAX_BYTES = 1 << 20 };

static struct dml_arena files_arena;
static DML_VEC(struct dml_sv) files;
static uint64_t state;

/* splitmix64: the same sequence everywhere. */
static uint32_t below(uint32_t n)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % (n ? n : 1));
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int load(char *path)
{
    char *roots[] = {path, NULL};
    FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    for (FTSENT *e; fts && (e = fts_read(fts));) {
        size_t len = strlen(e->fts_name);
        if (e->fts_info != FTS_F || len < 4 || strcmp(e->fts_name + len - 4, ".cfg") != 0)
            continue;
        struct dml_err err;
        struct dml_sv *slot = dml_vec_add(&files_arena, &files);
        if (!slot || dml_file_read(&files_arena, e->fts_path, MAX_BYTES, slot, &err)) {
            fprintf(stderr, "%s: %s\n", e->fts_path, err.msg);
            return -1;
        }
    }
    return fts ? fts_close(fts) : -1;
}

/* 0 if all agree. */
static int check(struct dml_xlu *xlu, struct dml_sv text, const char *what)
{
    struct dml_arena a = {0};
    struct dml_cfg cfg;
    struct dml_xlu_diff diff = {DML_XLU_SAME, DML_NO_SPAN};
    struct dml_err err = {""};
    struct dml_buf out;
    /* A copy that ends where the text ends, so that ASan sees a read past it. */
    char *copy = malloc(text.len ? text.len : 1);
    memcpy(copy, text.p, text.len);
    text.p = copy;
    dml_buf_init(&out, SIZE_MAX / 2);
    int rc = dml_cfg_parse(&cfg, &a, text, DML_V(4, 17, 0), &err);
    if (!rc)
        rc = dml_xlu_compare(xlu, &cfg, &a, &diff, &err);
    if (!rc) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < cfg.items.n; i++) {
            if (cfg.items.v[i].span.off != at)
                rc = 1;
            at += cfg.items.v[i].span.len;
        }
        dml_cfg_print(&cfg, &out);
        if (rc || !dml_sv_eq(dml_buf_view(&out), text)) {
            snprintf(err.msg, sizeof err.msg, "the tree does not print back to its input");
            rc = 1;
        } else if (diff.what != DML_XLU_SAME && diff.what != DML_XLU_SKIPPED) {
            snprintf(err.msg, sizeof err.msg, "%s (offset %u)", dml_xlu_what_text(diff.what), diff.span.off);
            rc = 1;
        }
        /* Every error has words, and a place in the file. */
        for (uint32_t i = 0; i < cfg.errors.n; i++) {
            const struct dml_cfg_error *e = &cfg.errors.v[i];
            if (!dml_cfg_error_message(&cfg, e, &a) || e->span.off + (uint64_t)e->span.len > text.len ||
                (i && e->span.off < e[-1].span.off)) {
                snprintf(err.msg, sizeof err.msg, "error %s has no proper place", dml_cfg_error_name(e->class));
                rc = 1;
            }
        }
    }
    if (rc) {
        printf("%s: %s\n--8<--\n", what, err.msg);
        fwrite(text.p, 1, text.len < 4000 ? text.len : 4000, stdout);
        printf("\n-->8--\n");
    }
    dml_buf_dispose(&out);
    dml_arena_dispose(&a);
    free(copy);
    return rc;
}

/* Changes `text` (in a buffer of MAX_BYTES) a little, or a lot. Returns its new length. */
static size_t mutate(char *text, size_t len)
{
    static const char *const tokens[] = {"\n",     "\r\n",  "#",     "# x\n", "[",    "]",    ",",        "=",
                                         "+=",     ";",     "'",     "\"",    "\\",   "\\n",  "\\012",    "\\x",
                                         "\\0",    "-1",    "0x1f",  "1F",    "a=1",  "a",    "[]",       "[1,]",
                                         "'a'",    "\"b\"", "True",  "{{x}}", "'''",  "\t",   " ",        ".",
                                         "(",      ")",     "+",     "+ =",   ":",    "\xff", "\xc3\xa9", "a+=[2]",
                                         "a+='s'", "name=", "vif=[", "\n\n",  "a=\n1"};
    for (uint32_t rounds = 1 + below(4); rounds; rounds--) {
        size_t at = below((uint32_t)len + 1), n;
        const char *token;
        switch (below(9)) {
        case 0: /* one byte */
            if (len)
                text[at % len] = (char)below(256);
            break;
        case 1: /* some bytes less */
            n = below(len - at > 40 ? 40 : (uint32_t)(len - at) + 1);
            memmove(text + at, text + at + n, len - at - n);
            len -= n;
            break;
        case 2:
        case 3:
        case 4: /* a token more */
            token = tokens[below(sizeof tokens / sizeof *tokens)];
            n = strlen(token);
            if (len + n > MAX_BYTES)
                break;
            memmove(text + at + n, text + at, len - at);
            memcpy(text + at, token, n);
            len += n;
            break;
        case 5: /* the end cut off */
            if (!below(4))
                len = at;
            break;
        case 6: /* a piece twice, elsewhere */
            n = below(len - at > 120 ? 120 : (uint32_t)(len - at) + 1);
            if (len + n <= MAX_BYTES) {
                char piece[128];
                memcpy(piece, text + at, n);
                size_t to = below((uint32_t)len + 1);
                memmove(text + to + n, text + to, len - to);
                memcpy(text + to, piece, n);
                len += n;
            }
            break;
        case 7: { /* two lines swapped */
            char *one = memchr(text + at, '\n', len - at);
            char *two = one ? memchr(one + 1, '\n', (size_t)(text + len - one - 1)) : NULL;
            if (two && two - one < 2000) {
                char line[2000];
                size_t first = (size_t)(one - (text + at)) + 1, second = (size_t)(two - one);
                memcpy(line, one + 1, second);
                memmove(text + at + second, text + at, first);
                memcpy(text + at, line, second);
            }
            break;
        }
        default: /* a piece of another file */
        {
            struct dml_sv other = files.v[below(files.n)];
            size_t from = below((uint32_t)other.len + 1);
            n = other.len - from > 200 ? below(200) : other.len - from;
            if (len + n <= MAX_BYTES) {
                memmove(text + at + n, text + at, len - at);
                memcpy(text + at, other.p + from, n);
                len += n;
            }
            break;
        }
        }
    }
    return len;
}

int main(int argc, char **argv)
{
    int failures = 0;
    unsigned long mutations = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
    if (argc < 4) {
        fprintf(stderr, "usage: xlutil_agree MUTATIONS SEED PATH...\n");
        return 2;
    }
    state = strtoul(argv[2], NULL, 10);
    for (int i = 3; i < argc; i++)
        if (load(argv[i]))
            return 2;
    struct dml_xlu *xlu = dml_xlu_new();
    char *text = malloc(MAX_BYTES + 1);
    if (!files.n || !xlu || !text) {
        fprintf(stderr, "no input\n");
        return 2;
    }
    for (uint32_t i = 0; i < files.n; i++)
        failures += check(xlu, files.v[i], "file") != 0;
    for (unsigned long i = 0; i < mutations && failures < 20; i++) {
        struct dml_sv file = files.v[below(files.n)];
        memcpy(text, file.p, file.len);
        size_t len = mutate(text, file.len);
        char what[32];
        snprintf(what, sizeof what, "mutation %lu", i);
        failures += check(xlu, (struct dml_sv){text, len}, what) != 0;
    }
    printf("%u files, %lu mutations, %d disagreements\n", files.n, mutations, failures);
    free(text);
    dml_xlu_free(xlu);
    dml_arena_dispose(&files_arena);
    return failures != 0;
}
