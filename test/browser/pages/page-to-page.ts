/** One peer connection to another, in one page. */
import {
  Side,
  addH264,
  connect,
  inboundStats,
  movingPicture,
  numbersFrom,
  play,
  publishNumbered,
  publisherOf,
  until,
} from './peers.js';
import type { PageToPageOptions, PageToPageResult } from '../results.js';

/** Runs it once. */
export async function pageToPage(options: PageToPageOptions): Promise<PageToPageResult> {
  const { isScript, messages, publisher, strip, throws, maxFrameGrowth } = options;
  const isSupported = isScript ? 'RTCRtpScriptTransform' in self : 'createEncodedStreams' in RTCRtpSender.prototype;
  const nothing = { outcomes: [], numbers: [], sending: {}, receiving: {}, inbound: {}, decodedAfterwards: 0 };
  if (!isSupported) return { isSupported, ...nothing };

  // Of older Chrome, and in no type.
  const configuration: object = isScript ? {} : { encodedInsertableStreams: true };
  const offering = new RTCPeerConnection(configuration);
  const answering = new RTCPeerConnection(configuration);
  const sender = new Side({ side: 'sender', publisher, maxFrameGrowth });
  const receiver = new Side({ side: 'receiver', strip, throws });
  const numbers = numbersFrom(receiver);
  const track = movingPicture();
  sender.attach(addH264(offering, track).sender, isScript);
  answering.addEventListener('track', (event) => {
    receiver.attach(event.receiver, isScript);
    void play(event.track);
  });
  await connect(offering, answering);

  const decoded = async (): Promise<number> => Number((await inboundStats(answering))['framesDecoded'] ?? 0);
  await until(async () => (await decoded()) >= 10);
  const outcomes = await publishNumbered(publisherOf(sender), messages);
  await until(() => numbers.length >= messages.count);
  const before = await decoded();
  await until(async () => (await decoded()) >= before + 25);
  // What is on its way arrives: then every frame that came can be compared with those that were decoded.
  track.stop();
  let latest = -1;
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await decoded();
    const isQuiet = now === latest;
    latest = now;
    return isQuiet;
  });
  const result = {
    isSupported,
    outcomes,
    numbers,
    sending: await sender.stats(),
    receiving: await receiver.stats(),
    inbound: await inboundStats(answering),
    decodedAfterwards: latest - before,
  };
  offering.close();
  answering.close();
  sender.worker.terminate();
  receiver.worker.terminate();
  return result;
}

Object.assign(globalThis, { pageToPage });
