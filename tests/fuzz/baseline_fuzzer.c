/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any text as a baseline; what is valid is written, read again, and the same. */
#include "fuzz.h"

#include "policy/baseline.h"

static _Bool load(struct dml_baseline *b, struct dml_arena *a, const uint8_t *data, size_t size)
{
    char name[40];
    struct dml_err err = {""};
    int fd = as_file(data, size, name);
    int rc = dml_baseline_load(b, dml_arena_strdup(a, name), 1, a, &err);
    close(fd);
    require(rc == 0 || err.msg[0]);
    return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dml_arena a = {0};
    struct dml_baseline b, again;
    struct dml_buf out;
    if (load(&b, &a, data, size)) {
        dml_baseline_sort(&b);
        for (uint32_t i = 0; i < b.v.n; i++)
            require(dml_baseline_find(&b, &b.v.v[i]) != NULL);
        dml_buf_init(&out, SIZE_MAX / 2);
        dml_baseline_write(&b, &out);
        require(load(&again, &a, (const uint8_t *)out.p, out.len));
        dml_baseline_sort(&again);
        require(again.v.n == b.v.n);
        for (uint32_t i = 0; i < b.v.n; i++)
            require(strcmp(again.v.v[i].rule, b.v.v[i].rule) == 0 && again.v.v[i].value == b.v.v[i].value);
        dml_buf_dispose(&out);
    }
    dml_arena_dispose(&a);
    return 0;
}
