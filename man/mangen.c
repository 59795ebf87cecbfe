/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mangen PAGE.in: prints a man page in which a line `.\" TABLE name` is followed by that table, made from the program's
 * own. */
#include <stdio.h>
#include <string.h>

#include "facts/truths.h"
#include "host/facts.h"
#include "report/report.h"
#include "rules/rule.h"
#include "schema/schema.h"

enum { FOLD = 60 }; /* lines stay below 80 with what may follow */

/*
 * Text of ours as roff, in lines that mandoc's lint likes: at the beginning of a line a dot or quote, and everywhere a
 * backslash, would be taken for more.
 */
static void put(const char *s)
{
    unsigned column = 0;
    for (; *s; s++) {
        if (!column && (*s == '.' || *s == '\''))
            fputs("\\&", stdout);
        if (*s == '\\') {
            fputs("\\e", stdout);
        } else if ((*s == ' ' || *s == '\n') && column > FOLD) {
            putchar('\n');
            column = 0;
            continue;
        } else {
            putchar(*s == '\n' ? ' ' : *s);
        }
        column++;
    }
}

static void item(const char *name, const char *text)
{
    fputs(".It Li ", stdout);
    putchar('"');
    put(name);
    fputs("\"\n", stdout);
    put(text);
    putchar('\n');
}

static void rules(void)
{
    puts(".Bl -tag -width DM0000");
    for (uint32_t i = 0; i < dml_builtin_rules.n; i++) {
        const struct dml_rule *r = &dml_builtin_rules.v[i];
        printf(".It %s\n.Sy %s\n.Pq %s", r->id, r->name, dml_severity_names[r->severity]);
        for (unsigned t = 0; t < DML_TAG_COUNT; t++)
            if (r->tags & (1u << t))
                printf(" , %s", dml_tag_names[t]);
        fputs("\n.br\n", stdout);
        put(r->summary);
        puts(".");
    }
    puts(".El");
}

static void hosts(void)
{
    puts(".Bl -tag -width accounts -compact");
    for (uint32_t i = 0; i < dml_builtin_rules.hosts_n; i++) {
        const struct dml_shared *h = &dml_builtin_rules.hosts[i];
        item(h->name, h->text ? h->text : "nothing is known of the host, as without facts");
    }
    puts(".El");
}

static void kinds(void)
{
    puts(".Bl -tag -width restricted -compact");
    for (uint32_t i = 0; i < dml_builtin_rules.kinds_n; i++)
        item(dml_builtin_rules.kinds[i].name, dml_builtin_rules.kinds[i].text);
    puts(".El");
}

static void facts(void)
{
    puts(".Bl -tag -width guest.restricted");
    for (unsigned i = 0; i < DML_FACTS; i++)
        item(dml_truth_rows[i].name, dml_truth_rows[i].doc);
    puts(".El");
}

static void keys(void)
{
    puts(".Bl -tag -width device_model_user");
    for (unsigned i = 1; i < DML_KEY_COUNT; i++) {
        const struct dml_key *k = dml_key((enum dml_key_id)i);
        char since[24];
        printf(".It Li %.*s\n", DML_SV_ARG(k->name));
        put(k->doc);
        if (k->since > DML_V(4, 10, 0))
            printf(";\nsince Xen %s", dml_version_text(k->since, DML_V_POINT(k->since) == 0, since));
        if (*k->fate) {
            fputs(";\n", stdout);
            put(k->fate);
        }
        puts(".");
    }
    puts(".El");
}

static void shape(const struct dml_fact_shape *s, const char *prefix)
{
    static const char *const kinds[] = {[DML_FACT_STRING] = "text",           [DML_FACT_UINT] = "number",
                                        [DML_FACT_TRI] = "true or false",     [DML_FACT_XEN_VERSION] = "text",
                                        [DML_FACT_QEMU_VERSION] = "text",     [DML_FACT_MAP] = "mapping",
                                        [DML_FACT_STRINGS] = "list of texts", [DML_FACT_UINTS] = "list of numbers",
                                        [DML_FACT_MAPS] = "list of mappings"};
    for (uint32_t i = 0; i < s->n; i++) {
        const struct dml_fact_field *f = &s->fields[i];
        char name[128];
        if (f->kind == DML_FACT_SOURCE)
            continue;
        snprintf(name, sizeof name, "%s%s%s", prefix, f->name, f->kind == DML_FACT_MAPS ? "[*]" : "");
        printf(".It Li \"%s\" Pq %s\n", name, kinds[f->kind]);
        put(f->doc);
        puts(".");
        if (f->shape) {
            snprintf(name + strlen(name), sizeof name - strlen(name), ".");
            shape(f->shape, name);
        }
    }
}

static void host(void)
{
    puts(".Bl -tag -width Ds");
    shape(&dml_facts_shape, "");
    puts(".El");
}

static const struct {
    const char *name;
    void (*print)(void);
} tables[] = {{"rules", rules}, {"facts", facts}, {"keys", keys}, {"host", host}, {"hosts", hosts}, {"kinds", kinds}};

int main(int argc, char **argv)
{
    char line[4096];
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!f) {
        fputs("usage: mangen PAGE.in\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, f)) {
        static const char mark[] = ".\\\" TABLE ";
        if (strncmp(line, mark, sizeof mark - 1) != 0) {
            fputs(line, stdout);
            continue;
        }
        char *name = line + sizeof mark - 1;
        name[strcspn(name, "\n")] = '\0';
        size_t i = 0;
        while (i < sizeof tables / sizeof tables[0] && strcmp(tables[i].name, name) != 0)
            i++;
        if (i == sizeof tables / sizeof tables[0]) {
            fprintf(stderr, "mangen: there is no table %s\n", name);
            return 2;
        }
        tables[i].print();
    }
    fclose(f);
    return ferror(stdout) || fflush(stdout) != 0;
}
