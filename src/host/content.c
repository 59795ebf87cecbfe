/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the first bytes of an image say it is; QEMU's block drivers look at the same ones. */
#include "host/content.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *dml_content(const unsigned char *bytes, size_t n)
{
    static const struct {
        size_t at, len;
        const char *magic, *name;
    } rows[] = {
        {0, 8, "QFI\xfb\0\0\0\1", "qcow"},
        {0, 4, "QFI\xfb", "qcow2"},
        {0, 4, "QED\0", "qed"},
        {0, 8, "conectix", "vhd"},
        {0, 8, "vhdxfile", "vhdx"},
        {0, 4, "KDMV", "vmdk"},
        {0, 4, "COWD", "vmdk"},
        {0, 21, "# Disk DescriptorFile", "vmdk"},
        {64, 4, "\x7f\x10\xda\xbe", "vdi"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (n >= rows[i].at + rows[i].len && memcmp(bytes + rows[i].at, rows[i].magic, rows[i].len) == 0)
            return rows[i].name;
    return "raw";
}

static const char *look_into(const char *path)
{
    unsigned char bytes[68];
    struct stat st;
    const char *found = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pread(fd, bytes, sizeof bytes, 0) : -1;
    if (n > 0)
        found = dml_content(bytes, (size_t)n);
    if (fd >= 0)
        close(fd);
    return found;
}

const struct dml_host_file *dml_host_file_of(const struct dml_facts *host, const char *path)
{
    for (uint32_t i = 0; host && path && i < host->files.n; i++) {
        const struct dml_host_file *f = DML_AT(host->files, struct dml_host_file, i);
        if (f->path && strcmp(f->path, path) == 0)
            return f;
    }
    return NULL;
}

const char *dml_file_content(const struct dml_facts *host, const char *path)
{
    const struct dml_host_file *f = dml_host_file_of(host, path);
    if (f && f->content)
        return f->content;
    return host && host->look && *path == '/' ? look_into(path) : NULL;
}
