/** What the library is held against, where the reference is not JavaScript: see benches/native. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Missing, Task } from './comparison.js';

interface ReferenceAddon {
  memchr(bytes: Uint8Array, byte: number): number;
  memcpy(source: Uint8Array, target: Uint8Array): number;
}

function load(): ReferenceAddon | Missing {
  try {
    return createRequire(__filename)(join(__dirname, '../native/build/Release/references.node')) as ReferenceAddon;
  } catch (error) {
    return { missing: `benches/native was not built: ${(error as Error).message.split('\n')[0]}` };
  }
}

/** A task that needs the addon of references; says why it is missing where there is none. */
export function withReferences(task: (addon: ReferenceAddon) => Task): Task | Missing {
  const addon = load();
  return 'missing' in addon ? addon : task(addon);
}
