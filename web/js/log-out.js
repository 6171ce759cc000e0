// SPDX-License-Identifier: MIT
// A log-out is one of this browser: other tabs that still hold the token would log in again by themselves, and give the
// browser a new secret.

export class LogOut {
  /**
   * @param {string} page its address, below which all tabs are of one server @param {() => void} heard another tab did
   */
  constructor(page, heard) {
    const { pathname } = new URL('.', page);
    this.channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(`oriel.log-out:${pathname}`) : null;
    if (this.channel) this.channel.onmessage = heard;
  }

  /** To all tabs but this one; before the server closes their connections. */
  tell() {
    this.channel?.postMessage('');
  }
}
