import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { Context } from './context.js';
import { CliError, failure } from './failure.js';
import { HEAD_LENGTH } from '../containers/file-kind.js';
import { MIN_CONFIDENCE, type Identification, identify } from './format-guard.js';
import { openInput } from './input.js';
import { jsonLine } from './json-lines.js';
import { nalUnitTypeName } from './names.js';
import { openOutput } from './output.js';

interface DetectCommandOptions {
  readonly json?: boolean;
}

/**
 * Tells what an input is from its beginning, of which no more than {@link HEAD_LENGTH} bytes are read.
 *
 * @param source its chunks; they are not read to the end
 * @param name how messages call it
 */
export async function identifyStream(source: AsyncIterable<Uint8Array>, name: string): Promise<Identification> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    chunks.push(Buffer.from(chunk.subarray(0, HEAD_LENGTH)));
    length += chunk.length;
    if (length > HEAD_LENGTH) break;
  }
  return identify(Buffer.concat(chunks).subarray(0, HEAD_LENGTH), length <= HEAD_LENGTH, name);
}

function isCertain({ detection }: Identification): boolean {
  return detection.isH264 && detection.confidence >= MIN_CONFIDENCE;
}

function textOf({ detection, what }: Identification, name: string): string {
  const { nalUnitType: type, rtpPacketType, confidence } = detection;
  if (type === undefined) return `${name}: ${what}\n`;
  const kind = rtpPacketType === undefined ? what : `perhaps the payload of a RTP packet (${rtpPacketType})`;
  return `${name}: ${kind}, first NAL unit of type ${type} (${nalUnitTypeName(type)}), confidence ${confidence}\n`;
}

async function run(path: string, options: DetectCommandOptions, context: Context): Promise<void> {
  const input = await openInput(path, context);
  const identification = await identifyStream(input.chunks, input.name);
  const { detection, what, advice } = identification;
  const text =
    options.json === true
      ? jsonLine({ input: input.name, ...detection, what, ...(advice !== undefined && { advice }) })
      : textOf(identification, input.name);
  const output = await openOutput('-', context, false);
  try {
    await pipeline([text], output.stream, { end: output.endsWithRun });
  } catch (error) {
    throw failure(`cannot write ${output.name}`, error);
  }
  if (!isCertain(identification))
    throw new CliError(`${input.name} is ${what}${advice === undefined ? '' : `; ${advice}`}`);
}

const HELP = `
Looks at the beginning only, and not into containers. Exit code 0 where it is
H.264 for certain, else 1. With --json one object: input, isH264, format
(annexb, avcc, rtp, unknown), nalUnitType, lengthSize, rtpPacketType, confidence
(0 to 1), what, advice.

Examples:
  $ h264-sei detect in.h264
  $ h264-sei detect --json - < in.h264`;

/** The command that tells what an input is. */
export function detectCommand(context: Context): Command {
  return new Command('detect')
    .description('tell in which format H.264 comes')
    .argument('<input>', 'file, - for stdin')
    .option('--json', 'one line of JSON instead of text')
    .addHelpText('after', HELP)
    .action((input: string, options: DetectCommandOptions) => run(input, options, context));
}
