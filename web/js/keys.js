// SPDX-License-Identifier: MIT
// Physical keys: KeyboardEvent.code (W3C UI Events code values) to the numbers of a KEY message: USB HID usages of the
// keyboard page (HID Usage Tables 1.4, section 10), and CONSUMER + usages of the consumer page (section 15) for media
// keys. Pure.

/** Added to a usage of the consumer page, as in docs/protocols/viewer.md. */
const CONSUMER = 0xc000;

/** @type {Readonly<Record<string, number>>} */
export const USAGES = Object.freeze({
  KeyA: 0x04, KeyB: 0x05, KeyC: 0x06, KeyD: 0x07, KeyE: 0x08, KeyF: 0x09, KeyG: 0x0a, KeyH: 0x0b, KeyI: 0x0c,
  KeyJ: 0x0d, KeyK: 0x0e, KeyL: 0x0f, KeyM: 0x10, KeyN: 0x11, KeyO: 0x12, KeyP: 0x13, KeyQ: 0x14, KeyR: 0x15,
  KeyS: 0x16, KeyT: 0x17, KeyU: 0x18, KeyV: 0x19, KeyW: 0x1a, KeyX: 0x1b, KeyY: 0x1c, KeyZ: 0x1d, Digit1: 0x1e,
  Digit2: 0x1f, Digit3: 0x20, Digit4: 0x21, Digit5: 0x22, Digit6: 0x23, Digit7: 0x24, Digit8: 0x25, Digit9: 0x26,
  Digit0: 0x27, Enter: 0x28, Escape: 0x29, Backspace: 0x2a, Tab: 0x2b, Space: 0x2c, Minus: 0x2d, Equal: 0x2e,
  BracketLeft: 0x2f, BracketRight: 0x30, Backslash: 0x31, Semicolon: 0x33, Quote: 0x34, Backquote: 0x35, Comma: 0x36,
  Period: 0x37, Slash: 0x38, CapsLock: 0x39, F1: 0x3a, F2: 0x3b, F3: 0x3c, F4: 0x3d, F5: 0x3e, F6: 0x3f, F7: 0x40,
  F8: 0x41, F9: 0x42, F10: 0x43, F11: 0x44, F12: 0x45, PrintScreen: 0x46, ScrollLock: 0x47, Pause: 0x48,
  Insert: 0x49, Home: 0x4a, PageUp: 0x4b, Delete: 0x4c, End: 0x4d, PageDown: 0x4e, ArrowRight: 0x4f, ArrowLeft: 0x50,
  ArrowDown: 0x51, ArrowUp: 0x52, NumLock: 0x53, NumpadDivide: 0x54, NumpadMultiply: 0x55, NumpadSubtract: 0x56,
  NumpadAdd: 0x57, NumpadEnter: 0x58, Numpad1: 0x59, Numpad2: 0x5a, Numpad3: 0x5b, Numpad4: 0x5c, Numpad5: 0x5d,
  Numpad6: 0x5e, Numpad7: 0x5f, Numpad8: 0x60, Numpad9: 0x61, Numpad0: 0x62, NumpadDecimal: 0x63,
  IntlBackslash: 0x64, ContextMenu: 0x65, Power: 0x66, NumpadEqual: 0x67, F13: 0x68, F14: 0x69, F15: 0x6a, F16: 0x6b,
  F17: 0x6c, F18: 0x6d, F19: 0x6e, F20: 0x6f, F21: 0x70, F22: 0x71, F23: 0x72, F24: 0x73, Open: 0x74, Help: 0x75,
  Props: 0x76, Select: 0x77, BrowserStop: 0x78, Again: 0x79, Undo: 0x7a, Cut: 0x7b, Copy: 0x7c, Paste: 0x7d,
  Find: 0x7e, AudioVolumeMute: 0x7f, AudioVolumeUp: 0x80, AudioVolumeDown: 0x81, NumpadComma: 0x85, IntlRo: 0x87,
  KanaMode: 0x88, IntlYen: 0x89, Convert: 0x8a, NonConvert: 0x8b, Lang1: 0x90, Lang2: 0x91, Lang3: 0x92, Lang4: 0x93,
  Lang5: 0x94, Abort: 0x9b, NumpadParenLeft: 0xb6, NumpadParenRight: 0xb7, NumpadBackspace: 0xbb,
  NumpadMemoryStore: 0xd0, NumpadMemoryRecall: 0xd1, NumpadMemoryClear: 0xd2, NumpadMemoryAdd: 0xd3,
  NumpadMemorySubtract: 0xd4, NumpadClear: 0xd8, NumpadClearEntry: 0xd9, NumpadHash: 0xcc, ControlLeft: 0xe0,
  ShiftLeft: 0xe1, AltLeft: 0xe2, MetaLeft: 0xe3, ControlRight: 0xe4, ShiftRight: 0xe5, AltRight: 0xe6,
  MetaRight: 0xe7,
  Sleep: CONSUMER + 0x32, MediaTrackNext: CONSUMER + 0xb5, MediaTrackPrevious: CONSUMER + 0xb6,
  MediaStop: CONSUMER + 0xb7, MediaPlayPause: CONSUMER + 0xcd, MediaSelect: CONSUMER + 0x183,
  LaunchMail: CONSUMER + 0x18a, LaunchApp2: CONSUMER + 0x192, LaunchApp1: CONSUMER + 0x194,
  BrowserSearch: CONSUMER + 0x221, BrowserHome: CONSUMER + 0x223, BrowserBack: CONSUMER + 0x224,
  BrowserForward: CONSUMER + 0x225, BrowserRefresh: CONSUMER + 0x227,
  BrowserFavorites: CONSUMER + 0x22a,
  // Names that other browsers or older ones use for the same keys.
  OSLeft: 0xe3, OSRight: 0xe7, VolumeMute: 0x7f, VolumeUp: 0x80, VolumeDown: 0x81, NumpadStar: 0x55,
});

const SWAPPED = new Map([['MetaLeft', 'ControlLeft'], ['MetaRight', 'ControlRight'], ['ControlLeft', 'MetaLeft'],
  ['ControlRight', 'MetaRight'], ['OSLeft', 'ControlLeft'], ['OSRight', 'ControlRight']]);

/**
 * HID usage of a key, 0 when it has none.
 * @param {string} code @param {boolean} [swap] Command and Control change places
 */
export const usageOf = (code, swap = false) => USAGES[(swap && SWAPPED.get(code)) || code] ?? 0;

/** @param {number} usage */
export const isModifier = (usage) => usage >= 0xe0 && usage <= 0xe7;

/** KeyboardEvent.key of keys that type no character, where it differs from the code. */
const NAMED = new Map([['Control', 'ControlLeft'], ['Shift', 'ShiftLeft'], ['Alt', 'AltLeft'], ['Meta', 'MetaLeft'],
  ['OS', 'MetaLeft'], ['AltGraph', 'AltRight'], [' ', 'Space']]);

/**
 * The place of a key. Auto-type, macro keyboards and dictation send events without `code`: those of keys that type no
 * character are known by their `key`. '' = no known key.
 * @param {{code: string, key: string, location?: number}} event
 */
export function codeOf({ code, key, location }) {
  if (usageOf(code)) return code;
  if (code && code !== 'Unidentified') return '';
  const named = NAMED.get(key) ?? (usageOf(key) ? key : '');
  return location === 2 ? named.replace('Left', 'Right') : named; // KeyboardEvent.DOM_KEY_LOCATION_RIGHT
}

/** KeyboardEvent.key of keys that input methods take: the system tells that they went down, not that they came up. */
const IME_KEYS = new Set(['HangulMode', 'HanjaMode', 'JunjaMode', 'KanjiMode', 'KanaMode', 'Hiragana', 'Katakana',
  'HiraganaKatakana', 'Zenkaku', 'Hankaku', 'ZenkakuHankaku', 'Romaji', 'Eisu', 'Alphanumeric', 'CodeInput',
  'ModeChange']);

/**
 * True for keys whose key-up cannot be relied upon: media keys, which many systems report as one event, and those of
 * input methods.
 * @param {{code: string, key: string}} event
 */
export const lacksKeyUp = ({ code, key }) =>
  usageOf(code) >= CONSUMER || /^(Lang[1-5]|KanaMode|(Audio)?Volume\w+|Power|Eject)$/.test(code) || IME_KEYS.has(key);

/** Keys in the order that a special combination presses them. @type {Readonly<Record<string, string[]>>} */
export const COMBINATIONS = Object.freeze({
  'ctrl-alt-del': ['ControlLeft', 'AltLeft', 'Delete'],
  super: ['MetaLeft'],
  printscreen: ['PrintScreen'],
  'alt-tab': ['AltLeft', 'Tab'],
  'alt-f4': ['AltLeft', 'F4'],
  escape: ['Escape'],
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [
      `ctrl-alt-f${index + 1}`,
      ['ControlLeft', 'AltLeft', `F${index + 1}`],
    ]),
  ),
});
