/** No file is converted from one container into another: what FFmpeg does is told instead. */
import { unsupported } from '../containers/edits.js';
import type { Container } from '../containers/file-kind.js';

const EXTENSIONS: Readonly<Record<Container, string>> = {
  annexb: '.h264 .264 .avc .jsv',
  mp4: '.mp4 .m4v .mov .qt .cmfv',
  matroska: '.mkv .mk3d',
  mpegts: '.ts .mts .m2ts',
};

/** Those of containers that are not written here: what is in such a file has to be what its name says. */
const FOREIGN_EXTENSIONS = '.avi .flv .f4v .m3u8 .mpd .mpeg .mpg .ogg .ogv .webm .wmv';

const NAMES: Readonly<Record<Container, string>> = {
  annexb: 'an H.264 byte stream',
  mp4: 'MP4',
  matroska: 'Matroska',
  mpegts: 'MPEG-TS',
};

/** A path for FFmpeg and a shell: a colon would end the name of a protocol, a dash begin an option. */
function quoted(path: string): string {
  const safe = path !== '-' && /^[^/]*:|^-/.test(path) ? `./${path}` : path;
  return /^[\w./:@+,=-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}

/**
 * Checks that a file that is written has the container that its name says.
 *
 * @param source how messages call the source
 * @param container the container of the source, which the new file has too
 * @param sourcePath the source for FFmpeg; `-` for stdin
 * @throws {SeiError} ERR_SEI_UNSUPPORTED_FILE if the name says another one; the message has the command that converts
 */
export function checkNoConversion(
  source: string,
  container: Container,
  targetPath: string,
  sourcePath: string = source,
): void {
  const extension = /\.[^./\\]*$/.exec(targetPath)?.[0].toLowerCase() ?? '';
  const has = (extensions: string) => extensions.split(' ').includes(extension);
  const what = `${source} is ${NAMES[container]}, and ${targetPath} has the name of`;
  if (has(FOREIGN_EXTENSIONS)) throw unsupported(`${what} a container that is not written here`);
  const wanted = (Object.keys(EXTENSIONS) as Container[]).find((each) => has(EXTENSIONS[each]));
  if (wanted === undefined || wanted === container) return;
  // A byte stream has no times: FFmpeg makes some.
  const input = container === 'annexb' ? '-fflags +genpts ' : '';
  const map = wanted === 'annexb' ? '0:v:0' : '0';
  throw unsupported(
    `${what} ${NAMES[wanted]}. Containers are not converted here. Use: ` +
      `ffmpeg ${input}-i ${quoted(sourcePath)} -map ${map} -c copy ${quoted(targetPath)}`,
  );
}
