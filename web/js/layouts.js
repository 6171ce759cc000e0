// SPDX-License-Identifier: MIT
// Keyboard layouts of guests: which keys type a character. Facts of the national standards, limited to what is printed
// on the keys, where systems agree; where Windows makes a key dead that types at once on X11 and Linux, the latter.
// Pure.
import { usageOf } from './keys.js';

/** Keys of the four rows, in the order of the strings below. */
const ROWS = Object.freeze([
  ['Backquote', 'Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5', 'Digit6', 'Digit7', 'Digit8', 'Digit9', 'Digit0',
    'Minus', 'Equal'],
  ['KeyQ', 'KeyW', 'KeyE', 'KeyR', 'KeyT', 'KeyY', 'KeyU', 'KeyI', 'KeyO', 'KeyP', 'BracketLeft', 'BracketRight'],
  ['KeyA', 'KeyS', 'KeyD', 'KeyF', 'KeyG', 'KeyH', 'KeyJ', 'KeyK', 'KeyL', 'Semicolon', 'Quote', 'Backslash'],
  ['IntlBackslash', 'KeyZ', 'KeyX', 'KeyC', 'KeyV', 'KeyB', 'KeyN', 'KeyM', 'Comma', 'Period', 'Slash', 'IntlRo',
    'IntlYen'],
]);

/** Dead keys, as they stand in the rows, and the combining character of each. */
const DEAD = Object.freeze(
  /** @type {Record<string, string>} */ ({
    '①': '\u0300', '②': '\u0301', '③': '\u0302', '④': '\u0303', '⑤': '\u0308',
  }),
);
/** Stands for no character in the rows. */
const NOTHING = '␀';
/** What a dead key and then Space type, where all systems agree. */
const ALONE = Object.freeze(/** @type {Record<string, string>} */ ({ '`': '①', '^': '③', '~': '④' }));

/**
 * `plain` and `shift`: the four rows. `altgr`: code and character in turn, ⇧ before the code for AltGr with Shift;
 * `upper`: its letters have capitals there.
 * @typedef {{label: string, plain: string[], shift: string[], altgr: string, alone?: Record<string, string>,
 *   upper?: boolean}} Layout
 */

const US = { plain: ['`1234567890-=', 'qwertyuiop[]', "asdfghjkl;'\\", '␀zxcvbnm,./␀␀'],
  shift: ['~!@#$%^&*()_+', 'QWERTYUIOP{}', 'ASDFGHJKL:"|', '␀ZXCVBNM<>?␀␀'], altgr: '' };

const NORDIC = (/** @type {string} */ tail, /** @type {string} */ upper) => ({
  plain: ['qwertyuiopå⑤', `asdfghjkl${tail}'`, '<zxcvbnm,.-␀␀'],
  shift: ['QWERTYUIOPÅ③', `ASDFGHJKL${upper}*`, '>ZXCVBNM;:_␀␀'],
});

/** @param {string} plain @param {string} shift @param {string} tail @param {string} upper @param {string} altgr */
function nordic(plain, shift, tail, upper, altgr) {
  const rows = NORDIC(tail, upper);
  return { plain: [plain, ...rows.plain], shift: [shift, ...rows.shift], altgr };
}

const SWISS = 'Digit1 ¦ Digit2 @ Digit3 # Digit6 ¬ Digit7 | Digit8 ¢ Minus ② Equal ④ BracketLeft [ BracketRight ] ' +
  'Quote { Backslash } IntlBackslash \\ KeyE €';

/** @type {Readonly<Record<string, Layout>>} */
export const LAYOUTS = Object.freeze({
  us: { label: 'English (US)', ...US },
  'us-intl': { label: 'English (US, international)',
    plain: ['①1234567890-=', 'qwertyuiop[]', 'asdfghjkl;②\\', '\\zxcvbnm,./␀␀'],
    shift: ['④!@#$%③&*()_+', 'QWERTYUIOP{}', 'ASDFGHJKL:⑤|', '|ZXCVBNM<>?␀␀'],
    altgr: 'Digit1 ¡ Digit2 ² Digit3 ³ Digit4 ¤ Digit5 € Digit6 ¼ Digit7 ½ Digit8 ¾ Digit9 ‘ Digit0 ’ Minus ¥ ' +
      'Equal × KeyQ ä KeyW å KeyE é KeyR ® KeyT þ KeyY ü KeyU ú KeyI í KeyO ó KeyP ö BracketLeft « BracketRight » ' +
      'KeyA á KeyS ß KeyD ð KeyL ø Semicolon ¶ Backslash ¬ KeyZ æ KeyC © KeyN ñ KeyM µ Comma ç Slash ¿',
    alone: { "'": '②', '"': '⑤' }, upper: true },
  gb: { label: 'English (UK)', plain: ['`1234567890-=', US.plain[1], "asdfghjkl;'#", '\\zxcvbnm,./␀␀'],
    shift: ['¬!"£$%^&*()_+', US.shift[1], 'ASDFGHJKL:@~', '|ZXCVBNM<>?␀␀'], altgr: 'Digit4 €' },
  de: { label: 'German', plain: ['③1234567890ß②', 'qwertzuiopü+', 'asdfghjklöä#', '<yxcvbnm,.-␀␀'],
    shift: ['°!"§$%&/()=?①', 'QWERTZUIOPÜ*', "ASDFGHJKLÖÄ'", '>YXCVBNM;:_␀␀'],
    altgr: 'KeyQ @ KeyE € Digit2 ² Digit3 ³ Digit7 { Digit8 [ Digit9 ] Digit0 } Minus \\ BracketRight ~ ' +
      'IntlBackslash | KeyM µ' },
  ch: { label: 'Swiss German', plain: ["§1234567890'③", 'qwertzuiopü⑤', 'asdfghjklöä$', '<yxcvbnm,.-␀␀'],
    shift: ['°+"*ç%&/()=?①', 'QWERTZUIOPè!', 'ASDFGHJKLéà£', '>YXCVBNM;:_␀␀'], altgr: SWISS },
  'ch-fr': { label: 'Swiss French', plain: ["§1234567890'③", 'qwertzuiopè⑤', 'asdfghjkléà$', '<yxcvbnm,.-␀␀'],
    shift: ['°+"*ç%&/()=?①', 'QWERTZUIOPü!', 'ASDFGHJKLöä£', '>YXCVBNM;:_␀␀'], altgr: SWISS },
  fr: { label: 'French', plain: ['²&é"\'(-è_çà)=', 'azertyuiop③$', 'qsdfghjklmù*', '<wxcvbn,;:!␀␀'],
    shift: ['␀1234567890°+', 'AZERTYUIOP⑤£', 'QSDFGHJKLM%µ', '>WXCVBN?./§␀␀'],
    altgr: 'Digit2 ~ Digit3 # Digit4 { Digit5 [ Digit6 | Digit7 ` Digit8 \\ Digit9 ^ Digit0 @ Minus ] Equal } ' +
      'KeyE € BracketRight ¤' },
  be: { label: 'Belgian', plain: ['²&é"\'(§è!çà)-', 'azertyuiop③$', 'qsdfghjklmùµ', '<wxcvbn,;:=␀␀'],
    shift: ['³1234567890°_', 'AZERTYUIOP⑤*', 'QSDFGHJKLM%£', '>WXCVBN?./+␀␀'],
    altgr: 'Digit1 | Digit2 @ Digit3 # Digit6 ^ Digit9 { Digit0 } KeyE € BracketLeft [ BracketRight ] Quote ② ' +
      'Backslash ① IntlBackslash \\ Slash ④' },
  es: { label: 'Spanish', plain: ["º1234567890'¡", 'qwertyuiop①+', 'asdfghjklñ②ç', '<zxcvbnm,.-␀␀'],
    shift: ['ª!"·$%&/()=?¿', 'QWERTYUIOP③*', 'ASDFGHJKLÑ⑤Ç', '>ZXCVBNM;:_␀␀'],
    altgr: 'Backquote \\ Digit1 | Digit2 @ Digit3 # Digit4 ~ Digit6 ¬ KeyE € BracketLeft [ BracketRight ] Quote { ' +
      'Backslash }' },
  latam: { label: 'Latin American Spanish', plain: ["|1234567890'¿", 'qwertyuiop②+', 'asdfghjklñ{}', '<zxcvbnm,.-␀␀'],
    shift: ['°!"#$%&/()=?¡', 'QWERTYUIOP⑤*', 'ASDFGHJKLÑ[]', '>ZXCVBNM;:_␀␀'],
    altgr: 'Backquote ¬ KeyQ @ Minus \\ BracketRight ~ Quote ③ Backslash ①' },
  it: { label: 'Italian', plain: ["\\1234567890'ì", 'qwertyuiopè+', 'asdfghjklòàù', '<zxcvbnm,.-␀␀'],
    shift: ['|!"£$%&/()=?^', 'QWERTYUIOPé*', 'ASDFGHJKLç°§', '>ZXCVBNM;:_␀␀'],
    altgr: 'KeyE € BracketLeft [ BracketRight ] Semicolon @ Quote # ⇧BracketLeft { ⇧BracketRight }' },
  pt: { label: 'Portuguese', plain: ["\\1234567890'«", 'qwertyuiop+②', 'asdfghjklçº④', '<zxcvbnm,.-␀␀'],
    shift: ['|!"#$%&/()=?»', 'QWERTYUIOP*①', 'ASDFGHJKLÇª③', '>ZXCVBNM;:_␀␀'],
    altgr: 'Digit2 @ Digit3 £ Digit4 § Digit7 { Digit8 [ Digit9 ] Digit0 } KeyE €' },
  br: { label: 'Brazilian', plain: ["'1234567890-=", 'qwertyuiop②[', 'asdfghjklç④]', '\\zxcvbnm,.;/␀'],
    shift: ['"!@#$%⑤&*()_+', 'QWERTYUIOP①{', 'ASDFGHJKLÇ③}', '|ZXCVBNM<>:?␀'],
    altgr: 'Digit1 ¹ Digit2 ² Digit3 ³ Digit4 £ Digit5 ¢ Digit6 ¬ Equal §' },
  se: { label: 'Swedish, Finnish', ...nordic('§1234567890+②', '½!"#¤%&/()=?①', 'öä', 'ÖÄ',
    'Digit2 @ Digit3 £ Digit4 $ Digit7 { Digit8 [ Digit9 ] Digit0 } Minus \\ KeyE € BracketRight ④ IntlBackslash |') },
  no: { label: 'Norwegian', ...nordic('|1234567890+\\', '§!"#¤%&/()=?①', 'øæ', 'ØÆ',
    'Digit2 @ Digit3 £ Digit4 $ Digit7 { Digit8 [ Digit9 ] Digit0 } KeyE € BracketRight ④ Equal ②') },
  dk: { label: 'Danish', ...nordic('½1234567890+②', '§!"#¤%&/()=?①', 'æø', 'ÆØ',
    'Digit2 @ Digit3 £ Digit4 $ Digit7 { Digit8 [ Digit9 ] Digit0 } Equal | KeyE € BracketRight ④ IntlBackslash \\') },
  pl: { label: 'Polish (programmer)', ...US,
    altgr: 'KeyE ę KeyO ó KeyA ą KeyS ś KeyL ł KeyZ ż KeyX ź KeyC ć KeyN ń', upper: true },
  tr: { label: 'Turkish (Q)', plain: ['"1234567890*-', 'qwertyuıopğü', 'asdfghjklşi,', '<zxcvbnmöç.␀␀'],
    shift: ["é!'^+%&/()=?_", 'QWERTYUIOPĞÜ', 'ASDFGHJKLŞİ;', '>ZXCVBNMÖÇ:␀␀'],
    altgr: 'KeyQ @ KeyE € Digit3 # Digit4 $ Digit7 { Digit8 [ Digit9 ] Digit0 } Minus \\ Equal | IntlBackslash | ' +
      'BracketRight ~ Backslash `' },
  jp: { label: 'Japanese', plain: ['␀1234567890-^', 'qwertyuiop@[', 'asdfghjkl;:]', '␀zxcvbnm,./\\␀'],
    shift: ["␀!\"#$%&'()␀=~", 'QWERTYUIOP`{', 'ASDFGHJKL+*}', '␀ZXCVBNM<>?_|'], altgr: '' },
});

/** How a guest takes characters that its layout lacks. @type {Readonly<Record<string, string>>} */
export const ENTRIES = Object.freeze({
  none: 'cannot be typed',
  gtk: 'Ctrl+Shift+U (GTK, IBus)',
  windows: 'Alt and the keypad (Windows)',
});

/**
 * One press of a key and what is held meanwhile; `end`: all of that goes up after it.
 * @typedef {{usage: number, shift?: boolean, altgr?: boolean, ctrl?: boolean, alt?: boolean, end?: boolean}} Stroke
 */

/** What is held while a stroke's key is pressed, as usages. @param {Stroke} stroke */
export function heldBy({ shift, altgr, ctrl, alt }) {
  const codes = [ctrl && 'ControlLeft', alt && 'AltLeft', altgr && 'AltRight', shift && 'ShiftLeft'];
  return codes.map((code) => (code ? usageOf(code) : 0)).filter(Boolean);
}

/** @type {Map<string, Map<string, Stroke>>} */
const tables = new Map();

/** AltGr's keys of a layout. @param {Layout} layout @param {(character: string, stroke: Stroke) => void} add */
function addAltGr(layout, add) {
  const pairs = layout.altgr ? layout.altgr.split(' ') : [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const shift = pairs[i].startsWith('⇧');
    const usage = usageOf(pairs[i].replace('⇧', ''));
    add(pairs[i + 1], { usage, shift, altgr: true });
    const upper = pairs[i + 1].toUpperCase();
    if (layout.upper && upper !== pairs[i + 1] && upper.length === 1) add(upper, { usage, shift: true, altgr: true });
  }
}

/** Keys by character, dead ones by their sign in the rows. @param {string} name @returns {Map<string, Stroke>} */
function tableOf(name) {
  const known = tables.get(name);
  if (known) return known;
  const layout = LAYOUTS[name] ?? LAYOUTS.us;
  /** @type {Map<string, Stroke>} */
  const table = new Map([
    ['\n', { usage: usageOf('Enter') }],
    ['\t', { usage: usageOf('Tab') }],
    [' ', { usage: usageOf('Space') }],
  ]);
  const add = (/** @type {string} */ character, /** @type {Stroke} */ stroke) => {
    if (character !== NOTHING && !table.has(character)) table.set(character, stroke);
  };
  for (const shift of [false, true]) {
    const rows = shift ? layout.shift : layout.plain;
    ROWS.forEach((codes, row) => {
      const characters = [...rows[row]];
      codes.forEach((code, at) => add(characters[at], { usage: usageOf(code), shift }));
    });
  }
  addAltGr(layout, add);
  tables.set(name, table);
  return table;
}

/** The dead key of a combining character. @param {string} mark */
const deadOf = (mark) => Object.keys(DEAD).find((sign) => DEAD[sign] === mark) ?? '';

/**
 * Strokes of one character by the layout's own keys; null when it has none.
 * @param {string} character @param {string} name @returns {Stroke[] | null}
 */
export function strokesFor(character, name) {
  const table = tableOf(name);
  const direct = /[①-⑤]/.test(character) ? undefined : table.get(character);
  if (direct) return [direct];
  const alone = table.get(LAYOUTS[name]?.alone?.[character] ?? ALONE[character] ?? '');
  const space = table.get(' ');
  if (alone && space) return [alone, space];
  const [base, mark, ...more] = character.normalize('NFD');
  const dead = mark && !more.length ? table.get(deadOf(mark)) : undefined;
  const letter = dead && table.get(base);
  return dead && letter ? [dead, letter] : null;
}

/** Windows-1252 from 0x80 on, where it differs from Unicode; ␀ is unused. */
const CP1252 = '€␀‚ƒ„…†‡ˆ‰Š‹Œ␀Ž␀␀‘’“”•–—˜™š›œ␀žŸ';

/** @param {string} character @returns {Stroke[] | null} Alt held, 0 and the code in Windows-1252 on the keypad */
function windowsEntry(character) {
  const point = character.codePointAt(0) ?? 0;
  const high = character === NOTHING ? -1 : [...CP1252].indexOf(character);
  const code = high >= 0 ? 0x80 + high : point >= 0xa0 && point <= 0xff ? point : 0;
  if (!code) return null;
  const strokes = [...`0${code}`].map((digit) => ({ usage: usageOf(`Numpad${digit}`), alt: true }));
  return strokes.map((stroke, at) => (at === strokes.length - 1 ? { ...stroke, end: true } : stroke));
}

/** @param {string} character @param {string} name @returns {Stroke[] | null} Ctrl+Shift+U, hexadecimal digits, Space */
function gtkEntry(character, name) {
  const table = tableOf(name);
  const point = character.codePointAt(0) ?? 0;
  const keys = [...point.toString(16), ' '].map((digit) => table.get(digit));
  const start = table.get('u');
  if (point < 0xa0 || !start || !keys.every((key) => key !== undefined)) return null;
  return [{ ...start, ctrl: true, shift: true, end: true }, .../** @type {Stroke[]} */ (keys)];
}

/**
 * What types a text: strokes of each character, and the characters, each once, that nothing types. With one of those,
 * `strokes` leaves it out: say so before typing. Line ends are Enter.
 * @param {string} text @param {string} name of a layout @param {string} [entry] of ENTRIES
 */
export function planText(text, name, entry = 'none') {
  /** @type {Stroke[][]} */
  const strokes = [];
  const unknown = new Set();
  for (const character of text.replace(/\r\n?/g, '\n').normalize('NFC')) {
    const own = strokesFor(character, name);
    const other = entry === 'gtk' ? gtkEntry : entry === 'windows' ? windowsEntry : () => null;
    const way = own ?? other(character, name);
    if (way) strokes.push(way);
    else unknown.add(character);
  }
  return { strokes, unknown: [...unknown].join('') };
}
