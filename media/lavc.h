/* SPDX-License-Identifier: MIT
 *
 * libavcodec, loaded when its first encoder is asked for and never before: it brings some hundred libraries along, some
 * of which make system calls while they load (libnuma asks for memory policies), which a sandbox may answer by killing
 * us. Thread-safety: any thread.
 */
#ifndef ORIEL_MEDIA_LAVC_H
#define ORIEL_MEDIA_LAVC_H

#include <libavcodec/avcodec.h>
#include <libavutil/hwcontext.h>
#include <libavutil/opt.h>

/** The functions in use, by their own names. */
#define ORIEL_LAVC_FUNCTIONS(X) \
  X(avcodec_alloc_context3) X(avcodec_find_encoder_by_name) X(avcodec_free_context) X(avcodec_open2) \
  X(avcodec_receive_packet) X(avcodec_send_frame) X(av_buffer_unref) X(av_frame_alloc) X(av_frame_free) \
  X(av_frame_move_ref) X(av_frame_unref) X(av_hwdevice_ctx_create) X(av_hwframe_ctx_alloc) X(av_hwframe_ctx_init) \
  X(av_hwframe_get_buffer) X(av_hwframe_transfer_data) X(av_log_set_level) X(av_opt_set) X(av_packet_alloc) \
  X(av_packet_free) X(av_packet_unref)

struct oriel_lavc {
#define ORIEL_LAVC_MEMBER(name) __typeof__(name) *name;
  ORIEL_LAVC_FUNCTIONS(ORIEL_LAVC_MEMBER)
#undef ORIEL_LAVC_MEMBER
};

/** The library of the version that we were compiled for; static, for the life of the process. NULL where it is not
 *  installed. The first call reads files. */
const struct oriel_lavc *oriel_lavc(void);

#endif
