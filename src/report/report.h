/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Report: what was found, in one of several formats. Everything that can print a guest's bytes makes them harmless. */
#ifndef DML_REPORT_REPORT_H
#define DML_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "finding/finding.h"
#include "rules/rule.h"

/* Where a report goes: called with pieces of some kilobytes. Returns 0, or what the report shall return. */
struct dml_sink {
    int (*write)(void *user, struct dml_sv text);
    void *user;
};

struct dml_report_blocker {
    uint16_t rule;
    uint8_t scope; /* enum dml_scope */
};

/* A guest and its verdict; strings are the caller's. */
struct dml_report_guest {
    uint32_t file; /* as in findings */
    struct dml_sv name;
    const char *verdict, *if_host_fixed;
    const char *reason; /* of not-applicable, or NULL */
    const struct dml_report_blocker *blockers;
    const char *const *missing, *const *protections;
    const char *const *missing_commands; /* for each missing fact the command that shows it, or NULL */
    uint16_t blockers_n, missing_n, protections_n;
    const char *running; /* "restricted", "unrestricted", "unknown", or NULL where no guest runs */
};

/* All of one run. Guests are in the order of `file`, findings in that of dml_findings_collect. */
struct dml_report {
    const char *const *paths; /* of each file number, raw bytes */
    const struct dml_rules *rules;
    const struct dml_report_guest *guests;
    size_t guests_n;
    const struct dml_finding_list *findings;
    struct dml_finding_counts counts;
    const char *policy_name, *policy_sha256;
    const char *target_xen, *target_qemu; /* NULL: not known */
    size_t files, unreadable;
    enum dml_severity min_severity; /* findings less severe are not shown (counted all the same) */
    _Bool color, hidden_states;     /* hidden_states: text and concise also show what is not new */
};

struct dml_out;
struct dml_reporter {
    const char *name, *summary;
    void (*begin)(struct dml_out *out, const struct dml_report *r);
    void (*finding)(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f);
    void (*guest)(struct dml_out *out, const struct dml_report *r, const struct dml_report_guest *g);
    void (*end)(struct dml_out *out, const struct dml_report *r);
};

/* The reporter of that name, or NULL; and all of them. */
const struct dml_reporter *dml_reporter_find(struct dml_sv name);
size_t dml_reporters(const struct dml_reporter *const **list);

/* Writes a whole report. 0, DML_ENOMEM, or what the sink returned. */
int dml_report_write(const struct dml_reporter *reporter, const struct dml_report *r, struct dml_sink sink,
                     struct dml_err *err);
/* The summary for stderr, one to three lines, empty where there is nothing to say. */
void dml_report_summary(const struct dml_report *r, struct dml_buf *out);

/*
 * Text that is safe on a terminal and in a line-based format: control bytes as \x1b, bytes that are no UTF-8 as \xff,
 * characters that turn text around or are invisible as \u202e; tabs stay with `tabs`.
 */
void dml_safe_text(struct dml_buf *out, struct dml_sv text, _Bool tabs);
/* A JSON string with its quotes; bytes that are no UTF-8 as \udc80 .. \udcff (Python's surrogateescape). */
void dml_json_text(struct dml_buf *out, struct dml_sv text);
struct json_object;
/* The same as a json-c string, for trees that json-c prints. NULL when out of memory. */
struct json_object *dml_json_string(struct dml_sv text);
/* The same of a C string; NULL, which is JSON's null, stays NULL. */
struct json_object *dml_json_str(const char *text);
/* Prints a tree, pretty and with a final newline, and gives it back to json-c. */
void dml_json_print(struct dml_buf *out, struct json_object *o);

#endif
