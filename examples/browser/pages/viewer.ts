/** Plays what the publisher sends, and shows each caption and each line of chat with the very frame that it came in. */
import { type ReceivedSeiMessage, onSeiMessage } from 'h264-sei/browser';
import { type Content, addLine, element } from './content.js';
import { onSignal, tell, tellCandidates } from './signalling.js';

const viewer = crypto.randomUUID();
const video = element<HTMLVideoElement>('video');
const worker = new Worker('/viewer-worker.js', { type: 'module' });

/** Messages whose frames have not been shown yet, in order. */
const waiting: ReceivedSeiMessage[] = [];

/** The RTP timestamp of the frame that held a message (32 bits, 90 kHz). */
const rtpTimestamp = ({ frameTimestamp = 0 }: ReceivedSeiMessage): number => Math.round(frameTimestamp * 90) >>> 0;

onSeiMessage(worker, (message) => waiting.push(message));

function onFrame(_: number, { rtpTimestamp: shown }: VideoFrameCallbackMetadata): void {
  // The distance of two timestamps is right across the place where 32 bits wrap, too.
  while (waiting.length > 0 && (shown === undefined || ((shown - rtpTimestamp(waiting[0])) | 0) >= 0)) {
    show(waiting.shift()!, shown);
  }
  video.requestVideoFrameCallback(onFrame);
}
video.requestVideoFrameCallback(onFrame);

function show(message: ReceivedSeiMessage, shown: number | undefined): void {
  const content = message.json<Content>();
  const late = shown === undefined ? 0 : (shown - rtpTimestamp(message)) / 90;
  let target: HTMLElement;
  if (content.kind === 'caption') {
    target = element('caption');
    target.textContent = content.text;
  } else {
    const time = new Date(message.timestamp).toLocaleTimeString();
    target = addLine(element('chat'), content.text, `${content.user}, ${time}`);
  }
  // By how many milliseconds of video it missed its frame: 0 but where a frame was not shown.
  target.dataset['late'] = String(Math.round(late));
}

let peer: RTCPeerConnection | undefined;

async function answer(description: RTCSessionDescriptionInit): Promise<void> {
  peer?.close();
  const connection = new RTCPeerConnection();
  peer = connection;
  tellCandidates(connection, viewer, 'viewer');
  connection.addEventListener('track', ({ track, receiver }) => {
    receiver.transform = new RTCRtpScriptTransform(worker);
    video.srcObject = new MediaStream([track]);
  });
  connection.addEventListener('connectionstatechange', () => {
    const { connectionState } = connection;
    element('status').textContent = connectionState === 'connected' ? 'live' : connectionState;
    element('status').toggleAttribute('data-live', connectionState === 'connected');
  });
  await connection.setRemoteDescription(description);
  await connection.setLocalDescription();
  tell({ viewer, kind: 'description', from: 'viewer', description: connection.localDescription!.toJSON() });
}

onSignal((signal) => {
  if (signal.kind === 'publisher-is-there') tell({ viewer, kind: 'join' });
  if (signal.viewer !== viewer) return;
  if (signal.kind === 'description' && signal.from === 'publisher') void answer(signal.description);
  if (signal.kind === 'candidate' && signal.from === 'publisher') void peer?.addIceCandidate(signal.candidate);
});
tell({ viewer, kind: 'join' });
