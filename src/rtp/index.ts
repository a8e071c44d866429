/**
 * Metadata in H.264 over RTP, without a frame and without a decoder: RFC 3550, RFC 6184 with packetization-mode 0 and 1,
 * RFC 8285. Packets are taken and given as they are before SRTP.
 *
 * @module
 */
export {
  RtpAccessUnit,
  RtpDepacketizer,
  type RtpDepacketizerOptions,
  type RtpDepacketizerStats,
} from './depacketizer.js';
export {
  type HeaderExtensionElement,
  HeaderExtensionProfile,
  parseHeaderExtension,
  serializeHeaderExtension,
} from './header-extension.js';
export {
  DEFAULT_MAX_RTP_PACKET_SIZE,
  MAX_RTP_PACKET_SIZE,
  MIN_RTP_PACKET_SIZE,
  type PacketizeOptions,
  RtpPacketizer,
  type RtpPacketizerOptions,
} from './packetizer.js';
export { type PacketizationMode } from './payload-writer.js';
export {
  DEFAULT_REORDER_WINDOW_MS,
  DEFAULT_REORDER_WINDOW_PACKETS,
  type ReorderOptions,
  type ReorderStats,
} from './reorder-buffer.js';
export { RtpPacket, type RtpPacketFields, createRtpPacket, parseRtpPacket } from './rtp-packet.js';
export { RtpSeiExtractor, type RtpSeiExtractorOptions, type RtpSeiExtractorStats } from './rtp-sei-extractor.js';
export {
  type AddedRtpPacket,
  type HeaderExtensionIds,
  type PacketHistoryOptions,
  type RtpSeiInjectorOptions,
} from './injection-settings.js';
export type { InjectionCounts } from './injection-stream.js';
export { RtpSeiInjector, type RtpSeiInjectorStats } from './rtp-sei-injector.js';
