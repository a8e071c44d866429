/** Peers in a page: a canvas that is sent, a video that plays what comes, and workers with the transforms between them. */
import { type RemoteSeiPublisher, connectSeiPublisher, onSeiMessage } from 'h264-sei/browser';
import type { Counts, Messages, SideOptions } from '../results.js';

/** A worker with a transform. */
export class Side {
  readonly worker = new Worker('/worker.js', { type: 'module' });
  readonly options: SideOptions;

  constructor(options: SideOptions) {
    this.options = options;
  }

  /** Puts the transform behind the encoder, or in front of the decoder. */
  attach(end: RTCRtpSender | RTCRtpReceiver, isScript: boolean): void {
    if (isScript) {
      end.transform = new RTCRtpScriptTransform(this.worker, this.options);
      return;
    }
    const streams = (end as unknown as OldChrome).createEncodedStreams();
    const { readable, writable } = streams;
    this.worker.postMessage({ streams: { readable, writable }, options: this.options }, [
      readable,
      writable,
    ] as unknown as Transferable[]);
  }

  /** Counts of the transform and of what it works for. */
  stats(): Promise<Counts> {
    return new Promise((resolve) => {
      const listener = ({ data }: MessageEvent): void => {
        const { stats } = data as { stats?: Counts };
        if (stats === undefined) return;
        this.worker.removeEventListener('message', listener);
        resolve(stats);
      };
      this.worker.addEventListener('message', listener);
      this.worker.postMessage({ ask: 'stats' });
    });
  }
}

interface OldChrome {
  createEncodedStreams(): { readonly readable: ReadableStream; readonly writable: WritableStream };
}

/** Waits for something that is looked at again and again; how long is for the test that runs the page. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A moving picture, as a track. */
export function movingPicture(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 180];
  document.body.append(canvas);
  const context = canvas.getContext('2d')!;
  let step = 0;
  setInterval(() => {
    step++;
    context.fillStyle = `hsl(${step % 360} 70% 40%)`;
    context.fillRect(0, 0, 320, 180);
    context.fillStyle = 'white';
    context.fillRect((step * 7) % 300, 40 + 40 * Math.sin(step / 9), 20, 60);
    context.fillText(String(step), 10, 20);
  }, 40);
  return canvas.captureStream(25).getVideoTracks()[0];
}

/** Sends the track as H.264 alone. */
export function addH264(peer: RTCPeerConnection, track: MediaStreamTrack): RTCRtpTransceiver {
  const transceiver = peer.addTransceiver(track, { direction: 'sendonly' });
  preferH264(transceiver);
  return transceiver;
}

/** Leaves H.264 and what belongs to every codec. */
export function preferH264(transceiver: RTCRtpTransceiver): void {
  const { codecs } = RTCRtpReceiver.getCapabilities('video')!;
  transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /h264|rtx/i.test(mimeType)));
}

/** Connects two peers of this page. */
export async function connect(offering: RTCPeerConnection, answering: RTCPeerConnection): Promise<void> {
  for (const [from, to] of [
    [offering, answering],
    [answering, offering],
  ] as const) {
    from.addEventListener('icecandidate', ({ candidate }) => void to.addIceCandidate(candidate ?? undefined));
  }
  await offering.setLocalDescription();
  await answering.setRemoteDescription(offering.localDescription!);
  await answering.setLocalDescription();
  await offering.setRemoteDescription(answering.localDescription!);
}

/** Plays a track. */
export async function play(track: MediaStreamTrack): Promise<HTMLVideoElement> {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  document.body.append(video);
  await video.play();
  return video;
}

/** What getStats says of the video that comes in. */
export async function inboundStats(peer: RTCPeerConnection): Promise<Record<string, number | string>> {
  const all = [...((await peer.getStats()) as unknown as Map<string, Record<string, number | string>>).values()];
  const inbound = all.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video') ?? {};
  const codec = all.find(({ id }) => id === inbound['codecId']);
  return { ...inbound, mimeType: codec?.['mimeType'] ?? '' };
}

/** Publishes numbered messages; answers what became of each. */
export async function publishNumbered(
  publisher: RemoteSeiPublisher,
  { count, length, interval }: Messages,
): Promise<string[]> {
  const receipts: Promise<{ readonly outcome: string }>[] = [];
  for (let number = 0; number < count; number++) {
    receipts.push(publisher.publishJson({ number, text: 'x'.repeat(length) }));
    if (interval > 0) await new Promise((resolve) => setTimeout(resolve, interval));
  }
  return (await Promise.all(receipts)).map(({ outcome }) => outcome);
}

/** The text of numbers that come from a side. */
export function numbersFrom({ worker }: Side): number[] {
  const numbers: number[] = [];
  onSeiMessage(worker, (message) => numbers.push(message.json<{ number: number }>().number));
  return numbers;
}

/** The publisher of a side. */
export const publisherOf = ({ worker }: Side): RemoteSeiPublisher => connectSeiPublisher(worker);
