/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A truth that may not be known. */
#ifndef DML_BASE_TRI_H
#define DML_BASE_TRI_H

enum dml_tri { DML_TRI_UNKNOWN = 0, DML_TRI_NO, DML_TRI_YES };

#endif
