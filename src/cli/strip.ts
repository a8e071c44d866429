import { Command } from 'commander';
import { DEFAULT_SEI_UUID } from '../codec/uuid.js';
import type { SeiMessage } from '../frame/extract.js';
import { stripSei } from '../frame/strip.js';
import { accessUnitBatches } from './access-units.js';
import { type BoundCounts, countMessages, warnOfBounds } from './bounds.js';
import { type ChunkMemory, joinPieces } from './chunk-memory.js';
import type { Context } from './context.js';
import { addStreamOptions, repeatable, uuidArgument } from './options.js';
import { counted, report } from './report.js';
import { type StreamOptions, transformStream } from './transform.js';

interface StripCommandOptions extends StreamOptions {
  readonly uuid?: readonly string[];
  readonly all?: boolean;
}

/** What stripping has done. */
export interface StripCounts extends BoundCounts {
  /** Messages that are gone. */
  messages: number;
  /** Access units that held them. */
  accessUnits: number;
}

/**
 * Removes messages from a byte stream, and nothing else.
 *
 * @param source the chunks of an Annex B byte stream
 * @param uuids user_data_unregistered messages with one of these go; all of them where absent
 * @param counts brought up to date with each access unit
 * @param memory of the result
 * @returns the chunks of the new stream (H.264 7.3.2.3)
 */
export async function* stripMessages(
  source: AsyncIterable<Uint8Array>,
  uuids: ReadonlySet<string> | undefined,
  counts: StripCounts,
  memory: ChunkMemory,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  const filter = ({ uuid }: SeiMessage) => {
    read++;
    const goes = uuid !== undefined && (uuids === undefined || uuids.has(uuid));
    if (goes) counts.messages++;
    return goes;
  };
  for await (const accessUnits of accessUnitBatches(source, counts)) {
    const stripped = accessUnits.map(({ data }) => {
      read = 0;
      const result = stripSei(data, { format: 'annexb', filter });
      countMessages(read, counts);
      if (result !== data) counts.accessUnits++;
      return result;
    });
    yield* joinPieces(stripped, memory);
  }
}

async function run(input: string, output: string, options: StripCommandOptions, context: Context): Promise<void> {
  const { all, uuid = [DEFAULT_SEI_UUID] } = options;
  const uuids = all === true ? undefined : new Set(uuid);
  const counts = { messages: 0, accessUnits: 0, cut: 0, overfull: 0 };
  await transformStream(input, output, context, options, {
    isVideo: true,
    run: (source, memory) => stripMessages(source, uuids, counts, memory),
  });
  const { messages, accessUnits } = counts;
  report(`removed ${counted(messages, 'message')} from ${counted(accessUnits, 'access unit')}`, context, options);
  warnOfBounds(counts, context);
}

const HELP = `
What inject has put in comes out byte for byte. A SEI NAL unit that holds other messages too keeps those.

Examples:
  $ h264-sei strip in.h264 out.h264
  $ h264-sei strip --uuid 9e504ea5-ee5a-4f02-949f-b033a3768da2 in.h264 out.h264
  $ h264-sei strip --all - < in.h264 > out.h264`;

/** The command that takes messages out. */
export function stripCommand(context: Context): Command {
  return addStreamOptions(
    new Command('strip')
      .description('remove SEI user_data_unregistered messages from a H.264 byte stream')
      .argument('<input>', 'Annex B file, - for stdin')
      .argument('[output]', 'file, - for stdout', '-')
      .option(
        '--uuid <uuid>',
        `remove messages with this UUID; may be repeated (default: "${DEFAULT_SEI_UUID}")`,
        repeatable(uuidArgument),
      )
      .option('--all', 'remove every user_data_unregistered message, whatever its UUID'),
  )
    .addHelpText('after', HELP)
    .action((input: string, output: string, options: StripCommandOptions) => run(input, output, options, context));
}
