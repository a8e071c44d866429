import { autoBackend } from '../../src/backend/auto.js';
import { useBackend } from '../../src/backend/current.js';
import { loadNativeBackend } from '../../src/backend/native.js';
import { typescriptBackend } from '../../src/backend/typescript.js';

/** A backend, or a kernel of it, that has to answer as the others do. */
export interface Side {
  /** What a report calls it. */
  readonly name: string;
  /** Puts it to work behind the library. */
  use(): void;
}

const native = loadNativeBackend();

/** Why there is no side but TypeScript; `undefined` where there are others. */
export const missingAddon: string | undefined = 'reason' in native ? native.reason : undefined;

/**
 * TypeScript, which says what the others have to answer; then the addon with each of its kernels, and both together as
 * they work where nothing is forced.
 */
export const sides: readonly Side[] = [
  { name: 'typescript', use: () => void useBackend(typescriptBackend) },
  ...('reason' in native
    ? []
    : [
        ...native.kernels.map((kernel) => ({
          name: `native ${kernel}`,
          use: () => {
            native.selectKernel(kernel);
            useBackend(native.backend);
          },
        })),
        {
          name: 'both together',
          use: () => {
            native.selectKernel(native.kernels[0]);
            useBackend(autoBackend(native.backend));
          },
        },
      ]),
];
