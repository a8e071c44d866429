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
export { MAX_SEI_MESSAGES_PER_FRAME } from './codec/results.js';
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
export {
  type SeiNalUnitOptions,
  type SeiPayload,
  createSei,
  createSeiNalUnit,
  escapeRbsp,
  unescapeRbsp,
} from './frame/sei-nal-unit.js';
export {
  type StripByFilter,
  type StripByPayloadType,
  type StripByUuid,
  type StripOptions,
  stripSei,
} from './frame/strip.js';

export { CONTENT_DEDUP_WINDOW_MS, DEDUP_WINDOW_MS } from './wire/copies.js';
export { type DeduplicatorOptions, MAX_DEDUP_ENTRIES } from './receive/deduplicator.js';
export { patchH264Decoder, type H264DecoderPatchOptions } from './patch/decoder-patch.js';
export { type SameBytes } from './codec/bytes.js';
export {
  type DiagnosticEvents,
  type DroppedDetails,
  type FailureDetails,
  type LengthDetails,
  type PatchNotAppliedDetails,
  type PublishedMessageDetails,
  type ReceivedMessageDetails,
  type TrackDetails,
  type InjectorEvents,
  type PublisherEvents,
  type SubscriberEvents,
  type DiagnosticListener,
  type DiagnosticSource,
  type SeiDiagnostic,
} from './diagnostics.js';
export {
  DEFAULT_CLOSE_METHODS,
  type FrameInjector,
  type H264EncoderPatchOptions,
  patchH264Encoder,
} from './patch/encoder-patch.js';
export { FRAGMENT_SEI_UUID, MAX_SPLIT_MESSAGE_SIZE, MIN_SPLIT_SIZE } from './wire/fragmentation.js';
export {
  getGlobalSeiPublisher,
  getGlobalSeiSubscriber,
  setGlobalSeiPublisher,
  setGlobalSeiSubscriber,
} from './patch/global.js';
export {
  type InjectFrameOptions,
  SeiInjector,
  type SeiInjectorOptions,
  type SeiInjectorStats,
} from './publish/injector.js';
export { logSeiMessage } from './receive/log.js';
export { SUBSCRIBER_BUFFER_SIZE } from './receive/message-buffer.js';
export { MAX_RETAINED_KEYS, type QueueFullPolicy } from './publish/message-queue.js';
export { type PatchHandle } from './patch/patch.js';
export { type Picture, type Selection } from './publish/picture-selection.js';
export {
  DEFAULT_PUBLISHER_LIMITS,
  IVS_PUBLISHER_LIMITS,
  type OversizePolicy,
  type PublisherLimits,
} from './publish/profiles.js';
export {
  type DeliveryOptions,
  type ExpiresAtOption,
  type ExpiresInOption,
  type ExpiryOptions,
  MAX_REPEAT_COUNT,
  type MessageOptions,
  type NoSource,
  type NumberedSource,
  type OptionalLimits,
  type PublishOptions,
  type SourceOptions,
  type SeiPublisherOptions,
} from './publish/publisher-options.js';
export { SeiPublisher, type SeiPublisherStats } from './publish/publisher.js';
export { type InjectedCopy, type InjectionOutcome, type InjectionReceipt } from './publish/queued-message.js';
export { ReceivedSeiMessage, type ReceivedSeiMessageData, type Reception } from './receive/received-message.js';
export { SeiSubscriber, type SubscriberStats } from './receive/subscriber.js';
export {
  type DedupKey,
  type DedupOptions,
  type MessageCallback,
  type ProcessOptions,
  type SeiSubscriberOptions,
} from './receive/subscriber-options.js';
export { MAX_MESSAGE_ID_LENGTH } from './wire/identity.js';
export { type SeiTicket } from './publish/ticket.js';
export { type EncodeUserDataOptions, encodeUserData } from './publish/user-data.js';
export { type TrackCursor, type TrackCursorOptions, type TrackCursorStats } from './publish/track-cursor.js';
