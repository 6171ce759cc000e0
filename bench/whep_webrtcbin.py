#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server of GStreamer's webrtcbin, to be measured beside ours: H.264 in RTP comes in at a UDP port, and goes out to
each who asks. POST /offer gives its offer with all candidates and an id, POST /answer/ID takes the answer.

usage: whep_webrtcbin.py RTP-PORT HTTP-PORT        ends with its input
"""
import http.server
import json
import sys
import threading

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstSdp', '1.0')
gi.require_version('GstWebRTC', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

CAPS = 'application/x-rtp,media=video,encoding-name=H264,payload=102,clock-rate=90000,packetization-mode=(string)1'
viewers = []


class Viewer:
    """One webrtcbin behind the tee."""

    def __init__(self, pipeline):
        self.gathered = threading.Event()
        self.bin = Gst.ElementFactory.make('webrtcbin')
        self.bin.set_property('bundle-policy', GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        queue = Gst.ElementFactory.make('queue')
        pipeline.add(queue)
        pipeline.add(self.bin)
        queue.link(self.bin)
        for element in (self.bin, queue):
            element.sync_state_with_parent()
        pipeline.get_by_name('tee').link(queue)
        for transceiver in (self.bin.emit('get-transceiver', 0),):
            transceiver.set_property('direction', GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        self.bin.connect('notify::ice-gathering-state', self.on_gathering)

    def on_gathering(self, *_):
        if self.bin.get_property('ice-gathering-state') == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self.gathered.set()

    def offer(self):
        promise = Gst.Promise.new()
        self.bin.emit('create-offer', None, promise)
        promise.wait()
        description = promise.get_reply().get_value('offer')
        self.bin.emit('set-local-description', description, Gst.Promise.new())
        if not self.gathered.wait(10):
            raise RuntimeError('candidates were not gathered within 10 s')
        return self.bin.get_property('local-description').sdp.as_text()

    def answer(self, text):
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        promise = Gst.Promise.new()
        self.bin.emit('set-remote-description', description, promise)
        promise.wait()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
        if self.path == '/offer':
            viewer = Viewer(self.server.pipeline)
            viewers.append(viewer)
            reply = json.dumps({'id': len(viewers) - 1, 'sdp': viewer.offer()})
        else:
            viewers[int(self.path.rsplit('/', 1)[1])].answer(body)
            reply = '{}'
        self.send_response(200)
        self.end_headers()
        self.wfile.write(reply.encode())

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split('\n\n')[1])
    Gst.init(None)
    pipeline = Gst.parse_launch(
        f'udpsrc address=127.0.0.1 port={sys.argv[1]} caps="{CAPS}" ! tee name=tee allow-not-linked=true')
    pipeline.set_state(Gst.State.PLAYING)
    server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[2])), Handler)
    server.pipeline = pipeline
    threading.Thread(target=server.serve_forever, daemon=True).start()
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_HUP, lambda *_: loop.quit())
    print('ready', flush=True)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


if __name__ == '__main__':
    main()
