/** A peer connection between this page and werift: it sends its picture, and plays what comes back. */
import {
  Side,
  inboundStats,
  movingPicture,
  numbersFrom,
  play,
  preferH264,
  publishNumbered,
  publisherOf,
  until,
} from './peers.js';
import type { Messages, WeriftPageResult } from '../results.js';

/** What the other side does; answers in the program that runs the page. */
declare function answerOf(offer: string): Promise<string>;
declare function publishThere(): Promise<void>;

/** Runs it once. */
async function withWerift(messages: Messages): Promise<WeriftPageResult> {
  const peer = new RTCPeerConnection();
  const [sender, receiver] = [new Side({ side: 'sender' }), new Side({ side: 'receiver' })];
  const numbers: number[] = numbersFrom(receiver);
  const transceiver = peer.addTransceiver(movingPicture(), { direction: 'sendrecv' });
  preferH264(transceiver);
  sender.attach(transceiver.sender, true);
  receiver.attach(transceiver.receiver, true);
  void play(transceiver.receiver.track);
  await peer.setLocalDescription();
  await until(() => peer.iceGatheringState === 'complete');
  await peer.setRemoteDescription({ type: 'answer', sdp: await answerOf(peer.localDescription!.sdp) });
  const decoded = async (): Promise<number> => Number((await inboundStats(peer))['framesDecoded'] ?? 0);
  await until(async () => (await decoded()) >= 10);
  const outcomes = await publishNumbered(publisherOf(sender), messages);
  await publishThere();
  // What was published here comes back as well: the other side sends on what it receives.
  await until(() => numbers.length >= 2 * messages.count);
  const before = await decoded();
  await until(async () => (await decoded()) >= before + 10);
  return { outcomes, numbers, inbound: await inboundStats(peer), receiving: await receiver.stats() };
}

Object.assign(globalThis, { withWerift });
