# SPDX-License-Identifier: MIT
"""A WHEP client on GStreamer's webrtcbin: whep-gstreamer.py URL TOKEN PICTURES plays until so many pictures
and packets of sound came, then ends the session. Prints {"width", "height", "sounds"}.
"""
import json
import sys
import urllib.request

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstWebRTC', '1.0')
gi.require_version('GstSdp', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

URL, TOKEN, WANTED = sys.argv[1], sys.argv[2], int(sys.argv[3])
CAPS = ['application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,packetization-mode=(string)1,'
        'rtcp-fb-nack=true,rtcp-fb-nack-pli=true',
        'application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2']
seen = {'pictures': 0, 'sounds': 0, 'width': 0, 'height': 0}
loop = GLib.MainLoop()


def request(url, method, body=None):
    headers = {'authorization': f'Bearer {TOKEN}', 'content-type': 'application/sdp'}
    return urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method=method), timeout=10)


def count(kind, pad):
    seen[kind] += 1
    if kind == 'pictures':
        structure = pad.get_current_caps().get_structure(0)
        seen['width'], seen['height'] = structure['width'], structure['height']
    if min(seen['pictures'], seen['sounds']) >= WANTED:
        GLib.idle_add(loop.quit)
    return Gst.PadProbeReturn.OK


def add_pad(_, pad, pipeline):
    """Pictures as their parser cuts them, and what it reads of their size; of sound the packets do."""
    if pad.direction != Gst.PadDirection.SRC:
        return
    video = pad.get_current_caps().get_structure(0)['media'] == 'video'
    chain = 'rtph264depay ! h264parse ! video/x-h264,alignment=au' if video else 'rtpopusdepay'
    bin_ = Gst.parse_bin_from_description(f'{chain} ! fakesink name=end', True)
    end = bin_.get_by_name('end').get_static_pad('sink')
    kind = 'pictures' if video else 'sounds'
    end.add_probe(Gst.PadProbeType.BUFFER, lambda at, _: count(kind, at))
    pipeline.add(bin_)
    bin_.sync_state_with_parent()
    pad.link(bin_.get_static_pad('sink'))


def main():
    Gst.init(None)
    pipeline, webrtc = Gst.Pipeline(), Gst.ElementFactory.make('webrtcbin')
    webrtc.set_property('bundle-policy', GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
    pipeline.add(webrtc)
    webrtc.connect('pad-added', add_pad, pipeline)
    for caps in CAPS:
        webrtc.emit('add-transceiver', GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
    location = []

    def offered(promise):
        reply = promise.get_reply()  # the offer lies in it
        offer = reply.get_value('offer')
        text = offer.sdp.as_text().encode()
        webrtc.emit('set-local-description', offer, Gst.Promise.new())
        response = request(f'{URL}/whep/view', 'POST', text)
        location.append(response.headers['location'])
        _, sdp = GstSdp.SDPMessage.new_from_text(response.read().decode())
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        webrtc.emit('set-remote-description', answer, Gst.Promise.new())

    pipeline.set_state(Gst.State.PLAYING)
    webrtc.emit('create-offer', None, Gst.Promise.new_with_change_func(offered))
    GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    if location:
        request(URL + location[0], 'DELETE')
    pipeline.set_state(Gst.State.NULL)
    print(json.dumps(seen), flush=True)
    sys.exit(0 if min(seen['pictures'], seen['sounds']) >= WANTED else 1)


main()
