/* SPDX-License-Identifier: MIT
 *
 * Which consoles of a QEMU its guest uses. QEMU does not say: one that is switched off has a picture of QEMU's own. So
 * each that nobody shows is registered with for as long as one picture takes, now and then and when its size changes.
 *
 * Thread-safety: everything on the session's thread; `changed` comes there, too.
 */
#ifndef ORIEL_SOURCE_QEMU_SURVEY_H
#define ORIEL_SOURCE_QEMU_SURVEY_H

#include "source/heads.h"
#include "source/qemu/session.h"

struct oriel_qemu_survey;

/** 0, -ENOMEM. */
int oriel_qemu_survey_create(struct oriel_qemu_session *session, oriel_source_heads_changed *changed, void *user,
                             struct oriel_qemu_survey **survey);
void oriel_qemu_survey_destroy(struct oriel_qemu_survey *survey);

#endif
