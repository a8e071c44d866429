/** Checks the options of every function and class in one way. A misspelt option throws and names the right one. */
import { invalidType } from './errors.js';

/** The names of all keys of an options type, of each member if it is a union. */
type NameOf<Options> = Options extends unknown ? keyof Options : never;

/** The options of a function or class: its name, and the name of each option. */
export interface OptionNames {
  /** Of the function or class, as a message names it. */
  readonly owner: string;
  /** The names, as an object: a look-up costs nanoseconds. */
  readonly names: Readonly<Record<string, true>>;
  /** The options that exclude each other. */
  readonly exclusive: readonly string[];
  /** The options that {@link checkRepeatedOptions} checked last. */
  checked: object | undefined;
}

/**
 * Lists the options of a function or class, and those that exclude each other. The compiler checks that the list has
 * every key of the type and no other.
 *
 * @example
 *   const OPTIONS = optionNames<StripOptions>()('stripSei', { uuids: true, format: true, lengthSize: true });
 */
export function optionNames<Options>() {
  type Name = NameOf<Options> & string;
  return (owner: string, names: Readonly<Record<Name, true>>, exclusive: readonly Name[] = []): OptionNames => ({
    owner,
    names,
    exclusive,
    checked: undefined,
  });
}

/** The fewest single-character edits from one word to another (Levenshtein distance). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (from[i] === to[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length];
}

/** The name that is most like a misspelt one; undefined if none is near. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((each) => ({ each, edits: distance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= Math.max(2, Math.floor(name.length / 3)) ? best.each : undefined;
}

/**
 * The error for an option that does not exist.
 *
 * @param path of the options, such as `options` or `options.history`
 */
function unknownOption(path: string, name: string, { owner, names }: OptionNames): TypeError {
  const known = Object.keys(names);
  const right = nearest(name.slice(0, 64), known);
  const hint = right === undefined ? `Its options are ${known.join(', ')}.` : `Did you mean ${right}?`;
  return Object.assign(new TypeError(`${path}.${name.slice(0, 64)} is not an option of ${owner}. ${hint}`), {
    code: 'ERR_SEI_UNKNOWN_OPTION',
  });
}

/**
 * Checks that options are an object with known keys only, and of keys that exclude each other at most one.
 *
 * @param options the argument
 * @param expected the options that exist
 * @param path of the options in messages. Default: `options`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if it is not an object, `ERR_SEI_UNKNOWN_OPTION` for another key,
 *   `ERR_INVALID_ARG_VALUE` for two that exclude each other
 */
export function checkOptions(options: unknown, expected: OptionNames, path = 'options'): asserts options is object {
  if (typeof options !== 'object' || options === null) throw invalidType(path, 'an object', options);
  // Not by truth: every object has a `constructor` and a `toString`.
  const names: Readonly<Record<string, unknown>> = expected.names;
  for (const name in options) {
    if (names[name] !== true) throw unknownOption(path, name, expected);
  }
  exclusiveOption(options, expected.exclusive, path);
}

/**
 * Checks the options of a function that is called for each frame. The same object as in the call before is not checked
 * again: a caller who passes one fixed object pays for the check once. The object stays reachable until another one is
 * checked.
 *
 * @throws as {@link checkOptions} does
 */
export function checkRepeatedOptions(options: unknown, expected: OptionNames, path?: string): void {
  if (options === expected.checked) return;
  checkOptions(options, expected, path);
  expected.checked = options;
}

/**
 * Checks that at most one of some options is given.
 *
 * @param names of the options that exclude each other
 * @returns the one that is given
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` if there are two
 */
export function exclusiveOption(options: object, names: readonly string[], path = 'options'): string | undefined {
  let given: string | undefined;
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] === undefined) continue;
    if (given !== undefined) {
      const message = `${path}.${given} and ${path}.${name} exclude each other. Set one of them.`;
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    given = name;
  }
  return given;
}
