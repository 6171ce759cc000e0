/* SPDX-License-Identifier: MIT
 *
 * The table of options.
 */
#include "cli/option_table.h"

#include <assert.h>
#include <string.h>

#include "cli/options.h"
#include "server/proxies.h"

/** What no Host header can be would be listed and never match. */
static bool is_host(const char *text) {
  return text[strcspn(text, "/@?# \t\"\\")] == '\0';
}

static bool is_origin(const char *text) {
  const size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
  return scheme > 0 && text[scheme] != '\0' && is_host(text + scheme);
}

static bool is_prefix(const char *text) {
  struct oriel_prefix prefix;
  return oriel_prefix_parse(text, &prefix) == 0;
}

static bool is_address(const char *text) {
  return strstr(text, "://") != NULL;
}

static bool is_ice_server(const char *text) {
  static const char *const schemes[] = {"stun:", "stuns:", "turn:", "turns:"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
      return true;
  return false;
}

static bool is_frame(const char *text) {
  return strcmp(text, "5") == 0 || strcmp(text, "10") == 0 || strcmp(text, "20") == 0;
}

enum {
  SERVE = ORIEL_CLI_SERVE | ORIEL_CLI_CONFIG, /* `oriel config` reads what `oriel serve` does */
  SERVING = ORIEL_CLI_RUN | SERVE,
  EVERY = SERVING | ORIEL_CLI_DOCTOR,
};

#define OF_PROCESS(field) ORIEL_SCOPE_PROCESS, offsetof(struct oriel_options, field)
#define OF_DESKTOP(field) ORIEL_SCOPE_DESKTOP, offsetof(struct oriel_desktop_options, field)

const struct oriel_option oriel_option_table[] = {
  {"cpus", "N", ORIEL_CLI_RUN, OF_PROCESS(cpus), ORIEL_OPTION_NUMBER, .min = 1, .max = 64,
   .help = "processors of the guest (default 2; demo guest 1)"},
  {"memory", "SIZE", ORIEL_CLI_RUN, OF_PROCESS(memory_mib), ORIEL_OPTION_MEMORY,
   .allowed = "64M to 1T, as 512M, 2G or a number of MiB",
   .help = "memory of the guest (default 2G; demo guest 512M)"},
  {"display", "WxH", ORIEL_CLI_RUN, OF_PROCESS(display), ORIEL_OPTION_DISPLAY,
   .allowed = "between 64x64 and 7680x4320, as 1280x720",
   .help = "first size of the screen (default 1280x720)"},
  {"accel", "KIND", ORIEL_CLI_RUN, OF_PROCESS(accel), ORIEL_OPTION_ACCEL, .allowed = "auto, kvm, tcg or hvf",
   .help = "auto, kvm, tcg or hvf (default auto: what passes a probe)"},
  {"name", "NAME", ORIEL_CLI_RUN, OF_PROCESS(name), ORIEL_OPTION_STRING,
   .help = "name of the VM and of its runtime directory (default: by the disk)"},
  {"persistent", NULL, ORIEL_CLI_RUN, OF_PROCESS(persistent), ORIEL_OPTION_FLAG,
   .help = "write to the disk image (default: changes are thrown away)"},
  {"shutdown-timeout", "S", ORIEL_CLI_RUN, OF_PROCESS(shutdown_timeout_s), ORIEL_OPTION_NUMBER, .min = 0, .max = 3600,
   .help = "with --persistent: seconds that the guest has to power down when oriel is told to end (default 60; 0 = "
           "none)"},
  {"disk-format", "FORMAT", ORIEL_CLI_RUN, OF_PROCESS(disk_format), ORIEL_OPTION_STRING,
   .help = "raw, qcow2, vmdk, ... (default: detected)"},
  {"network", "KIND", ORIEL_CLI_RUN, OF_PROCESS(network), ORIEL_OPTION_NETWORK, .allowed = "user or none",
   .help = "user (behind NAT) or none (default user; demo guest none)"},
  {"config", "FILE", SERVE, OF_PROCESS(config), ORIEL_OPTION_STRING,
   .help = "file that says what to serve, in sections [server] and [desktop NAME]; SIGHUP has it read again"},
  {"listen", "ADDR:PORT", EVERY, OF_PROCESS(listen), ORIEL_OPTION_STRING,
   .help = "address to serve on, or a port of 127.0.0.1 (default 127.0.0.1:8080; port 0 = any)"},
  {"public-url", "URL", SERVING, OF_PROCESS(public_url), ORIEL_OPTION_STRING,
   .help = "where browsers find this server behind a reverse proxy, as https://vm.example or "
           "https://host:8443/vms/one/"},
  {"token", "TOKEN", SERVING, OF_PROCESS(token), ORIEL_OPTION_STRING, .excludes = "token-file", .secret = true,
   .help = "secret that opens the desktops, 16 characters or more (default: 256 random bits). Other users of this "
           "host can read command lines: prefer --token-file or ORIEL_TOKEN"},
  {"token-file", "FILE", SERVING, OF_PROCESS(token_file), ORIEL_OPTION_STRING, .excludes = "token",
   .help = "file that holds the secret"},
  {"view-token", "TOKEN", SERVING, OF_PROCESS(view_token), ORIEL_OPTION_STRING, .excludes = "view-token-file",
   .secret = true,
   .help = "secret that only lets watch (default: 256 random bits)"},
  {"view-token-file", "FILE", SERVING, OF_PROCESS(view_token_file), ORIEL_OPTION_STRING, .excludes = "view-token",
   .help = "file that holds it"},
  {"admin-token", "TOKEN", SERVE, OF_PROCESS(admin_token), ORIEL_OPTION_STRING, .excludes = "admin-token-file",
   .secret = true,
   .help = "secret that adds and removes desktops at run time, and does nothing else (default: there is none)"},
  {"admin-token-file", "FILE", SERVE, OF_PROCESS(admin_token_file), ORIEL_OPTION_STRING, .excludes = "admin-token",
   .help = "file that holds it"},
  {"print-token", NULL, SERVING, OF_PROCESS(print_token), ORIEL_OPTION_FLAG,
   .help = "print the address with a token made at start even where standard output is no terminal, and whoever "
           "reads that log can come in (default: in a file of yours, which is named)"},
  {"control", "WAY", SERVING, OF_DESKTOP(control), ORIEL_OPTION_CONTROL, .allowed = "ask, newest or fixed",
   .help = "how a viewer comes to the controls that another uses: ask (by consent; at once after 10 s without "
           "input), newest (at once) or fixed (when they are given up) (default ask)"},
  {"clipboard", "WAY", SERVING, OF_DESKTOP(clipboard), ORIEL_OPTION_CLIPBOARD,
   .allowed = "none, to-guest, from-guest or both",
   .help = "which way texts of clipboards go, for the viewer with the controls: none, to-guest, from-guest or both "
           "(default both)"},
  {"tls-cert", "FILE", SERVING, OF_PROCESS(tls_cert), ORIEL_OPTION_STRING, .excludes = "tls-self-signed",
   .help = "certificate chain (PEM); serve https"},
  {"tls-key", "FILE", SERVING, OF_PROCESS(tls_key), ORIEL_OPTION_STRING,
   .help = "its private key (PEM)"},
  {"tls-self-signed", NULL, SERVING, OF_PROCESS(tls_self_signed), ORIEL_OPTION_FLAG, .excludes = "tls-cert",
   .help = "serve https with a certificate made at start; its fingerprint is printed"},
  {"insecure", NULL, SERVING, OF_PROCESS(insecure), ORIEL_OPTION_FLAG,
   .help = "listen beyond loopback without TLS: anybody on the way can read and type"},
  {"allow-host", "HOST", SERVING, OF_PROCESS(allow_hosts), ORIEL_OPTION_LIST, .accepts = is_host,
   .allowed = "a host name, as vm.example or vm.example:8443",
   .help = "further name this server is reached by (repeatable)"},
  {"allow-origin", "ORIGIN", SERVING, OF_PROCESS(allow_origins), ORIEL_OPTION_LIST, .accepts = is_origin,
   .allowed = "a scheme and a host, as https://vm.example",
   .help = "further page origin that may connect (repeatable)"},
  {"trusted-proxy", "NETWORK", SERVING, OF_PROCESS(trusted_proxies), ORIEL_OPTION_LIST, .accepts = is_prefix,
   .allowed = "an address or a network, as 127.0.0.1 or 10.0.0.0/8",
   .help = "reverse proxy whose X-Forwarded-For or Forwarded says who its clients are (repeatable)"},
  {"webrtc-port", "N", SERVING, OF_PROCESS(webrtc_port), ORIEL_OPTION_NUMBER, .min = 1, .max = 65535,
   .help = "UDP port of WebRTC's media (default: the number of the TCP port)"},
  {"public-address", "ADDRESS", SERVING, OF_PROCESS(public_addresses), ORIEL_OPTION_LIST, .accepts = is_prefix,
   .allowed = "an address of IPv4 or IPv6, as 203.0.113.7",
   .help = "address at which clients of WebRTC find this host, where it is not one of its own (repeatable)"},
  {"ice-server", "URL", SERVING, OF_PROCESS(ice_servers), ORIEL_OPTION_LIST, .accepts = is_ice_server,
   .allowed = "as stun:stun.example:3478 or turn:turn.example:3478?transport=udp",
   .help = "STUN or TURN server to tell clients of WebRTC of; TURN's needs --turn-secret (repeatable)"},
  {"turn-secret", "SECRET", SERVING, OF_PROCESS(turn_secret), ORIEL_OPTION_STRING, .excludes = "turn-secret-file",
   .secret = true,
   .help = "secret shared with the TURN servers (coturn: static-auth-secret), of which clients get credentials for a day"},
  {"turn-secret-file", "FILE", SERVING, OF_PROCESS(turn_secret_file), ORIEL_OPTION_STRING, .excludes = "turn-secret",
   .help = "file that holds it"},
  {"no-webrtc", NULL, SERVING, OF_PROCESS(no_webrtc), ORIEL_OPTION_FLAG,
   .help = "open no UDP port: pictures and sound by WebSocket alone"},
  {"fps", "N", SERVING, OF_DESKTOP(fps), ORIEL_OPTION_NUMBER, .min = 1, .max = 240,
   .help = "most pictures a second (default 60)"},
  {"bitrate", "KBIT", SERVING, OF_DESKTOP(bitrate_kbps), ORIEL_OPTION_NUMBER, .min = 100, .max = 400000,
   .help = "upper bound of the video in kbit/s (default: by size)"},
  {"cpu-limit", "PERCENT", SERVING, OF_DESKTOP(cpu_percent), ORIEL_OPTION_NUMBER, .min = 5, .max = 100,
   .help = "most of one processor core that making a desktop's pictures may take, on all threads; beyond it there are "
           "fewer of them (default: no limit)"},
  {"encoder", "NAME", SERVING, OF_DESKTOP(encoder), ORIEL_OPTION_STRING,
   .help = "video encoder (default: the first that works; see `oriel doctor`)"},
  {"audio-frame", "MS", SERVING, OF_DESKTOP(audio_frame_ms), ORIEL_OPTION_NUMBER, .min = 5, .max = 20,
   .accepts = is_frame, .allowed = "5, 10 or 20",
   .help = "length of a sound packet: 5, 10 or 20 ms (default 20)"},
  {"audio-listen", "ADDRESS", SERVING, OF_DESKTOP(audio_listen), ORIEL_OPTION_LIST, .accepts = is_address,
   .exclusive = true, .allowed = "an address, as vsock://any:5000, unix:///PATH, tcp://HOST:PORT or serial:///DEVICE",
   .help = "take sound that an agent or driver in the guest sends: vsock://any:5000, unix:///PATH, tcp://HOST:PORT, "
           "serial:///DEVICE or mux:///PATH?port=N (repeatable; default with `run`: a serial port of the VM, "
           "org.oriel.audio)"},
  {"audio-udp-listen", "HOST:PORT", SERVING, OF_DESKTOP(audio_udp_listen), ORIEL_OPTION_STRING, .exclusive = true,
   .help = "take sound as one Opus packet a datagram, bare or in RTP; or, with ?format=pcm (&rate=44100, "
           "&sample=s16le), as PCM"},
  {"audio-microphone", "ADDRESS", SERVING, OF_DESKTOP(audio_microphone), ORIEL_OPTION_STRING, .exclusive = true,
   .help = "where the guest fetches the viewer's microphone, as vsock://any:5001 (default with `run`: "
           "org.oriel.microphone)"},
  {"clipboard-listen", "ADDRESS", SERVING, OF_DESKTOP(clipboard_listen), ORIEL_OPTION_STRING, .accepts = is_address,
   .exclusive = true, .allowed = "an address, as vsock://any:5002, unix:///PATH, tcp://HOST:PORT or serial:///DEVICE",
   .help = "where the guest's oriel-agent shares its clipboard, as vsock://any:5002 (default with `run`: "
           "org.oriel.clipboard)"},
  {"audio-passthru", NULL, SERVING, OF_DESKTOP(audio_passthru), ORIEL_OPTION_FLAG,
   .help = "play the desktop's sound on this host's speakers, too"},
  {"viewers", "N", SERVING, OF_DESKTOP(viewers_max), ORIEL_OPTION_NUMBER, .min = 1, .max = ORIEL_DESKTOP_VIEWERS_MAX,
   .help = "most viewers of a desktop at a time (default 256)"},
  {"token", "TOKEN", 0, OF_DESKTOP(token), ORIEL_OPTION_STRING, .secret = true,
   .help = "secret that opens this desktop alone"},
  {"token-file", "FILE", 0, OF_DESKTOP(token_file), ORIEL_OPTION_STRING,
   .help = "file that holds it"},
  {"view-token", "TOKEN", 0, OF_DESKTOP(view_token), ORIEL_OPTION_STRING, .secret = true,
   .help = "secret that only lets watch this desktop"},
  {"view-token-file", "FILE", 0, OF_DESKTOP(view_token_file), ORIEL_OPTION_STRING,
   .help = "file that holds it"},
  {"auth-fail-limit", "N", SERVING, OF_PROCESS(auth_fail_limit), ORIEL_OPTION_NUMBER, .min = 1, .max = 1000000,
   .help = "wrong tokens per address and window before 429 (default 10)"},
  {"auth-fail-window", "S", SERVING, OF_PROCESS(auth_fail_window_s), ORIEL_OPTION_NUMBER, .min = 1, .max = 86400,
   .help = "length of that window in seconds (default 60)"},
  {"stats", "SECONDS", SERVING, OF_PROCESS(stats_s), ORIEL_OPTION_NUMBER, .min = 1, .max = 86400,
   .help = "print a line of key numbers this often"},
  {"log-level", "LEVEL", EVERY, OF_PROCESS(log_level), ORIEL_OPTION_LEVEL, .allowed = "error, warn, info or debug",
   .help = "error, warn, info or debug (default info)"},
  {"log-json", NULL, EVERY, OF_PROCESS(log_json), ORIEL_OPTION_FLAG,
   .help = "log lines as JSON objects"},
  {"json", NULL, ORIEL_CLI_DOCTOR, OF_PROCESS(json), ORIEL_OPTION_FLAG,
   .help = "print the findings as JSON"},
};

const int oriel_option_count = sizeof oriel_option_table / sizeof oriel_option_table[0];
static_assert(sizeof oriel_option_table / sizeof oriel_option_table[0] <= ORIEL_OPTIONS_MAX,
              "desktop_options.given has a bit for each");

static bool is_named(const struct oriel_option *option, const char *name, size_t length) {
  return strlen(option->name) == length && strncmp(option->name, name, length) == 0;
}

int oriel_option_find(const char *name, size_t length, unsigned commands) {
  for (int i = 0; i < oriel_option_count; i++)
    if (is_named(&oriel_option_table[i], name, length) &&
        (commands != 0 ? oriel_option_table[i].commands & commands : oriel_option_table[i].commands) != 0)
      return i;
  return -1;
}

int oriel_option_find_desktop(const char *name, size_t length) {
  for (int i = 0; i < oriel_option_count; i++)
    if (oriel_option_table[i].scope == ORIEL_SCOPE_DESKTOP && is_named(&oriel_option_table[i], name, length))
      return i;
  return -1;
}
