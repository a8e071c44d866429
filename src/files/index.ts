/**
 * Metadata in media files: MP4, fragmented MP4, MOV, Matroska, MPEG-TS and H.264 byte streams.
 *
 * @module
 */
export { type BytesInput, type ByteSource, type FileSource } from '../containers/byte-source.js';
export {
  type FileMessageInput,
  type FileResult,
  type InjectFileOptions,
  type StripFileOptions,
  injectIntoFile,
  stripFile,
} from './change.js';
export { MAX_TOP_LEVEL_BOXES } from '../containers/isobmff-boxes.js';
export { MAX_FILE_SAMPLES } from '../containers/isobmff-movie.js';
export { MAX_BOX_SIZE } from '../containers/isobmff-file.js';
export { MAX_INDEX_SIZE } from '../containers/matroska-walk.js';
export { type FilePacket, type FileTrack } from '../containers/packet.js';
export { MAX_SLICES_PER_PICTURE, type PictureType } from './picture-type.js';
export {
  type ExtractFileOptions,
  type FileFrame,
  type FileMessage,
  type ReadOptions,
  extractMessages,
  readFrames,
  readPackets,
} from './read.js';
export { type FileTarget } from './target.js';
export { MAX_HELD_STREAM_SIZE } from '../containers/transport-rewrite.js';
export { MAX_PES_SIZE, MAX_TABLE_ENTRIES } from '../containers/transport-stream.js';
