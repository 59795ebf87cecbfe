/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Report: what was found, in one of several formats. Everything that can print a guest's bytes makes them harmless. */
#ifndef DML_REPORT_REPORT_H
#define DML_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "run/run.h"

/* Where a report goes: called with pieces of some kilobytes. Returns 0, or what the report shall return. */
struct dml_sink {
    int (*write)(void *user, struct dml_sv text);
    void *user;
};

/* An outcome, and how it is to be shown. */
struct dml_report {
    const struct dml_outcome *o;
    const char *policy_name, *policy_sha256;
    const char *target_xen, *target_qemu; /* NULL: not known */
    const char *host;                     /* where its facts are from: a file, or "local"; NULL: there are none */
    const char *host_option;              /* how a command names it: " --host facts.json"; NULL: not at all */
    unsigned width;                       /* columns of a terminal; 0: not known */
    enum dml_severity min_severity;       /* findings less severe are not shown (counted all the same) */
    _Bool color, hidden_states;           /* hidden_states: text and concise also show what is not new */
};

struct dml_out;
/* A row of formats.def: what is written before everything, before a file that has anything, and so on; NULL: nothing.
 */
struct dml_format {
    const char *name, *summary;
    unsigned needs; /* enum dml_need: what it wants of a run */
    void (*begin)(struct dml_out *out, const struct dml_report *r);
    void (*file_begin)(struct dml_out *out, const struct dml_report *r, uint32_t file);
    void (*finding)(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f);
    void (*guest)(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g);
    void (*file_end)(struct dml_out *out, const struct dml_report *r, uint32_t file);
    void (*end)(struct dml_out *out, const struct dml_report *r);
};

enum dml_format_id {
#define FORMAT(name, needs, begin, file_begin, finding, guest, file_end, end, summary) DML_FORMAT_##name,
#include "report/formats.def"
#undef FORMAT
    DML_FORMATS
};
extern const struct dml_format dml_formats[DML_FORMATS];
/* The format of that name, or NULL. */
const struct dml_format *dml_format_find(struct dml_sv name);
/* Their names in a sentence: "text, concise and json". */
void dml_format_names(struct dml_buf *out, const char *last);

/* Writes a whole report. 0, DML_ENOMEM, or what the sink returned. */
int dml_report_write(const struct dml_format *format, const struct dml_report *r, struct dml_sink sink,
                     struct dml_err *err);
/* How a terminal shows a verdict, as select graphic rendition; "": as other text. */
const char *dml_verdict_color(enum dml_verdict v);
/* How many files were skipped and why, one line; nothing where none were. */
void dml_report_skipped(const struct dml_outcome *o, struct dml_buf *out);
/* The summary for stderr, one to three lines, empty where there is nothing to say. */
void dml_report_summary(const struct dml_report *r, struct dml_buf *out);

#endif
