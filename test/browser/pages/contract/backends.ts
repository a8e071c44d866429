/** In place of `test/support/backends.ts`: in a browser there is one backend, that of `h264-sei/browser`. */
import * as library from 'h264-sei/browser';
import { describe, expect, it } from '../../../support/standalone-vitest.js';

/** What the suite asks for. */
interface TestedBackend {
  readonly hasBuffer: boolean;
}

/** Declares a block of tests for the backend of the browser. */
export function describeEachBackend(
  name: string,
  body: (tested: typeof library, backend: TestedBackend) => void,
): void {
  describe(name, () => {
    it('is at work', () => {
      const { name: backendName, kernel } = library.backendInfo();
      expect([backendName, kernel]).toEqual(['typescript', 'typescript']);
    });
    body(library, { hasBuffer: false });
  });
}
