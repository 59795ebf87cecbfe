/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlu: what Xen's own libxlutil says. The only room that includes libxlutil.h.
 *
 * The linked release (Debian 12: 4.17) never decides what another release does: the tree is compared under the linked
 * grammar, and disk strings are corrected for the target by a table.
 */
#ifndef DML_XLU_XLU_H
#define DML_XLU_XLU_H

#include "base/err.h"
#include "cfg/cfg.h"
#include "dmargv/dmargv.h"

/* What libxlutil needs besides the text: one per thread, not shared. */
struct dml_xlu;

/* NULL when out of memory. */
struct dml_xlu *dml_xlu_new(void);
void dml_xlu_free(struct dml_xlu *xlu);

/* Where the second opinion differs from ours. Anything but SAME is a bug of ours. */
enum dml_xlu_what {
    DML_XLU_SAME,
    DML_XLU_SKIPPED, /* not asked: a NUL, on which libxlutil may abort; or it would take minutes */
    DML_XLU_ACCEPTS, /* libxlutil accepts what we reject */
    DML_XLU_REJECTS, /* libxlutil rejects what we accept */
    DML_XLU_KIND,    /* a list where we have a text, or a text where we have a list, or no such key */
    DML_XLU_TEXT,    /* another text */
    DML_XLU_NUMBER,  /* another number, or a number only for one of the two */
    DML_XLU_LENGTH   /* a list of another length */
};
struct dml_xlu_diff {
    enum dml_xlu_what what;
    struct dml_span span; /* our value, or our first error; DML_NO_SPAN where there is none */
};
const char *dml_xlu_what_text(enum dml_xlu_what what);

/*
 * Has libxlutil parse the same bytes and compares acceptance, and every value where it accepts. libxlutil looks keys up
 * in a list, so files with very many keys have only some of their keys compared, spread evenly and always the same.
 * `scratch` is used where the tree was parsed under the grammar before 4.13 and has a `+=`. DML_ENOMEM.
 */
int dml_xlu_compare(struct dml_xlu *xlu, const struct dml_cfg *cfg, struct dml_arena *scratch,
                    struct dml_xlu_diff *diff, struct dml_err *err);

/* A piece of a disk string: a value or word, and what it says. Positional values have the name of their place. */
struct dml_xlu_part {
    const char *name;    /* as written: "format", "vdev", "direct-io-safe"; lives for ever */
    struct dml_sv value; /* in the spec; for a word, the word */
    struct dml_sv whole; /* with its name, without the comma */
};
struct dml_xlu_parts {
    DML_VEC(struct dml_xlu_part) part;
};

/*
 * Reads one element of `disk` as xl of `xen` does: *disk (strings in `a`), and where each value stands in `spec`.
 * *reason is NULL, or says in our words why xl refuses it; *disk is then of no use, but *parts is complete
 * (but for a text of more than 16000 bytes).
 * xlu_disk_parse reads what all releases read alike; what came with a later release (disk_words.def) is taken out of
 * the string first and read here. DML_ENOMEM.
 */
int dml_xlu_disk(struct dml_xlu *xlu, struct dml_arena *a, struct dml_sv spec, dml_version xen, struct dma_disk *disk,
                 struct dml_xlu_parts *parts, const char **reason, struct dml_err *err);

#endif
