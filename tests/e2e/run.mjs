// SPDX-License-Identifier: MIT
//
// End-to-end tests: `node tests/e2e/run.mjs [words of a case's name]`. Needs build/oriel, build/guest and the packages
// of package.json; `make check` prepares them.
import { run } from './lib/runner.mjs';
import { closeBrowser } from './lib/browser.mjs';
import './pattern.mjs';
import './page.mjs';
import './handle.mjs';
import './phone.mjs';
import './firefox.mjs';
import './viewers.mjs';
import './recovery.mjs';
import './sound.mjs';
import './guest.mjs';
import './again.mjs';
import './typing.mjs';
import './clipboard.mjs';
import './agent.mjs';
import './agent-faults.mjs';
import './microphone.mjs';
import './proxy.mjs';
import './tls.mjs';
import './desktops.mjs';
import './heads.mjs';
import './whep.mjs';
import './whep-input.mjs';
import './whep-strangers.mjs';
import './whep-peers.mjs';
import './whep-ways.mjs';
import './page-webrtc.mjs';

const code = await run(process.argv.slice(2).join(' '));
await closeBrowser();
process.exit(code);
