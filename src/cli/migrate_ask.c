/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migrate: questions on the terminal, for --interactive. Nothing that nobody agreed to is written. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/migrate.h"
#include "cli/words.h"
#include "text/diff.h"
#include "text/safe.h"

enum { QUESTION_MAX = 16 * 1024 * 1024, ANSWER_MAX = 256 };

static void begin_guest(void *user, uint32_t i)
{
    struct migrate_ask *ask = user;
    ask->guest = i;
    ask->all = 0;
    ask->leave = ask->quit;
}

static const char *path_of(const struct migrate_ask *ask)
{
    return ask->c->files.shown[ask->guest];
}

/* Prints what a question is about; one that cannot be printed is not asked but declined. */
static _Bool show(struct dml_buf *b)
{
    _Bool ok = !b->failed;
    fflush(stdout);
    fwrite(b->p ? b->p : "", 1, ok ? b->len : 0, stderr);
    dml_buf_dispose(b);
    return ok;
}

/* One of `letters`; 'q' when the terminal has no more to say. `help` explains the letters. */
static char answer(const char *question, const char *letters, const char *help)
{
    for (;;) {
        char text[ANSWER_MAX];
        fprintf(stderr, "  %s [", question);
        for (const char *p = letters; *p; p++)
            fprintf(stderr, "%c,", *p);
        fputs("?] ", stderr);
        fflush(stderr);
        errno = 0;
        if (!fgets(text, sizeof text, stdin)) {
            if (errno == EINTR) {
                clearerr(stdin);
                continue;
            }
            fputc('\n', stderr);
            return 'q';
        }
        _Bool whole = strchr(text, '\n') != NULL;
        for (int c; !whole && (c = getchar()) != EOF && c != '\n';)
            ; /* the rest of a line that is too long for an answer */
        struct dml_sv word = dml_sv_trim(dml_sv_of(text));
        if (word.len == 1 && strchr(letters, word.p[0]))
            return word.p[0];
        fputs(help, stderr);
    }
}

static void note(struct migrate_ask *ask, char c)
{
    ask->all |= c == 'a';
    ask->quit |= c == 'q';
    ask->leave |= c == 'l' || c == 'q';
}

/* The lines of a diff from its first hunk on. */
static void put_hunks(struct dml_buf *out, const struct dml_fix_question *q)
{
    struct dml_buf diff;
    dml_buf_init(&diff, QUESTION_MAX);
    if (dml_udiff("", q->before, q->after, &diff) < 0)
        out->failed = 1;
    const char *hunk = diff.p ? strstr(diff.p, "\n@@") : NULL;
    if (hunk)
        dml_migrate_put_lines(out, (struct dml_sv){hunk + 1, diff.len - (size_t)(hunk + 1 - diff.p)}, "    ");
    dml_buf_dispose(&diff);
}

static _Bool ask_fix(void *user, const struct dml_fix_question *q)
{
    struct migrate_ask *ask = user;
    /* What the migration is for is no further decision. */
    _Bool goal = (q->rule->migration && ask->c->m.goal == DML_GOAL_RESTRICT) ||
                 (q->rule->qemu_xen && ask->c->m.goal == DML_GOAL_QEMU_XEN);
    _Bool decision = q->deletes_comment || (q->unsafe && !goal);
    struct dml_buf b;
    if (ask->leave)
        return 0;
    dml_buf_init(&b, QUESTION_MAX);
    dml_buf_char(&b, '\n');
    dml_safe_text(&b, dml_sv_of(path_of(ask)), 0);
    dml_buf_printf(&b, ": %s %s: ", q->rule->id, q->rule->name);
    dml_safe_text(&b, q->message.len ? q->message : dml_sv_of(q->rule->summary), 0);
    dml_buf_char(&b, '\n');
    put_hunks(&b, q);
    if (decision)
        dml_buf_printf(&b, "  A decision: %s.\n",
                       q->deletes_comment ? "a comment goes with it" : "the guest may notice");
    if (q->rule->why)
        dml_migrate_put_folded(&b, q->rule->why, "  ", "  ");
    if (!show(&b))
        return 0;
    if (ask->all && !decision)
        return 1;
    char c = answer("Make this change?", "ynalq",
                    "    y  make it\n    n  do not make it\n"
                    "    a  make it, and all further ones of this guest that are no decision\n"
                    "    l  leave this guest as it is, with none of its changes\n"
                    "    q  leave this guest and all that follow as they are\n");
    note(ask, c);
    return c == 'y' || c == 'a';
}

static _Bool ask_decisions(void *user, uint32_t i_guest)
{
    struct migrate_ask *ask = user;
    const struct dml_migrate_guest *g = &ask->c->m.guests[i_guest];
    for (uint32_t i = 0; i < g->steps.n && !ask->leave; i++) {
        const struct dml_step *s = &g->steps.v[i];
        struct dml_buf b;
        /* What was declined a moment ago is not asked again. */
        if (s->group != DML_STEP_DECISION || (s->why && strstr(s->why, DML_FIX_DECLINED)))
            continue;
        dml_buf_init(&b, QUESTION_MAX);
        dml_buf_char(&b, '\n');
        dml_safe_text(&b, dml_sv_of(path_of(ask)), 0);
        dml_buf_printf(&b, ": needs your decision%s%s%s\n", s->rule ? " [" : "", s->rule ? s->rule : "",
                       s->rule ? "]" : "");
        dml_migrate_put_folded(&b, s->text, "    ", "    ");
        if (s->why)
            dml_migrate_put_folded(&b, s->why, "    Why: ", "    ");
        if (!show(&b))
            ask->leave = 1;
        else
            note(ask, answer("Go on with this guest?", "ylq",
                             "    y  go on: that is decided, or done by hand\n"
                             "    l  leave this guest as it is, with none of its changes\n"
                             "    q  leave this guest and all that follow as they are\n"));
    }
    return !ask->leave;
}

int dml_migrate_ask_open(struct migrate_ask *ask, struct migrate *c, struct dml_err *err)
{
    *ask = (struct migrate_ask){
        .c = c, .asker = {.fix = {ask_fix, ask}, .guest = begin_guest, .decide = ask_decisions, .user = ask}};
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
        return 0;
    return dml_err_set(err, DML_EINVAL,
                       "--interactive asks on a terminal, and there is none here; --write makes the automatic changes");
}
