/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ELF files through libelf: symbols and constant strings. */
#include "host/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "base/root.h"

struct dml_elf {
    int fd;
    Elf *elf;
};

int dml_elf_open(const char *root, const char *path, struct dml_arena *a, struct dml_elf **out, struct dml_err *err)
{
    if (elf_version(EV_CURRENT) == EV_NONE)
        return dml_err_set(err, DML_EINTERNAL, "libelf is older than its header");
    struct dml_elf *e = dml_new(a, struct dml_elf);
    char *shown = dml_root_shown(a, root, path);
    if (!e || !shown)
        return dml_err_nomem(err);
    e->fd = dml_root_open(root, path, O_RDONLY);
    if (e->fd < 0) {
        int r = errno;
        return dml_err_set(err, r == ENOENT || r == ENOTDIR ? DML_ENOENT : DML_EIO, "cannot read %s: %s", shown,
                           strerror(r));
    }
    e->elf = elf_begin(e->fd, ELF_C_READ_MMAP, NULL);
    if (!e->elf || elf_kind(e->elf) != ELF_K_ELF) {
        dml_elf_close(e);
        return dml_err_set(err, DML_EINVAL, "%s is not an ELF file", shown);
    }
    *out = e;
    return 0;
}

void dml_elf_close(struct dml_elf *e)
{
    if (e->elf)
        elf_end(e->elf);
    close(e->fd);
}

const char *dml_elf_arch(const struct dml_elf *e)
{
    GElf_Ehdr header;
    if (!gelf_getehdr(e->elf, &header))
        return NULL;
    switch (header.e_machine) {
    case EM_X86_64:
        return "x86_64";
    case EM_386:
        return "i686";
    case EM_AARCH64:
        return "aarch64";
    case EM_ARM:
        return "arm";
    default:
        return NULL;
    }
}

_Bool dml_elf_has_symbol(const struct dml_elf *e, const char *name)
{
    for (Elf_Scn *s = NULL; (s = elf_nextscn(e->elf, s));) {
        GElf_Shdr header;
        if (!gelf_getshdr(s, &header) || header.sh_type != SHT_DYNSYM || !header.sh_entsize)
            continue;
        Elf_Data *data = elf_getdata(s, NULL);
        for (size_t i = 0; data && i < header.sh_size / header.sh_entsize; i++) {
            GElf_Sym symbol;
            if (!gelf_getsym(data, (int)i, &symbol))
                break;
            const char *found = elf_strptr(e->elf, header.sh_link, symbol.st_name);
            if (found && strcmp(found, name) == 0)
                return 1;
        }
    }
    return 0;
}

static _Bool printable(char c)
{
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
}

void dml_elf_strings(const struct dml_elf *e, size_t min, _Bool (*see)(void *user, struct dml_sv s), void *user)
{
    for (Elf_Scn *s = NULL; (s = elf_nextscn(e->elf, s));) {
        GElf_Shdr header;
        if (!gelf_getshdr(s, &header) || header.sh_type != SHT_PROGBITS || !(header.sh_flags & SHF_ALLOC) ||
            (header.sh_flags & (SHF_WRITE | SHF_EXECINSTR)))
            continue;
        Elf_Data *data = elf_getdata(s, NULL);
        if (!data || !data->d_buf)
            continue;
        const char *p = data->d_buf, *end = p + data->d_size;
        while (p < end) {
            const char *nul = memchr(p, '\0', (size_t)(end - p));
            if (!nul)
                break;
            /* Binary data may stand before a string: take the printable bytes that end at the NUL. */
            const char *start = nul;
            while (start > p && printable(start[-1]))
                start--;
            if ((size_t)(nul - start) >= min && !see(user, (struct dml_sv){start, (size_t)(nul - start)}))
                return;
            p = nul + 1;
        }
    }
}
