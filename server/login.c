/* SPDX-License-Identifier: MIT
 *
 * Tokens and the sessions that begin with them. Loop thread.
 */
#include "server/login.h"

#include "core/clock.h"
#include "server/audit.h"
#include "server/mount_access.h"
#include "server/permit.h"

const char oriel_login_limited[] = "wrong again, after too many failed attempts from this address";

enum oriel_right oriel_login_judge(const struct oriel_mounts *mounts, const struct oriel_login_client *client,
                                   const char *token, size_t size, struct oriel_login_key *key) {
  struct oriel_access *access = mounts->access;
  *key = (struct oriel_login_key){0};
  (void)oriel_secret_set(&key->secret, token, size);
  const enum oriel_right right = oriel_mount_right(mounts, client->mount, &key->secret, &key->all);
  if (right != ORIEL_RIGHT_NONE)
    return right;
  key->wait = oriel_access_count_wrong(access, &client->key, ORIEL_LOCKOUT_TOKEN);
  if (key->wait)
    return ORIEL_RIGHT_NONE;
  access->stats->auth_token++;
  const char *name = oriel_mount_named(client->mount, client->named);
  oriel_audit("wrong-token", client->address, NULL, "at=%s%s%s", name ? "/d/" : "", name ? name : "", client->at);
  unsigned locked = oriel_lockout_wait(&access->lockout, &client->key, ORIEL_LOCKOUT_TOKEN, oriel_clock_ns());
  if (locked)
    oriel_audit("too-many-wrong-tokens", client->address, NULL, "seconds=%u", locked);
  return ORIEL_RIGHT_NONE;
}

struct oriel_session_start oriel_login_start(const struct oriel_login_key *key, enum oriel_right right, bool named) {
  return (struct oriel_session_start){
    .key = key->secret, .view = right == ORIEL_RIGHT_VIEW, .below = !key->all && named, .narrow = !key->all};
}

int oriel_login_begin(const struct oriel_mounts *mounts, const struct oriel_login_client *client,
                      const struct oriel_session_start *start, char *id, char *secret, uint64_t *serial) {
  int status = oriel_sessions_create(&mounts->access->sessions, start, oriel_clock_ns(), id, secret, serial);
  if (status < 0)
    return status;
  oriel_audit("log-in", client->address, oriel_mount_named(client->mount, client->named), "role=%s",
              oriel_party_name(start->view ? ORIEL_PARTY_WATCHER : ORIEL_PARTY_USER));
  if (client->mount && client->mount->desktop)
    oriel_desktop_expect(client->mount->desktop);
  return 0;
}

enum oriel_viewer_reason oriel_login_viewer(const struct oriel_mounts *mounts, const struct oriel_login_client *client,
                                            const char *token, size_t size, struct oriel_login *login) {
  struct oriel_login_key key;
  const enum oriel_right right = oriel_login_judge(mounts, client, token, size, &key);
  if (right == ORIEL_RIGHT_NONE)
    return key.wait ? ORIEL_VIEWER_REASON_LIMITED : ORIEL_VIEWER_REASON_UNAUTHORISED;
  const struct oriel_session_start start = oriel_login_start(&key, right, client->named);
  login->view = start.view;
  const int status = oriel_login_begin(mounts, client, &start, NULL, login->secret, &login->session);
  return status < 0 ? ORIEL_VIEWER_REASON_GOING_AWAY : 0;
}
