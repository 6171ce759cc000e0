/* SPDX-License-Identifier: MIT
 *
 * See format.h. Stateless.
 */
#include "source/qemu/format.h"

#include <stddef.h>

/* pixman's format codes: bits per pixel << 24, channel order << 16, then the channels' bits (pixman.h's documentation
 * of PIXMAN_FORMAT). */
bool oriel_qemu_format(uint32_t code, enum oriel_pixel_format *format) {
  static const struct {
    uint32_t code;
    enum oriel_pixel_format format;
  } formats[] = {
    {0x20020888, ORIEL_PIXEL_BGRX8888}, /* x8r8g8b8 */
    {0x20028888, ORIEL_PIXEL_BGRX8888}, /* a8r8g8b8 */
    {0x20030888, ORIEL_PIXEL_RGBX8888}, /* x8b8g8r8 */
    {0x20038888, ORIEL_PIXEL_RGBX8888}, /* a8b8g8r8 */
    {0x20080888, ORIEL_PIXEL_XRGB8888}, /* b8g8r8x8 */
    {0x20088888, ORIEL_PIXEL_XRGB8888}, /* b8g8r8a8 */
    {0x20090888, ORIEL_PIXEL_XBGR8888}, /* r8g8b8x8 */
    {0x20098888, ORIEL_PIXEL_XBGR8888}, /* r8g8b8a8 */
    {0x18020888, ORIEL_PIXEL_BGR888},   /* r8g8b8 */
    {0x18030888, ORIEL_PIXEL_RGB888},   /* b8g8r8 */
    {0x10020565, ORIEL_PIXEL_RGB565},   /* r5g6b5 */
    {0x10020555, ORIEL_PIXEL_XRGB1555}, /* x1r5g5b5 */
    {0x10021555, ORIEL_PIXEL_XRGB1555}, /* a1r5g5b5 */
  };
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (formats[i].code == code) {
      *format = formats[i].format;
      return true;
    }
  return false;
}
