/**
 * `Symbol.dispose` on handles, so that `using` closes them. Not every runtime and not every TypeScript configuration
 * has the symbol, and this library neither adds it to the runtime nor its type to a project.
 */

/** The key of `Symbol.dispose`, if the types of the project have it. */
type DisposeKey = typeof Symbol extends { readonly dispose: infer Key extends symbol } ? Key : never;

/** A handle that `using` closes. */
export type Disposal = Readonly<Record<DisposeKey, () => void>>;

const DISPOSE = (Symbol as { readonly dispose?: symbol }).dispose ?? Symbol.for('Symbol.dispose');

/** Makes `using` close an object. */
export function disposable<Handle extends { close(): void }>(handle: Handle): Handle & Disposal {
  return Object.defineProperty(handle, DISPOSE, {
    value: () => {
      handle.close();
    },
  }) as Handle & Disposal;
}
