/**
 * A page and werift: werift reads what the page publishes, sends on its video, and publishes in it. Prints what both
 * sides have.
 */
import { RTCPeerConnection, RTCRtpCodecParameters, type RTCRtpTransceiver } from 'werift';
import { SeiPublisher, SeiSubscriber } from '../../../src/index.js';
import { attachWeriftSender, attachWeriftTrack } from '../../../src/integrations/werift.js';
import type { WeriftResult } from '../results.js';
import { withPage } from '../with-page.js';

/** The numbers that werift publishes begin here. */
const FIRST_NUMBER = 1000;

const numbers: number[] = [];
const publisher = new SeiPublisher();
const subscriber = new SeiSubscriber({
  onMessage: (message) => numbers.push(message.json<{ number: number }>().number),
});

/** Answers the offer of the page; sends back what comes. */
async function answer(sdp: string): Promise<string> {
  const h264 = new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
    parameters: 'packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1',
  });
  const peer = new RTCPeerConnection({ codecs: { video: [h264] }, iceServers: [], iceUseIpv6: false });
  const echo = (transceiver: RTCRtpTransceiver): void => {
    const { sender, receiver } = transceiver;
    attachWeriftSender(sender, { publisher });
    peer.onTrack.subscribe((track) => {
      attachWeriftTrack(track, { subscriber });
      track.onReceiveRtp.subscribe((packet) => void sender.sendRtp(packet));
      // Whoever begins to see a stream in its middle needs a picture that depends on no other.
      const ask = () => void receiver.sendRtcpPLI(track.ssrc ?? 0).catch(() => undefined);
      sender.onPictureLossIndication.subscribe(ask);
    });
  };
  peer.onTransceiverAdded.subscribe((transceiver) => {
    transceiver.setDirection('sendrecv');
    echo(transceiver);
  });
  await peer.setRemoteDescription({ type: 'offer', sdp });
  await peer.setLocalDescription(await peer.createAnswer());
  return peer.localDescription?.sdp ?? '';
}

const messages = { count: Number(process.argv[2]), length: 100, interval: 20 };

void withPage('werift', async (page): Promise<WeriftResult> => {
  await page.exposeFunction('answerOf', answer);
  await page.exposeFunction('publishThere', () => {
    for (let index = 0; index < messages.count; index++) publisher.publishJson({ number: FIRST_NUMBER + index });
  });
  return { page: await page.evaluate(`withWerift(${JSON.stringify(messages)})`), numbers };
}).then((result) => {
  console.log(JSON.stringify(result));
  // werift's sockets would keep the program alive.
  process.exit();
});
