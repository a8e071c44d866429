/** What scripts/prebuild.ts uses of prebuildify 6, which has no types. */
declare module 'prebuildify' {
  interface Options {
    cwd?: string;
    /** The folder that gets `prebuilds/`. */
    out?: string;
    name?: string;
    platform?: string;
    arch?: string;
    libc?: string;
    /** The libc in the name of the file. */
    tagLibc?: string;
    /** A Node-API addon, for all versions of Node. */
    napi?: boolean;
    strip?: boolean;
    quiet?: boolean;
  }
  function prebuildify(options: Options, done: (error?: Error | null) => void): void;
  namespace prebuildify {
    export { Options };
  }
  export = prebuildify;
}
