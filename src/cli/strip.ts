import { Command } from 'commander';
import { DEFAULT_SEI_UUID } from '../codec/uuid.js';
import type { SeiMessage } from '../frame/extract.js';
import { stripSei } from '../frame/strip.js';
import { accessUnitBatches } from './access-units.js';
import { type BoundCounts, countMessages, warnOfBounds } from './bounds.js';
import { type ChunkMemory, joinPieces } from './chunk-memory.js';
import type { Context } from './context.js';
import type { Media } from './media.js';
import { INPUT, addStreamOptions, addTrackOption, repeatable, uuidArgument } from './options.js';
import { counted, report } from './report.js';
import { type StreamOptions, transformStream } from './transform.js';

interface StripCommandOptions extends StreamOptions {
  readonly uuid?: readonly string[];
  readonly all?: boolean;
  readonly track?: number;
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

/** Removes messages from all H.264 tracks of a container, or from one. */
async function* stripMedia(
  media: Media,
  uuids: ReadonlySet<string> | undefined,
  track: number | undefined,
  counts: StripCounts,
): AsyncGenerator<Uint8Array> {
  const { removal, noCounts } = await import('../files/transform.js');
  const done = noCounts();
  const filter = ({ uuid }: SeiMessage) => uuid !== undefined && (uuids === undefined || uuids.has(uuid));
  yield* media.rewrite((id) => (track === undefined || id === track ? removal(filter, done) : undefined));
  counts.messages = done.messages;
  counts.accessUnits = done.changed;
  counts.overfull = done.overfull;
}

async function run(input: string, output: string, options: StripCommandOptions, context: Context): Promise<void> {
  const { all, uuid = [DEFAULT_SEI_UUID], track } = options;
  const uuids = all === true ? undefined : new Set(uuid);
  const counts = { messages: 0, accessUnits: 0, cut: 0, overfull: 0 };
  await transformStream(input, output, context, options, {
    isVideo: true,
    run: (source, memory) => stripMessages(source, uuids, counts, memory),
    runMedia: (media) => stripMedia(media, uuids, track, counts),
  });
  const { messages, accessUnits } = counts;
  report(`removed ${counted(messages, 'message')} from ${counted(accessUnits, 'access unit')}`, context, options);
  warnOfBounds(counts, context);
}

const HELP = `
What inject has put in comes out byte for byte. A SEI NAL unit that holds other
messages too keeps those.

Examples:
  $ h264-sei strip in.h264 out.h264
  $ h264-sei strip --uuid 9e504ea5-ee5a-4f02-949f-b033a3768da2 in.h264 out.h264
  $ h264-sei strip --all - < in.h264 > out.h264`;

/** The command that takes messages out. */
export function stripCommand(context: Context): Command {
  return addStreamOptions(
    addTrackOption(new Command('strip'), 'only in this H.264 track (default: in all of them)')
      .description('remove SEI user_data_unregistered messages from H.264 video')
      .argument('<input>', INPUT)
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
