/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fuzz targets share. */
#ifndef DML_FUZZ_FUZZ_H
#define DML_FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(_Bool ok)
{
    if (!ok)
        abort();
}

/* The bytes as a file, for what is read by name: its descriptor, to be closed. */
static inline int as_file(const uint8_t *data, size_t size, char name[40])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, 40, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
