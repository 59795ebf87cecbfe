/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest files: what the commands that judge and rewrite guest files have in common. */
#ifndef DML_CLI_GUEST_FILES_H
#define DML_CLI_GUEST_FILES_H

#include <sys/types.h>

#include "cli/inputs.h"
#include "judge/judge.h"

struct dml_guest_files {
    const struct dml_args *args;
    struct dml_inputs inputs;
    const char **shown; /* paths as reported */
    struct dml_world world;
    struct dml_run run;
    const char *backup, *output_dir; /* NULL: none */
    mode_t umask;
    const char **copies; /* by input: its copy in output_dir, NULL for standard input */
    _Bool *twin;         /* by input: another path to a file that an earlier input names */
};

/*
 * Finds the inputs, the host, the target, the policies and the rules that the command line means. `g` must stay where
 * it is, and be closed whatever comes back. DML_EINVAL, DML_EIO, DML_ENOMEM with a message.
 */
int dml_guest_files_open(struct dml_guest_files *g, const struct dml_args *args, struct dml_err *err);
void dml_guest_files_close(struct dml_guest_files *g);

/* The world as that target, for the same host; a run over it takes the rest from `g`. `world` must outlive the run. */
int dml_guest_files_for(const struct dml_guest_files *g, const struct dml_target *target, struct dml_world *world,
                        struct dml_run *run, struct dml_err *err);

/* --backup and --output-dir, and which inputs are one file. `needs`: the option that is missing for writing, or NULL.
 */
int dml_guest_files_writing(struct dml_guest_files *g, const char *needs, struct dml_err *err);

/* Reads a guest file (`-`: standard input), of a saved image only the part with its config. As below. */
int dml_guest_file_read(struct dml_arena *a, const char *path, size_t max, struct dml_sv *text, struct dml_err *err);
/* Reads one input; DML_ETOOBIG (with what fits) and DML_EIO have a message. */
int dml_guest_files_read(const struct dml_guest_files *g, struct dml_arena *a, uint32_t i, struct dml_sv *text,
                         struct dml_err *err);

/*
 * Puts a rewritten text where it belongs: standard output, a copy in output_dir, or the file itself. What cannot be
 * written is an error with a message, and the file is as it was.
 */
int dml_guest_files_store(const struct dml_guest_files *g, uint32_t i, struct dml_sv old, struct dml_sv text,
                          _Bool changed, struct dml_err *err);

#endif
