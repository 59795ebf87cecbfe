/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any texts, separated by NULs, as the command line of some QEMUs. */
#include "fuzz.h"

#include "qemu/qemu.h"

enum { ARGS_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"debian-12", "debian-13"};
    struct dml_arena a = {0};
    const char *argv[ARGS_MAX];
    uint32_t argc = 0;
    char *text = dml_arena_strndup(&a, (const char *)data, size);
    argv[argc++] = "qemu-system-i386";
    for (size_t at = 0; at < size && argc < ARGS_MAX; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    struct dml_qemu_build build;
    for (unsigned i = 0; i < 4; i++) {
        build = (struct dml_qemu_build){0};
        if (i < 2)
            require(dml_qemu_build_named(&build, names[i]));
        else if (i == 2)
            dml_qemu_build_upstream(&build, DML_V(3, 0, 0));
        struct dml_qemu_findings f = dml_qemu_judge(argv, argc, &build, &a);
        for (uint32_t k = 0; k < f.n; k++)
            require(f.v[k].message && f.v[k].option && f.v[k].at < argc && f.v[k].feature <= DML_QEMU_HAS_none);
    }
    struct dml_qemu_arg arg;
    for (uint32_t i = 1, last = 0; dml_qemu_next(argv, argc, &i, &arg); last = i) {
        struct dml_qemu_parts parts = {arg.value, "implied", &a};
        struct dml_qemu_part part;
        require(i > last && arg.at < argc);
        while (arg.value && dml_qemu_next_part(&parts, &part))
            require(part.value.len <= strlen(arg.value) + 3);
    }
    require(!a.failed);
    dml_arena_dispose(&a);
    return 0;
}
