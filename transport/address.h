/* SPDX-License-Identifier: MIT
 *
 * Where a stream leads, as text:
 *
 *   vsock://CID:PORT              AF_VSOCK; the CID of the other side: 2 is the host; a listener may take `any`
 *   unix:///PATH                  UNIX stream socket
 *   tcp://HOST:PORT               HOST a numeric address, [v6] in brackets, or a name
 *   udp://HOST:PORT               one packet a datagram
 *   serial:///dev/virtio-ports/X  a character device (virtio-serial, or a terminal put into raw mode)
 *   mux:///PATH?port=N            hybrid vsock: a UNIX socket where "CONNECT N\n" is answered by "OK M\n", then the
 *                                 stream follows (Firecracker, Cloud Hypervisor, crosvm)
 *   shm://NAME                    audio shared memory, see audio/
 *
 * In paths and names %XX stands for a byte, as in %3F for a question mark. A socket's path is at most 107 bytes (macOS:
 * 103).
 *
 * Options follow `?`, joined by `&`: format=opus|pcm, frame=5|10|20 (ms of a period, which for Opus is a packet; for
 * pcm also 2.5), and of what comes as pcm rate=8000..192000 and sample=f32le|f32be|s16le|s16be. Others are errors.
 * Thread-safety: none needed, no state.
 */
#ifndef ORIEL_TRANSPORT_ADDRESS_H
#define ORIEL_TRANSPORT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum oriel_transport_scheme {
  ORIEL_TRANSPORT_VSOCK,
  ORIEL_TRANSPORT_UNIX,
  ORIEL_TRANSPORT_TCP,
  ORIEL_TRANSPORT_UDP,
  ORIEL_TRANSPORT_SERIAL,
  ORIEL_TRANSPORT_MUX,
  ORIEL_TRANSPORT_SHM,
};

enum oriel_transport_sample {
  ORIEL_TRANSPORT_F32LE, /* where nothing is said */
  ORIEL_TRANSPORT_F32BE,
  ORIEL_TRANSPORT_S16LE,
  ORIEL_TRANSPORT_S16BE,
};

struct oriel_transport_address {
  enum oriel_transport_scheme scheme;
  uint32_t cid, port; /* vsock; port also of tcp, udp and mux */
  char host[256];     /* tcp, udp */
  char path[256];     /* unix, serial, mux, shm: the path, or the name without its leading slash */
  bool is_pcm;        /* format=pcm */
  uint32_t frame_us;  /* frame=; 0 = not given */
  uint32_t rate;      /* rate=, of pcm; 0 = 48000 */
  enum oriel_transport_sample sample; /* sample=, of pcm */
};

/** 0, -EINVAL; then `why` (at least 160 bytes) is one line that says what is wrong and what would be right. */
int oriel_transport_address_parse(const char *text, struct oriel_transport_address *address, char *why,
                                  size_t why_size);
/** The same for where a sound device's stream leads, in the settings of agent and driver: not to shared memory, and in
 *  no other form than the devices'. */
int oriel_transport_address_parse_device(const char *text, struct oriel_transport_address *address, char *why,
                                         size_t why_size);
/** Length of a packet of sound towards this address, in microseconds: what it says, else 20 ms of Opus, 2.5 ms of
 *  PCM. */
uint32_t oriel_transport_address_frame_us(const struct oriel_transport_address *address);
/** The address as text again, options included. Returns as snprintf does. */
int oriel_transport_address_format(const struct oriel_transport_address *address, char *text, size_t size);

#endif
