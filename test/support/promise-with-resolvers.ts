interface WithResolvers {
  withResolvers?: <T>() => {
    promise: Promise<T>;
    resolve: (value: T | PromiseLike<T>) => void;
    reject: (reason?: unknown) => void;
  };
}

/**
 * Gives Node 20 the `Promise.withResolvers` of ECMAScript 2024, which the demuxer of node-av calls. Does nothing where
 * it is there already.
 */
export function polyfillPromiseWithResolvers(): void {
  const constructor = Promise as unknown as WithResolvers;
  constructor.withResolvers ??= <T>() => {
    let resolve!: (value: T | PromiseLike<T>) => void;
    let reject!: (reason?: unknown) => void;
    const promise = new Promise<T>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise, resolve, reject };
  };
}
