/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* completegen bash|zsh|fish: prints the completions of a shell, made from the tables of commands, options, rules and
 * policies. */
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "cli/cli.h"
#include "policy/policy.h"
#include "report/report.h"
#include "rules/rule.h"

enum commands_bits {
#define COMMAND(id, name, function, synopsis, help) C_##id = 1u << DML_COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
    C_ALL = (1u << DML_COMMANDS) - 1
};
#define C_NONE 0

static const struct {
    char letter;
    const char *name, *arg, *help;
    unsigned commands;
} options[] = {
#define OPTION(id, letter, name, arg, commands, help) {letter, name, arg, help, commands},
#include "cli/options.def"
#undef OPTION
};
enum { OPTIONS = sizeof options / sizeof options[0] };

/* The words that come after a command. */
static const char *const words_after[DML_COMMANDS] = {
    [DML_COMMAND_HOST] = "collect check users",
    [DML_COMMAND_POLICY] = "show check test",
    [DML_COMMAND_BASELINE] = "create prune",
    [DML_COMMAND_EXPLAIN] = "$rules",
};

/* What an option's value can be, where its name says it in every command; "$x" stands for words that are counted up
 * below. */
static const struct {
    const char *option, *words;
    _Bool files;
} values[] = {
    {"policy", "$policies", 1},
    {"host", "local none", 1},
    {"xen", "$releases", 0},
    {"diff-xen", "$releases", 0},
    {"to-xen", "$releases", 0},
    {"qemu-caps", "none run-with-chroot run-with-user", 0},
    {"min-severity", "error warning info hint", 0},
    {"fail-on", "error warning info hint none", 0},
    {"select", "$rules $tags", 0},
    {"ignore", "$rules $tags", 0},
    {"require-protection", "handles uid chroot namespaces limits kill-by-uid", 0},
    {"to", "restrict qemu-xen", 0},
    {"color", "auto always never", 0},
    {"jobs", "auto", 0},
};

static void releases(void)
{
#define XEN_RELEASE(major, minor, newest) printf(" %d.%d", major, minor);
#include "base/xen_versions.def"
#undef XEN_RELEASE
}

static void word_list(const char *words)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " ")) {
        if (strcmp(w, "$releases") == 0)
            releases();
        for (uint32_t i = 0; strcmp(w, "$policies") == 0 && i < dml_builtin_policies_n; i++)
            printf(" %s", dml_builtin_policies[i].name);
        for (uint32_t i = 0; strcmp(w, "$rules") == 0 && i < dml_builtin_rules.n; i++)
            printf(" %s %s", dml_builtin_rules.v[i].id, dml_builtin_rules.v[i].name);
        for (unsigned i = 0; strcmp(w, "$tags") == 0 && i < DML_TAG_COUNT; i++)
            printf(" %s", dml_tag_names[i]);
        if (w[0] != '$')
            printf(" %s", w);
    }
}

/* The words of an option's value, from the table above or, for formats, from its help: "text (default), json or x". */
static void value_words(int o)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].option, options[o].name) == 0)
            word_list(values[i].words);
    if (strcmp(options[o].name, "format") != 0)
        return;
    if (strstr(options[o].help, "$FORMATS")) {
        struct dml_buf names;
        dml_buf_init(&names, 4096);
        putchar(' ');
        dml_format_names(&names, " ");
        for (size_t i = 0; i < names.len; i++) /* "text, concise json" */
            putchar(names.p[i] == ',' ? ' ' : names.p[i]);
        dml_buf_dispose(&names);
        return;
    }
    char copy[256];
    snprintf(copy, sizeof copy, "%s", options[o].help);
    for (char *w = strtok(copy, " ,;"); w; w = strtok(NULL, " ,;"))
        if (strcmp(w, "or") != 0 && w[0] != '(' && w[strlen(w) - 1] != ':')
            printf(" %s", w);
}

static _Bool takes_files(int o)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].option, options[o].name) == 0)
            return values[i].files;
    return options[o].arg &&
           (strstr(options[o].arg, "FILE") || strstr(options[o].arg, "DIR") || strstr(options[o].arg, "PROGRAM"));
}

/* A text inside single quotes of any of the shells, without what zsh takes for more. */
static void quoted(const char *s)
{
    for (; *s && *s != '\n'; s++)
        if (*s == '\'')
            fputs("'\\''", stdout);
        else if (!strchr("[]$\\", *s))
            putchar(*s);
}

static void command_names(const char *between)
{
    for (int c = 0; c < DML_COMMANDS; c++)
        printf("%s%s", c ? between : "", dml_commands[c].name);
}

/* ---- bash: a case for every command and every option with a value ---- */

static void bash(void)
{
    fputs("# bash completion for dmlint; made by completegen from dmlint's tables.\n_dmlint() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=check word words='' "
          "options='' files=1\n"
          "    COMPREPLY=()\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        case $word in\n        ",
          stdout);
    command_names("|");
    fputs(") command=$word; break ;;\n        esac\n    done\n"
          "    if [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; elif [[ $cur == = ]]; then "
          "prev=${COMP_WORDS[COMP_CWORD-1]} cur=; fi\n"
          "    case $command:$prev in\n",
          stdout);
    for (int o = 0; o < OPTIONS; o++) {
        if (!options[o].arg || options[o].arg[0] == '[')
            continue;
        fputs("    ", stdout);
        _Bool first = 1;
        for (int c = 0; c < DML_COMMANDS; c++) {
            if (!(options[o].commands >> c & 1))
                continue;
            printf("%s%s:--%s", first ? "" : "|", dml_commands[c].name, options[o].name);
            if (options[o].letter)
                printf("|%s:-%c", dml_commands[c].name, options[o].letter);
            first = 0;
        }
        fputs(") words='", stdout);
        value_words(o);
        printf("' files=%s ;;\n", takes_files(o) ? "1" : "");
    }
    fputs("    *)\n        case $command in\n", stdout);
    for (int c = 0; c < DML_COMMANDS; c++) {
        printf("        %s) options='", dml_commands[c].name);
        for (int o = 0; o < OPTIONS; o++)
            if (options[o].commands >> c & 1) {
                printf(" --%s", options[o].name);
                if (options[o].letter)
                    printf(" -%c", options[o].letter);
            }
        fputs("' words='", stdout);
        if (words_after[c])
            word_list(words_after[c]);
        fputs("' ;;\n", stdout);
    }
    fputs("        esac\n        [[ $COMP_CWORD -gt 1 ]] || words+='", stdout);
    putchar(' ');
    command_names(" ");
    fputs("'\n        [[ $cur != -* ]] || words=$options\n    esac\n    [[ -z $words ]] || COMPREPLY=($(compgen -W "
          "\"$words\" -- \"$cur\"))\n"
          "    [[ -z $files || $cur == -* ]] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n}\n"
          "complete -o filenames -F _dmlint dmlint\n",
          stdout);
}

/* ---- zsh: _arguments for each command ---- */

static void zsh_option(int o)
{
    for (int form = options[o].letter ? 0 : 1; form < 2; form++) {
        fputs("            '*", stdout);
        if (form)
            printf("--%s", options[o].name);
        else
            printf("-%c", options[o].letter);
        _Bool optional = options[o].arg && options[o].arg[0] == '[';
        fputs(form && options[o].arg ? optional ? "=-" : "=" : options[o].arg ? "+" : "", stdout);
        fputs("[", stdout);
        quoted(options[o].help);
        fputs("]", stdout);
        if (options[o].arg) {
            printf("%s%s:", optional ? "::" : ":", options[o].name);
            if (takes_files(o))
                fputs("_dmlint_words_or_files", stdout);
            else
                fputs("(", stdout), value_words(o), fputs(")", stdout);
        }
        fputs("' \\\n", stdout);
    }
}

static void zsh(void)
{
    fputs("#compdef dmlint\n# zsh completion for dmlint; made by completegen from dmlint's "
          "tables.\n_dmlint_words_or_files() {\n"
          "    case ${words[CURRENT-1]} in\n",
          stdout);
    for (int o = 0; o < OPTIONS; o++)
        if (options[o].arg && options[o].arg[0] != '[' && takes_files(o)) {
            printf("    --%s) compadd --", options[o].name);
            value_words(o);
            fputs(" ;;\n", stdout);
        }
    fputs("    esac\n    _files\n}\n_dmlint() {\n    local command=check i\n    for ((i = 2; i < CURRENT; i++)); do\n  "
          "      case ${words[i]} in\n        ",
          stdout);
    command_names("|");
    fputs(") command=${words[i]}; words[i]=(); ((CURRENT--)); break ;;\n        esac\n    done\n"
          "    if ((CURRENT == 2 && ${#words} == 2)) && [[ $command == check && ${words[2]} != -* ]]; then\n        "
          "local -a commands\n        commands=(\n",
          stdout);
    for (int c = 0; c < DML_COMMANDS; c++) {
        printf("            '%s:", dml_commands[c].name);
        quoted(dml_commands[c].help);
        fputs("'\n", stdout);
    }
    fputs("        )\n        _describe command commands\n    fi\n    case $command in\n", stdout);
    for (int c = 0; c < DML_COMMANDS; c++) {
        printf("    %s)\n        _arguments -s -S \\\n", dml_commands[c].name);
        for (int o = 0; o < OPTIONS; o++)
            if (options[o].commands >> c & 1)
                zsh_option(o);
        if (words_after[c]) {
            fputs("            '1:word:(", stdout);
            word_list(words_after[c]);
            fputs(")' \\\n", stdout);
        }
        fputs("            '*:file:_files'\n        ;;\n", stdout);
    }
    fputs("    esac\n}\n_dmlint \"$@\"\n", stdout);
}

/* ---- fish: a line for each command's option ---- */

static void fish(void)
{
    fputs("# fish completion for dmlint; made by completegen from dmlint's tables.\n"
          "function __dmlint_is\n    set -l words (commandline -opc)\n    set -l command check\n    for word in "
          "$words[2..]\n"
          "        if contains -- $word",
          stdout);
    putchar(' ');
    command_names(" ");
    fputs("\n            set command $word\n            break\n        end\n    end\n    contains -- $command "
          "$argv\nend\n",
          stdout);
    for (int c = 0; c < DML_COMMANDS; c++) {
        printf("complete -c dmlint -n __fish_is_first_token -a %s -d '", dml_commands[c].name);
        quoted(dml_commands[c].help);
        fputs("'\n", stdout);
        if (words_after[c]) {
            printf("complete -c dmlint -n '__dmlint_is %s' -a '", dml_commands[c].name);
            word_list(words_after[c]);
            fputs("'\n", stdout);
        }
    }
    for (int o = 0; o < OPTIONS; o++) {
        fputs("complete -c dmlint -n '__dmlint_is", stdout);
        for (int c = 0; c < DML_COMMANDS; c++)
            if (options[o].commands >> c & 1)
                printf(" %s", dml_commands[c].name);
        printf("' -l %s", options[o].name);
        if (options[o].letter)
            printf(" -s %c", options[o].letter);
        if (options[o].arg && options[o].arg[0] != '[') {
            printf(" -r%s -a '", takes_files(o) ? "" : " -f");
            value_words(o);
            fputs("'", stdout);
        }
        fputs(" -d '", stdout);
        quoted(options[o].help);
        fputs("'\n", stdout);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(argv[1], shells[i].name) == 0) {
            shells[i].print();
            return ferror(stdout) || fflush(stdout) != 0;
        }
    fputs("usage: completegen bash|zsh|fish\n", stderr);
    return 2;
}
