/* SPDX-License-Identifier: MIT
 *
 * The table of what is counted. The rows of a family stand together, the first one has its help. Names follow
 * Prometheus: base units, and _total behind what only grows.
 */
#include "server/metric_rows.h"

#include <stdbool.h>

#include "desktop/stats.h"
#include "server/process.h"
#include "server/stats.h"
#include "server/whep_stats.h"
#include "wire/viewer.h"

#define VALUE(type, field) \
  _Generic(((type *)0)->field, bool: ORIEL_VALUE_BOOL, uint16_t: ORIEL_VALUE_U16, uint32_t: ORIEL_VALUE_U32, \
           uint64_t: ORIEL_VALUE_U64, double: ORIEL_VALUE_REAL, struct oriel_percentiles: ORIEL_VALUE_DELAYS)
#define IN(name, type, field) \
  .scope = ORIEL_METRIC_SCOPE_##name, .offset = offsetof(type, field), .value = VALUE(type, field)

/* Where it lies. */
#define PROCESS(field) IN(PROCESS, struct oriel_process, field)
#define SERVER(field) IN(SERVER, struct oriel_server_stats, field)
#define DESKTOP(field) IN(DESKTOP, struct oriel_desktop_stats, field)
#define SOUND(field) IN(DESKTOP, struct oriel_desktop_stats, sound.field)
#define VIEWER(field) IN(VIEWER, struct oriel_viewer_stats, field)
#define INPUT(field) IN(INPUT, struct oriel_sound_input_stats, field)
#define STREAM(field) IN(STREAM, struct oriel_sound_input_stats, field)
#define RECEIVER(field) IN(RECEIVER, struct oriel_receiver_stats, field)
#define WHEP(field) IN(WHEP, struct oriel_whep_stats, field)
#define PORT(field) IN(WHEP_PORT, struct oriel_whep_port_stats, field)

/* What it is called there. */
#define COUNTER(name_, help_) .type = ORIEL_METRIC_COUNTER, .name = "oriel_" name_ "_total", .help = (help_)
#define GAUGE(name_, help_) .type = ORIEL_METRIC_GAUGE, .name = "oriel_" name_, .help = (help_)
#define GREATEST(name_, help_) .type = ORIEL_METRIC_GREATEST, .name = "oriel_" name_, .help = (help_)
#define SUMMARY(name_, help_) .type = ORIEL_METRIC_SUMMARY, .name = "oriel_" name_, .help = (help_)
#define HISTOGRAM(name_, help_) .type = ORIEL_METRIC_HISTOGRAM, .name = "oriel_" name_, .help = (help_)
#define OF(key_, is_) .key = (key_), .is = (is_)
#define JSON(name_) .member = (name_)

static const struct oriel_metric rows[] = {
  /* ---- the process: names that every exporter has ---- */
  {PROCESS(cpu_us), .type = ORIEL_METRIC_COUNTER, .name = "process_cpu_seconds_total", .unit = ORIEL_UNIT_MICROSECONDS,
   .help = "Processor time, user's and system's, of all threads."},
  {PROCESS(resident_bytes), .type = ORIEL_METRIC_GAUGE, .name = "process_resident_memory_bytes",
   .help = "Memory that is resident."},
  {PROCESS(virtual_bytes), .type = ORIEL_METRIC_GAUGE, .name = "process_virtual_memory_bytes",
   .help = "Memory that is mapped."},
  {PROCESS(descriptors), .type = ORIEL_METRIC_GAUGE, .name = "process_open_fds", .help = "Descriptors open now."},
  {PROCESS(descriptors_max), .type = ORIEL_METRIC_GAUGE, .name = "process_max_fds",
   .help = "Descriptors that may be open."},
  {PROCESS(started_us), .type = ORIEL_METRIC_GAUGE, .name = "process_start_time_seconds",
   .unit = ORIEL_UNIT_MICROSECONDS, .help = "When the process began, since 1970."},

  /* ---- the server ---- */
  {SERVER(connections), COUNTER("connections", "TCP connections accepted."), JSON("connections")},
  {SERVER(connections_refused), COUNTER("connections_refused", "TCP connections over a limit."),
   JSON("connections_refused")},
  {SERVER(connections_evicted),
   COUNTER("connections_evicted", "TCP connections without a credential that made room for others."),
   JSON("connections_evicted")},
  {SERVER(requests_deferred), COUNTER("requests_deferred", "Times that a request waited for the loop's next turn."),
   JSON("requests_deferred")},
  {SERVER(connections_now), GAUGE("connections", "HTTP connections now, without viewers."), JSON("connections_now")},
  {SERVER(sessions_now), GAUGE("sessions", "Browser sessions now."), JSON("sessions_now")},
  {SERVER(requests), COUNTER("requests", "HTTP requests."), JSON("requests")},
  {SERVER(answers_2xx), COUNTER("answers", "HTTP answers by class."), OF("class", "2xx"), JSON("answers_2xx")},
  {SERVER(answers_3xx), COUNTER("answers", NULL), OF("class", "3xx"), JSON("answers_3xx")},
  {SERVER(answers_4xx), COUNTER("answers", NULL), OF("class", "4xx"), JSON("answers_4xx")},
  {SERVER(answers_5xx), COUNTER("answers", NULL), OF("class", "5xx"), JSON("answers_5xx")},
  {SERVER(refused_host), COUNTER("refused", "Requests refused before they reached a handler."), OF("reason", "host"),
   JSON("refused_host")},
  {SERVER(refused_origin), COUNTER("refused", NULL), OF("reason", "origin"), JSON("refused_origin")},
  {SERVER(auth_missing), COUNTER("refused", NULL), OF("reason", "credential_missing"), JSON("auth_missing")},
  {SERVER(auth_token), COUNTER("refused", NULL), OF("reason", "token"), JSON("auth_token")},
  {SERVER(auth_cookie), COUNTER("refused", NULL), OF("reason", "cookie"), JSON("auth_cookie")},
  {SERVER(auth_limited), COUNTER("refused", NULL), OF("reason", "limit"), JSON("auth_limited")},
  {SERVER(refused_party), COUNTER("refused", NULL), OF("reason", "role"), JSON("refused_party")},
  {SERVER(deadlines), COUNTER("refused", NULL), OF("reason", "deadline"), JSON("deadlines")},
  {SERVER(messages_denied), COUNTER("messages_denied", "Messages of viewers that their role does not permit."),
   JSON("messages_denied")},
  {SERVER(viewers_now), JSON("viewers_now")},
  {SERVER(viewers_opened), COUNTER("viewers_opened", "WebSocket handshakes that succeeded."), JSON("viewers_opened")},
  {SERVER(viewers_closed[ORIEL_SERVER_CLOSED_CUT]),
   COUNTER("viewers_closed", "Viewer connections that ended, by reason."), OF("reason", "CUT"),
   JSON("viewers_closed.CUT")},
#define X(name, value) \
  {SERVER(viewers_closed[value]), COUNTER("viewers_closed", NULL), OF("reason", #name), JSON("viewers_closed." #name)},
  ORIEL_VIEWER_REASONS(X)
#undef X
  {SERVER(thumbnails), COUNTER("thumbnails", "Small pictures made for the list of desktops."), JSON("thumbnails")},
  {SERVER(microphone_excess), COUNTER("microphone_excess", "Packets of microphones beyond the rate."),
   JSON("microphone_excess")},
  {SERVER(messages_in), COUNTER("websocket_messages_in", "Messages from viewers."), JSON("messages_in")},
  {SERVER(bytes_in), COUNTER("websocket_bytes_in", "Bytes from viewers."), JSON("bytes_in")},
  {SERVER(messages_out), COUNTER("websocket_messages_out", "Messages to viewers."), JSON("messages_out")},
  {SERVER(bytes_out), COUNTER("websocket_bytes_out", "Bytes to viewers."), JSON("bytes_out")},

  /* ---- a desktop ---- */
  {DESKTOP(width), GAUGE("desktop_width_pixels", "Width of the guest's screen."), JSON("width")},
  {DESKTOP(height), GAUGE("desktop_height_pixels", "Height of the guest's screen."), JSON("height")},
  {DESKTOP(cursor_apart), JSON("cursor_apart")},
  {DESKTOP(viewers), GAUGE("viewers", "Viewers attached."), JSON("viewers")},
  {DESKTOP(watching), GAUGE("viewers_watching", "Viewers that want pictures."), JSON("watching")},
  {DESKTOP(controller), JSON("controller")},
  {DESKTOP(fps), GAUGE("fps_limit", "Pictures a second at most, now."), JSON("fps")},
  {DESKTOP(painted_fps), GAUGE("fps_painted", "Pictures painted in the last second by the best viewer."),
   JSON("painted_fps")},
  {DESKTOP(bitrate_kbps), GAUGE("bitrate_bytes_per_second", "Bitrate limit, now."), .unit = ORIEL_UNIT_KILOBITS,
   JSON("bitrate_kbps")},
  {DESKTOP(bitrate_kbps), GAUGE("bitrate_bits_per_second", "Older name of oriel_bitrate_bytes_per_second, in bits."),
   .unit = ORIEL_UNIT_KILOBITS_BITS},
  {DESKTOP(pictures_video), COUNTER("pictures", "Pictures encoded, by kind."), OF("kind", "video"),
   JSON("pictures_video")},
  {DESKTOP(pictures_tiles), COUNTER("pictures", NULL), OF("kind", "tiles"), JSON("pictures_tiles")},
  {DESKTOP(video_bytes), COUNTER("picture_bytes", "Bytes of encoded pictures, by kind."), OF("kind", "video"),
   JSON("video_bytes")},
  {DESKTOP(tiles_bytes), COUNTER("picture_bytes", NULL), OF("kind", "tiles"), JSON("tiles_bytes")},
  {DESKTOP(pictures_key), COUNTER("pictures_key", "Key frames."), JSON("pictures_key")},
  {DESKTOP(pictures_sharpened), COUNTER("pictures_sharpened", "Quality passes over a still picture."),
   JSON("pictures_sharpened")},
  {DESKTOP(pictures_refined), COUNTER("pictures_refined", "Parts of a still picture sent again without loss."),
   JSON("pictures_refined")},
  {DESKTOP(refined_bytes), COUNTER("refined_bytes", "Bytes of these; picture_bytes_total counts them, too."),
   JSON("refined_bytes")},
  {DESKTOP(openings), COUNTER("openings", "Whole pictures as tiles, made for newcomers ahead of a key frame."),
   JSON("openings")},
  {DESKTOP(damage_events), COUNTER("damage_events", "Changes announced by the source."), JSON("damage_events")},
  {DESKTOP(conversions), COUNTER("conversions", "Pixel conversions."), JSON("conversions")},
  {DESKTOP(source.frames), COUNTER("source_frames", "Updates from the guest."), JSON("source.frames")},
  {DESKTOP(source.input_sent), JSON("source.input_sent")},
  {DESKTOP(source.input_coalesced), JSON("source.input_coalesced")},
  {DESKTOP(source.input_dropped), JSON("source.input_dropped")},
  {DESKTOP(source.reconnects), COUNTER("source_reconnects", "Times the source found its VM again."),
   JSON("source.reconnects")},
  {DESKTOP(audio_packets), COUNTER("audio_packets", "Opus packets."), JSON("audio_packets")},
  {DESKTOP(audio_bytes), COUNTER("audio_bytes", "Bytes of Opus packets."), JSON("audio_bytes")},
  {DESKTOP(audio_overruns), COUNTER("audio_overruns", "Times sound came faster than it was encoded."),
   JSON("audio_overruns")},
  {DESKTOP(encode_failures), COUNTER("encode_failures", "Pictures the encoder refused."), JSON("encode_failures")},
  {DESKTOP(key_requests), COUNTER("key_requests", "Key frames asked for by viewers."), JSON("key_requests")},
  {DESKTOP(held_back), COUNTER("held_back", "Encodes put off because no viewer could take one."), JSON("held_back")},
  {DESKTOP(bursts), COUNTER("bursts", "Pictures closer than 8 ms to the one before."), JSON("bursts")},
  {DESKTOP(cpu_us),
   COUNTER("picture_cpu_seconds", "Processor time for pictures, without threads of an encoder's own."),
   .unit = ORIEL_UNIT_MICROSECONDS, JSON("cpu_us")},
  {DESKTOP(cpu_limited), COUNTER("cpu_limited", "Pictures put off by the limit of processor time."),
   JSON("cpu_limited")},
  {DESKTOP(input_events), COUNTER("input_events", "Input events passed on."), JSON("input_events")},
  {DESKTOP(input_refused), COUNTER("input_refused", "Input events from viewers without the controls."),
   JSON("input_refused")},
  {DESKTOP(clipboard.to_guest), COUNTER("clipboard_texts", "Texts of clipboards that arrived."), OF("way", "to_guest"),
   JSON("clipboard.to_guest")},
  {DESKTOP(clipboard.from_guest), COUNTER("clipboard_texts", NULL), OF("way", "from_guest"),
   JSON("clipboard.from_guest")},
  {DESKTOP(clipboard.to_guest_bytes), COUNTER("clipboard_bytes", "Bytes of these texts."), OF("way", "to_guest"),
   JSON("clipboard.to_guest_bytes")},
  {DESKTOP(clipboard.from_guest_bytes), COUNTER("clipboard_bytes", NULL), OF("way", "from_guest"),
   JSON("clipboard.from_guest_bytes")},
  {DESKTOP(clipboard.echoes), COUNTER("clipboard_echoes", "Texts that the other side had already."),
   JSON("clipboard.echoes")},
  {DESKTOP(clipboard.refused), COUNTER("clipboard_refused", "Texts of viewers, or pieces of them, that were not taken."),
   JSON("clipboard.refused")},
#define X(NAME, text) \
  {DESKTOP(stages[ORIEL_STAGE_##NAME]), OF("stage", text), JSON("stages"), \
   SUMMARY("stage_seconds", "Delay of one picture by stage; quantiles over the last 512 pictures.")},
  ORIEL_STAGE_LIST(X)
#undef X
#define X(NAME, text) \
  {DESKTOP(stages[ORIEL_STAGE_##NAME]), OF("stage", text), \
   HISTOGRAM("stage_duration_seconds", "Delay of one picture by stage, all pictures.")},
  ORIEL_STAGE_LIST(X)
#undef X

  /* ---- its viewers, those attached now: sums fall when one leaves, so they are gauges ---- */
  {VIEWER(pictures), JSON("pictures")},
  {VIEWER(sound), JSON("sound")},
  {VIEWER(skipping), JSON("skipping")},
  {VIEWER(picture_queue), GAUGE("viewer_picture_queue", "Pictures that wait, all viewers."), JSON("picture_queue")},
  {VIEWER(audio_queue), GAUGE("viewer_audio_queue", "Opus packets that wait, all viewers."), JSON("audio_queue")},
  {VIEWER(in_flight), JSON("in_flight")},
  {VIEWER(pictures_sent), GAUGE("viewer_pictures_sent", "Pictures sent to the viewers attached now."),
   JSON("pictures_sent")},
  {VIEWER(pictures_skipped), GAUGE("viewer_pictures_skipped", "Pictures left out for the viewers attached now."),
   JSON("pictures_skipped")},
  {VIEWER(skips), JSON("skips")},
  {VIEWER(audio_sent), JSON("audio_sent")},
  {VIEWER(audio_dropped), GAUGE("viewer_audio_dropped", "Opus packets dropped for the viewers attached now."),
   JSON("audio_dropped")},
  {VIEWER(bytes_sent), GAUGE("viewer_bytes_sent", "Bytes sent to the viewers attached now."), JSON("bytes_sent")},
  {VIEWER(rtt_us), GREATEST("viewer_rtt_max_seconds", "Slowest round trip among the viewers attached now."),
   .unit = ORIEL_UNIT_MICROSECONDS, JSON("rtt_us")},
  {VIEWER(painted), JSON("painted")},
  {VIEWER(microphone_packets), JSON("microphone_packets")},
  {VIEWER(microphone_refused), JSON("microphone_refused")},

  /* ---- its sound ---- */
  {SOUND(switches), COUNTER("sound_switches", "Changes of the input whose pace the sound has."),
   JSON("sound.switches")},
  {SOUND(passed), COUNTER("sound_passed", "Packets of the guest handed on untouched."), JSON("sound.passed")},
  {SOUND(mixed), COUNTER("sound_mixed", "Packets of more than one input."), JSON("sound.mixed")},
  {SOUND(trimmed), COUNTER("sound_trimmed", "Packets that came too late to be heard."), JSON("sound.trimmed")},
  {SOUND(has_microphone_address), JSON("sound.microphone.address")},
  {SOUND(microphone_connected), JSON("sound.microphone.connected")},
  {SOUND(microphone_packets), COUNTER("microphone_packets", "Packets of the microphone to the guest."),
   JSON("sound.microphone.packets")},
  {SOUND(microphone_dropped),
   COUNTER("microphone_dropped", "Packets of the microphone that the guest did not take."),
   JSON("sound.microphone.dropped")},
  {SOUND(microphone_refused),
   COUNTER("microphone_refused", "Packets of microphones without the controls, or that nothing takes."),
   JSON("sound.microphone.refused")},
  {SOUND(microphone_connections),
   COUNTER("microphone_connections", "Times a guest opened the microphone's address."),
   JSON("sound.microphone.connections")},
#define X(NAME, text) \
  {SOUND(stages[ORIEL_SOUND_STAGE_##NAME]), OF("stage", text), JSON("sound.stages"), \
   SUMMARY("sound_stage_seconds", "Delay of one packet of sound by stage; quantiles over the last 512.")},
  ORIEL_SOUND_STAGE_LIST(X)
#undef X
#define X(NAME, text) \
  {SOUND(stages[ORIEL_SOUND_STAGE_##NAME]), OF("stage", text), \
   HISTOGRAM("sound_stage_duration_seconds", "Delay of one packet of sound by stage, all packets.")},
  ORIEL_SOUND_STAGE_LIST(X)
#undef X
  {SOUND(playback_connected), GAUGE("speaker_connected", "1 while this host plays.")},

  /* ---- where the sound comes from ---- */
  {INPUT(lives), JSON("lives")},
  {INPUT(jitter_us), GAUGE("sound_jitter_seconds", "Mean lateness of packets against the earliest."),
   .unit = ORIEL_UNIT_MICROSECONDS, JSON("jitter_us")},
  {INPUT(drift_ppm), GAUGE("sound_drift_ratio", "The sender's clock against ours, positive when it is faster."),
   .unit = ORIEL_UNIT_MILLIONTHS, JSON("drift_ppm")},
  {INPUT(drift_ppm), GAUGE("sound_drift_ppm", "Older name of oriel_sound_drift_ratio, in millionths."),
   .unit = ORIEL_UNIT_MILLIONTHS_PPM},
  {STREAM(guest.connected), JSON("connected")},
  {STREAM(guest.packets), COUNTER("sound_packets", "Packets from inside the guest."), JSON("packets")},
  {STREAM(guest.bytes), COUNTER("sound_bytes", "Bytes of packets from inside the guest."), JSON("bytes")},
  {STREAM(lost), COUNTER("sound_lost", "Packets that did not come, by number or by the time that is missing."),
   JSON("lost")},
  {STREAM(late), COUNTER("sound_late", "Packets more than 60 ms late, or after their place was given up."),
   JSON("late")},
  {STREAM(guest.duplicates), COUNTER("sound_duplicates", "Packets that came twice."), JSON("duplicates")},
  {STREAM(guest.is_numbered), JSON("numbered")},
  {STREAM(guest.is_rtp), JSON("rtp")},
  {STREAM(guest.bad_packets), COUNTER("sound_bad", "Packets refused: too long, empty, unfinished or no sound."),
   JSON("bad")},
  {STREAM(guest.dropped), COUNTER("sound_dropped", "Packets of a flood or of a second sender."), JSON("dropped")},
  {STREAM(guest.connections), COUNTER("sound_connections", "Connections from inside the guest."),
   JSON("connections")},
  {STREAM(guest.closed_by_us), COUNTER("sound_closed", "Connections closed for what the peer sent."),
   JSON("closed_by_us")},

  /* ---- what plays it: a jitter buffer, in JSON also of an input of PCM ---- */
  {RECEIVER(packets), JSON("packets")},
  {RECEIVER(bad_packets), JSON("bad")},
  {RECEIVER(underruns), COUNTER("speaker_underruns", "Times this host's speaker ran dry."), JSON("underruns")},
  {RECEIVER(lost_packets), COUNTER("speaker_lost", "Packets missing at this host's speaker."), JSON("lost")},
  {RECEIVER(concealed_frames), COUNTER("speaker_concealed_frames", "Frames made up at this host's speaker."),
   JSON("concealed_frames")},
  {RECEIVER(trimmed_frames), JSON("trimmed_frames")},
  {RECEIVER(level_us), GAUGE("speaker_level_seconds", "Sound that waits for this host's speaker."),
   .unit = ORIEL_UNIT_MICROSECONDS, JSON("level_us")},
  {RECEIVER(target_us), GAUGE("speaker_target_seconds", "Sound that should wait for this host's speaker."),
   .unit = ORIEL_UNIT_MICROSECONDS, JSON("target_us")},
  {RECEIVER(jitter_us), JSON("jitter_us")},
  {RECEIVER(drift_ppm), JSON("drift_ppm")},

  /* ---- a desktop's clients of WHEP ---- */
  {WHEP(waiting), GAUGE("whep_sessions", "WHEP sessions now, by state."), OF("state", "waiting"),
   JSON("whep.waiting")},
  {WHEP(open), GAUGE("whep_sessions", NULL), OF("state", "open"), JSON("whep.open")},
  {WHEP(ended[ORIEL_WEBRTC_CLOSED]), COUNTER("whep_sessions_ended", "WHEP sessions that ended, by cause."),
   OF("cause", "closed"), JSON("whep.ended_closed")},
  {WHEP(ended[ORIEL_WEBRTC_UNREACHED]), COUNTER("whep_sessions_ended", NULL), OF("cause", "unreached"),
   JSON("whep.ended_unreached")},
  {WHEP(ended[ORIEL_WEBRTC_REJECTED]), COUNTER("whep_sessions_ended", NULL), OF("cause", "dtls"),
   JSON("whep.ended_dtls")},
  {WHEP(ended[ORIEL_WEBRTC_LOST]), COUNTER("whep_sessions_ended", NULL), OF("cause", "lost"),
   JSON("whep.ended_lost")},
  {WHEP(slowest_kbps),
   GAUGE("whep_estimate_bytes_per_second", "What the ways to open WHEP sessions carry, 0 = none has told."),
   .unit = ORIEL_UNIT_KILOBITS, OF("way", "slowest"), JSON("whep.slowest_kbps")},
  {WHEP(fastest_kbps), GAUGE("whep_estimate_bytes_per_second", NULL), .unit = ORIEL_UNIT_KILOBITS,
   OF("way", "fastest"), JSON("whep.fastest_kbps")},
  {WHEP(packets), COUNTER("whep_packets", "RTP packets sent, those sent again too."), JSON("whep.packets")},
  {WHEP(bytes), COUNTER("whep_bytes", "Bytes of these."), JSON("whep.bytes")},
  {WHEP(repeated), COUNTER("whep_packets_repeated", "RTP packets sent again (RTX)."), JSON("whep.repeated")},
  {WHEP(missed), COUNTER("whep_packets_missed", "RTP packets asked for again (NACK)."), JSON("whep.missed")},
  {WHEP(key_requests), COUNTER("whep_key_requests", "Key frames asked for (PLI, FIR)."), JSON("whep.key_requests")},
  {WHEP(keys), COUNTER("whep_keys", "Key frames handed to WHEP sessions."), JSON("whep.keys")},
  {WHEP(said), COUNTER("whep_messages", "Messages in data channels."), JSON("whep.messages")},
  {WHEP(malformed), COUNTER("whep_messages_malformed", "Messages of the channel input that were left out."),
   JSON("whep.messages_malformed")},
  {WHEP(channel_refused),
   COUNTER("whep_messages_refused", "Data channels and texts refused, and messages of no channel."),
   JSON("whep.messages_refused")},
  {WHEP(checks_refused), COUNTER("whep_forged", "Datagrams that were not authentic."), OF("protocol", "stun"),
   JSON("whep.checks_refused")},
  {WHEP(reports_refused), COUNTER("whep_forged", NULL), OF("protocol", "srtcp"), JSON("whep.reports_refused")},

  /* ---- the port of all of them ---- */
  {PORT(received), COUNTER("udp_datagrams_received", "Datagrams that came to the UDP port."), JSON("udp.received")},
  {PORT(lost), COUNTER("udp_datagrams_lost", "Datagrams that came and for which the socket had no room."),
   JSON("udp.lost")},
  {PORT(strange), COUNTER("udp_datagrams_strange", "Datagrams for no session."), JSON("udp.strange")},
  {PORT(sent), COUNTER("udp_datagrams_sent", "Datagrams that the kernel took."), JSON("udp.sent")},
  {PORT(cut), COUNTER("udp_datagrams_cut", "Datagrams that it cut out of larger ones."), JSON("udp.cut")},
  {PORT(refused), COUNTER("udp_datagrams_refused", "Datagrams that the kernel did not send."), JSON("udp.refused")},
  {PORT(cuts), GAUGE("udp_segmentation", "1 while the kernel cuts large datagrams apart (UDP_SEGMENT)."),
   JSON("udp.segmentation")},
};

const struct oriel_metric_table oriel_metric_rows = {rows, sizeof rows / sizeof *rows};
