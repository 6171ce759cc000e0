/* SPDX-License-Identifier: MIT
 *
 * Build tool: prints js/wire.js, the constants of wire/viewer.h as a JavaScript module, so that both sides of the
 * protocol have one source. Runs on the build machine; no thread.
 */
#include <stdio.h>

#include "wire/viewer.h"

static void group_begin(const char *doc, const char *name) {
  printf("\n/** %s */\nexport const %s = Object.freeze({\n", doc, name);
}

static void group_end(void) { puts("});"); }

#define ENTRY(name, value) printf("  " #name ": 0x%02x,\n", (unsigned)(value));
#define NUMBER(name, value) printf("export const " #name " = %u;\n", (unsigned)(value))
#define STATE(name) printf("  " #name ": %u,\n", (unsigned)ORIEL_VIEWER_STATE_##name)

int main(void) {
  puts("// SPDX-License-Identifier: MIT");
  puts("// Generated from wire/viewer.h by web/gen_constants.c. Do not edit.\n");
  NUMBER(VERSION, ORIEL_VIEWER_VERSION);
  NUMBER(MESSAGE_MAX, ORIEL_VIEWER_MESSAGE_MAX);
  NUMBER(HEADER_SIZE, ORIEL_VIEWER_HEADER_SIZE);
  NUMBER(PICTURE_HEADER_SIZE, ORIEL_VIEWER_PICTURE_HEADER_SIZE);
  NUMBER(PART_MAX, ORIEL_VIEWER_PART_MAX);
  NUMBER(PART_ALIGN, ORIEL_VIEWER_PART_ALIGN);
  NUMBER(AUDIO_HEADER_SIZE, ORIEL_VIEWER_AUDIO_HEADER_SIZE);
  NUMBER(TEXT_MAX, ORIEL_VIEWER_TEXT_MAX);
  NUMBER(MICROPHONE_MAX, ORIEL_VIEWER_MICROPHONE_MAX);
  NUMBER(CLIPBOARD_MAX, ORIEL_VIEWER_CLIPBOARD_MAX);
  NUMBER(PIECE_MAX, ORIEL_VIEWER_PIECE_MAX);
  puts("export const SUBPROTOCOL = '" ORIEL_VIEWER_SUBPROTOCOL "';");

  group_begin("Message types.", "MESSAGE");
  ORIEL_VIEWER_MESSAGES(ENTRY)
  group_end();
  group_begin("Flags in the header of VIDEO, TILES and CLIPBOARD.", "FLAG");
  ORIEL_VIEWER_FLAGS(ENTRY)
  group_end();
  group_begin("Capabilities in both hellos, and the server's in ABILITIES.", "CAP");
  ORIEL_VIEWER_CAPABILITIES(ENTRY)
  group_end();
  group_begin("Why a side says BYE; WebSocket close code 4000 + reason.", "REASON");
  ORIEL_VIEWER_REASONS(ENTRY)
  group_end();
  group_begin("Counts of small fields: a value is below its count.", "RANGE");
  ORIEL_VIEWER_RANGES(ENTRY)
  group_end();
  group_begin("MICROPHONE_STATE.use: what becomes of a microphone now.", "MICROPHONE_USE");
  ORIEL_VIEWER_MICROPHONE_USES(ENTRY)
  group_end();
  group_begin("CLIPBOARD_STATE.outcome: what becomes of a text.", "CLIPBOARD_OUTCOME");
  ORIEL_VIEWER_CLIPBOARD_OUTCOMES(ENTRY)
  group_end();
  group_begin("CONTROL_STATE.way: how this viewer comes to the controls while another has them.", "CONTROL_WAY");
  ORIEL_VIEWER_CONTROL_WAYS(ENTRY)
  group_end();
  group_begin("PICTURE_WAY: which way video goes.", "PICTURE_WAY");
  ORIEL_VIEWER_PICTURE_WAYS(ENTRY)
  group_end();
  group_begin("ABILITIES.display: whether there is a picture to look at.", "DISPLAY");
  ORIEL_VIEWER_DISPLAYS(ENTRY)
  group_end();
  group_begin("STATE.state.", "STATE");
  STATE(CONNECTING);
  STATE(RUNNING);
  STATE(PAUSED);
  STATE(GONE);
  group_end();
  return fflush(stdout) == 0 ? 0 : 1;
}
