import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Tool } from './skip.js';

const ROOT = resolve(__dirname, '../..');
const TIMEOUT_MS = 180_000;

/**
 * Makes the interfaces of a new namespace: WebRTC peers gather their addresses on interfaces with a default route, and
 * Chromium leaves loopback out. What is sent to the own address never gets to the interface, and nothing is behind it.
 */
const SET_UP = [
  'ip link set lo up',
  'ip link add inside type veth peer name outside',
  'ip address add 192.0.2.1/24 dev inside',
  'ip link set outside up',
  'ip link set inside up',
  'ip route add default via 192.0.2.254 dev inside',
].join(' && ');

/** How a namespace is entered: by root, or by anybody where user namespaces are allowed. */
const UNSHARE = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];

function missingNamespace(): string | undefined {
  const { error, status, stderr } = spawnSync('unshare', [...UNSHARE, 'sh', '-c', SET_UP], { encoding: 'utf8' });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : `it cannot be set up: ${stderr.trim().split('\n')[0] ?? ''}`;
}

let asked: { reason: string | undefined } | undefined;

/** A network namespace of one's own: `unshare` of util-linux, `ip` of iproute2, and the permission to use them. */
export const networkNamespaceTool: Tool = {
  name: 'a network namespace',
  missing: () => (asked ??= { reason: missingNamespace() }).reason,
};

/**
 * Runs a TypeScript program in a network namespace of its own, which nothing gets out of.
 *
 * @param file the program, from the root of the repository
 * @param args for it
 * @returns the last line that it prints, as JSON
 * @throws where it fails, with what it has written
 */
export function runInNetworkNamespace<Result>(file: string, ...args: readonly string[]): Promise<Result> {
  const program = [process.execPath, '--require', 'tsx/cjs', resolve(ROOT, file), ...args];
  const command = [...UNSHARE, 'sh', '-c', `${SET_UP} && exec "$@"`, 'sh', ...program];
  return new Promise((fulfil, reject) => {
    const options = { cwd: ROOT, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const;
    execFile('unshare', ['--kill-child', '--fork', ...command], options, (error, stdout, stderr) => {
      const lines = stdout.trimEnd().split('\n');
      if (error === null) fulfil(JSON.parse(lines.at(-1) ?? '') as Result);
      else
        reject(new Error(`${file} failed: ${error.message}\n${lines.slice(-20).join('\n')}\n${stderr.slice(-4000)}`));
    });
  });
}
