// SPDX-License-Identifier: MIT
//
// The part of HTTP in WHEP, for clients that are programs of their own.

/** POSTs an offer: {answer, location, token}. */
export async function begin(url, token, sdp) {
  const response = await fetch(`${url}/whep/view`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' }, body: sdp,
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${answer}`);
  return { answer, location: new URL(response.headers.get('location'), url), token };
}

/** Ends a session. */
export async function end({ location, token }) {
  const { status } = await fetch(location, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  if (status !== 200) throw new Error(`DELETE: ${status}`);
}

/** The promise's value, or an end with an error after 20 s. */
export async function patience(promise) {
  const timer = setTimeout(() => {
    console.error('not within 20 s');
    process.exit(1);
  }, 20_000);
  const value = await promise;
  clearTimeout(timer);
  return value;
}
