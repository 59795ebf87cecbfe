/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target over the files of its arguments, where libFuzzer is not there: FUZZER FILE-OR-DIRECTORY... */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    unsigned n = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE-OR-DIRECTORY...\n", argv[0]);
        return 2;
    }
    FTS *fts = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *e; fts && (e = fts_read(fts));) {
        struct dml_arena a = {0};
        struct dml_err err;
        struct dml_sv text;
        if (e->fts_info != FTS_F)
            continue;
        if (dml_file_read(&a, e->fts_path, 1 << 24, &text, &err)) {
            fprintf(stderr, "%s\n", err.msg);
            return 2;
        }
        uint8_t *copy = malloc(text.len ? text.len : 1); /* exactly as long, for ASan */
        memcpy(copy, text.p, text.len);
        LLVMFuzzerTestOneInput(copy, text.len);
        free(copy);
        dml_arena_dispose(&a);
        n++;
    }
    if (fts)
        fts_close(fts);
    printf("%u inputs\n", n);
    return n ? 0 : 2;
}
