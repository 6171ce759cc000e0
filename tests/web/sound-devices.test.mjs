// SPDX-License-Identifier: MIT
// The choice of speaker and microphone, with devices of the test's that come and go.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { captureConstraints, Capture } from '../../web/js/capture.js';
import { Microphone } from '../../web/js/microphone.js';
import { SoundDevices } from '../../web/js/sound-devices.js';

const device = (kind, deviceId, label = deviceId) => ({ kind, deviceId, label });
const speakers = [device('audiooutput', 'default'), device('audiooutput', 'desk'), device('audiooutput', 'head', '')];
const nameless = [device('audiooutput', ''), device('audioinput', '')];

class Media extends EventTarget {
  list = speakers;
  asked = 0;
  stopped = 0;
  async enumerateDevices() {
    return this.list;
  }
  async getUserMedia() {
    this.asked++;
    this.list = speakers;
    return { getTracks: () => [{ stop: () => this.stopped++ }] };
  }
}

let media, values, used, said;
const settings = { get: (name) => values[name], set: (name, value) => (values[name] = value) };
const settle = () => new Promise((resolve) => setImmediate(resolve));
const make = async () => {
  const devices = new SoundDevices(settings, {
    use: (...use) => used.push(use), say: (text) => said.push(text), changed: () => {}, media,
  });
  await devices.refreshed;
  return devices;
};
const becomes = async (list) => {
  media.list = list;
  media.dispatchEvent(new Event('devicechange'));
  await settle();
};

beforeEach(() => {
  media = new Media();
  values = { speaker: '', microphone: '' };
  used = [];
  said = [];
});

test('sound_devices_are_listed_and_a_choice_is_kept', async () => {
  const devices = await make();
  assert.deepEqual(devices.list('audiooutput'), [{ id: 'desk', label: 'desk' }, { id: 'head', label: 'Device 2' }]);
  assert.deepEqual(devices.list('audioinput'), []);
  devices.choose('audiooutput', 'desk');
  assert.deepEqual(used, [['audiooutput', 'desk', true]]);
  assert.equal(values.speaker, 'desk');
  assert.deepEqual(said, []);
});

test('sound_devices_that_go_fall_back_with_a_word_and_come_back', async () => {
  values.speaker = 'desk';
  const devices = await make();
  assert.equal(devices.used.audiooutput, 'desk');
  await becomes([speakers[0]]);
  assert.deepEqual(used, [['audiooutput', '', false]]);
  assert.match(said[0], /speaker is gone/);
  assert.equal(devices.chosen('audiooutput'), 'desk', 'still the choice');
  await becomes([speakers[0]]);
  assert.equal(said.length, 1, 'said once');
  await becomes(speakers);
  assert.deepEqual(used[1], ['audiooutput', 'desk', false]);
  await becomes([]);
  assert.equal(devices.used.audiooutput, '', 'with the last of its kind');
});

test('sound_devices_without_names_are_no_missing_ones', async () => {
  media.list = nameless;
  values.speaker = 'desk';
  const devices = await make();
  assert.deepEqual([devices.list('audiooutput'), devices.named('audiooutput'), used, said], [[], false, [], []]);
  assert.equal(media.asked, 0, 'nothing is asked before the user wants it');
  await devices.askNames();
  assert.deepEqual([media.asked, media.stopped], [1, 1]);
  assert.equal(devices.list('audiooutput').length, 2);
});

test('sound_devices_on_a_page_without_any_are_none', async () => {
  media = undefined;
  values.microphone = 'head';
  const devices = await make();
  assert.deepEqual([devices.list('audioinput'), said], [[], []]);
});

test('capture_asks_for_the_chosen_device_and_falls_back_when_it_is_gone', async (t) => {
  assert.deepEqual(captureConstraints(true, 'desk').audio.deviceId, { exact: 'desk' });
  assert.equal(captureConstraints(true).audio.deviceId, undefined);
  const asked = [];
  let lost = 0;
  const refusal = (name) => Object.assign(new Error(name), { name });
  const answers = [refusal('OverconstrainedError'), refusal('NotAllowedError'), refusal('NotAllowedError')];
  const getUserMedia = async ({ audio }) => {
    asked.push(audio.deviceId?.exact);
    throw answers.shift();
  };
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia } }, configurable: true });
  const open = () => new Capture({ lost: () => lost++ }).open(true, 'desk');
  await assert.rejects(open, { name: 'NotAllowedError' });
  assert.deepEqual([asked, lost], [['desk', undefined], 1]);
  await assert.rejects(open, { name: 'NotAllowedError' });
  assert.deepEqual([asked.length, lost], [3, 1], 'a refusal is not asked again');
});

test('microphone_goes_on_with_another_device_that_the_user_chooses', async () => {
  globalThis.AudioEncoder ??= class {};
  globalThis.AudioWorkletNode ??= class {};
  const value = { mediaDevices: { getUserMedia() {} } };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  const opened = [];
  class Device {
    open(clean, id) {
      opened.push(id);
      return Promise.resolve();
    }
    close() {}
  }
  let id = 'desk';
  const microphone = new Microphone({ send() {}, backlog: () => 0, allowed: () => true, clean: () => true, changed() {},
    say() {}, device: () => id, Device });
  microphone.changeDevice();
  assert.deepEqual(opened, [], 'nothing opens by a choice');
  microphone.setOpen(true);
  await settle();
  id = 'head';
  microphone.changeDevice();
  await settle();
  assert.deepEqual([opened, microphone.state], [['desk', 'head'], 'talking']);
  microphone.stop();
});
