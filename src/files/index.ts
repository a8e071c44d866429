/**
 * Metadata in media files: MP4, fragmented MP4, MOV, Matroska, MPEG-TS and H.264 byte streams.
 *
 * @module
 */
export { type BytesInput, type ByteSource, type FileSource } from '../containers/byte-source.js';
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
export { type FilePacket } from '../containers/packet.js';
export { type PictureType } from '../frame/picture-type.js';
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
