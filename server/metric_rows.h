/* SPDX-License-Identifier: MIT
 *
 * All that this server counts. A new counter is a field where it is counted, and a row of this table. Thread-safety:
 * constant.
 */
#ifndef ORIEL_SERVER_METRIC_ROWS_H
#define ORIEL_SERVER_METRIC_ROWS_H

#include "server/metric_table.h"

extern const struct oriel_metric_table oriel_metric_rows;

#endif
