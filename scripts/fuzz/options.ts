/**
 * An option that is a whole number.
 *
 * @param name of the option
 * @param value as it was given
 * @param least that it may be
 * @throws Error that says what it must be
 */
export function wholeNumber(name: string, value: string, least: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} must be a whole number, at least ${least}: ${value}`);
}
