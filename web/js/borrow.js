// SPDX-License-Identifier: MIT
// Takes the free controls of a desktop for as long as one command of the list needs them: as a viewer that wants neither
// pictures nor sound, whom everybody sees come and go.
import { messageValid, readControlState, readRole, readServerHello, ROLE, writeAuthenticate, writeHello } from './protocol.js';
import { MESSAGE, SUBPROTOCOL } from './wire.js';

const PATIENCE_MS = 5000;

/**
 * Whether this viewer has got the controls, by what the server says; null = that is not known yet.
 * @returns {(data: ArrayBuffer) => boolean | null}
 */
function outcome() {
  let id = 0;
  return (data) => {
    const view = new DataView(data);
    if (!messageValid(view)) return null;
    const type = view.getUint8(0);
    if (type === MESSAGE.SERVER_HELLO) ({ id } = readServerHello(view));
    if (type === MESSAGE.ROLE && readRole(view) === ROLE.CONTROLLER) return true;
    if (type !== MESSAGE.CONTROL_STATE) return null;
    const { holder } = readControlState(view);
    return holder && holder !== id ? false : null;
  };
}

/** @param {WebSocket} socket @param {string} secret the session's @returns {Promise<boolean>} it has the controls */
function take(socket, secret) {
  const judge = outcome();
  let timer = 0;
  /** @type {Promise<boolean>} */
  const got = new Promise((resolve) => {
    socket.addEventListener('open', () => {
      socket.send(writeAuthenticate(secret));
      socket.send(writeHello({ role: ROLE.CONTROLLER, capabilities: 0, width: 0, height: 0 }));
    });
    socket.addEventListener('message', ({ data }) => {
      const known = judge(data);
      if (known !== null) resolve(known);
    });
    socket.addEventListener('close', () => resolve(false));
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  return got.finally(() => clearTimeout(timer));
}

/**
 * Runs `act` with the controls, and gives them up. Nobody is asked for them.
 * @template T
 * @param {string} address of the desktop's page, from this one @param {string} secret the session's
 * @param {() => Promise<T>} act
 * @returns {Promise<T | null>} null = they are not free, or cannot be had
 */
export async function withControls(address, secret, act) {
  const url = new URL(`${address}ws`, document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  try {
    return (await take(socket, secret)) ? await act() : null;
  } finally {
    socket.close();
  }
}
