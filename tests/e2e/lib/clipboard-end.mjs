// SPDX-License-Identifier: MIT
//
// A guest's end of the clipboard at a UNIX socket, which speaks as oriel-agent does (u32 big-endian length, UTF-8).
import { connect } from 'node:net';

/** A guest's end at a UNIX socket; `texts`: what it was given. */
export async function guestAt(t, path) {
  const socket = connect(path);
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const texts = [];
  let bytes = Buffer.alloc(0);
  socket.on('data', (data) => {
    bytes = Buffer.concat([bytes, data]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const size = bytes.readUInt32BE(0);
      texts.push(bytes.subarray(4, 4 + size).toString());
      bytes = bytes.subarray(4 + size);
    }
  });
  const copy = (text) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    socket.write(Buffer.concat([head, body]));
  };
  return { texts, copy };
}
