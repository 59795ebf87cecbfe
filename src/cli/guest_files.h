/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest files: what the commands that judge and rewrite guest files have in common. */
#ifndef DML_CLI_GUEST_FILES_H
#define DML_CLI_GUEST_FILES_H

#include <sys/types.h>

#include "base/write.h"
#include "cli/inputs.h"
#include "cli/progress.h"
#include "run/run.h"

struct dml_guest_files {
    const struct dml_args *args;
    struct dml_inputs inputs;
    const char **shown; /* paths as reported */
    struct dml_session session;
    unsigned jobs;                   /* --jobs */
    const char *backup, *output_dir; /* NULL: none */
    _Bool writes;                    /* guest files, or their copies, are to be written */
    unsigned *backup_number;         /* by input: what stands behind the suffix of its backup, 0 for nothing */
    struct dml_file_id *ids;         /* by input: which file was read, where it is to be written; NULL: nothing is */
    mode_t umask;
    const char **copies; /* by input: its copy in output_dir, NULL for standard input */
    struct dml_arena standard_input;
    struct dml_sv stdin_text; /* what it gave; p is NULL until it was read */
    int stdin_rc;
    struct dml_progress progress;
    void *command; /* the command's own, for what it does in a run */
};

/*
 * Finds the inputs, the host, the target, the policies and the rules that the command line means. `g` must stay where
 * it is, and be closed whatever comes back. `required`: set of protections. DML_EINVAL, DML_EIO, DML_ENOMEM with a
 * message.
 */
int dml_guest_files_open(struct dml_guest_files *g, const struct dml_args *args, uint32_t required,
                         struct dml_err *err);
void dml_guest_files_close(struct dml_guest_files *g);

/* --backup and --output-dir. `needs`: the option that is missing for writing, or NULL. */
int dml_guest_files_writing(struct dml_guest_files *g, const char *needs, struct dml_err *err);

/* Reads a guest file (`-`: standard input; one that was not named on the command line must be a regular one), of a
 * saved image only the part with its config. As below. */
int dml_guest_file_read(struct dml_arena *a, const char *path, _Bool named, size_t max, struct dml_sv *text,
                        struct dml_err *err);

/*
 * Shuts the run in (sandbox/sandbox.h), before it reads the first guest and starts a thread: only where guests are to
 * be written, and the n reports of those names, files may be. Directories of theirs that are not there are made. -v
 * says it.
 */
int dml_guest_files_sandbox(const struct dml_guest_files *g, const char *const *reports, uint32_t n,
                            struct dml_err *err);

/* --try: finds the program. What cannot be tried is said on stderr, and *out is NULL. DML_ENOMEM with a message. */
int dml_guest_files_try(const struct dml_guest_files *g, struct dml_try **out, struct dml_err *err);

/* What a run asks of the inputs (run/run.h); `user` is the struct dml_guest_files. */
int dml_guest_files_read(void *user, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_err *err);
_Bool dml_guest_files_may_skip(void *user, uint32_t i);
/*
 * Puts a rewritten text where it belongs: standard output, a copy in output_dir, or the file itself. What cannot be
 * written is an error with a message, and the file is as it was.
 */
int dml_guest_files_store(void *user, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed,
                          struct dml_err *err);
/* A run over all inputs, with what is above; the caller adds what else it wants. */
struct dml_run_ask dml_guest_files_ask(struct dml_guest_files *g, unsigned needs);
/* --list-files: prints each file with what it is, and why. DML_ENOMEM with a message. */
int dml_guest_files_list(struct dml_guest_files *g, enum dml_exit *code, struct dml_err *err);
/* For --require-ready: does a skipped file ask for dm_restrict? It is said which; what cannot be read may. */
_Bool dml_guest_files_skipped_ask(const struct dml_guest_files *g, const struct dml_outcome *o);
/* Prints the messages of an outcome, and returns the exit status that they and the inputs ask for. */
enum dml_exit dml_guest_files_messages(const struct dml_guest_files *g, const struct dml_outcome *o);
/* Writes a report file: as a whole or not at all, onto no input and through no link. */
int dml_guest_files_report(const struct dml_guest_files *g, const char *path, struct dml_sv text, struct dml_err *err);

#endif
