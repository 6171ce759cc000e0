# SPDX-License-Identifier: MIT
"""What is played arrives at the host, what the host sends is recorded."""
import math

from case import Bench, Place, case, expect, floats, near, play_and_collect
from rig import RATE, Microphone, Opus, loud, noise_wav, pitch, read_floats, rms, until, write_wav


def pieces_of(heard, values):
    """The stretches of `values` that `heard` is made of, as [start, length], and how many samples are neither of them nor silence."""
    place, pieces, altered, i = Place(values), [], 0, 0
    sent = [v / 32768 for v in values]
    while i < len(heard):
        at = place.of(heard[i:i + 3]) if heard[i] != 0 else None
        if at is None:
            altered += heard[i] != 0
            i += 1
            continue
        length = 0
        while i + length < len(heard) and at + length < len(sent) and heard[i + length] == sent[at + length]:
            length += 1
        pieces.append([at, length])
        i += length
    return pieces, altered


@case
def pcm_arrives_bit_by_bit(rig):
    """All that comes is what was played, to the bit and in order. All of it comes, but for cycles that PipeWire, and packets that this
    test, missed on a busy machine: both are counted, and the frames that are not there are no more than that."""
    values = noise_wav(rig.path('noise.wav'), 1)
    with Bench(rig) as bench:
        for _ in range(3):
            before = rig.status()
            packets = play_and_collect(rig, bench, rig.path('noise.wav'), 1)
            after = rig.status()
            expect(not bench.out.errors, f'lengths {bench.out.errors}')
            expect(all(len(data) % 8 == 0 for _, data in packets), 'whole frames')
            pieces, altered = pieces_of(floats(packets), values)
            missed = sum(after['devices'][0][word] - before['devices'][0][word] for word in ('xruns', 'starved_cycles'))
            dropped = after['output']['dropped_packets'] - before['output']['dropped_packets']
            excused = missed * 128 + dropped * 187 + after['output']['dropped_frames'] - before['output']['dropped_frames']
            lost = len(values) - sum(length for _, length in pieces)
            words = f'{altered} samples altered, {lost} lost, {excused} excused, pieces {pieces}'
            expect(altered == 0, words)
            expect(all(a + n <= b for (a, n), (b, _) in zip(pieces, pieces[1:])), 'in order: ' + words)
            expect(lost <= excused, words)


def opus_of(milliseconds):
    def run(rig):
        write_wav(rig.path('tone.wav'), 997, 2)
        with Bench(rig, output=f'frame={milliseconds}', input='format=opus') as bench:
            packets = play_and_collect(rig, bench, rig.path('tone.wav'), 2)
            opus, heard = Opus(), []
            for _, data in packets:
                frames = opus.decode(data)
                expect(frames is not None and len(frames) == RATE * milliseconds // 1000 * 2, f'a packet of {milliseconds} ms of Opus')
                heard += frames[::2]
            sounding = loud(heard, 0.2)
            expect(len(sounding) > 1.5 * RATE, f'{len(sounding)} frames of 2 s')
            near(pitch(sounding), 997, 1, 'pitch')
            near(rms(sounding[4800:-4800]), 0.5 / math.sqrt(2), 0.02, 'level')
    run.__name__ = f'opus_of_{milliseconds}_ms_is_valid'
    return run


for length in (5, 10, 20):
    case(opus_of(length))


@case
def cycles_of_any_length_carry_all(rig):
    """A user may force a long cycle (clock.force-quantum), which no bound in milliseconds may take for a backlog."""
    write_wav(rig.path('tone.wav'), 440, 30, 0.5)
    with Bench(rig) as bench:
        source = Microphone(bench.mic, 660, 2.5, True)
        try:
            for quantum in (4096, 8192):
                rig.call('pw-metadata', '-n', 'settings', '0', 'clock.force-quantum', str(quantum))
                player = bench.play(rig.path('tone.wav'))
                recorder, path = bench.record()
                until(lambda: rig.status()['devices'][0]['quantum'] == quantum, 5, lambda: f'a cycle of {quantum}: {rig.status()["devices"][0]}')
                before, packets = rig.status(), bench.out.take()
                until(lambda: rig.status()['devices'][0]['frames'] > before['devices'][0]['frames'] + RATE, 5, 'a second of sound')
                after, packets = rig.status(), bench.out.take()
                sent, heard = after['devices'][0]['frames'] - before['devices'][0]['frames'], len(floats(packets))
                expect(heard > sent - 2 * quantum, f'{heard} frames came of {sent} at a cycle of {quantum}')
                expect(after['output']['dropped_frames'] == before['output']['dropped_frames'], f'{after["output"]}')
                until(lambda: len(loud(read_floats(path), 0.2)) > RATE, 8, lambda: f'a second is recorded: {rig.status()["input"]}')
                near(pitch(loud(read_floats(path), 0.2)[-RATE // 2:]), 660, 3, 'pitch of what is recorded')
                near(rms(loud(read_floats(path), 0.2)[-RATE // 2:]), 0.5 / math.sqrt(2), 0.02, 'level of what is recorded')
                bench.stop(recorder)
                bench.stop(player)
        finally:
            source.stop()
            rig.call('pw-metadata', '-n', 'settings', '0', 'clock.force-quantum', '0')


@case
def a_sound_is_sent_to_its_end(rig):
    """The last packet of a sound is filled up and goes out when it ends; what comes next has nothing of it."""
    values = noise_wav(rig.path('noise.wav'), 113 * 128 / RATE)  # whole cycles: a player drops what is less
    with Bench(rig, output='format=pcm&frame=20') as bench:
        for _ in range(3):
            heard = floats(play_and_collect(rig, bench, rig.path('noise.wav'), 1))
            pieces, _ = pieces_of(heard, values)
            end = max((at + length for at, length in pieces), default=0)
            expect(end == len(values), f'it ends at frame {end} of {len(values)}: {pieces}')
            expect(heard[-1] == 0, f'silence at the end: {heard[-1]}')


@case
def many_channels_are_mixed(rig):
    """Of eight alike the centre and two surrounds of a side come on top of its front, 3 dB down each, and no LFE. Plain stereo in
    sixteen loses nothing."""
    write_wav(rig.path('tone.wav'), 440, 1, 0.2, channels=8)
    write_wav(rig.path('stereo.wav'), 440, 1, 0.2)
    with Bench(rig, '--channels', '8', channels=8) as bench:
        expect(rig.node('oriel-output')['info']['n-input-ports'] == 8, 'eight ports')
        heard = floats(play_and_collect(rig, bench, rig.path('tone.wav'), 1))
        near(pitch(loud(heard, 0.1)), 440, 1, 'pitch')
        near(max(heard), 0.2 * (1 + 3 * math.sqrt(0.5)), 0.02, 'eight channels at 0.2, level')
    with Bench(rig, '--channels', '16', channels=16) as bench:
        position = rig.node('oriel-output')['info']['props']['audio.position']
        expect(position == 'FL,FR,FC,LFE,RL,RR,SL,SR,FLW,FRW,TFL,TFR,TSL,TSR,TRL,TRR', position)
        player = rig.play(rig.path('stereo.wav'), 'oriel-output', '-P', '{ channelmix.upmix = false }')
        bench.children.append(player)
        until(lambda: player.poll() is not None, 8, 'the player ends')
        near(max(floats(bench.out.take())), 0.2, 0.005, 'stereo in sixteen channels, level')


@case
def one_channel_and_another_rate_are_converted(rig):
    write_wav(rig.path('tone.wav'), 440, 1.5, rate=44100, channels=1)
    with Bench(rig, '--channels', '1', '--rate', '96000', channels=1) as bench:
        heard = floats(play_and_collect(rig, bench, rig.path('tone.wav'), 1.5))
        near(pitch(loud(heard, 0.1)), 440, 1, 'pitch')


def microphone(pcm):
    def run(rig):
        with Bench(rig, input='format=pcm' if pcm else 'format=opus') as bench:
            source = Microphone(bench.mic, 660, 2.5 if pcm else 5, pcm)
            try:
                recorder, path = bench.record()
                until(lambda: len(loud(read_floats(path), 0.2)) > 1.5 * RATE, 8, lambda: f'1.5 s of sound: {rig.status()["input"]}')
                expect(rig.status()['input']['health'] == 'flowing', rig.status()['input']['health'])
                bench.stop(recorder)
            finally:
                source.stop()
            heard = loud(read_floats(path), 0.2)[4800:]
            near(pitch(heard), 660, 3, 'pitch')
            near(rms(heard), 0.5 / math.sqrt(2), 0.02, 'level')
    run.__name__ = f'microphone_of_{"pcm" if pcm else "opus"}_is_recorded'
    return run


case(microphone(True))
case(microphone(False))


@case
def two_recorders_hear_the_same(rig):  # lesson 25
    """A recorder that misses a cycle on a busy machine misses it alone, so not every millisecond of one is in the other; of two that
    share a queue none is, as each sample goes to but one."""
    with Bench(rig) as bench:
        source = Microphone(bench.mic, None, 2.5, True)
        try:
            one, one_path = bench.record('one.wav')
            two, two_path = bench.record('two.wav')
            until(lambda: len(loud(read_floats(two_path), 0.2)) > RATE, 20, 'a second of sound')
            bench.stop(one)
            bench.stop(two)
        finally:
            source.stop()
        first, second = read_floats(one_path), loud(read_floats(two_path), 0.2)
        place = {tuple(first[i:i + 3]): i for i in range(len(first) - 3)}
        pieces = [second[i:i + 48] for i in range(0, len(second) - 48, 48)]
        pieces = [piece for piece in pieces if any(piece)]
        found = [place.get(tuple(piece[:3])) for piece in pieces]
        same = sum(at is not None and first[at:at + 48] == piece for at, piece in zip(found, pieces))
        expect(same > len(pieces) / 4, f'{same} of {len(pieces)} milliseconds are in both')


@case
def nobody_records_nothing_is_kept(rig):  # lesson 27
    with Bench(rig) as bench:
        old = Microphone(bench.mic, 300, 2.5, True)
        until(lambda: rig.status()['input']['idle_packets'] > 50, 5, 'packets while idle')
        old.stop()
        new = Microphone(bench.mic, 900, 2.5, True)
        try:
            recorder, path = bench.record()
            until(lambda: len(loud(read_floats(path), 0.2)) > RATE // 2, 8, 'half a second of sound')
            bench.stop(recorder)
        finally:
            new.stop()
        near(pitch(loud(read_floats(path), 0.2)[:4800]), 900, 20, 'pitch of the first 100 ms')
