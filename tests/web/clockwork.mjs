// SPDX-License-Identifier: MIT
/** A clock and one timer that the test moves. */
export function clockwork() {
  const clock = {
    now: 0,
    timer: null,
    pass(ms) {
      clock.now += ms;
      if (clock.timer && clock.timer.at <= clock.now) {
        const { run } = clock.timer;
        clock.timer = null;
        run();
      }
    },
  };
  clock.delay = (run, ms) => ((clock.timer = { run, at: clock.now + ms }), 1);
  clock.cancel = () => {
    clock.timer = null;
  };
  return clock;
}
