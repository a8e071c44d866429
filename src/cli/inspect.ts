import { basename } from 'node:path';
import { Command } from 'commander';
import { NalUnitCursor } from '../codec/nal-unit-cursor.js';
import { NalUnitType, nalUnitType } from '../codec/nal-unit.js';
import { type FramingOptions, framingHint } from '../frame/arguments.js';
import { type SeiMessage, extractSei } from '../frame/extract.js';
import { type AccessUnit, accessUnitBatches } from './access-units.js';
import { type BoundCounts, countMessages, warnOfBounds } from './bounds.js';
import type { Context } from './context.js';
import { CliError, ExitCode } from './failure.js';
import type { ReportCounts } from './html-report/frame-row.js';
import { byteStreamFrames, trackFrames } from './html-report/frame-source.js';
import { writeHtmlReport } from './html-report/write.js';
import { LineBatch, jsonLine } from './json-lines.js';
import { nalUnitTypeName, seiPayloadTypeName } from './names.js';
import type { Media } from './media.js';
import { INPUT, addStreamOptions, addTrackOption, frameRateArgument } from './options.js';
import { counted, report } from './report.js';
import { type StreamOptions, type Transformation, checkWhole, transformStream } from './transform.js';
import { packageVersion } from './version.js';

interface InspectCommandOptions extends StreamOptions {
  readonly json?: boolean;
  readonly track?: number;
  readonly html?: string;
  readonly fps?: number;
}

/** What an inspection has seen. */
export interface InspectionCounts extends BoundCounts {
  /** Access units. */
  accessUnits: number;
  /** NAL units. */
  nalUnits: number;
  /** SEI messages. */
  messages: number;
}

/** One NAL unit of a byte stream. */
export interface InspectedNalUnit {
  /** Number of its access unit, from 0 on. */
  readonly accessUnit: number;
  /** When its picture is shown, in milliseconds, where a container says it. */
  readonly presentationTimeMs?: number;
  /** Where it begins in the stream, or in its sample of a container, behind its start code or length, in bytes. */
  readonly offset: number;
  /** Its bytes, without start code and without the zeros behind it; where `isCut`, those that were looked at. */
  readonly size: number;
  /** Whether it reaches the place where its access unit, one above {@link MAX_ACCESS_UNIT_SIZE}, is cut. */
  readonly isCut: boolean;
  /** nal_unit_type. */
  readonly nalUnitType: number;
  /** nal_ref_idc. */
  readonly nalRefIdc: number;
  /** The messages of a SEI NAL unit. */
  readonly messages?: readonly SeiMessage[];
}

/** Makes text of NAL units. */
export interface InspectionFormat {
  /** What stands in front of the first one. */
  readonly header: string;
  /** The lines of one. */
  format(nalUnit: InspectedNalUnit): string;
  /** The line that says that the file ends before its container says. */
  readonly truncated: string;
}

const ANNEX_B = { format: 'annexb' } as const;

/** Characters of a message that are shown in the table. */
const PREVIEW_LENGTH = 60;

const COLUMNS = [12, 12, 10, 4] as const;

function row(cells: readonly (string | number)[], rest: string): string {
  return `${cells.map((cell, i) => String(cell).padEnd(COLUMNS[i])).join('')}${rest}\n`;
}

function previewOf({ payload }: SeiMessage): string {
  // As a stream, so that a character that is cut at the end is left out.
  const text = new TextDecoder().decode(payload.subarray(0, 4 * PREVIEW_LENGTH), { stream: true });
  const shown = text.slice(0, PREVIEW_LENGTH);
  const more = text.length > PREVIEW_LENGTH ? '…' : '';
  return shown.includes('\uFFFD') ? '(binary)' : `${jsonLine([shown]).slice(1, -2)}${more}`;
}

/** A table for people. */
export const tableFormat: InspectionFormat = {
  header: row(['access unit', 'offset', 'size', 'ref'], 'nal_unit_type'),
  truncated: 'truncated: the file ends here\n',
  format({ accessUnit, offset, size, isCut, nalUnitType: type, nalRefIdc, messages = [] }) {
    const lines = messages.map((message) => {
      const { payloadType, uuid, payload } = message;
      const name = `${payloadType} ${seiPayloadTypeName(payloadType)}`;
      const content = uuid === undefined ? '' : ` ${uuid} ${previewOf(message)}`;
      return row(['', '', payload.length, ''], `  ${name}${content}`);
    });
    const cut = isCut ? ' (cut: goes on behind this size)' : '';
    return row([accessUnit, offset, size, nalRefIdc], `${type} ${nalUnitTypeName(type)}${cut}`) + lines.join('');
  },
};

/** JSON Lines for programs. */
export const jsonFormat: InspectionFormat = {
  header: '',
  truncated: jsonLine({ truncated: true }),
  format({ messages, isCut, ...nalUnit }) {
    return jsonLine({
      ...nalUnit,
      ...(isCut && { isCut }),
      name: nalUnitTypeName(nalUnit.nalUnitType),
      ...(messages !== undefined && {
        messages: messages.map(({ payloadType, uuid, payload }) => ({
          payloadType,
          name: seiPayloadTypeName(payloadType),
          ...(uuid !== undefined && { uuid }),
          size: payload.length,
        })),
      }),
    });
  },
};

function messagesByNalUnit(
  accessUnit: Uint8Array,
  framing: FramingOptions,
  counts: BoundCounts,
): ReadonlyMap<number, SeiMessage[]> {
  const byOffset = new Map<number, SeiMessage[]>();
  const messages = extractSei(accessUnit, framing);
  countMessages(messages.length, counts);
  for (const message of messages) {
    const others = byOffset.get(message.nalUnitOffset);
    if (others === undefined) byOffset.set(message.nalUnitOffset, [message]);
    else others.push(message);
  }
  return byOffset;
}

/** The NAL units of an access unit, one at a time: hostile bytes hold millions. */
function* nalUnitsOf(
  { index, offset, data, isCut }: Omit<AccessUnit, 'isContinuation'>,
  framing: FramingOptions,
  counts: BoundCounts,
): Generator<InspectedNalUnit> {
  const messages = messagesByNalUnit(data, framing, counts);
  const cursor = new NalUnitCursor(data, framingHint(framing));
  while (cursor.next()) {
    const header = data[cursor.start];
    const type = nalUnitType(header);
    yield {
      accessUnit: index,
      offset: offset + cursor.start,
      size: cursor.end - cursor.start,
      isCut: isCut && cursor.position === data.length,
      nalUnitType: type,
      nalRefIdc: (header >> 5) & 3,
      ...(type === NalUnitType.sei && { messages: messages.get(cursor.start) ?? [] }),
    };
  }
}

/**
 * Describes the NAL units of a byte stream.
 *
 * @param source the chunks of an Annex B byte stream
 * @param format makes text of them
 * @param counts brought up to date with each NAL unit
 * @returns the text (H.264 7.3.1, Table 7-1)
 */
export async function* inspectNalUnits(
  source: AsyncIterable<Uint8Array>,
  format: InspectionFormat,
  counts: InspectionCounts,
): AsyncGenerator<string> {
  const batch = new LineBatch();
  batch.add(format.header);
  for await (const accessUnits of accessUnitBatches(source, counts)) {
    for (const accessUnit of accessUnits) {
      counts.accessUnits = accessUnit.index + 1;
      for (const nalUnit of nalUnitsOf(accessUnit, ANNEX_B, counts)) {
        counts.nalUnits++;
        counts.messages += nalUnit.messages?.length ?? 0;
        if (batch.add(format.format(nalUnit))) yield batch.take();
      }
    }
    const text = batch.take();
    if (text !== '') yield text;
  }
}

/** Describes the NAL units of a track of a container. */
async function* inspectMedia(
  media: Media,
  track: number | undefined,
  format: InspectionFormat,
  counts: InspectionCounts,
): AsyncGenerator<string> {
  const batch = new LineBatch();
  batch.add(format.header);
  for await (const { index, presentationTimeMs, data, framing } of media.packets(track)) {
    counts.accessUnits = index + 1;
    const time =
      presentationTimeMs === undefined ? {} : { presentationTimeMs: Math.round(presentationTimeMs * 1000) / 1000 };
    for (const nalUnit of nalUnitsOf({ index, offset: 0, data, isCut: false }, framing, counts)) {
      counts.nalUnits++;
      counts.messages += nalUnit.messages?.length ?? 0;
      if (batch.add(format.format({ ...nalUnit, ...time }))) yield batch.take();
    }
  }
  if (media.truncated) batch.add(format.truncated);
  const text = batch.take();
  if (text !== '') yield text;
}

function checkUsage(output: string, { json, html, fps }: InspectCommandOptions): void {
  const usage = (problem: string) => new CliError(problem, ExitCode.usage);
  if (html === undefined && fps !== undefined)
    throw usage('--fps gives the frames of a report their times; give --html');
  if (html === undefined) return;
  if (json === true) throw usage('--json and --html are two kinds of output; give one');
  if (output !== '-') throw usage(`the report goes to ${html}; leave ${output} out`);
}

function transformationOf(input: string, options: InspectCommandOptions, counts: ReportCounts): Transformation {
  const { html, fps, json, track } = options;
  if (html === undefined) {
    const format = json === true ? jsonFormat : tableFormat;
    return {
      isVideo: false,
      run: (source) => inspectNalUnits(source, format, counts),
      runMedia: (media) => inspectMedia(media, track, format, counts),
    };
  }
  const origin = { name: input === '-' ? 'stdin' : basename(input), generator: `h264-sei ${packageVersion()}` };
  return {
    isVideo: false,
    run: (source) => writeHtmlReport(byteStreamFrames(source, fps, counts), origin, counts),
    runMedia: (media) => writeHtmlReport(trackFrames(media.packets(track)), origin, counts),
  };
}

async function run(input: string, output: string, options: InspectCommandOptions, context: Context): Promise<void> {
  checkUsage(output, options);
  const counts = { accessUnits: 0, nalUnits: 0, messages: 0, size: 0, seiBytes: 0, cut: 0, overfull: 0 };
  const transformation = transformationOf(input, options, counts);
  const outcome = await transformStream(input, options.html ?? output, context, options, transformation);
  const { accessUnits, nalUnits, messages } = counts;
  const seen = [counted(accessUnits, 'access unit'), counted(nalUnits, 'NAL unit'), counted(messages, 'SEI message')];
  report(seen.join(', '), context, options);
  warnOfBounds(counts, context);
  checkWhole(outcome, input);
}

const HELP = `
An offset is that of a NAL unit behind its start code, in bytes; in a container,
of the NAL unit in its sample. With --json there is one object a line for each
NAL unit: accessUnit, presentationTimeMs (of a container), offset, size,
nalUnitType, nalRefIdc, name and, for SEI, messages (payloadType, name, uuid,
size). An access unit above 16 MiB is looked at in pieces: a NAL unit that
reaches into the next one is listed as cut (isCut), with the bytes of the piece
in which it begins. If the file ends before its container says, the last line is
{"truncated":true}, and the exit code is 4.

With --html there is one page instead, which any browser opens and which loads
nothing: a timeline of the frames with their types, sizes and messages, to
search and filter, and each NAL unit and message in full. A payload above 4 KiB
is cut there. Times are those of the container; of a byte stream they come from
--fps, or from what the stream says.

Examples:
  $ h264-sei inspect in.h264 | less
  $ h264-sei inspect --html report.html in.h264
  $ h264-sei inspect --json in.h264 | jq 'select(.nalUnitType == 6)'`;

/** The command that shows what a stream is made of. */
export function inspectCommand(context: Context): Command {
  return addStreamOptions(
    addTrackOption(new Command('inspect'), 'of this H.264 track (default: the first one)')
      .description('list the NAL units, access units and SEI messages of H.264 video')
      .argument('<input>', INPUT)
      .argument('[output]', 'file, - for stdout', '-')
      .option('--json', 'JSON Lines instead of a table')
      .option('--html <report.html>', 'a page to look at instead of a table, - for stdout')
      .option(
        '--fps <rate>',
        'for --html, of a byte stream: frames a second, such as 25 or 30000/1001',
        frameRateArgument,
      ),
  )
    .addHelpText('after', HELP)
    .action((input: string, output: string, options: InspectCommandOptions) => run(input, output, options, context));
}
