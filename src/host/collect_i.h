/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the collection of host facts share. */
#ifndef DML_HOST_COLLECT_I_H
#define DML_HOST_COLLECT_I_H

#include "base/buf.h"
#include "host/facts.h"

struct collector {
    struct dml_facts *f;
    struct dml_arena *a;
    struct dml_buf *notes;
    const char *root; /* "" for this host */
    _Bool live;       /* root is this host: getent may be asked */
};

/* Is there something of that name? */
_Bool dml_collect_is_there(struct collector *c, const char *path);
/* The file's text; where it cannot be read, says so in the notes (but for files that need not exist) and returns 0. */
_Bool dml_collect_slurp(struct collector *c, const char *path, _Bool expected, struct dml_sv *text);
/* Takes the next line, or the next word between blanks, off a text; 0 where there is none. */
_Bool dml_collect_next_line(struct dml_sv *text, struct dml_sv *line);
_Bool dml_collect_next_word(struct dml_sv *rest, struct dml_sv *word);
/* Cuts the part up to `sep` (or all) off `rest`. */
struct dml_sv dml_collect_cut(struct dml_sv *rest, char sep);
/* Value of a shell assignment NAME=value, without quotes; 0 where the line is none. */
_Bool dml_collect_assignment(struct dml_sv line, struct dml_sv *name, struct dml_sv *value);
/* A copy in the facts' arena; a new element of a list, which is known from then on. NULL when out of memory. */
const char *dml_collect_keep(struct collector *c, struct dml_sv s);
void *dml_collect_append(struct collector *c, struct dml_list *list, size_t size);
/* Sorted paths of the entries of a directory; the list is known where the directory can be read or is not there. */
void dml_collect_list_dir(struct collector *c, const char *dir, const char *prefix, struct dml_list *list);

/* machine.c: memory, NUMA nodes, IOMMU, addresses. */
void dml_collect_machine(struct collector *c);
/* site.c: what else on the host touches its guests: scripts, id maps, settings of libxl. */
void dml_collect_site(struct collector *c);

#endif
