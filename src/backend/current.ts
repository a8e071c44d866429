/**
 * The backend at work. Nothing here names the addon, so that browsers can have this file; Node's entry lets select.ts
 * put the addon in.
 */
import type { Backend } from './backend.js';
import { typescriptBackend } from './typescript.js';

let current: Backend = typescriptBackend;

/** The backend at work. */
export function backend(): Backend {
  return current;
}

/**
 * Puts a backend to work.
 *
 * @returns the one that was at work before
 */
export function useBackend(next: Backend): Backend {
  const previous = current;
  current = next;
  return previous;
}
