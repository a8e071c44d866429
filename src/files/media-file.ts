import type { ByteSource } from '../containers/byte-source.js';
import { HEAD_LENGTH, containerOf, fileKindOf } from '../containers/file-kind.js';
import { IsobmffFile } from '../containers/isobmff-file.js';
import { openMatroska } from '../containers/matroska-file.js';
import type { MediaFile } from '../containers/packet.js';
import { openTransportStream } from '../containers/transport-file.js';
import { SeiError } from '../errors.js';
import { byteStreamFile } from './byte-stream.js';

/**
 * Opens a media file.
 *
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE, ERR_SEI_UNSUPPORTED_FILE
 */
export async function openMediaFile(source: ByteSource): Promise<MediaFile> {
  const head = await source.read(0, Math.min(HEAD_LENGTH, source.size));
  if (head.length === 0) throw new SeiError('ERR_SEI_UNREADABLE_FILE', 'the file is empty');
  switch (containerOf(head)) {
    case 'annexb':
      return byteStreamFile(source);
    case 'mpegts':
      return openTransportStream(source, head);
    case 'mp4':
      return IsobmffFile.open(source);
    case 'matroska':
      return openMatroska(source);
    case undefined: {
      const what = fileKindOf(head)?.what ?? 'neither MP4, Matroska, MPEG-TS nor an H.264 byte stream';
      throw new SeiError('ERR_SEI_UNREADABLE_FILE', `the file is ${what}`);
    }
  }
}
