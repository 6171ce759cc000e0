/* SPDX-License-Identifier: MIT
 *
 * The page's content security policy names the one script in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/policy.h"
#include "web/assets.h"

static void script_is_named_by_its_hash(void **state) {
  (void)state;
  char policy[ORIEL_POLICY_MAX];
  /* By `printf alert | openssl dgst -sha256 -binary | base64`. */
  static const char page[] = "<p><script>alert</script><script>other</script>";
  assert_int_equal(oriel_policy_of(page, sizeof page - 1, policy), 0);
  assert_non_null(strstr(policy, "script-src 'self' 'sha256-35BQWN1npAn++BSA6B5HNlcrDttNf7mHxpXNB+Jg7IE='; style-src 'self';"));
}

static void page_without_a_script_has_the_usual_one(void **state) {
  (void)state;
  static const char *const pages[] = {"", "<p>", "<script src=\"a.js\"></script>", "<script>", "</script><script>"};
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    char policy[ORIEL_POLICY_MAX] = "";
    assert_int_equal(oriel_policy_of(pages[i], strlen(pages[i]), policy), 0);
    assert_string_equal(policy, oriel_policy);
  }
}

/* The page as it is built has one script in it, and nothing that a hash does not cover. */
static void built_page_fits(void **state) {
  (void)state;
  char policy[ORIEL_POLICY_MAX];
  for (size_t i = 0; i < oriel_web_assets_count; i++) {
    const struct oriel_asset *asset = &oriel_web_assets[i];
    if (strcmp(asset->path, "/") != 0)
      continue;
    assert_int_equal(oriel_policy_of(asset->data, asset->size, policy), 0);
    assert_non_null(strstr(policy, "'sha256-"));
    unsigned scripts = 0;
    static const char open[] = "<script>";
    for (const uint8_t *at = asset->data; (at = memmem(at, asset->size - (size_t)(at - asset->data), open, 8)); at++)
      scripts++;
    assert_int_equal(scripts, 1);
    return;
  }
  fail_msg("no page is built in");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(script_is_named_by_its_hash),
    cmocka_unit_test(page_without_a_script_has_the_usual_one),
    cmocka_unit_test(built_page_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
