// SPDX-License-Identifier: MIT
// Where the toolbar's handle, the bar and its panels are, at each of the four edges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EDGES, GAP, barCorner, formatPlace, nearestPlace, panelCorner, parsePlace, upright,
} from '../../web/js/edge.js';

const space = { width: 1000, height: 600 };

test('edge_of_a_point_is_the_nearest_one', () => {
  assert.deepEqual(nearestPlace(250, 20, space), { edge: 'top', at: 25 });
  assert.deepEqual(nearestPlace(990, 300, space), { edge: 'right', at: 50 });
  assert.deepEqual(nearestPlace(800, 580, space), { edge: 'bottom', at: 80 });
  assert.deepEqual(nearestPlace(5, 60, space), { edge: 'left', at: 10 });
  assert.deepEqual(nearestPlace(-40, 700, space), { edge: 'bottom', at: 0 }, 'a captured pointer leaves the window');
});

test('edge_is_remembered_and_nonsense_is_the_top', () => {
  for (const edge of EDGES) {
    const place = { edge, at: 12.5 };
    assert.deepEqual(parsePlace(formatPlace(place)), place);
  }
  for (const text of ['', 'top', 'middle 50', 'left NaN', 'left x', 'right ']) {
    assert.deepEqual(parsePlace(text), { edge: 'top', at: 50 }, text);
  }
  assert.deepEqual(parsePlace('left 400'), { edge: 'left', at: 100 });
});

test('edge_bar_stays_inside_and_at_its_edge', () => {
  for (const edge of EDGES) {
    const bar = upright(edge) ? { width: 48, height: 420 } : { width: 640, height: 48 };
    for (const at of [0, 30, 50, 100]) {
      const { left, top } = barCorner({ edge, at }, bar, space);
      assert.ok(left >= GAP && left + bar.width <= space.width - GAP);
      assert.ok(top >= GAP && top + bar.height <= space.height - GAP);
      const gap = { top, left, right: space.width - left - bar.width, bottom: space.height - top - bar.height }[edge];
      assert.equal(gap, GAP, `${edge} ${at}`);
    }
  }
  assert.deepEqual(barCorner({ edge: 'top', at: 50 }, { width: 2000, height: 48 }, space), { left: GAP, top: GAP });
});

test('edge_panel_opens_away_from_the_edge_at_its_button', () => {
  for (const edge of EDGES) {
    const size = upright(edge) ? { width: 48, height: 420 } : { width: 640, height: 48 };
    const bar = { ...barCorner({ edge, at: 50 }, size, space), ...size };
    const opener = { x: bar.left + size.width / 2, y: bar.top + size.height / 2 };
    const panel = { width: 300, height: 200 };
    const { left, top } = panelCorner(edge, bar, opener, panel, space);
    const apart = { top: top - bar.top - bar.height, bottom: bar.top - top - panel.height,
      left: left - bar.left - bar.width, right: bar.left - left - panel.width }[edge];
    assert.equal(apart, GAP, edge);
    if (upright(edge)) assert.equal(top + panel.height / 2, opener.y);
    else assert.equal(left + panel.width / 2, opener.x);
  }
  const bar = { left: 8, top: 90, width: 48, height: 420 };
  const low = panelCorner('left', bar, { x: 32, y: 590 }, { width: 300, height: 200 }, space);
  assert.equal(low.top, space.height - 200 - GAP);
});
