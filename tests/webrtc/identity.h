/* SPDX-License-Identifier: MIT
 *
 * The identity of the servers in a group of tests: made once, since that takes long.
 */
#ifndef ORIEL_TESTS_WEBRTC_IDENTITY_H
#define ORIEL_TESTS_WEBRTC_IDENTITY_H

#include "webrtc/dtls_identity.h"

/** From identity_set_up to identity_tear_down, which are a group's. */
extern struct oriel_dtls_identity *identity;

int identity_set_up(void **state);
int identity_tear_down(void **state);

#endif
