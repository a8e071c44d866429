/** The options that several commands have, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatUuid, parseUuid } from '../codec/uuid.js';

/** A parser that collects the values of an option that may be given several times. */
export function repeatable<T>(parse: (value: string) => T): (value: string, previous: readonly T[] | undefined) => T[] {
  return (value, previous = []) => [...previous, parse(value)];
}

/** Reads a UUID; answers it in canonical form. */
export function uuidArgument(value: string): string {
  try {
    return formatUuid(parseUuid(value));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Reads an integer from `minimum` on. */
export function integerArgument(minimum: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= minimum) return number;
    throw new InvalidArgumentError(`It must be an integer from ${minimum} on.`);
  };
}

/** Reads a frame rate: `25`, `29.97` or `30000/1001`. */
export function frameRateArgument(value: string): number {
  const [, numerator, denominator = '1'] = /^(\d+(?:\.\d+)?)(?:\/(\d+))?$/.exec(value) ?? [];
  const frameRate = Number(numerator) / Number(denominator);
  if (frameRate > 0 && Number.isFinite(frameRate)) return frameRate;
  throw new InvalidArgumentError('It must be frames a second, such as 25 or 30000/1001.');
}

/** Adds what all commands have that read a whole stream. */
export function addStreamOptions(command: Command): Command {
  return command
    .addOption(new Option('--force', 'take the input for a H.264 byte stream, whatever it looks like'))
    .addOption(new Option('-q, --quiet', 'print neither report nor progress on stderr'));
}

/** What all commands say of their input. */
export const INPUT = 'H.264 byte stream (Annex B), MP4, MOV, Matroska or MPEG-TS file; - for stdin';

/** Adds the choice of a track of a container. */
export function addTrackOption(command: Command, description: string): Command {
  return command.option('--track <id>', description, integerArgument(0));
}
