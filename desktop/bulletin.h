/* SPDX-License-Identifier: MIT
 *
 * The bulletin: what a desktop's source and guest say of themselves. Of each fact the newest value counts. Facts are
 * told in notices; each notice has a version, which grows when it is told anew, and whoever is to hear of it keeps the
 * version it heard last. A source that lost its mind may say thousands of things a second, each of which would be a
 * message to everybody: a notice beyond its budget waits for its turn, with the newest values.
 *
 * Thread-safety: every function from any thread; one internal lock, which is a leaf: nothing is called under it.
 */
#ifndef ORIEL_DESKTOP_BULLETIN_H
#define ORIEL_DESKTOP_BULLETIN_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/rate_limit.h"
#include "desktop/config.h"
#include "desktop/delivery.h"

/** In the order in which they are told to one that waits for several. */
enum oriel_notice {
  ORIEL_NOTICE_STATE,
  ORIEL_NOTICE_ABILITIES,
  ORIEL_NOTICE_POSITION,
  ORIEL_NOTICE_VOLUME,
  ORIEL_NOTICE_MICROPHONE,
  ORIEL_NOTICE_CURSOR, /* last: shapes are large */
  ORIEL_NOTICES,
};
enum { ORIEL_NOTICES_ALL = (1 << ORIEL_NOTICES) - 1 };

/** A fact's value is of the type of its member of struct oriel_facts. */
enum oriel_fact {
  ORIEL_FACT_SOURCE,
  ORIEL_FACT_ABSOLUTE_POINTER,
  ORIEL_FACT_SIZE,
  ORIEL_FACT_ABILITIES,
  ORIEL_FACT_POSITION,
  ORIEL_FACT_VOLUME,
  ORIEL_FACT_MICROPHONE_SOURCE,
  ORIEL_FACT_MICROPHONE_GUEST,
  ORIEL_FACT_MICROPHONE_OWNER,
  ORIEL_FACT_CLIPBOARD_END,
  ORIEL_FACTS,
};

struct oriel_facts {
  struct oriel_fact_source {
    enum oriel_source_state state;
    char detail[160];
  } source;
  bool absolute_pointer;
  bool cursor_apart; /* the guest has told a shape, and does not draw it itself */
  struct oriel_fact_size {
    uint16_t width, height;
  } size; /* as pictures have it */
  struct oriel_source_abilities abilities;
  struct oriel_cursor_position position;
  struct oriel_volume volume;
  enum oriel_microphone_use microphone_source; /* as the source says */
  bool microphone_guest;     /* the guest's own stream takes one */
  uint32_t microphone_owner; /* id of the viewer that is heard; 0 = nobody */
  bool clipboard_end;        /* something of the guest's beside the source takes and gives texts */
  enum oriel_clipboard_way clipboard; /* constant: which ways are open */
};

struct oriel_bulletin {
  pthread_mutex_t lock; /* guards the rest, but for `told` */
  atomic_uint_fast32_t told; /* counts notices of any kind */
  uint32_t version[ORIEL_NOTICES]; /* 0 = there was nothing to tell yet */
  struct oriel_rate_limit pace[ORIEL_NOTICES];
  unsigned waiting; /* 1 << enum oriel_notice: beyond their budget */
  struct oriel_facts facts;
  struct oriel_packet *cursor, *next_cursor; /* the shape; one that waits; or NULL */
};

/** What a reader hears of, and has heard. One reader's; guarded as it says. */
struct oriel_bulletin_seen {
  unsigned wanted; /* 1 << enum oriel_notice; constant */
  uint32_t told, version[ORIEL_NOTICES]; /* 0 = nothing yet */
};

/** What is to be done after something was said. */
enum oriel_posted {
  ORIEL_POSTED_NOTHING,
  ORIEL_POSTED_NEWS,  /* wake the readers */
  ORIEL_POSTED_LATER, /* see that oriel_bulletin_turn is called, which says when */
};

/** State and microphone have something to tell from the start. 0, -ENOMEM. */
int oriel_bulletin_init(struct oriel_bulletin *bulletin);
void oriel_bulletin_finish(struct oriel_bulletin *bulletin);

/** The fact has this value from now on; an equal one is no news, but for one never told before. */
enum oriel_posted oriel_bulletin_post(struct oriel_bulletin *bulletin, enum oriel_fact fact, const void *value,
                                      uint64_t now_ns);
/** The cursor's shape, a packet that the bulletin takes a reference to. */
enum oriel_posted oriel_bulletin_post_cursor(struct oriel_bulletin *bulletin, struct oriel_packet *shape,
                                             uint64_t now_ns);
/** Tells what waited and whose turn has come; true when something was told. *at_ns: when the next turn is; 0 = nothing
 *  waits. */
bool oriel_bulletin_turn(struct oriel_bulletin *bulletin, uint64_t now_ns, uint64_t *at_ns);

/** A copy of all facts. */
void oriel_bulletin_read(struct oriel_bulletin *bulletin, struct oriel_facts *facts);
/** What the microphone is used for, by source and guest together. */
enum oriel_microphone_use oriel_facts_microphone(const struct oriel_facts *facts);
/** What can be done, by source, guest and configuration together. */
struct oriel_source_abilities oriel_facts_abilities(const struct oriel_facts *facts);
/** True when one of `notices` (1 << enum oriel_notice) has news for this reader. Cheap when there are none. */
bool oriel_bulletin_due(struct oriel_bulletin *bulletin, const struct oriel_bulletin_seen *seen, unsigned notices);
/** The first of `notices` that has news, as a delivery; false when none has. */
bool oriel_bulletin_take(struct oriel_bulletin *bulletin, struct oriel_bulletin_seen *seen, unsigned notices,
                         struct oriel_delivery *delivery);
/** This reader knows the present values of `notices`. */
void oriel_bulletin_skip(struct oriel_bulletin *bulletin, struct oriel_bulletin_seen *seen, unsigned notices);

#endif
