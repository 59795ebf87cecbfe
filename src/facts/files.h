/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a guest names: images, kernels, firmware, scripts, bridges. */
#ifndef DML_FACTS_FILES_H
#define DML_FACTS_FILES_H

#include "facts/subject.h"

struct dml_named_file {
    const char *what;        /* "the kernel", "the bridge" */
    const char *path;        /* where it is looked for */
    enum dml_key_id key;     /* that names it */
    int32_t index;           /* of the list element, or -1 */
    struct dml_span span;    /* of what names it */
    enum dma_file_type type; /* DMA_FILE_UNKNOWN: not looked at, taken to be there */
};

/*
 * Those that have to be there when the guest starts, in dom0 and with a whole path; each as often as it is named. The
 * list lives in the subject's arena. Returns how many; 0 also where memory ran out.
 */
uint32_t dml_subject_files(struct dml_subject *s, const struct dml_named_file **files);
/* How many different ones among them are only taken to be there. */
uint32_t dml_subject_files_unseen(struct dml_subject *s);

#endif
