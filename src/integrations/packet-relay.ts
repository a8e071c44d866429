/** What a patched encoder does, for hosts that have none to patch: they hand their packets over one by one. */
import { type H264EncoderPatchOptions, patchH264Encoder } from '../patch/encoder-patch.js';

/** The packets of one track pass through it. */
export interface PacketRelay<Packet> {
  /** Answers the packet with what is due in it; it never throws. */
  pass(packet: Packet): Packet;
  /** Ends the track; further packets pass as they are. */
  close(): void;
}

/**
 * Makes a relay for one track.
 *
 * @param options those of {@link patchH264Encoder}, of which it has all that concerns packets
 * @throws as {@link patchH264Encoder} does
 */
export function createPacketRelay<Packet extends object>(
  options: Omit<H264EncoderPatchOptions<Packet>, 'methods' | 'closeMethods'>,
): PacketRelay<Packet> {
  const encoder = { answer: (packet: Packet): Packet => packet };
  const patch = patchH264Encoder<Packet>(encoder, { ...options, methods: 'answer', closeMethods: [] });
  return {
    pass: (packet) => encoder.answer(packet),
    close: () => {
      patch.close();
    },
  };
}
