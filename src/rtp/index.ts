/**
 * Metadata in H.264 over RTP, without a frame and without a decoder: RFC 3550, RFC 6184 with packetization-mode 0 and 1,
 * RFC 8285. Packets are taken and given as they are before SRTP.
 *
 * @module
 */
export {
  MAX_NAL_UNITS_PER_ACCESS_UNIT,
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
  LATE_PACKETS_TO_RESTART,
  MAX_REORDER_BYTES,
  MAX_REORDER_WINDOW_MS,
  MAX_REORDER_WINDOW_PACKETS,
  MAX_SEQUENCE_NUMBER_GAP,
  type ReorderOptions,
  type ReorderStats,
} from './reorder-buffer.js';
export {
  MAX_CSRC_COUNT,
  RTP_HEADER_LENGTH,
  RtpPacket,
  type RtpPacketFields,
  createRtpPacket,
  parseRtpPacket,
} from './rtp-packet.js';
export {
  DEFAULT_MAX_RTP_SOURCES,
  MAX_FRAGMENTED_SEI_SIZE,
  MAX_RTP_SOURCES,
  RtpSeiExtractor,
  type RtpSeiExtractorOptions,
  type RtpSeiExtractorStats,
} from './rtp-sei-extractor.js';
export {
  type AddedRtpPacket,
  DEFAULT_HISTORY_BYTES,
  DEFAULT_HISTORY_PACKETS,
  type HeaderExtensionIds,
  MAX_HISTORY_BYTES,
  MAX_HISTORY_PACKETS,
  type PacketHistoryOptions,
  type RtpSeiInjectorOptions,
} from './injection-settings.js';
export type { InjectionCounts } from './injection-stream.js';
export {
  MAX_INJECTED_SOURCES,
  MAX_REMEMBERED_SOURCES,
  PACKETS_TO_SILENCE,
  RtpSeiInjector,
  type RtpSeiInjectorStats,
} from './rtp-sei-injector.js';
export { MAX_MISORDER, SEQUENCE_WINDOW } from './sequence-mapping.js';
export { TIMESTAMP_JUMP_MS } from './source-clock.js';
