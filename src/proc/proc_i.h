/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to proc/. */
#ifndef DML_PROC_PROC_I_H
#define DML_PROC_PROC_I_H

#include "proc/proc.h"

/* Cuts the next line off the text, without its end; the next word off a line. 0 where there is none. */
_Bool dml_proc_line(struct dml_sv *text, struct dml_sv *line);
_Bool dml_proc_word(struct dml_sv *rest, struct dml_sv *word);
/* Asks the kernel for the other end of each socket; 0 where it does not say. */
_Bool dml_proc_peers(struct dml_proc_socket *v, uint32_t n);
/* The index of that inode in sockets sorted by inode, or -1. */
int64_t dml_proc_socket_find(const struct dml_proc_socket *v, uint32_t n, uint64_t inode);

#endif
