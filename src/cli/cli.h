/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command line: the tables of commands and options, parsed arguments, exit codes. Only cli/ and main.c may print or
 * exit. */
#ifndef DML_CLI_CLI_H
#define DML_CLI_CLI_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"

/* Exit status (dmlint(1), EXIT STATUS). Where several apply, the one that dml_exit_worse prefers counts. */
enum dml_exit {
    DML_EXIT_OK = 0,
    DML_EXIT_FINDINGS = 1,
    DML_EXIT_USAGE = 2,
    DML_EXIT_INCOMPLETE = 3,
    DML_EXIT_NOT_FIXED = 4,
    DML_EXIT_NO_INPUT = 5
};
enum dml_exit dml_exit_worse(enum dml_exit x, enum dml_exit y);

enum dml_command_id {
#define COMMAND(id, name, function, synopsis, help) DML_COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
    DML_COMMANDS
};

enum dml_option_id {
#define OPTION(id, letter, name, arg, commands, help) DML_OPTION_##id,
#include "cli/options.def"
#undef OPTION
    DML_OPTIONS
};

/* What the command line said. Strings are argv's. */
struct dml_arg {
    enum dml_option_id option;
    const char *value; /* NULL for a flag */
};
struct dml_args {
    const struct dml_command *command;
    struct dml_arena *arena;
    struct dml_arg *v;
    const char **paths; /* what is no option, after the command */
    uint32_t n, n_paths;
};

struct dml_command {
    const char *name;
    enum dml_exit (*run)(const struct dml_args *args);
    const char *synopsis, *help;
};
extern const struct dml_command dml_commands[DML_COMMANDS];

#define COMMAND(id, name, function, synopsis, help) enum dml_exit function(const struct dml_args *args);
#include "cli/commands.def"
#undef COMMAND

/* The last value of an option, "" for a flag that is set, NULL where it was not given. */
const char *dml_args_get(const struct dml_args *args, enum dml_option_id option);
/* The long name of an option. */
const char *dml_option_name(enum dml_option_id option);
/* Calls *at of each occurrence in turn: i = 0, 1, ... until NULL. */
const char *dml_args_nth(const struct dml_args *args, enum dml_option_id option, uint32_t i);

/*
 * Parses argv after the command's name. Options and paths may mix; "--" ends options. DML_EINVAL with a message (with
 * "did you mean" for an unknown option).
 */
int dml_args_parse(const struct dml_command *command, int argc, char **argv, struct dml_arena *a, struct dml_args *out,
                   struct dml_err *err);
/* The help of one command, or of the program where command is NULL. */
void dml_cli_help(FILE *out, const struct dml_command *command);
/* Prints "dmlint: message" to stderr, made harmless for a terminal, and returns `code`. */
enum dml_exit dml_cli_fail(enum dml_exit code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Flushes stdout; where that fails, says so and returns DML_EXIT_USAGE, else `code`. */
enum dml_exit dml_cli_finish(enum dml_exit code);

/* The program: finds the command (bare paths mean check) and runs it. */
enum dml_exit dml_cli_main(int argc, char **argv);

#endif
