/* SPDX-License-Identifier: MIT
 *
 * Who may do what. Constant data.
 */
#include "server/permit.h"

#include <string.h>

#include "wire/viewer.h"

enum {
  OWNERS = ORIEL_PARTY_USER | ORIEL_PARTY_CONTROLLER | ORIEL_PARTY_SCRIPT,
  CREDENTIALED = OWNERS | ORIEL_PARTY_WATCHER,
  EVERYBODY = CREDENTIALED | ORIEL_PARTY_ANYBODY | ORIEL_PARTY_ADMIN,
  /* Whoever switches the machine must have it in hand; a script has no controls to take. */
  COMMANDERS = ORIEL_PARTY_CONTROLLER | ORIEL_PARTY_SCRIPT,
  VIEWERS = ORIEL_PARTY_WATCHER | ORIEL_PARTY_USER | ORIEL_PARTY_CONTROLLER,
  PLAYERS = ORIEL_PARTY_USER | ORIEL_PARTY_CONTROLLER,
};

#define GET .method = ORIEL_METHOD_GET, .path
#define POST .method = ORIEL_METHOD_POST, .path
#define DELETE .method = ORIEL_METHOD_DELETE, .path
#define PATCH .method = ORIEL_METHOD_PATCH, .path
#define OPTIONS .method = ORIEL_METHOD_OPTIONS, .path
#define MESSAGE(name) .message = ORIEL_VIEWER_##name

static const struct oriel_permit permits[] = {
  {GET = "", .parties = EVERYBODY}, /* assets */
  {GET = "/healthz", .parties = EVERYBODY},
  {POST = "/session", .parties = EVERYBODY},
  {DELETE = "/session", .parties = CREDENTIALED},
  {GET = "/ws", .parties = CREDENTIALED},
  {GET = "/snapshot.png", .parties = CREDENTIALED},
  {GET = "/thumbnail.png", .parties = CREDENTIALED},
  {GET = "/config", .parties = CREDENTIALED},
  {GET = "/api/v1/desktop", .parties = CREDENTIALED},
  {GET = "/api/v1/screens", .parties = CREDENTIALED},
  {POST = "/api/v1/screens/", .parties = VIEWERS}, /* a session's cookie is lent */
  {GET = "/api/v1/stats", .parties = CREDENTIALED},
  {GET = "/api/v1/share", .parties = OWNERS},
  {POST = "/api/v1/desktop/pause", .parties = COMMANDERS},
  {POST = "/api/v1/desktop/resume", .parties = COMMANDERS},
  {POST = "/api/v1/desktop/reset", .parties = COMMANDERS},
  {POST = "/api/v1/desktop/powerdown", .parties = COMMANDERS},
  {POST = "/api/v1/desktop/start", .parties = COMMANDERS},
  {GET = "/metrics", .parties = OWNERS},
  {GET = "/api/v1/desktops", .parties = CREDENTIALED | ORIEL_PARTY_ADMIN},
  {POST = "/api/v1/desktops", .parties = ORIEL_PARTY_ADMIN},
  {DELETE = "/api/v1/desktop", .parties = ORIEL_PARTY_ADMIN},
  {POST = "/whep", .parties = OWNERS},
  {GET = "/whep", .parties = OWNERS},
  {OPTIONS = "/whep", .parties = EVERYBODY}, /* browsers ask without a credential */
  {POST = "/whep/view", .parties = CREDENTIALED},
  {GET = "/whep/view", .parties = CREDENTIALED},
  {OPTIONS = "/whep/view", .parties = EVERYBODY},
  {GET = "/whep/session/", .parties = CREDENTIALED},
  {PATCH = "/whep/session/", .parties = CREDENTIALED},
  {DELETE = "/whep/session/", .parties = CREDENTIALED},
  {OPTIONS = "/whep/session/", .parties = EVERYBODY},

  {MESSAGE(AUTHENTICATE), .parties = ORIEL_PARTY_ANYBODY},
  {MESSAGE(LOGIN), .parties = ORIEL_PARTY_ANYBODY},
  {MESSAGE(BYE), .parties = VIEWERS | ORIEL_PARTY_ANYBODY},
  {MESSAGE(VIEWER_HELLO), .parties = VIEWERS},
  {MESSAGE(ACK), .parties = VIEWERS},
  {MESSAGE(KEY_FRAME), .parties = VIEWERS},
  {MESSAGE(WANT), .parties = VIEWERS},
  {MESSAGE(PING), .parties = VIEWERS},
  {MESSAGE(PONG), .parties = VIEWERS},
  {MESSAGE(NAME), .parties = VIEWERS},
  {MESSAGE(PICTURE_WAY), .parties = VIEWERS},
  {MESSAGE(CONTROL), .parties = PLAYERS},
  {MESSAGE(CONTROL_ANSWER), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(KEY), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(POINTER), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(MOTION), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(BUTTON), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(WHEEL), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(TOUCH), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(RELEASE_ALL), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(TYPE), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(LOCKS), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(RESIZE), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(MICROPHONE), .parties = ORIEL_PARTY_CONTROLLER},
  {MESSAGE(CLIPBOARD), .parties = ORIEL_PARTY_CONTROLLER},
};

const struct oriel_permit *oriel_permits(size_t *count) {
  *count = sizeof permits / sizeof *permits;
  return permits;
}

unsigned oriel_permit_route(unsigned method, const char *path) {
  for (size_t i = 0; i < sizeof permits / sizeof *permits; i++) {
    if (permits[i].path && permits[i].method == method && strcmp(permits[i].path, path) == 0)
      return permits[i].parties;
  }
  return 0;
}

unsigned oriel_permit_message(unsigned message) {
  for (size_t i = 0; i < sizeof permits / sizeof *permits; i++) {
    if (!permits[i].path && permits[i].message == message)
      return permits[i].parties;
  }
  return 0;
}

const char *oriel_party_name(enum oriel_party party) {
  switch (party) {
  case ORIEL_PARTY_WATCHER:
    return "watcher";
  case ORIEL_PARTY_USER:
    return "user";
  case ORIEL_PARTY_CONTROLLER:
    return "controller";
  case ORIEL_PARTY_SCRIPT:
    return "script";
  case ORIEL_PARTY_ADMIN:
    return "admin";
  default:
    return "anybody";
  }
}
