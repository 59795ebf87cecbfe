/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Report: the one way through findings and guests that all formats share, and the summary. */
#include "report/report.h"

#include <string.h>

#include "report/out.h"

enum { PIECE = 32 * 1024, PIECE_MAX = 64 * 1024 * 1024 };

void dml_no_begin(struct dml_out *out, const struct dml_report *r)
{
    (void)out;
    (void)r;
}

void dml_no_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    (void)out;
    (void)r;
    (void)file;
}

void dml_no_guest(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g)
{
    (void)out;
    (void)r;
    (void)g;
}

void dml_no_end(struct dml_out *out, const struct dml_report *r)
{
    (void)out;
    (void)r;
}

const struct dml_format dml_formats[DML_FORMATS] = {
#define FORMAT(name, needs, begin, file_begin, finding, guest, file_end, end, summary)                                 \
    {#name, summary, needs, begin, file_begin, finding, guest, file_end, end},
#include "report/formats.def"
#undef FORMAT
};

const struct dml_format *dml_format_find(struct dml_sv name)
{
    for (int i = 0; i < DML_FORMATS; i++)
        if (dml_sv_is(name, dml_formats[i].name))
            return &dml_formats[i];
    return NULL;
}

void dml_format_names(struct dml_buf *out, const char *last)
{
    for (int i = 0; i < DML_FORMATS; i++)
        dml_buf_printf(out, "%s%s", !i ? "" : i == DML_FORMATS - 1 ? last : ", ", dml_formats[i].name);
}

_Bool dml_report_shows(const struct dml_report *r, const struct dml_finding *f)
{
    return f->severity <= r->min_severity && f->severity < DML_OFF;
}

/* Hands on what has been written, in pieces that are worth a system call. */
static void flush(struct dml_out *out, size_t at_least)
{
    if (out->buf.failed && !out->rc)
        out->rc = DML_ENOMEM;
    if (out->rc || out->buf.len < at_least || !out->buf.len)
        return;
    out->rc = out->sink.write(out->sink.user, dml_buf_view(&out->buf));
    dml_buf_clear(&out->buf);
}

/* One file: its findings, then its guest. */
static void write_file(struct dml_out *out, const struct dml_format *to, const struct dml_report *r, uint32_t file,
                       const struct dml_outcome_guest *g)
{
    to->file_begin(out, r, file);
    for (size_t i = 0; i < out->of_file_n && !out->rc; i++) {
        if (dml_report_shows(r, out->of_file[i]))
            to->finding(out, r, out->of_file[i]);
        flush(out, PIECE);
    }
    if (g)
        to->guest(out, r, g);
    to->file_end(out, r, file);
    flush(out, PIECE);
}

int dml_report_write(const struct dml_format *format, const struct dml_report *r, struct dml_sink sink,
                     struct dml_err *err)
{
    const struct dml_finding_list *findings = &r->o->findings;
    struct dml_out out = {.sink = sink};
    size_t at = 0;
    uint32_t next = 0;
    dml_buf_init(&out.buf, PIECE_MAX);
    format->begin(&out, r);
    while ((at < findings->n || next < r->o->guests_n) && !out.rc) {
        const struct dml_outcome_guest *g = next < r->o->guests_n ? &r->o->guests[next] : NULL;
        uint32_t file = at < findings->n && (!g || findings->v[at]->file < g->file) ? findings->v[at]->file : g->file;
        out.of_file = findings->v + at;
        out.of_file_n = 0;
        while (at < findings->n && findings->v[at]->file == file)
            at++, out.of_file_n++;
        g = g && g->file == file ? g : NULL;
        next += g != NULL;
        write_file(&out, format, r, file, g);
    }
    format->end(&out, r);
    flush(&out, 0);
    dml_buf_dispose(&out.buf);
    dml_arena_dispose(&out.a);
    if (out.rc == DML_ENOMEM)
        dml_err_set(err, out.rc, "out of memory while writing the report");
    return out.rc;
}

/* ---- summary ---- */

static void number(struct dml_buf *out, size_t n, const char *one, const char *many, _Bool *some)
{
    if (!n)
        return;
    dml_buf_printf(out, "%s%zu %s", *some ? ", " : "", n, n == 1 ? one : many);
    *some = 1;
}

/* The facts that keep verdicts unknown, each once, and how to get them. */
static void summary_of_missing(const struct dml_report *r, struct dml_buf *out)
{
    uint64_t missing = 0;
    unsigned n = 0, last = 0;
    for (uint32_t i = 0; i < r->o->guests_n; i++)
        missing |= r->o->guests[i].missing;
    for (unsigned i = 0; dml_missing_name(i); i++) {
        if (!(missing >> i & 1))
            continue;
        dml_buf_printf(out, "%s%s", n++ ? ", " : "not known of the host: ", dml_missing_name(i));
        last = i;
    }
    if (n == 1 && dml_missing_command(last)) /* one fact can be said by hand */
        dml_buf_printf(out, " (%s shows it)", dml_missing_command(last));
    if (!n)
        return;
    if (!r->host)
        dml_buf_str(out, "\n  run `dmlint host collect > facts.json` on it, and give --host facts.json\n");
    else if (strcmp(r->host, "local") == 0)
        dml_buf_str(out, "\n  `dmlint host collect`, as root, says what it cannot read here\n");
    else {
        dml_buf_str(out, "\n  ");
        dml_safe_text(out, dml_sv_of(r->host), 0);
        dml_buf_str(out, " does not say it: collect it again on the host, as root, or add it (dmlint-facts(5))\n");
    }
}

void dml_report_skipped(const struct dml_outcome *o, struct dml_buf *out)
{
    size_t counts[DML_SKIPS] = {0};
    _Bool some = 0;
    if (!o->skipped_counted)
        return;
    for (uint32_t i = 0; i < o->skipped_n; i++)
        counts[o->skipped[i].why]++;
    dml_buf_printf(out, "%u %s skipped: ", o->skipped_counted, o->skipped_counted == 1 ? "file" : "files");
    for (int why = 0; why < DML_SKIPS; why++)
        if (dml_skip_counts((enum dml_skip)why))
            number(out, counts[why], dml_skip_name((enum dml_skip)why), dml_skip_name((enum dml_skip)why), &some);
    dml_buf_str(out, " (--list-files says why)\n");
}

void dml_report_summary(const struct dml_report *r, struct dml_buf *out)
{
    const struct dml_finding_counts *c = &r->o->counts;
    _Bool some = 0;
    dml_buf_printf(out, "%u %s checked: ", r->o->checked, r->o->checked == 1 ? "file" : "files");
    number(out, c->by_severity[DML_ERROR], "error", "errors", &some);
    number(out, c->by_severity[DML_WARNING], "warning", "warnings", &some);
    number(out, c->by_severity[DML_INFO], "info", "infos", &some);
    number(out, c->by_severity[DML_HINT], "hint", "hints", &some);
    if (!some)
        dml_buf_str(out, "no findings");
    some = 1;
    number(out, c->by_state[DML_STATE_SUPPRESSED], "suppressed", "suppressed", &some);
    number(out, c->by_state[DML_STATE_WAIVED], "waived", "waived", &some);
    number(out, c->by_state[DML_STATE_BASELINED], "baselined", "baselined", &some);
    number(out, r->o->unreadable, "file not read", "files not read", &some);
    dml_buf_char(out, '\n');
    dml_report_skipped(r->o, out);

    size_t counts[DML_VERDICTS] = {0};
    for (uint32_t i = 0; i < r->o->guests_n; i++)
        counts[r->o->guests[i].verdict]++;
    if (!r->o->guests_n)
        return;
    some = 0;
    dml_buf_str(out, "verdicts: ");
    for (int v = 0; v < DML_VERDICTS; v++)
        number(out, counts[v], dml_verdict_name((enum dml_verdict)v), dml_verdict_name((enum dml_verdict)v), &some);
    dml_buf_char(out, '\n');
    summary_of_missing(r, out);
}
