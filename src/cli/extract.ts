import { Command } from 'commander';
import { DEFAULT_SEI_UUID } from '../codec/uuid.js';
import { type SeiMessage, extractSei } from '../frame/extract.js';
import { accessUnitBatches } from './access-units.js';
import { type BoundCounts, countMessages, warnOfBounds } from './bounds.js';
import type { Context } from './context.js';
import { LineBatch, contentOf, jsonLine } from './json-lines.js';
import type { Media } from './media.js';
import { INPUT, addStreamOptions, addTrackOption, integerArgument, repeatable, uuidArgument } from './options.js';
import { counted, report } from './report.js';
import { type StreamOptions, checkWhole, transformStream } from './transform.js';

interface ExtractCommandOptions extends StreamOptions {
  readonly uuid?: readonly string[];
  readonly ours?: boolean;
  readonly type?: readonly number[];
  readonly track?: number;
}

/** What an extraction has found. */
export interface ExtractionCounts extends BoundCounts {
  /** Messages that were written. */
  messages: number;
}

/** Whether a message is asked for. */
export type MessageFilter = (message: SeiMessage) => boolean;

function lineOf(place: object, message: SeiMessage): string {
  const { payloadType, uuid, payload } = message;
  return jsonLine({
    ...place,
    payloadType,
    ...(uuid !== undefined && { uuid }),
    size: payload.length,
    ...contentOf(message),
  });
}

/**
 * Extracts every message of a byte stream, also those that are there more than once.
 *
 * @param source the chunks of an Annex B byte stream
 * @param filter which messages
 * @param counts brought up to date with each access unit
 * @returns JSON Lines (H.264 7.3.2.3, D.1.7)
 */
export async function* extractLines(
  source: AsyncIterable<Uint8Array>,
  filter: MessageFilter,
  counts: ExtractionCounts,
): AsyncGenerator<string> {
  const batch = new LineBatch();
  for await (const accessUnits of accessUnitBatches(source, counts)) {
    for (const accessUnit of accessUnits) {
      const messages = extractSei(accessUnit.data, { format: 'annexb' });
      countMessages(messages.length, counts);
      for (const message of messages) {
        if (!filter(message)) continue;
        counts.messages++;
        const { index, offset } = accessUnit;
        const place = { accessUnit: index, offset: offset + message.nalUnitOffset };
        if (batch.add(lineOf(place, message))) yield batch.take();
      }
    }
    const lines = batch.take();
    if (lines !== '') yield lines;
  }
}

/** Milliseconds with three decimals: no clock of a container is finer. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

/** Extracts every message of a track of a container, with the time at which its picture is shown. */
async function* extractMedia(
  media: Media,
  track: number | undefined,
  filter: MessageFilter,
  counts: ExtractionCounts,
): AsyncGenerator<string> {
  const batch = new LineBatch();
  for await (const { index, presentationTimeMs, data, framing } of media.packets(track)) {
    const messages = extractSei(data, framing);
    countMessages(messages.length, counts);
    for (const message of messages) {
      if (!filter(message)) continue;
      counts.messages++;
      const time = presentationTimeMs === undefined ? {} : { presentationTimeMs: rounded(presentationTimeMs) };
      if (batch.add(lineOf({ accessUnit: index, ...time }, message))) yield batch.take();
    }
  }
  if (media.truncated) batch.add(jsonLine({ truncated: true }));
  const lines = batch.take();
  if (lines !== '') yield lines;
}

function filterOf({ uuid = [], ours, type = [] }: ExtractCommandOptions): MessageFilter {
  const uuids = new Set(ours === true ? [...uuid, DEFAULT_SEI_UUID] : uuid);
  const types = new Set(type);
  return (message) =>
    (uuids.size === 0 || (message.uuid !== undefined && uuids.has(message.uuid))) &&
    (types.size === 0 || types.has(message.payloadType));
}

async function run(input: string, output: string, options: ExtractCommandOptions, context: Context): Promise<void> {
  const counts = { messages: 0, cut: 0, overfull: 0 };
  const outcome = await transformStream(input, output, context, options, {
    isVideo: false,
    run: (source) => extractLines(source, filterOf(options), counts),
    runMedia: (media) => extractMedia(media, options.track, filterOf(options), counts),
  });
  report(`extracted ${counted(counts.messages, 'message')}`, context, options);
  warnOfBounds(counts, context);
  checkWhole(outcome, input);
}

const HELP = `
One JSON object a line for each sei_message, none left out because it came before:
  accessUnit   number of the access unit, the first being 0
  offset       of a byte stream: where the SEI NAL unit begins in the file, behind its start code, in bytes
  presentationTimeMs
               of a container: when the picture is shown, in milliseconds on the timeline of the file
  payloadType  5 for user_data_unregistered
  uuid         of user_data_unregistered, lower case
  size         bytes of the payload, without the UUID and without emulation prevention
  text         user data that are UTF-8 without control characters (but tab and line ends)
  json         the same, parsed, where they are JSON
  base64       instead of text: any other payload
If the file ends before its container says, as after a crash of a recorder, the
last line is {"truncated":true}, and the exit code is 4.

Examples:
  $ h264-sei extract --ours in.h264
  $ h264-sei extract --uuid 9e504ea5-ee5a-4f02-949f-b033a3768da2 in.h264 messages.jsonl
  $ ffmpeg -i in.mp4 -c copy -bsf:v h264_mp4toannexb -f h264 - | h264-sei extract - | jq .json`;

/** The command that gets messages out. */
export function extractCommand(context: Context): Command {
  return addStreamOptions(
    addTrackOption(new Command('extract'), 'of this H.264 track (default: the first one)')
      .description('write every SEI message of H.264 video as JSON Lines')
      .argument('<input>', INPUT)
      .argument('[output]', 'file, - for stdout', '-')
      .option('--uuid <uuid>', 'only messages with this UUID; may be repeated', repeatable(uuidArgument))
      .option('--ours', `only messages with the UUID ${DEFAULT_SEI_UUID}`)
      .option('--type <n>', 'only messages with this payloadType; may be repeated', repeatable(integerArgument(0))),
  )
    .addHelpText('after', HELP)
    .action((input: string, output: string, options: ExtractCommandOptions) => run(input, output, options, context));
}
