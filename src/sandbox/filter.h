/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What filterc and the sandbox share. */
#ifndef DML_SANDBOX_FILTER_H
#define DML_SANDBOX_FILTER_H

/* Stands for the process's own number in the filters, which is known only when it runs. No call has it. */
#define DML_SANDBOX_SELF 0x7f5e1f5eU

#endif
