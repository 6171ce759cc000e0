/* SPDX-License-Identifier: MIT
 *
 * Reactions to input, see reaction.h. Pure.
 */
#include "source/pattern/reaction.h"

enum { USAGE_SHIFT_LEFT = 0xE1, USAGE_SHIFT_RIGHT = 0xE5 };

static void react(struct oriel_reaction *reaction, struct oriel_rect rect) {
  reaction->rects[reaction->count++] = rect;
}

static void react_press(struct oriel_card *card, struct oriel_reaction *reaction) {
  card->block = (card->block + 1) % ORIEL_TESTCARD_BLOCK_COLOURS;
  card->counter++;
  react(reaction, oriel_card_block(card));
  react(reaction, oriel_card_counter(card));
}

static void react_key(struct oriel_card *card, struct oriel_shift *shift, const struct oriel_input *input,
                      struct oriel_reaction *reaction) {
  if (input->key.usage == USAGE_SHIFT_LEFT)
    shift->left = input->key.pressed;
  if (input->key.usage == USAGE_SHIFT_RIGHT)
    shift->right = input->key.pressed;
  if (!input->key.pressed)
    return;
  react_press(card, reaction);
  char character = oriel_card_character(input->key.usage, shift->left || shift->right);
  if (character) {
    oriel_card_type(card, character);
    react(reaction, oriel_card_typed(card));
  }
}

static int32_t within(int32_t value, int32_t size) {
  return value < 0 ? 0 : value >= size ? size - 1 : value;
}

void oriel_card_place_pointer(struct oriel_card *card, int32_t x, int32_t y) {
  card->pointer_x = within(x, card->width);
  card->pointer_y = within(y, card->height);
}

static void react_pointer(struct oriel_card *card, int32_t x, int32_t y, struct oriel_reaction *reaction) {
  oriel_card_place_pointer(card, x, y);
  card->pointer_known = true;
  react(reaction, oriel_card_pointer(card));
}

static void react_button(struct oriel_card *card, bool pressed, struct oriel_reaction *reaction) {
  if (!pressed)
    return;
  react_press(card, reaction);
  react(reaction, oriel_card_cross(card)); /* where it was */
  card->cross_x = card->pointer_x;
  card->cross_y = card->pointer_y;
  card->cross_known = true;
  react(reaction, oriel_card_cross(card));
}

void oriel_card_react(struct oriel_card *card, struct oriel_shift *shift, const struct oriel_input *input,
                      struct oriel_reaction *reaction) {
  switch (input->type) {
  case ORIEL_INPUT_KEY:
    react_key(card, shift, input, reaction);
    break;
  case ORIEL_INPUT_POINTER:
    react_pointer(card, input->pointer.x, input->pointer.y, reaction);
    break;
  case ORIEL_INPUT_MOTION:
    react_pointer(card, card->pointer_x + input->motion.dx, card->pointer_y + input->motion.dy, reaction);
    reaction->moved = true;
    break;
  case ORIEL_INPUT_BUTTON:
    react_button(card, input->button.pressed, reaction);
    break;
  case ORIEL_INPUT_TOUCH:
    react_pointer(card, input->touch.x, input->touch.y, reaction);
    react_button(card, input->touch.phase == ORIEL_TOUCH_DOWN, reaction);
    break;
  case ORIEL_INPUT_RELEASE_ALL:
    *shift = (struct oriel_shift){.left = false};
    break;
  case ORIEL_INPUT_TEXT: /* its keys come one by one */
  case ORIEL_INPUT_WHEEL: /* nothing scrolls */
  case ORIEL_INPUT_LOCKS: /* there are none */
    break;
  }
}
