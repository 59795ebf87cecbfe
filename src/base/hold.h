/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals that end the process wait until nothing is half written. */
#ifndef DML_BASE_HOLD_H
#define DML_BASE_HOLD_H

/*
 * Between the two, INT, TERM and HUP end the process only at the last dml_hold_end of all threads; a dml_hold_begin
 * after such a signal does not come back. Those that are ignored or handled by somebody stay so. Calls do not nest in a
 * thread.
 */
void dml_hold_begin(void);
void dml_hold_end(void);

#endif
