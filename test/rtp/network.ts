import { seededRandom } from '../support/messages.js';

/** What a network does to packets. */
export interface Disturbance {
  /** The share of the packets that are lost. */
  readonly loss?: number;
  /** The share of the packets that come later than they should. */
  readonly reordering?: number;
  /** How many packets overtake such a one at most. */
  readonly maxDelay?: number;
  /** The share of the packets that come twice. */
  readonly duplicates?: number;
  /** The same seed is the same network. */
  readonly seed: number;
}

/** What arrives of `packets`, in the order in which it does; the packets themselves are not changed. */
export function disturb<Packet>(packets: readonly Packet[], disturbance: Disturbance): Packet[] {
  const { loss = 0, reordering = 0, maxDelay = 8, duplicates = 0, seed } = disturbance;
  const random = seededRandom(seed);
  const arrivals: { packet: Packet; at: number }[] = [];
  const send = (packet: Packet, index: number) => {
    const delay = random() < reordering ? 1 + Math.floor(random() * maxDelay) : 0;
    arrivals.push({ packet, at: index + delay + (delay > 0 ? 0.5 : 0) });
  };
  packets.forEach((packet, index) => {
    if (random() >= loss) send(packet, index);
    if (random() < duplicates) send(packet, index);
  });
  return arrivals.sort((a, b) => a.at - b.at).map(({ packet }) => packet);
}
