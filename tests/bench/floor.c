/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Floor: what any checker that asks libxlutil must at least do. Opens and reads every file named on stdin, parses it,
 * frees it. */
#include <fcntl.h>
#include <libxlutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    FILE *nowhere = fopen("/dev/null", "w");
    char *path = NULL;
    size_t cap = 0, accepted = 0, files = 0;
    ssize_t n;
    while (nowhere && (n = getline(&path, &cap, stdin)) > 0) {
        path[n - 1] = '\0';
        struct stat st;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
            return 2;
        char *text = malloc((size_t)st.st_size + 1);
        ssize_t got = text ? read(fd, text, (size_t)st.st_size) : -1;
        close(fd);
        if (got < 0)
            return 2;
        XLU_Config *cfg = xlu_cfg_init(nowhere, path);
        accepted += xlu_cfg_readdata(cfg, text, (int)got) == 0;
        xlu_cfg_destroy(cfg);
        free(text);
        files++;
    }
    free(path);
    printf("%zu of %zu accepted\n", accepted, files);
    return files ? 0 : 2;
}
