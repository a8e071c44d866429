import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { backend } from '../backend/current.js';
import { START_CODE_LENGTH, writeStartCode } from '../codec/byte-stream.js';
import { Framing } from '../codec/framing.js';
import { locatedOffset } from '../codec/results.js';
import { DEFAULT_SEI_UUID } from '../codec/uuid.js';
import { Schedule, type PlacedMessage } from '../files/schedule.js';
import { createSeiNalUnit } from '../frame/sei-nal-unit.js';
import { PictureClock } from '../streams/picture-clock.js';
import { accessUnitBatches } from './access-units.js';
import { type ChunkMemory, joinPieces } from './chunk-memory.js';
import type { Context } from './context.js';
import { CliError, ExitCode, failure } from './failure.js';
import { openInput } from './input.js';
import { exactUtf8, parseMessages } from './messages-file.js';
import type { Media } from './media.js';
import {
  INPUT,
  addStreamOptions,
  addTrackOption,
  frameRateArgument,
  integerArgument,
  repeatable,
  uuidArgument,
} from './options.js';
import { counted, report } from './report.js';
import { type StreamOptions, transformStream } from './transform.js';

interface InjectCommandOptions extends StreamOptions {
  readonly message?: readonly string[];
  readonly messages?: string;
  readonly every?: number;
  readonly fps?: number;
  readonly uuid: string;
  readonly track?: number;
}

/** What an injection has done. */
export interface InjectionCounts {
  /** Messages that are in the stream now. */
  messages: number;
  /** Access units that hold them. */
  pictures: number;
  /** Access units of the stream. */
  accessUnits: number;
}

/**
 * So many pieces are joined at once: hostile access units are a few bytes long, and a chunk holds very many of them.
 */
const MAX_PIECES = 4096;

const START_CODE = new Uint8Array(START_CODE_LENGTH);
writeStartCode(START_CODE, 0);

/**
 * Injects messages into a byte stream. An access unit without a picture gets none.
 *
 * @param source the chunks of an Annex B byte stream
 * @param schedule says which messages, and is told of each picture
 * @param clock tells the time of each picture
 * @param counts brought up to date with each access unit
 * @param memory of the result
 * @returns the chunks of the new stream
 * @throws {@link CliError} where a time is needed and the stream does not say its frame rate (H.264 7.4.1.2.3)
 */
export async function* injectMessages(
  source: AsyncIterable<Uint8Array>,
  schedule: Schedule,
  clock: PictureClock,
  counts: InjectionCounts,
  memory: ChunkMemory,
): AsyncGenerator<Uint8Array> {
  for await (const accessUnits of accessUnitBatches(source)) {
    let pieces: Uint8Array[] = [];
    for (const { index, data, isContinuation } of accessUnits) {
      counts.accessUnits = index + 1;
      if (pieces.length >= MAX_PIECES) {
        yield* joinPieces(pieces, memory);
        pieces = [];
      }
      const offset = isContinuation ? -1 : locatedOffset(backend().locate(data, Framing.annexb));
      const nalUnits = offset < 0 ? [] : schedule.take(index, schedule.needsTime ? timeOf(data, clock) : 0);
      if (nalUnits.length === 0) {
        pieces.push(data);
        continue;
      }
      counts.messages += nalUnits.length;
      counts.pictures++;
      if (offset > 0) pieces.push(data.subarray(0, offset));
      for (const nalUnit of nalUnits) pieces.push(START_CODE, nalUnit);
      pieces.push(offset > 0 ? data.subarray(offset) : data);
    }
    yield* joinPieces(pieces, memory);
  }
}

/** Injects messages into a track of a container; times are those at which pictures are shown. */
async function* injectMedia(
  media: Media,
  schedule: Schedule,
  track: number | undefined,
  counts: InjectionCounts,
): AsyncGenerator<Uint8Array> {
  const { scheduledInjection, noCounts } = await import('../files/transform.js');
  const done = noCounts();
  let chosen = track;
  yield* media.rewrite((id) => {
    chosen ??= id;
    // The clock of a transport stream begins anywhere.
    return id === chosen ? scheduledInjection(schedule, media.container === 'mpegts', done) : undefined;
  });
  counts.messages = done.messages;
  counts.pictures = done.changed;
  counts.accessUnits = done.packets;
}

function timeOf(accessUnit: Uint8Array, clock: PictureClock): number {
  const seconds = clock.next(accessUnit);
  if (seconds !== undefined) return seconds;
  throw new CliError(
    'the stream does not say its frame rate; give it, such as --fps 25, or say "frame" instead of "at"',
  );
}

async function readMessages(path: string, context: Context): Promise<string> {
  return text((await openInput(path, context)).chunks);
}

function checkUsage(input: string, { message, messages, every }: InjectCommandOptions): void {
  const usage = (problem: string) => new CliError(problem, ExitCode.usage);
  if (message === undefined && messages === undefined) throw usage('nothing to inject; give --message or --messages');
  if (every !== undefined && message === undefined)
    throw usage('--every says how often to inject a --message; give one');
  if (messages === '-' && input === '-') throw usage('stdin cannot be both the video and the messages file');
}

function repeatedNalUnits({ message = [], uuid }: InjectCommandOptions): Uint8Array[] {
  try {
    return message.map((each) => createSeiNalUnit(exactUtf8(each), { uuid }));
  } catch (error) {
    throw failure('cannot send a --message', error);
  }
}

async function run(input: string, output: string, options: InjectCommandOptions, context: Context): Promise<void> {
  checkUsage(input, options);
  const { messages, every, fps, uuid, track } = options;
  const repeated = repeatedNalUnits(options);
  const placed: readonly PlacedMessage[] =
    messages === undefined ? [] : parseMessages(await readMessages(messages, context), messages, uuid);
  const schedule = new Schedule({ repeated, every, placed });
  const counts = { messages: 0, pictures: 0, accessUnits: 0 };
  await transformStream(input, output, context, options, {
    isVideo: true,
    run: (source, memory) => injectMessages(source, schedule, new PictureClock(fps), counts, memory),
    runMedia: (media) => injectMedia(media, schedule, track, counts),
  });
  const { messages: injected, pictures, accessUnits } = counts;
  report(
    `injected ${counted(injected, 'message')} into ${pictures} of ${counted(accessUnits, 'access unit')}`,
    context,
    options,
  );
  if (schedule.pending > 0) {
    throw new CliError(
      `${counted(schedule.pending, 'message')} not injected: no picture comes at or after their place`,
      ExitCode.unplaced,
    );
  }
}

const HELP = `
Without --every each --message goes into the first picture. Several messages for
one picture all go into it, each in a SEI NAL unit of its own.

The messages file holds one JSON object a line:
  {"at": 1.5, "message": "text"}            from 1.5 s on (needs a frame rate: --fps, or what the stream says)
  {"at": "37f", "message": {"score": 3}}    from access unit 37 on, the first being 0
  {"frame": 37, "message": [1, 2]}          the same
  {"at": 2, "base64": "AAEC", "uuid": "9e504ea5-ee5a-4f02-949f-b033a3768da2"}
  {"presentationTimeMs": 2040, "message": "as extract has told it"}
A string is sent as its UTF-8 bytes, any other JSON value as compact JSON. In a
container the message goes into the first picture that is shown at its time or
behind it; time counts from 0 on the timeline of the file, in MPEG-TS from the
first picture. In a byte stream time runs in decoding order. An access unit
without a picture gets nothing: the message goes into the next picture. A
fragmented MP4 stays fragmented, and MP4 under the name of a MOV, or the other
way round, stays what it is.

Exit code 3 where messages are left whose place lies past the end; the output is
complete all the same.

Examples:
  $ h264-sei inject --message '{"title":"Concert"}' in.h264 out.h264
  $ h264-sei inject --messages cues.jsonl --fps 25 in.h264 out.h264
  $ ffmpeg -i in.mp4 -c copy -bsf:v h264_mp4toannexb -f h264 - | h264-sei inject --message hi --every 25 - > out.h264`;

/** The command that puts messages in. */
export function injectCommand(context: Context): Command {
  return addStreamOptions(
    addTrackOption(new Command('inject'), 'into this H.264 track (default: the first one)')
      .description('put messages into H.264 video as SEI user_data_unregistered')
      .argument('<input>', INPUT)
      .argument('[output]', 'file, - for stdout', '-')
      .option('-m, --message <text>', 'a message, sent as its exact UTF-8 bytes; may be repeated', repeatable(String))
      .option('--messages <file.jsonl>', 'messages with a place of their own, - for stdin')
      .option('--every <n>', 'each --message into every nth picture', integerArgument(1))
      .option('--fps <rate>', 'frames a second, such as 25 or 30000/1001', frameRateArgument)
      .option('--uuid <uuid>', 'uuid_iso_iec_11578 of the messages', uuidArgument, DEFAULT_SEI_UUID),
  )
    .addHelpText('after', HELP)
    .action((input: string, output: string, options: InjectCommandOptions) => run(input, output, options, context));
}
