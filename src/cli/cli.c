/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command line: command look-up, option parsing, help. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"

enum { HELP_MAX = 4096 };

const struct dml_command dml_commands[DML_COMMANDS] = {
#define COMMAND(id, name, function, synopsis, help) {name, function, synopsis, help},
#include "cli/commands.def"
#undef COMMAND
};

enum {
#define COMMAND(id, name, function, synopsis, help) C_##id = 1 << DML_COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
    C_ALL = (1 << DML_COMMANDS) - 1
};

struct option {
    char letter;
    const char *name, *arg;
    unsigned commands;
    const char *help;
};

static const struct option options[DML_OPTIONS] = {
#define OPTION(id, letter, name, arg, commands, help) {letter, name, arg, commands, help},
#include "cli/options.def"
#undef OPTION
};

enum dml_exit dml_exit_worse(enum dml_exit x, enum dml_exit y)
{
    static const int rank[] = {[DML_EXIT_OK] = 0,         [DML_EXIT_FINDINGS] = 1,  [DML_EXIT_NO_INPUT] = 2,
                               [DML_EXIT_INCOMPLETE] = 3, [DML_EXIT_NOT_FIXED] = 4, [DML_EXIT_USAGE] = 5};
    return rank[x] >= rank[y] ? x : y;
}

const char *dml_option_name(enum dml_option_id option)
{
    return options[option].name;
}

const char *dml_args_nth(const struct dml_args *args, enum dml_option_id option, uint32_t i)
{
    for (uint32_t k = 0; k < args->n; k++)
        if (args->v[k].option == option && i-- == 0)
            return args->v[k].value ? args->v[k].value : "";
    return NULL;
}

const char *dml_args_get(const struct dml_args *args, enum dml_option_id option)
{
    const char *last = NULL;
    for (uint32_t k = 0; k < args->n; k++)
        if (args->v[k].option == option)
            last = args->v[k].value ? args->v[k].value : "";
    return last;
}

static unsigned bit(const struct dml_command *command)
{
    return 1u << (command - dml_commands);
}

struct names {
    const struct dml_command *command;
    enum dml_option_id of[DML_OPTIONS];
};

static struct dml_sv option_name(const void *user, size_t i)
{
    return dml_sv_of(options[((const struct names *)user)->of[i]].name);
}

static int unknown_option(const struct dml_command *command, struct dml_sv name, struct dml_err *err)
{
    struct names names = {command, {0}};
    size_t n = 0;
    for (enum dml_option_id i = 0; i < DML_OPTIONS; i++)
        if (options[i].commands & bit(command))
            names.of[n++] = i;
    long near = dml_sv_nearest(name, n, option_name, &names);
    if (near >= 0)
        return dml_err_set(err, DML_EINVAL, "%s has no option --%.*s; did you mean --%s?", command->name,
                           DML_SV_ARG(name), options[names.of[near]].name);
    return dml_err_set(err, DML_EINVAL, "%s has no option --%.*s; `dmlint %s --help` lists them", command->name,
                       DML_SV_ARG(name), command->name);
}

static _Bool optional(const struct option *o)
{
    return o->arg && o->arg[0] == '[';
}

static int add(struct dml_args *args, enum dml_option_id id, const char *value)
{
    args->v[args->n++] = (struct dml_arg){id, value};
    return 0;
}

static int parse_long(struct dml_args *args, const char *text, char **argv, int argc, int *i, struct dml_err *err)
{
    const char *equals = strchr(text, '=');
    struct dml_sv name = {text, equals ? (size_t)(equals - text) : strlen(text)};
    for (enum dml_option_id id = 0; id < DML_OPTIONS; id++) {
        const struct option *o = &options[id];
        if (!(o->commands & bit(args->command)) || !dml_sv_is(name, o->name))
            continue;
        if (!o->arg && equals)
            return dml_err_set(err, DML_EINVAL, "--%s takes no value", o->name);
        if (!o->arg || equals || optional(o))
            return add(args, id, equals ? equals + 1 : NULL);
        if (*i + 1 >= argc)
            return dml_err_set(err, DML_EINVAL, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
        return add(args, id, argv[++*i]);
    }
    return unknown_option(args->command, name, err);
}

static int parse_letters(struct dml_args *args, const char *text, char **argv, int argc, int *i, struct dml_err *err)
{
    for (; *text; text++) {
        enum dml_option_id id = 0;
        while (id < DML_OPTIONS && !((options[id].commands & bit(args->command)) && options[id].letter == *text))
            id++;
        if (id == DML_OPTIONS)
            return dml_err_set(err, DML_EINVAL, "%s has no option -%c; `dmlint %s --help` lists them",
                               args->command->name, *text, args->command->name);
        if (!options[id].arg || optional(&options[id])) {
            add(args, id, NULL);
            continue;
        }
        if (!text[1] && *i + 1 >= argc)
            return dml_err_set(err, DML_EINVAL, "-%c needs a value: -%c %s", *text, *text, options[id].arg);
        return add(args, id, text[1] ? text + 1 : argv[++*i]);
    }
    return 0;
}

/* An option that has one value is given twice: which would count? */
static int once(const struct dml_args *args, struct dml_err *err)
{
    for (uint32_t i = 0; i < args->n; i++)
        for (uint32_t k = 0; k < i; k++) {
            const char *x = args->v[i].value, *y = args->v[k].value;
            const struct option *o = &options[args->v[i].option];
            if (args->v[k].option == args->v[i].option && x && y && strcmp(x, y) != 0 && !strstr(o->help, "repeatable"))
                return dml_err_set(err, DML_EINVAL, "--%s is given twice, as \"%s\" and \"%s\"; give one", o->name, y,
                                   x);
        }
    return 0;
}

int dml_args_parse(const struct dml_command *command, int argc, char **argv, struct dml_arena *a, struct dml_args *out,
                   struct dml_err *err)
{
    size_t letters = 0;
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]) + 1; /* -qv is two options */
    *out = (struct dml_args){.command = command, .arena = a};
    out->v = dml_new_n(a, struct dml_arg, letters + 1);
    out->paths = dml_new_n(a, const char *, (size_t)argc + 1);
    if (!out->v || !out->paths)
        return dml_err_nomem(err);
    _Bool options_ended = 0;
    for (int i = 0; i < argc; i++) {
        int rc = 0;
        if (options_ended || argv[i][0] != '-' || !argv[i][1])
            out->paths[out->n_paths++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            options_ended = 1;
        else if (argv[i][1] == '-')
            rc = parse_long(out, argv[i] + 2, argv, argc, &i, err);
        else
            rc = parse_letters(out, argv[i] + 1, argv, argc, &i, err);
        if (rc < 0)
            return rc;
    }
    return once(out, err);
}

/* The words of an option; $FORMATS are those of the table of formats. */
static void help_words(FILE *out, const char *help)
{
    const char *formats = strstr(help, "$FORMATS");
    struct dml_buf names;
    dml_buf_init(&names, HELP_MAX);
    dml_format_names(&names, " or ");
    if (formats)
        fprintf(out, "%.*s%s%s\n", (int)(formats - help), help, names.p ? names.p : "", formats + strlen("$FORMATS"));
    else
        fprintf(out, "%s\n", help);
    dml_buf_dispose(&names);
}

static void help_option(FILE *out, const struct option *o)
{
    char left[64];
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg && !optional(o) ? " " : "", o->arg ? o->arg : "");
    if (strlen(left) > 28)
        fprintf(out, "  %s\n  %-28s  ", left, "");
    else
        fprintf(out, "  %-28s  ", left);
    help_words(out, o->help);
}

void dml_cli_help(FILE *out, const struct dml_command *command)
{
    if (!command) {
        fputs("usage: dmlint [COMMAND] [OPTION...] [PATH...]\n\n"
              "Checks Xen xl guest configs for running QEMU restricted (dm_restrict=1): will restriction hold, what "
              "must\n"
              "change, and what exactly will run. Bare paths mean check:  dmlint /etc/xen/*.cfg\n\ncommands:\n",
              out);
        for (int i = 0; i < DML_COMMANDS; i++)
            fprintf(out, "  %-10s %s\n", dml_commands[i].name, dml_commands[i].help);
        fputs("\n`dmlint COMMAND --help` lists the options of a command; dmlint(1) says it all.\n", out);
        return;
    }
    fprintf(out, "usage: dmlint %s %s\n\n%c%s.\n\noptions:\n", command->name, command->synopsis,
            command->help[0] - ('a' <= command->help[0] && command->help[0] <= 'z' ? 'a' - 'A' : 0), command->help + 1);
    for (enum dml_option_id i = 0; i < DML_OPTIONS; i++)
        if (options[i].commands & bit(command))
            help_option(out, &options[i]);
}

enum dml_exit dml_cli_fail(enum dml_exit code, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    dml_end_on_character(text, sizeof text);
    /* Paths and config text can hold terminal escapes. */
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = '?';
    fflush(stdout);
    fprintf(stderr, "dmlint: %s\n", text);
    return code;
}

enum dml_exit dml_cli_finish(enum dml_exit code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    return dml_cli_fail(DML_EXIT_USAGE, "cannot write to standard output: %s", strerror(errno));
}

static struct dml_sv command_name(const void *user, size_t i)
{
    (void)user;
    return dml_sv_of(dml_commands[i].name);
}

static const struct dml_command *find_command(const char *name)
{
    for (int i = 0; i < DML_COMMANDS; i++)
        if (strcmp(name, dml_commands[i].name) == 0)
            return &dml_commands[i];
    return NULL;
}

/* Does an argument take the next one as its value, whatever the command? */
static _Bool takes_next(const char *arg)
{
    if (arg[1] == '-')
        for (enum dml_option_id i = 0; i < DML_OPTIONS; i++)
            if (strcmp(arg + 2, options[i].name) == 0)
                return options[i].arg && !optional(&options[i]);
    for (const char *letter = arg + 1; arg[1] != '-' && *letter; letter++)
        for (enum dml_option_id i = 0; i < DML_OPTIONS; i++)
            if (options[i].letter == *letter && options[i].arg)
                return !letter[1];
    return 0;
}

/* The first argument that is neither an option nor its value, where a command may stand; argc where there is none. */
static int first_word(int argc, char **argv)
{
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0)
        i += 1 + takes_next(argv[i]);
    return i < argc && argv[i][0] != '-' ? i : argc;
}

enum dml_exit dml_cli_main(int argc, char **argv)
{
    if (argc < 2) {
        dml_cli_help(stderr, NULL);
        return DML_EXIT_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0) {
        const struct dml_command *about = argc > 2 ? find_command(argv[2]) : NULL;
        dml_cli_help(stdout, about);
        return dml_cli_finish(DML_EXIT_OK);
    }
    int at = first_word(argc, argv);
    const char *word = at < argc ? argv[at] : "";
    const struct dml_command *command = find_command(word);
    if (command) {
        memmove(&argv[at], &argv[at + 1], (size_t)(argc-- - at) * sizeof *argv);
    } else {
        /* A word that is no file but nearly a command is a slip, not a path. */
        long near = *word ? dml_sv_nearest(dml_sv_of(word), DML_COMMANDS, command_name, NULL) : -1;
        if (near >= 0 && !strchr(word, '/') && access(word, F_OK) != 0)
            return dml_cli_fail(DML_EXIT_USAGE, "there is no command and no file \"%s\"; did you mean `dmlint %s`?",
                                word, dml_commands[near].name);
        command = &dml_commands[DML_COMMAND_CHECK];
    }
    struct dml_arena a = {0};
    struct dml_args args;
    struct dml_err err;
    enum dml_exit code;
    if (dml_args_parse(command, argc - 1, argv + 1, &a, &args, &err) < 0)
        code = dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    else if (dml_args_get(&args, DML_OPTION_HELP)) {
        dml_cli_help(stdout, command);
        code = DML_EXIT_OK;
    } else if (dml_args_get(&args, DML_OPTION_VERSION)) {
        puts("dmlint " DML_VERSION);
        code = DML_EXIT_OK;
    } else
        code = command->run(&args);
    dml_arena_dispose(&a);
    return dml_cli_finish(code);
}
