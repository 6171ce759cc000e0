# SPDX-License-Identifier: MIT
"""A WHEP client on aiortc, which shares no code with browsers and knows the SRTP profile AES128_CM_SHA1_80 alone.

usage: whep-aiortc.py URL TOKEN FRAMES [KEYS [CODEC]]   offers video as CODEC alone where that is given, plays until so many pictures and sounds were decoded, and the keys were
                                                struck by the data channel "input", then ends the session

Prints one line of JSON: {"width", "height"}. Exits 1 when it was refused, or after 25 seconds.
"""
import asyncio
import json
import sys
import urllib.request

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription


def request(url, token, method, body=None):
    headers = {'authorization': f'Bearer {token}', 'content-type': 'application/sdp'}
    return urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method=method), timeout=10)


async def count(track, frames):
    """The last of so many decoded frames."""
    for _ in range(frames):
        last = await track.recv()
    return last


async def strike(channel, keys):
    """Presses and releases each, then waits until all of it has arrived."""
    opened = asyncio.get_running_loop().create_future()
    channel.on('open', lambda: opened.set_result(None))
    await opened
    for key in keys:
        for kind in ('keydown', 'keyup'):
            channel.send(json.dumps({'type': kind, 'key': key}))
    while channel.bufferedAmount or channel.transport._outbound_queue or channel.transport._sent_queue:
        await asyncio.sleep(0.05)


async def play(url, token, frames, keys, codec):
    peer = RTCPeerConnection()
    struck = strike(peer.createDataChannel('input'), keys) if keys else asyncio.sleep(0)
    tasks = {}
    peer.on('track', lambda track: tasks.update({track.kind: asyncio.ensure_future(count(track, frames))}))
    video = peer.addTransceiver('video', direction='recvonly')
    if codec:
        known = RTCRtpReceiver.getCapabilities('video').codecs
        video.setCodecPreferences([one for one in known if one.name in (codec, 'rtx')])
    peer.addTransceiver('audio', direction='recvonly')
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp.encode()
    loop = asyncio.get_running_loop()
    response = await loop.run_in_executor(None, request, f"{url}/whep{'' if keys else '/view'}", token, 'POST', offer)
    answer = response.read().decode()
    await peer.setRemoteDescription(RTCSessionDescription(answer, 'answer'))
    picture, _, _ = await asyncio.gather(tasks['video'], tasks['audio'], struck)
    print(json.dumps({'width': picture.width, 'height': picture.height}), flush=True)
    await loop.run_in_executor(None, request, url + response.headers['location'], token, 'DELETE')
    await peer.close()


asyncio.run(asyncio.wait_for(play(sys.argv[1], sys.argv[2], int(sys.argv[3]), *(sys.argv[4:] + ['', ''])[:2]), 25))
