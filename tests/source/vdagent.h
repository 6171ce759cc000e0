/* SPDX-License-Identifier: MIT
 *
 * A guest's spice agent, as far as its clipboard goes, at the far end of a machine that passes bytes on: a boot sector
 * copies between its first serial port, where QEMU's vdagent is, and its second, where a socket is.
 *
 * Thread-safety: the test's thread.
 */
#ifndef ORIEL_TESTS_SOURCE_VDAGENT_H
#define ORIEL_TESTS_SOURCE_VDAGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Messages (spice-protocol, vd_agent.h). */
enum { VDAGENT_CLIPBOARD = 4, VDAGENT_CAPABILITIES = 6, VDAGENT_GRAB = 7, VDAGENT_REQUEST = 8, VDAGENT_RELEASE = 9 };

enum { VDAGENT_MESSAGE_MAX = 300 * 1024 };

struct vdagent {
  int fd;
  uint32_t serial; /* of the newest grab */
  uint8_t stream[4096]; /* chunks */
  size_t filled;
  uint8_t message[VDAGENT_MESSAGE_MAX]; /* with its head of 20 bytes */
  size_t size;
};

/** The boot sector. */
void vdagent_sector(uint8_t sector[512]);
/** Connects to the second port's socket, and waits until the machine passes bytes on. */
void vdagent_open(struct vdagent *agent, const char *path);
void vdagent_close(struct vdagent *agent);
/** Begins: says that it knows selections, demand and serials. False when QEMU does not answer. */
bool vdagent_start(struct vdagent *agent);
/** Waits for a message of this type, 20 s at most, passing over others; its body, without its selection's four bytes
 *  where it has one. NULL when none came. */
const uint8_t *vdagent_wait(struct vdagent *agent, uint32_t type, size_t *size);
/** True when no message of this type comes within `limit_ms`. */
bool vdagent_silent(struct vdagent *agent, uint32_t type, int limit_ms);
/** The guest copies: it has something of this type (1 = text). */
void vdagent_grab(struct vdagent *agent, uint32_t type);
void vdagent_release(struct vdagent *agent);
/** Somebody in the guest pastes. */
void vdagent_ask(struct vdagent *agent);
/** Answers a request. */
void vdagent_answer(struct vdagent *agent, const void *text, size_t size);

#endif
