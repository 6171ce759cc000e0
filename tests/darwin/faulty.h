/* SPDX-License-Identifier: MIT
 *
 * A small driver with two devices in a loop: what is played to the one at a sample time is recorded from the other at
 * the same. It does everything right, unless it is told to do one thing wrong as drivers in the field did. The
 * simulator has to find nothing in the first case, and that thing in the second.
 *
 * Thread-safety: as a driver's; faulty_reset while no host uses it.
 */
#ifndef ORIEL_TESTS_DARWIN_FAULTY_H
#define ORIEL_TESTS_DARWIN_FAULTY_H

#include <CoreAudio/AudioServerPlugIn.h>

#include "tests/darwin/hal.h"

enum fault {
  FAULT_NONE,
  FAULT_STALE,          /* the ring ignores which time a slot was written for */
  FAULT_STOP_UNCOUNTED, /* any client's StopIO stops the device */
  FAULT_STOP_STRANGER,  /* StopIO of a client that never started counts */
  FAULT_REANCHOR,       /* every StartIO begins the clock anew */
  FAULT_SPLIT,          /* a read takes the frames away from the others */
  FAULT_IN_PLACE,       /* the flag is read as "is input" */
  FAULT_TORN,           /* a list is cut in the middle of an element */
  FAULT_OVERRUN,        /* a list is written whole, whatever the room */
  FAULT_SIZE,           /* the declared size is not the returned one */
  FAULT_HAS,            /* HasProperty knows what Get does not */
  FAULT_OBJECT,         /* an unknown object is "who?" */
  FAULT_SHORT,          /* a scalar into too little room succeeds */
  FAULT_READ_ONLY,      /* setting what cannot be set succeeds */
  FAULT_LEAK,           /* a string is retained twice */
  FAULT_OVER_RELEASE,   /* a string is handed out without a reference */
  FAULT_SCOPE,          /* the list of streams ignores the scope */
  FAULT_OWNED,          /* a control stands in ctrl but not in ownd */
  FAULT_ALLOCATION,     /* DoIO allocates */
  FAULT_LOCK,           /* DoIO locks */
  FAULT_SYSTEM_CALL,    /* DoIO calls the system */
  FAULT_LOG,            /* DoIO logs */
  FAULT_FUTURE,         /* the next zero time stamp, not the last */
  FAULT_PERIOD,         /* zero time stamps every 512 frames */
  FAULT_DRIFTING_STAMP, /* a stamp's host time depends on when it is asked */
  FAULT_SEED,           /* the seed changes with every start */
  FAULT_DECIBEL,        /* setting the scalar does not tell about the decibel value */
  FAULT_EARLY,          /* a new rate applies before the host agreed */
  FAULT_ANY_RATE,       /* a rate that is not listed is taken */
  FAULT_HELD_LOCK,      /* the host is told while the lock is held */
  FAULT_LEFT_RUNNING,   /* a client that goes leaves its starts behind */
  FAULT_COUNTED,        /* stamps are counted on, not reckoned: a machine that slept is never caught up with */
  FAULT_DOMAIN,         /* the devices name different clock domains */
  FAULT_COUNT,
};

extern enum fault faulty_fault;

void faulty_reset(enum fault fault);
void *faulty_factory(CFAllocatorRef allocator, CFUUIDRef type);
/** It under the simulator, for a cmocka test; and the end of one in which nothing may have been found. `storage` as in
 *  hal_options. */
struct hal *faulty_open(enum fault fault, bool real_time, const char *storage);
void faulty_close_clean(struct hal *hal);

#endif
