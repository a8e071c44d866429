/**
 * The frames of WebRTC encoded transform (W3C webrtc-encoded-transform): `RTCEncodedVideoFrame`, as scripts see it in a
 * worker's `onrtctransform` and at `createEncodedStreams()` of older Chrome.
 */

/** What is used of the metadata of a frame; which of it there is depends on the browser. */
export interface EncodedFrameMetadata {
  /** The SSRC of the stream of packets: each simulcast layer has one of its own (RFC 3550 5.1). */
  readonly synchronizationSource?: number | undefined;
  /** The name of the simulcast layer (RFC 8851). */
  readonly rid?: string | undefined;
  /** The number of the spatial layer. */
  readonly spatialIndex?: number | undefined;
  /** Such as `video/H264`. */
  readonly mimeType?: string | undefined;
  /** The RTP timestamp, at 90 kHz (RFC 6184 8.1). */
  readonly rtpTimestamp?: number | undefined;
}

/** What is used of a `RTCEncodedVideoFrame`. */
export interface EncodedVideoFrame {
  /** The bytes: an access unit as a byte stream (H.264 Annex B), where the codec is H.264. */
  data: ArrayBuffer;
  /** The RTP timestamp, at 90 kHz, where the metadata have none. */
  readonly timestamp?: number | undefined;
  /** Answers what is known of the frame. */
  getMetadata(): EncodedFrameMetadata;
}

/** The RTP timestamp of a frame; undefined where it has none. */
export function rtpTimestampOf(frame: EncodedVideoFrame, metadata: EncodedFrameMetadata): number | undefined {
  const timestamp = metadata.rtpTimestamp ?? frame.timestamp;
  return Number.isFinite(timestamp) ? timestamp : undefined;
}

/** Whether a frame may be H.264: it says so, or does not say what it is. */
export function mayBeH264({ mimeType }: EncodedFrameMetadata): boolean {
  return typeof mimeType !== 'string' || mimeType.toLowerCase() === 'video/h264';
}

/** Gives a frame other bytes. */
export function setFrameData(frame: EncodedVideoFrame, bytes: Uint8Array): void {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  frame.data = (isWhole ? bytes : bytes.slice()).buffer as ArrayBuffer;
}
