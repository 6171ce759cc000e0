/* SPDX-License-Identifier: MIT
 *
 * What a packet costs the desktop by its viewers: putting it into 256 mailboxes, and taking and acknowledging it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/series.h"
#include "core/clock.h"
#include "desktop/desktop.h"
#include "desktop/publish.h"
#include "source/source.h"

enum { ROUNDS = 2000, PACKET_SIZE = 1200 };

static struct oriel_desktop *make_desktop(void) {
  struct oriel_source *source = NULL;
  struct oriel_desktop *desktop = NULL;
  char why[256];
  const struct oriel_desktop_config config = {.encoder = "null", .fps = 60, .opus_frame_ms = 20, .opus_kbps = 64};
  if (oriel_source_create("pattern:?scene=static", &source, why, sizeof why) ||
      oriel_desktop_create(&config, source, &desktop)) {
    fprintf(stderr, "channel_bench: cannot make a desktop\n");
    exit(1);
  }
  return desktop; /* not started: nobody publishes but we */
}

static struct oriel_packet *make_packet(uint32_t sequence) {
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, PACKET_SIZE);
  if (!packet)
    exit(1);
  packet->sequence = sequence;
  packet->key = sequence == 1;
  packet->captured_ns = packet->taken_ns = packet->converted_ns = packet->encoded_ns = oriel_clock_ns();
  return packet;
}

/* Takes what waits for one viewer and says that it is on its screen. */
static unsigned deliver(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  unsigned pictures = 0;
  while (oriel_viewer_next(viewer, &delivery)) {
    if (delivery.type == ORIEL_DELIVERY_PICTURE) {
      const uint32_t sequence = delivery.packet->sequence;
      const uint64_t now = delivery.packet->encoded_ns;
      const struct oriel_viewer_ack ack = {sequence, sequence, sequence, now, now, now, INT64_MAX};
      oriel_viewer_sent(viewer, delivery.packet, now);
      oriel_viewer_ack(viewer, &ack);
      pictures++;
    }
    oriel_packet_unref(delivery.packet);
  }
  return pictures;
}

static void bench(unsigned count, bool controller, struct series *publish, struct series *take) {
  struct oriel_desktop *desktop = make_desktop();
  struct oriel_viewer *viewers[ORIEL_DESKTOP_VIEWERS_MAX];
  for (unsigned i = 0; i < count; i++) {
    const struct oriel_viewer_config config = {
      .role = controller && i == 0 ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER, .video = true, .tiles = true};
    if (oriel_viewer_attach(desktop, &config, &viewers[i]))
      exit(1);
    deliver(viewers[i]);
  }
  unsigned pictures = 0;
  for (uint32_t round = 1; round <= ROUNDS; round++) {
    struct oriel_packet *packet = make_packet(round);
    const uint64_t start = oriel_clock_ns();
    oriel_desktop_publish(desktop, ORIEL_CHANNEL_TILES, packet);
    const uint64_t published = oriel_clock_ns();
    for (unsigned i = 0; i < count; i++)
      pictures += deliver(viewers[i]);
    const uint64_t delivered = oriel_clock_ns();
    if (round > ROUNDS / 10) { /* warm */
      series_add(publish, (double)(published - start) / 1e3);
      series_add(take, (double)(delivered - published) / 1e3 / count);
    }
  }
  if (pictures != count * ROUNDS)
    fprintf(stderr, "channel_bench: %u pictures of %u were delivered\n", pictures, count * ROUNDS);
  for (unsigned i = 0; i < count; i++)
    oriel_viewer_detach(viewers[i]);
  oriel_desktop_destroy(desktop);
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  static struct series publish[] = {
    {.name = "publish to 256 viewers, one has the controls", .unit = "us", .target = "<= 2", .limit = 2},
    {.name = "publish to 256 viewers, nobody has them", .unit = "us", .target = "<= 2", .limit = 2},
    {.name = "publish to 1 viewer", .unit = "us"},
  };
  static struct series take[] = {
    {.name = "deliver and acknowledge, a viewer of 256, one has the controls", .unit = "us", .target = "<= 0.2",
     .limit = 0.2},
    {.name = "deliver and acknowledge, a viewer of 256, nobody has them", .unit = "us", .target = "<= 0.2",
     .limit = 0.2},
    {.name = "deliver and acknowledge, a viewer of 1", .unit = "us"},
  };
  bench(256, true, &publish[0], &take[0]);
  bench(256, false, &publish[1], &take[1]);
  bench(1, true, &publish[2], &take[2]);
  for (int i = 0; i < 3; i++)
    series_report(&publish[i]);
  for (int i = 0; i < 3; i++)
    series_report(&take[i]);
  series_end();
  return 0;
}
