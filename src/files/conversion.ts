/** No file is converted from one container into another: what FFmpeg does is told instead. */
import { unsupported } from '../containers/edits.js';
import type { Container } from '../containers/file-kind.js';

const EXTENSIONS: Readonly<Record<string, Container>> = {
  '.mp4': 'mp4',
  '.m4v': 'mp4',
  '.mov': 'mp4',
  '.qt': 'mp4',
  '.cmfv': 'mp4',
  '.mkv': 'matroska',
  '.mk3d': 'matroska',
  '.ts': 'mpegts',
  '.mts': 'mpegts',
  '.m2ts': 'mpegts',
  '.h264': 'annexb',
  '.264': 'annexb',
  '.avc': 'annexb',
  '.jsv': 'annexb',
};

/** Those of containers that are not written here: what is in such a file has to be what its name says. */
const FOREIGN_EXTENSIONS = new Set('.avi .flv .f4v .m3u8 .mpd .mpeg .mpg .ogg .ogv .webm .wmv'.split(' '));

const NAMES: Readonly<Record<Container, string>> = {
  annexb: 'an H.264 byte stream',
  mp4: 'MP4',
  matroska: 'Matroska',
  mpegts: 'MPEG-TS',
};

/** A path as FFmpeg and a shell take it for one, whatever is in it. */
function quoted(path: string): string {
  // A colon would end the name of a protocol, a dash begin an option.
  const safe = path !== '-' && /^[^/]*:|^-/.test(path) ? `./${path}` : path;
  return /^[\w./:@+,=-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}

/** The command of FFmpeg that copies all tracks of a file into another container. */
function ffmpegLine(source: string, container: Container, target: string): string {
  // A byte stream has no times: FFmpeg makes some.
  const input = container === 'annexb' ? '-fflags +genpts ' : '';
  const map = EXTENSIONS[extensionOf(target)] === 'annexb' ? '0:v:0' : '0';
  return `ffmpeg ${input}-i ${quoted(source)} -map ${map} -c copy ${quoted(target)}`;
}

function extensionOf(path: string): string {
  return /\.[^./\\]*$/.exec(path)?.[0].toLowerCase() ?? '';
}

/**
 * Checks that a file that is written has the container that its name says.
 *
 * @param source how messages call the source
 * @param container the container of the source, which the new file has too
 * @param targetPath where the new file is written
 * @param sourcePath the source for FFmpeg; `-` for stdin
 * @throws {SeiError} ERR_SEI_UNSUPPORTED_FILE if the name says another one; the message has the command that converts
 */
export function checkNoConversion(
  source: string,
  container: Container,
  targetPath: string,
  sourcePath: string = source,
): void {
  const extension = extensionOf(targetPath);
  const what = `${source} is ${NAMES[container]}, and ${targetPath}`;
  if (FOREIGN_EXTENSIONS.has(extension))
    throw unsupported(`${what} has the name of a container that is not written here`);
  const wanted = EXTENSIONS[extension] as Container | undefined;
  if (wanted === undefined || wanted === container) return;
  throw unsupported(
    `${what} has the name of ${NAMES[wanted]}. Containers are not converted here. Use: ` +
      ffmpegLine(sourcePath, container, targetPath),
  );
}
