/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any text as host facts; what is valid makes a target, is repaired, and reads the same as JSON. */
#include "fuzz.h"

#include "host/facts.h"
#include "host/repair.h"
#include "host/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dml_arena a = {0};
    struct dml_facts f, again, repaired;
    struct dml_err err = {""};
    struct dml_target target;
    struct dml_sv text = {(const char *)data, size};
    if (dml_facts_parse(&f, "fuzz.yaml", text, &a, &err) == 0) {
        char *json = dml_facts_json(&f, &a), *twice;
        require(json != NULL);
        require(dml_facts_parse(&again, "again.json", dml_sv_of(json), &a, &err) == 0);
        twice = dml_facts_json(&again, &a);
        require(twice && strcmp(json, twice) == 0);
        require(dml_target_init(&target, &f, NULL, NULL, NULL, &err) == 0 || err.msg[0]);
        require(dml_facts_repair(&f, NULL, 0, &a, &repaired) == 0);
    } else
        require(err.msg[0] != '\0');
    dml_arena_dispose(&a);
    return 0;
}
