// SPDX-License-Identifier: MIT
// Whether a VIDEO message's picture comes by RTP. Pure but for what it notes.

/**
 * False: what the message brings is to be decoded.
 * @param {import('./pictures.js').Pictures} pictures @param {import('./video.js').PictureNote} note
 * @param {boolean} key @param {number | null} time its timestamp by RTP; null = it comes by the WebSocket alone
 * @param {boolean} empty it brings no access unit
 */
export function comesByRtp({ rtp, counts, continuity }, note, key, time, empty) {
  if (time === null) {
    if (rtp?.alone) rtp.told.left();
    return false;
  }
  rtp?.announce(time, note); // RTP may have shown it, and be alone from now on
  if (!rtp?.alone) return empty; // one may come late, when nobody looks at RTP any more
  counts.video++;
  if (key) counts.keys++;
  if (continuity.accept(note.sequence, key) === 'gap') counts.gaps++;
  return true;
}
