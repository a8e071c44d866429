/**
 * Chooses the backend, once, when the library is loaded: where the addon can be loaded, it and TypeScript together, each
 * for what it does sooner; else TypeScript alone.
 */
import { SeiError } from '../errors.js';
import { autoBackend } from './auto.js';
import type { Backend } from './backend.js';
import { backend, useBackend } from './current.js';
import { loadNativeBackend, type NativeLoad } from './native.js';
import { typescriptBackend } from './typescript.js';

/** Which backend is at work. */
export interface BackendInfo {
  /**
   * `native` for the addon, `typescript` for the fallback. What the addon would take longer for than TypeScript, such as
   * a few dozen bytes, is left to TypeScript, unless the environment forces `native`.
   */
  readonly name: 'native' | 'typescript';
  /** What searches the bytes: the instruction set of the addon's kernel, such as `avx2`, or `typescript`. */
  readonly kernel: string;
  /** Why it is not the addon, where it is not. */
  readonly reason?: string;
}

interface Selection {
  readonly backend: Backend;
  readonly reason?: string;
}

function unavailable(variable: string, value: string, why: string): SeiError {
  return new SeiError('ERR_SEI_BACKEND_UNAVAILABLE', `${variable}=${value} cannot be had: ${why}`);
}

/**
 * Chooses a backend as the environment says.
 *
 * @param env `H264_SEI_BACKEND` forces `native` or `typescript`, `H264_SEI_KERNEL` a kernel of the addon; what is forced
 *   does all the work
 * @param load loads the addon
 * @throws {@link SeiError} `ERR_SEI_BACKEND_UNAVAILABLE` where what is forced is not there
 */
export function selectBackend(
  env: Readonly<Record<string, string | undefined>>,
  load: () => NativeLoad = loadNativeBackend,
): Selection {
  // An empty variable is one that is not set, as shells have it.
  const name = env['H264_SEI_BACKEND'] || undefined;
  const kernel = env['H264_SEI_KERNEL'] || undefined;
  if (name !== undefined && name !== 'native' && name !== 'typescript') {
    throw unavailable('H264_SEI_BACKEND', name, "it is neither 'native' nor 'typescript'");
  }
  if (name === 'typescript') {
    if (kernel !== undefined) throw unavailable('H264_SEI_KERNEL', kernel, 'the TypeScript backend has no kernels');
    return { backend: typescriptBackend, reason: 'H264_SEI_BACKEND=typescript' };
  }
  const native = load();
  if ('reason' in native) {
    if (name !== undefined) throw unavailable('H264_SEI_BACKEND', name, native.reason);
    if (kernel !== undefined) throw unavailable('H264_SEI_KERNEL', kernel, native.reason);
    return { backend: typescriptBackend, reason: native.reason };
  }
  if (kernel !== undefined && !native.selectKernel(kernel)) {
    throw unavailable('H264_SEI_KERNEL', kernel, `this CPU and build have ${native.kernels.join(', ')}`);
  }
  const isForced = name !== undefined || kernel !== undefined;
  return { backend: isForced ? native.backend : autoBackend(native.backend) };
}

const selection = selectBackend(process.env);
useBackend(selection.backend);

/** Says which backend and kernel are at work and, where it is TypeScript, why it is not the addon. */
export function backendInfo(): BackendInfo {
  const { name, kernel } = backend();
  const { reason } = selection;
  return { name, kernel, ...(name === 'typescript' && reason !== undefined && { reason }) };
}
