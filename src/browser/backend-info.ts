import type { BackendInfo } from '../backend/select.js';
import { backend } from '../backend/current.js';

/** Says which backend is at work: in a browser it is the one in TypeScript. */
export function backendInfo(): BackendInfo {
  const { name, kernel } = backend();
  return { name, kernel, reason: 'this is the build for browsers' };
}
