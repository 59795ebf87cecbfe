/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inputs: which files a command works on, from paths, directories, lists and standard input. */
#ifndef DML_CLI_INPUTS_H
#define DML_CLI_INPUTS_H

#include "cli/cli.h"
#include "run/run.h"

struct dml_inputs {
    DML_VEC(const char *) paths; /* as shown, sorted by bytes, each file once; "-" reads standard input */
    DML_VEC(const char *) trees; /* directories that were searched, without a slash behind */
    DML_VEC(struct dml_skipped) skipped;
    _Bool others;       /* the name of one is not that of an xl.cfg file: stored configs may be among them */
    enum dml_exit code; /* DML_EXIT_INCOMPLETE where something could not be read: said on stderr already */
};

/*
 * Collects from the command line's paths and --files-from. A directory stands for the guests below it: regular files
 * and links to them whose names end in .cfg, .hvm, .pv, .pvh or .xl (or which the `include:` of their policy names),
 * and configs that libxl stored; hidden ones are left out. --exclude, a policy's `exclude:` and .dmlintignore apply to
 * what is found, with --force-exclude to what is named, too. Of several paths to one file one is kept. `session` knows
 * the policies, see dml_session_policy; NULL: only names and options count. DML_EINVAL where the command line makes no
 * sense; what loading a policy or .dmlintignore returned.
 */
int dml_inputs_collect(const struct dml_args *args, const struct dml_session *session, struct dml_inputs *out,
                       struct dml_err *err);

/* The directory that an input was found below; NULL for one that was named itself. */
const char *dml_inputs_tree(const struct dml_inputs *in, const char *path);

#endif
