/**
 * Metadata in media files: MP4, fragmented MP4, MOV, Matroska, MPEG-TS and H.264 byte streams.
 *
 * @module
 */
export { type BytesInput, type ByteSource, type FileSource } from './byte-source.js';
export {
  type FileMessageContent,
  type FileMessageInput,
  type FilePlace,
  type FileResult,
  type FileTrackOption,
  type InjectFileOptions,
  type InjectMessagesOption,
  type InjectPublisherOption,
  type PlaceAtFrame,
  type PlaceInTime,
  type PlaceOnTimeline,
  type StripFileOptions,
  injectIntoFile,
  stripFile,
} from './change.js';
export { MAX_TOP_LEVEL_BOXES } from './isobmff-boxes.js';
export { MAX_FILE_SAMPLES } from './isobmff-movie.js';
export { MAX_BOX_SIZE } from './isobmff-rewrite.js';
export { MAX_INDEX_SIZE } from './matroska-rewrite.js';
export { type FilePacket, type FileTrack } from './packet.js';
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
export { MAX_HELD_STREAM_SIZE } from './transport-rewrite.js';
export { MAX_PES_SIZE, MAX_TABLE_ENTRIES } from './transport-stream.js';
