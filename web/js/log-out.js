// SPDX-License-Identifier: MIT
// A log-out is one of this browser: other tabs that still hold the token would log in again by themselves, and give the
// browser a new secret.
import { places } from './session.js';

export class LogOut {
  /** @param {string} page its address: all tabs of its server hear @param {() => void} heard another tab did */
  constructor(page, heard) {
    const { root } = places(page);
    this.channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(`oriel.log-out:${root}`) : null;
    if (this.channel) this.channel.onmessage = heard;
  }

  /** To all tabs but this one; before the server closes their connections. */
  tell() {
    this.channel?.postMessage('');
  }
}
