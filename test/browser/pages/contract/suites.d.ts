declare module 'contract:suites' {
  /** Imports a file of the suite, by its name. */
  export const suites: Readonly<Record<string, () => Promise<unknown>>>;
}
