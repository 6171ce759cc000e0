/* SPDX-License-Identifier: MIT
 *
 * The one table of what this server answers (lesson 34). What is not in it does not exist; who may use it says
 * server/permit.h. Thread-safety: constant data.
 */
#ifndef ORIEL_SERVER_ROUTES_H
#define ORIEL_SERVER_ROUTES_H

#include "server/route.h"

extern const struct oriel_routes oriel_routes;

#endif
