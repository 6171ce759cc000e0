// SPDX-License-Identifier: MIT
//
// The demo guest with PipeWire and oriel-agent, in a QEMU of our own or for `oriel run`, and a shell in it.
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { binary, connectTo, guestArguments, guestDir, root, start, temporary } from './process.mjs';
import { until } from './runner.mjs';

/** What `chime` plays, Hz. */
export const melody = [523.25, 659.26, 783.99, 1046.5];
/** Runs a command as the desktop's user, beside its sound services. */
export const asUser = '/usr/libexec/oriel/as-user';

/** Kernel, command line (with `append` behind it) and initramfs with the agent in a folder of their own, as ORIEL_GUEST_DIR wants
 *  them. */
export function soundGuest(t, append = '') {
  execFileSync(join(root, 'guest/demo-sound/build.sh'), [guestDir, dirname(binary)], { stdio: 'inherit' });
  const dir = temporary(t);
  symlinkSync(join(guestDir, 'vmlinuz'), join(dir, 'vmlinuz'));
  writeFileSync(join(dir, 'cmdline'), `${readFileSync(join(guestDir, 'cmdline'), 'utf8').trim()} ${append}`);
  writeFileSync(join(dir, 'initrd.img'), Buffer.concat(['initrd.img', 'agent.img'].map((name) => readFileSync(join(guestDir, name)))));
  return dir;
}

/** The root shell on the guest's serial port: run(command) -> what it printed; throws when it fails. */
export async function guestShell(t, path) {
  const socket = await connectTo(t, path);
  let text = '';
  socket.on('data', (data) => { text += data.toString('latin1'); });
  await until(() => text.includes('oriel-guest: ready'), 120_000, 'the guest\'s desktop and sound devices');
  const run = async (command, ms = 60_000) => {
    text = '';
    socket.write(`${command}\necho "<$?>"\n`);
    const end = await until(() => /<(\d+)>\r?\n/.exec(text), ms, `${command} in the guest`)
      .catch((error) => { throw new Error(`${error.message}; it said ${text.slice(-600)}`); });
    if (end[1] !== '0') throw new Error(`${command} in the guest ended with ${end[1]}: ${text.slice(-600)}`);
    return text.slice(0, end.index).replaceAll('\r', '');
  };
  await run('stty -echo; PS1=');
  return run;
}

/** A guest in a QEMU of our own with both virtio-serial ports on sockets, named as `oriel run` names them. `monitor`: a second QMP. */
export async function bootSound(t, options = { audio: 'none', display: ['-display', 'none'] }) {
  const dir = temporary(t);
  const images = soundGuest(t);
  const paths = { qmp: 'qmp.sock', monitor: 'monitor.sock', serial: 'serial.sock', sound: 'sound.sock', mic: 'mic.sock' };
  for (const id of Object.keys(paths)) paths[id] = join(dir, paths[id]);
  const chardev = (id) => ['-chardev', `socket,id=${id},path=${paths[id]},server=on,wait=off`];
  const port = (id, name) => [...chardev(id), '-device', `virtserialport,chardev=${id},name=${name}`];
  const args = guestArguments({ ...paths, serial: undefined, append: ['oriel.serial=1'], ...options });
  args[args.indexOf('-initrd') + 1] = join(images, 'initrd.img');
  const vm = start(t, 'qemu-system-x86_64', [...args, ...chardev('serial'), '-serial', 'chardev:serial',
    '-device', 'virtio-serial-pci', ...port('sound', 'org.oriel.audio'), ...port('mic', 'org.oriel.microphone')]);
  return { ...paths, vm, sh: await guestShell(t, paths.serial) };
}

/** What `oriel-agent --status` says in the guest, once it has time to answer. */
export function agentStatus(sh) {
  return until(() => sh(`${asUser} oriel-agent --status`).then((text) => JSON.parse(text)).catch(() => null), 40_000, 'the agent\'s status');
}
