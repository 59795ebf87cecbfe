/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Out: what reporters write to; private to report/. */
#ifndef DML_REPORT_OUT_H
#define DML_REPORT_OUT_H

#include "report/overview.h"
#include "text/json_out.h"
#include "text/safe.h"

struct dml_out {
    struct dml_buf buf; /* handed to the sink when it has some kilobytes, between findings */
    struct dml_sink sink;
    int rc;
    size_t items;                  /* for commas */
    struct dml_host_findings host; /* text: said once, at the begin */
    struct dml_overview overview;  /* text, of many guests */
    const struct dml_finding *last;
    struct dml_finding *const *of_file; /* the findings of the file that is written */
    size_t of_file_n;
    const struct dml_outcome_guest *guest; /* of that file, or NULL */
    const uint16_t *rules;                 /* that findings or guests speak of, by number in the outcome's */
    uint32_t rules_n;
    struct dml_arena a;      /* for the format; gone with the report */
    const char *here;        /* the working directory */
    const char *path;        /* what dml_out_path said last */
    uint32_t path_of, tests; /* of which file that was; tests: how many there are so far, for TAP */
};

/* What formats.def names. */
#define FORMAT(name, needs, begin, file_begin, finding, guest, file_end, end, summary)                                 \
    void begin(struct dml_out *out, const struct dml_report *r);                                                       \
    void file_begin(struct dml_out *out, const struct dml_report *r, uint32_t file);                                   \
    void finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f);                        \
    void guest(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g);                    \
    void file_end(struct dml_out *out, const struct dml_report *r, uint32_t file);                                     \
    void end(struct dml_out *out, const struct dml_report *r);
#include "report/formats.def"
#undef FORMAT
/* The path of a file as seen from the working directory, below which it is relative. Valid until the next call. */
const char *dml_out_path(struct dml_out *out, const struct dml_report *r, uint32_t file);
/* The same as a URI reference; *relative says whether it is one. */
void dml_out_uri(struct dml_out *out, const struct dml_report *r, uint32_t file, _Bool *relative);
/* Is it new, and shown? Only such findings become annotations. */
_Bool dml_out_annotates(const struct dml_report *r, const struct dml_finding *f);
/* How many such findings of that severity the file has; DML_OFF: of any. */
uint32_t dml_out_count(const struct dml_out *out, const struct dml_report *r, enum dml_severity severity);
/* "suppressed: reason", "waived by ID: reason", "baselined". */
void dml_out_accepted(struct dml_buf *b, const struct dml_finding *f);
enum { DML_FINGERPRINT_SIZE = 17 };
/* 16 hexadecimal digits and a NUL; returns `text`. */
const char *dml_fingerprint(const struct dml_finding *f, char text[DML_FINGERPRINT_SIZE]);
extern const char *const dml_message_kinds[];
/* Whether the options of the report show the finding at all. */
_Bool dml_report_shows(const struct dml_report *r, const struct dml_finding *f);

#endif
