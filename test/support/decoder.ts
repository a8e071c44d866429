import { createHash } from 'node:crypto';
import type { CodecContext, Frame, Packet } from 'node-av/lib';
import { expectSuccess, nodeAv, nodeAvTool } from './node-av.js';

/** A frame as FFmpeg's decoder puts it out. */
export interface DecodedFrame {
  /** MD5 of the cropped planes without padding, in hexadecimal: the value that `ffmpeg -f framemd5` prints. */
  readonly checksum: string;
  /**
   * One user_data_unregistered message of the frame, uuid_iso_iec_11578 first. FFmpeg keeps a list, node-av answers its
   * first entry only: an encoder's own message hides those behind it.
   */
  readonly userData?: Uint8Array;
}

/** Whether {@link decodeFrames} works on this machine, and if not, why. */
export function isDecoderAvailable(): { readonly available: boolean; readonly reason?: string } {
  const reason = nodeAvTool.missing();
  return reason === undefined ? { available: true } : { available: false, reason };
}

/**
 * Cuts a byte stream with FFmpeg's H.264 parser, fed in pieces as from a file. The parser goes by `first_mb_in_slice`,
 * so it is wrong about streams with arbitrary slice order, flexible macroblock ordering or redundant slices.
 *
 * @param annexB a whole byte stream (annex B)
 * @returns views into `annexB`, one for each of FFmpeg's packets; joined they are the stream
 */
export function splitWithFfmpegParser(annexB: Uint8Array): Promise<Uint8Array[]> {
  return Promise.resolve().then(() => {
    const { lib, constants } = nodeAv();
    // Readers of FFmpeg look ahead of the end they are told (AV_INPUT_BUFFER_PADDING_SIZE).
    const padded = Buffer.alloc(annexB.length + 64);
    padded.set(annexB);
    const context = new lib.CodecContext();
    context.allocContext3(lib.Codec.findDecoder(constants.AV_CODEC_ID_H264));
    const parser = new lib.CodecParser();
    parser.init(constants.AV_CODEC_ID_H264);
    const packet = new lib.Packet();
    packet.alloc();
    const units: Uint8Array[] = [];
    let start = 0;
    let fed = 0;
    try {
      for (;;) {
        const piece = padded.subarray(fed, Math.min(fed + 4096, annexB.length));
        const none = constants.AV_NOPTS_VALUE;
        fed += expectSuccess(parser.parse2(context, packet, piece, none, none, fed), 'parse');
        if (packet.size > 0) {
          units.push(annexB.subarray(start, start + packet.size));
          start += packet.size;
          packet.unref();
        } else if (piece.length === 0) {
          return units;
        }
      }
    } finally {
      packet.free();
      parser.close();
      context.freeContext();
    }
  });
}

function takeFrames(context: CodecContext, frame: Frame, frames: DecodedFrame[]): number {
  const { constants } = nodeAv();
  for (;;) {
    const code = context.receiveFrameSync(frame);
    if (code < 0) return code;
    const checksum = createHash('md5').update(frame.toBuffer()).digest('hex');
    const userData = frame.getSideData(constants.AV_FRAME_DATA_SEI_UNREGISTERED);
    frames.push(userData === null ? { checksum } : { checksum, userData: Uint8Array.from(userData) });
    frame.unref();
  }
}

function decodeAccessUnits(context: CodecContext, packet: Packet, frame: Frame, units: Uint8Array[]): DecodedFrame[] {
  const { constants } = nodeAv();
  const frames: DecodedFrame[] = [];
  units.forEach((unit, index) => {
    packet.data = Buffer.from(unit);
    expectSuccess(context.sendPacketSync(packet), `decode access unit ${index}`);
    packet.unref();
    const code = takeFrames(context, frame, frames);
    if (code !== constants.AVERROR_EAGAIN) expectSuccess(code, `frames of access unit ${index}`);
  });
  expectSuccess(context.sendPacketSync(null), 'flush');
  const code = takeFrames(context, frame, frames);
  if (code !== constants.AVERROR_EOF) expectSuccess(code, 'frames at the end');
  return frames;
}

/**
 * Decodes a whole byte stream with the decoder of FFmpeg that node-av brings.
 *
 * @param annexB a whole byte stream (annex B)
 * @returns its frames in output order, those included that come at the end of the stream only; a field pair is one
 *   frame
 * @throws Error where the decoder refuses an access unit: two streams that both fail to decode are not equal
 */
export async function decodeFrames(annexB: Uint8Array): Promise<DecodedFrame[]> {
  const { lib, constants } = nodeAv();
  const units = await splitWithFfmpegParser(annexB);
  const codec = lib.Codec.findDecoder(constants.AV_CODEC_ID_H264);
  const context = new lib.CodecContext();
  context.allocContext3(codec);
  context.threadCount = 1;
  const packet = new lib.Packet();
  packet.alloc();
  const frame = new lib.Frame();
  frame.alloc();
  try {
    expectSuccess(context.open2Sync(codec), 'open the decoder');
    return decodeAccessUnits(context, packet, frame, units);
  } finally {
    frame.free();
    packet.free();
    context.freeContext();
  }
}

/** The checksums of {@link decodeFrames}: equal lists mean that the same pixels come out in the same order. */
export async function decodeFrameChecksums(annexB: Uint8Array): Promise<string[]> {
  return (await decodeFrames(annexB)).map((frame) => frame.checksum);
}

/** The user data of {@link decodeFrames}, one entry for each frame, `undefined` for a frame without. */
export async function decodeSideData(annexB: Uint8Array): Promise<(Uint8Array | undefined)[]> {
  return (await decodeFrames(annexB)).map((frame) => frame.userData);
}
