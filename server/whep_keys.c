/* SPDX-License-Identifier: MIT
 *
 * The table of keys, and US keyboards' characters. Constant data. A test holds the table against the page's own.
 */
#include "server/whep_keys.h"

#include <stddef.h>
#include <string.h>

#include "source/input.h"

struct key {
  const char *code;
  uint16_t usage;
};

/* USB HID usages, as in web/js/keys.js. */
static const struct key keys[] = {
  {"KeyA", 0x04}, {"KeyB", 0x05}, {"KeyC", 0x06}, {"KeyD", 0x07}, {"KeyE", 0x08}, {"KeyF", 0x09}, {"KeyG", 0x0a},
  {"KeyH", 0x0b}, {"KeyI", 0x0c}, {"KeyJ", 0x0d}, {"KeyK", 0x0e}, {"KeyL", 0x0f}, {"KeyM", 0x10}, {"KeyN", 0x11},
  {"KeyO", 0x12}, {"KeyP", 0x13}, {"KeyQ", 0x14}, {"KeyR", 0x15}, {"KeyS", 0x16}, {"KeyT", 0x17}, {"KeyU", 0x18},
  {"KeyV", 0x19}, {"KeyW", 0x1a}, {"KeyX", 0x1b}, {"KeyY", 0x1c}, {"KeyZ", 0x1d}, {"Digit1", 0x1e}, {"Digit2", 0x1f},
  {"Digit3", 0x20}, {"Digit4", 0x21}, {"Digit5", 0x22}, {"Digit6", 0x23}, {"Digit7", 0x24}, {"Digit8", 0x25},
  {"Digit9", 0x26}, {"Digit0", 0x27}, {"Enter", 0x28}, {"Escape", 0x29}, {"Backspace", 0x2a}, {"Tab", 0x2b},
  {"Space", 0x2c}, {"Minus", 0x2d}, {"Equal", 0x2e}, {"BracketLeft", 0x2f}, {"BracketRight", 0x30},
  {"Backslash", 0x31}, {"Semicolon", 0x33}, {"Quote", 0x34}, {"Backquote", 0x35}, {"Comma", 0x36}, {"Period", 0x37},
  {"Slash", 0x38}, {"CapsLock", 0x39}, {"F1", 0x3a}, {"F2", 0x3b}, {"F3", 0x3c}, {"F4", 0x3d}, {"F5", 0x3e},
  {"F6", 0x3f}, {"F7", 0x40}, {"F8", 0x41}, {"F9", 0x42}, {"F10", 0x43}, {"F11", 0x44}, {"F12", 0x45},
  {"PrintScreen", 0x46}, {"ScrollLock", 0x47}, {"Pause", 0x48}, {"Insert", 0x49}, {"Home", 0x4a}, {"PageUp", 0x4b},
  {"Delete", 0x4c}, {"End", 0x4d}, {"PageDown", 0x4e}, {"ArrowRight", 0x4f}, {"ArrowLeft", 0x50},
  {"ArrowDown", 0x51}, {"ArrowUp", 0x52}, {"NumLock", 0x53}, {"NumpadDivide", 0x54}, {"NumpadMultiply", 0x55},
  {"NumpadSubtract", 0x56}, {"NumpadAdd", 0x57}, {"NumpadEnter", 0x58}, {"Numpad1", 0x59}, {"Numpad2", 0x5a},
  {"Numpad3", 0x5b}, {"Numpad4", 0x5c}, {"Numpad5", 0x5d}, {"Numpad6", 0x5e}, {"Numpad7", 0x5f}, {"Numpad8", 0x60},
  {"Numpad9", 0x61}, {"Numpad0", 0x62}, {"NumpadDecimal", 0x63}, {"IntlBackslash", 0x64}, {"ContextMenu", 0x65},
  {"Power", 0x66}, {"NumpadEqual", 0x67}, {"F13", 0x68}, {"F14", 0x69}, {"F15", 0x6a}, {"F16", 0x6b}, {"F17", 0x6c},
  {"F18", 0x6d}, {"F19", 0x6e}, {"F20", 0x6f}, {"F21", 0x70}, {"F22", 0x71}, {"F23", 0x72}, {"F24", 0x73},
  {"Open", 0x74}, {"Help", 0x75}, {"Props", 0x76}, {"Select", 0x77}, {"BrowserStop", 0x78}, {"Again", 0x79},
  {"Undo", 0x7a}, {"Cut", 0x7b}, {"Copy", 0x7c}, {"Paste", 0x7d}, {"Find", 0x7e}, {"AudioVolumeMute", 0x7f},
  {"AudioVolumeUp", 0x80}, {"AudioVolumeDown", 0x81}, {"NumpadComma", 0x85}, {"IntlRo", 0x87}, {"KanaMode", 0x88},
  {"IntlYen", 0x89}, {"Convert", 0x8a}, {"NonConvert", 0x8b}, {"Lang1", 0x90}, {"Lang2", 0x91}, {"Lang3", 0x92},
  {"Lang4", 0x93}, {"Lang5", 0x94}, {"Abort", 0x9b}, {"NumpadParenLeft", 0xb6}, {"NumpadParenRight", 0xb7},
  {"NumpadBackspace", 0xbb}, {"NumpadMemoryStore", 0xd0}, {"NumpadMemoryRecall", 0xd1}, {"NumpadMemoryClear", 0xd2},
  {"NumpadMemoryAdd", 0xd3}, {"NumpadMemorySubtract", 0xd4}, {"NumpadClear", 0xd8}, {"NumpadClearEntry", 0xd9},
  {"NumpadHash", 0xcc}, {"ControlLeft", 0xe0}, {"ShiftLeft", 0xe1}, {"AltLeft", 0xe2}, {"MetaLeft", 0xe3},
  {"ControlRight", 0xe4}, {"ShiftRight", 0xe5}, {"AltRight", 0xe6}, {"MetaRight", 0xe7},
  {"Sleep", ORIEL_KEY_CONSUMER + 0x32}, {"MediaTrackNext", ORIEL_KEY_CONSUMER + 0xb5},
  {"MediaTrackPrevious", ORIEL_KEY_CONSUMER + 0xb6}, {"MediaStop", ORIEL_KEY_CONSUMER + 0xb7},
  {"MediaPlayPause", ORIEL_KEY_CONSUMER + 0xcd}, {"MediaSelect", ORIEL_KEY_CONSUMER + 0x183},
  {"LaunchMail", ORIEL_KEY_CONSUMER + 0x18a}, {"LaunchApp2", ORIEL_KEY_CONSUMER + 0x192},
  {"LaunchApp1", ORIEL_KEY_CONSUMER + 0x194}, {"BrowserSearch", ORIEL_KEY_CONSUMER + 0x221},
  {"BrowserHome", ORIEL_KEY_CONSUMER + 0x223}, {"BrowserBack", ORIEL_KEY_CONSUMER + 0x224},
  {"BrowserForward", ORIEL_KEY_CONSUMER + 0x225}, {"BrowserRefresh", ORIEL_KEY_CONSUMER + 0x227},
  {"BrowserFavorites", ORIEL_KEY_CONSUMER + 0x22a}, {"OSLeft", 0xe3}, {"OSRight", 0xe7}, {"VolumeMute", 0x7f},
  {"VolumeUp", 0x80}, {"VolumeDown", 0x81}, {"NumpadStar", 0x55},
};

/* KeyboardEvent.key of keys that type no character, where it is not the code. */
static const struct {
  const char *key, *code;
} named[] = {
  {"Control", "ControlLeft"}, {"Shift", "ShiftLeft"}, {"Alt", "AltLeft"}, {"Meta", "MetaLeft"}, {"OS", "MetaLeft"},
  {"AltGraph", "AltRight"},
};

/* Both characters of the keys of a US keyboard that are neither letters nor digits without Shift. */
static const struct {
  char plain, shifted;
  uint16_t usage;
} characters[] = {
  {'1', '!', 0x1e}, {'2', '@', 0x1f}, {'3', '#', 0x20}, {'4', '$', 0x21},  {'5', '%', 0x22}, {'6', '^', 0x23},
  {'7', '&', 0x24}, {'8', '*', 0x25}, {'9', '(', 0x26}, {'0', ')', 0x27},  {' ', ' ', 0x2c}, {'-', '_', 0x2d},
  {'=', '+', 0x2e}, {'[', '{', 0x2f}, {']', '}', 0x30}, {'\\', '|', 0x31}, {';', ':', 0x33}, {'\'', '"', 0x34},
  {'`', '~', 0x35}, {',', '<', 0x36}, {'.', '>', 0x37}, {'/', '?', 0x38},
};

enum { USAGE_A = 0x04 };

static uint16_t usage_of_code(const char *code) {
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(keys[i].code, code) == 0)
      return keys[i].usage;
  }
  return 0;
}

static uint16_t usage_of_character(char character) {
  const char lower = (char)(character | 0x20);
  if (lower >= 'a' && lower <= 'z')
    return (uint16_t)(USAGE_A + lower - 'a');
  for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
    if (characters[i].plain == character || characters[i].shifted == character)
      return characters[i].usage;
  }
  return 0;
}

static uint16_t usage_of_key(const char *key) {
  if (key[0] && !key[1])
    return usage_of_character(key[0]);
  for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
    if (strcmp(named[i].key, key) == 0)
      return usage_of_code(named[i].code);
  }
  return usage_of_code(key);
}

uint16_t oriel_whep_key(const char *code, const char *key) {
  const bool told = code[0] && strcmp(code, "Unidentified") != 0;
  return told ? usage_of_code(code) : usage_of_key(key);
}
