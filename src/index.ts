/**
 * Metadata inside live H.264 video: SEI user_data_unregistered messages in, and out again.
 *
 * @module
 */
export { SeiError, type SeiErrorCode } from './errors.js';
export { backendInfo, type BackendInfo } from './backend/select.js';

export { MAX_ACCESS_UNIT_SIZE } from './codec/access-unit-splitter.js';
export { DEFAULT_MAX_RTP_PAYLOAD_SIZE } from './codec/rtp-payload.js';
export { type H264Format } from './codec/framing.js';
export {
  type AvcDecoderConfigurationRecord,
  type LengthSize,
  parseAvcDecoderConfigurationRecord,
} from './codec/length-prefixed.js';
export { MAX_FRAME_SIZE, MAX_USER_DATA_SIZE } from './codec/limits.js';
export { MAX_SEI_MESSAGES_PER_FRAME } from './codec/sei-extraction.js';
export { DEFAULT_SEI_UUID, IVS_SEI_UUID } from './codec/uuid.js';

export { AccessUnitSplitter, type AccessUnitSplitterOptions } from './frame/access-unit-splitter.js';
export { type FramingOptions, type InjectOptions } from './frame/arguments.js';
export {
  type ToLengthPrefixedOptions,
  scanNalUnits,
  splitNalUnits,
  toAnnexB,
  toLengthPrefixed,
} from './frame/convert.js';
export { type FormatDetection, type RtpPacketType, detectH264Format } from './frame/detect.js';
export { type ExtractOptions, type SeiMessage, extractSei } from './frame/extract.js';
export { injectSei, injectSeiInto, injectSeiParts } from './frame/inject.js';
export { type SeiNalUnitOptions, createSeiNalUnit, escapeRbsp, unescapeRbsp } from './frame/sei-nal-unit.js';
export { type StripOptions, stripSei } from './frame/strip.js';
