/** The files of the suite, each imported by its name; the program that bundles this page makes the module. */
export const suites: Readonly<Record<string, () => Promise<unknown>>>;
