/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libdmargv share. */
#ifndef DML_DMARGV_INTERNAL_H
#define DML_DMARGV_INTERNAL_H

#include "base/arena.h"
#include "dmargv/dmargv.h"

struct dma_builder {
    struct dml_arena self;  /* holds this struct */
    struct dml_arena arena; /* holds the last result */
    struct dml_mem mem;     /* the caller's allocator; all NULL: malloc */
};

#endif
