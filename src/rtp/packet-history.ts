import { writeSequenceNumber } from './rtp-packet.js';

/**
 * Packets that nobody else has, for receivers that ask for them again: own copies, of which the oldest give way to the
 * newest.
 */
export class PacketHistory {
  readonly #maxPackets: number;
  readonly #maxBytes: number;
  /** By output position, the first that came first. */
  readonly #packets = new Map<number, Uint8Array>();
  #bytes = 0;

  /**
   * @param maxPackets the most packets
   * @param maxBytes the most bytes of all packets
   */
  constructor(maxPackets: number, maxBytes: number) {
    this.#maxPackets = maxPackets;
    this.#maxBytes = maxBytes;
  }

  /** Bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many packets there are. */
  get size(): number {
    return this.#packets.size;
  }

  /**
   * Copies a packet that goes out; one that is larger than all may be is left out.
   *
   * @param position its output position, the low 16 bits of which the copy gets as its sequence number; added once
   * @param packet is only read
   */
  add(position: number, packet: Uint8Array): void {
    const { length } = packet;
    if (length > this.#maxBytes || this.#maxPackets === 0) return;
    for (const [oldest, { length: freed }] of this.#packets) {
      if (this.#packets.size < this.#maxPackets && this.#bytes + length <= this.#maxBytes) break;
      this.#packets.delete(oldest);
      this.#bytes -= freed;
    }
    // Of its own ArrayBuffer: a slice of Node's pool would keep all of that alive.
    const copy = new Uint8Array(packet);
    writeSequenceNumber(copy, position);
    this.#packets.set(position, copy);
    this.#bytes += length;
  }

  /** The packet at an output position, the memory of the history: who hands it out copies it. */
  get(position: number): Uint8Array | undefined {
    return this.#packets.get(position);
  }
}
