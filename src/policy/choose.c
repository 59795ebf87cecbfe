/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choose: which files of a tree a policy takes for guests. */
#include "base/path.h"
#include "policy/layer.h"

static _Bool means(const struct dml_layer *l, const struct dml_globs *globs, const char *path, const char *absolute,
                   struct dml_origin *from)
{
    if (!globs->n || !dml_layer_glob(l, globs->v, globs->n, path, absolute))
        return 0;
    *from = (struct dml_origin){l->file, globs->line};
    return 1;
}

int dml_policy_choice(const struct dml_policy *p, const char *path, enum dml_choice *out, struct dml_origin *from)
{
    struct dml_arena scratch = {0};
    const char *absolute = dml_path_absolute(&scratch, path);
    const struct dml_layer *includes = NULL;
    *out = DML_CHOICE_BY_NAME;
    for (uint32_t i = 0; absolute && i < p->layers.n; i++) {
        const struct dml_layer *l = p->layers.v[i];
        includes = l->include.line ? l : includes;
        if (means(l, &l->exclude, path, absolute, from))
            *out = DML_CHOICE_EXCLUDED;
    }
    if (absolute && includes && *out != DML_CHOICE_EXCLUDED) { /* the last policy that names any says it all */
        *out = means(includes, &includes->include, path, absolute, from) ? DML_CHOICE_INCLUDED
                                                                         : DML_CHOICE_NOT_INCLUDED;
        *from = (struct dml_origin){includes->file, includes->include.line};
    }
    int rc = absolute ? 0 : DML_ENOMEM;
    dml_arena_dispose(&scratch);
    return rc;
}
