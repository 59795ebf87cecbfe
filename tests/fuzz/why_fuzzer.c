/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any bytes as a log of xl or QEMU. */
#include "fuzz.h"

#include "why/why.h"

static _Bool within(struct dml_sv part, struct dml_sv text)
{
    return !part.len || (part.p >= text.p && part.p + part.len <= text.p + text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dml_arena a = {0};
    struct dml_why w;
    struct dml_sv log = {(const char *)data, size};
    require(dml_why_read(&w, log, &a) == 0);
    require(w.kind <= DML_WHY_CAUSE && w.key && w.releases && w.what && w.todo && w.step && w.step_todo && w.code);
    require(w.line <= size + 1 && within(w.message, log));
    require(w.kind < DML_WHY_UNKNOWN || w.message.len);
    dml_arena_dispose(&a);
    return 0;
}
