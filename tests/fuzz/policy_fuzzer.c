/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any text as the file of a policy with its overrides and waivers; what is valid says what counts for a
 * file. */
#include "fuzz.h"

#include "policy/layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"guests/web.cfg", "/etc/xen/a.cfg", "x"};
    char name[40];
    struct dml_policy *policy;
    struct dml_err err = {""};
    /* Rules have a target of their own, and what it names is not looked for on this machine. */
    if (memmem(data, size, "rules_dir", 9) || memmem(data, size, "rule_files", 10))
        return 0;
    int fd = as_file(data, size, name);
    int rc = dml_policy_load(&policy, name, &dml_builtin_rules, &dml_catalogue, &err);
    require(rc == 0 || err.msg[0]);
    for (size_t i = 0; rc == 0 && i < sizeof paths / sizeof paths[0]; i++) {
        struct dml_arena a = {0};
        struct dml_settings_cache cache = {.arena = &a};
        require(dml_policy_for(policy, paths[i], &cache) != NULL);
        require(dml_policy_name(policy) && dml_policy_sha256(policy));
        const struct dml_waive_at at = {.path = paths[i], .guest = "web", .host = "xen-a1", .today = "2026-11-29"};
        uint32_t *hold, n;
        require(dml_policy_waivers_at(policy, &at, &a, &hold, &n) == 0);
        dml_arena_dispose(&a);
    }
    if (rc == 0) {
        struct dml_buf b;
        dml_buf_init(&b, SIZE_MAX / 2);
        dml_policy_show(policy, 1, &b);
        require(b.len > 0);
        dml_buf_dispose(&b);
        dml_policy_free(policy);
    }
    close(fd);
    return 0;
}
