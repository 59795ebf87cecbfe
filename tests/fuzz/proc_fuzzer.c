/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any bytes as each of the texts of /proc, and as a command line that is read and compared with itself. */
#include <stdlib.h>

#include "verify/verify_i.h"

static void require(_Bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dml_arena a = {0};
    struct dml_sv text = {(const char *)data, size};
    struct dml_proc_status status;
    struct dml_proc_limit limits[DML_LIMITS];
    const struct dml_proc_socket *sockets;
    struct dml_cmdline said;
    const char *const *argv;
    uint32_t argc, n;

    require(dml_proc_parse_status(&status, text, &a) == 0);
    require(status.name && strlen(status.name) <= 64);
    for (uint32_t i = 0; i < status.n_groups && status.groups_known; i++)
        require(status.groups[i] <= UINT32_MAX);
    dml_proc_parse_limits(limits, text);
    require(dml_proc_parse_unix(&sockets, &n, text, &a) == 0);
    for (uint32_t i = 0; i < n; i++)
        require(sockets[i].path && (!i || sockets[i - 1].inode <= sockets[i].inode));

    require(dml_proc_parse_cmdline(&argv, &argc, text, &a) == 0);
    require(dml_cmdline_read(&said, argv, argc, &a) == 0);
    require(!dml_cmdline_is_qemu(argv, argc) || argc > 2);
    for (uint32_t i = 0; i < argc; i++)
        require(dml_argument_matches(argv[i], argv[i]));
    if (argc && argc < 256) {
        const struct dml_expected e = {.argv = argv, .argc = argc};
        _Bool hotplug;
        said.incoming = 0;
        require(!dml_argv_difference(&e, argv, argc, &said, &a, &hotplug));
        dml_argv_difference(&e, argv + argc / 2, argc - argc / 2, &said, &a, &hotplug);
    }
    require(!a.failed);
    dml_arena_dispose(&a);
    return 0;
}
