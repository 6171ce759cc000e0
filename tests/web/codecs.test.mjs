// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecs, decodesAny } from '../../web/js/codecs.js';

test('codecs_are_those_that_a_decoder_says_it_takes', async () => {
  const asked = [];
  const decoder = {
    isConfigSupported: async (config) => {
      asked.push(config.codec);
      if (config.codec === 'odd') throw new TypeError('unknown');
      return { supported: config.codec === 'good' };
    },
  };
  assert.equal(await decodesAny(decoder, [{ codec: 'odd' }, { codec: 'bad' }, { codec: 'good' }]), true);
  assert.deepEqual(asked, ['odd', 'bad', 'good']);
  assert.equal(await decodesAny(decoder, [{ codec: 'bad' }]), false, 'a decoder without the codec');
  assert.equal(await decodesAny(undefined, [{ codec: 'good' }]), false);
});

test('codecs_without_decoders_are_tiles_and_the_page_says_why', async () => {
  globalThis.isSecureContext = true;
  await codecs.asked;
  assert.equal(codecs.names, 'tiles');
  assert.equal(codecs.vp8, false);
  assert.match(codecs.lack, /lower rate/);
});

test('codecs_without_h264_are_vp8_and_that_is_asked_for_last', async () => {
  const asked = [];
  const fresh = new codecs.constructor();
  globalThis.VideoDecoder = {
    isConfigSupported: async ({ codec }) => {
      asked.push(codec);
      return { supported: codec === 'vp8' };
    },
  };
  await fresh.asked;
  delete globalThis.VideoDecoder;
  assert.deepEqual([fresh.video, fresh.vp8, fresh.names, fresh.lack], [false, true, 'VP8, tiles', '']);
  assert.deepEqual(asked, ['avc1.640028', 'avc1.64001f', 'vp8']);
});
