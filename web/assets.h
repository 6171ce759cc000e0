/* SPDX-License-Identifier: MIT
 *
 * The files of the web client as the build put them into the binary. Constant data; any thread.
 */
#ifndef ORIEL_WEB_ASSETS_H
#define ORIEL_WEB_ASSETS_H

#include <stddef.h>

#include "server/asset.h"

/** One entry per file; "/" is the page. Served verbatim, cached by ETag. */
extern const struct oriel_asset oriel_web_assets[];
extern const size_t oriel_web_assets_count;

#endif
