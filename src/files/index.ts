/**
 * Metadata in media files: MP4, fragmented MP4, MOV, Matroska, MPEG-TS and H.264 byte streams.
 *
 * @module
 */
export { type BytesInput, type ByteSource } from './byte-source.js';
export { type FileSource } from './node-source.js';
export { type FilePacket, type FileTrack } from './packet.js';
export { type PictureType } from './picture-type.js';
export { type FileFrame, type ReadOptions, readFrames, readPackets } from './read.js';
