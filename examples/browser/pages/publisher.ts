/** Sends a picture to every viewer that joins, and puts captions and chat into it. */
import { connectSeiPublisher } from 'h264-sei/browser';
import { type Content, addLine, element } from './content.js';
import { drawPicture } from './picture.js';
import { onSignal, tell, tellCandidates } from './signalling.js';

const canvas = element<HTMLCanvasElement>('picture');
const context = canvas.getContext('2d')!;
const start = performance.now();
// A timer, since a page in the background has no animation frames.
setInterval(() => {
  drawPicture(context, (performance.now() - start) / 1000);
}, 1000 / 30);
const [track] = canvas.captureStream(30).getVideoTracks();

const worker = new Worker('/publisher-worker.js', { type: 'module' });
const publisher = connectSeiPublisher(worker);
const peers = new Map<string, RTCPeerConnection>();

async function connect(viewer: string): Promise<void> {
  peers.get(viewer)?.close();
  const peer = new RTCPeerConnection();
  peers.set(viewer, peer);
  const transceiver = peer.addTransceiver(track, { direction: 'sendonly' });
  const { codecs } = RTCRtpReceiver.getCapabilities('video')!;
  transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /h264|rtx/i.test(mimeType)));
  transceiver.sender.transform = new RTCRtpScriptTransform(worker);
  peer.addEventListener('connectionstatechange', showStatus);
  tellCandidates(peer, viewer, 'publisher');
  await peer.setLocalDescription();
  tell({ viewer, kind: 'description', from: 'publisher', description: peer.localDescription!.toJSON() });
}

function showStatus(): void {
  const connected = [...peers.values()].filter(({ connectionState }) => connectionState === 'connected').length;
  const status = element('status');
  status.textContent = connected === 1 ? '1 viewer' : `${connected || 'no'} viewer${connected === 0 ? '' : 's'}`;
  status.toggleAttribute('data-live', connected > 0);
}

onSignal((signal) => {
  const { viewer } = signal;
  if (signal.kind === 'join') void connect(viewer);
  if (signal.kind === 'description' && signal.from === 'viewer') {
    void peers.get(viewer)?.setRemoteDescription(signal.description);
  }
  if (signal.kind === 'candidate' && signal.from === 'viewer')
    void peers.get(viewer)?.addIceCandidate(signal.candidate);
});
tell({ viewer: '', kind: 'publisher-is-there' });

function onSubmit(id: string, publish: (text: string) => void): void {
  const form = element<HTMLFormElement>(id);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const input = form.elements.namedItem('text') as HTMLInputElement;
    publish(input.value);
    input.value = '';
  });
}

async function send(content: Content, options = {}): Promise<void> {
  const line = addLine(element('sent'), content.text, 'waits for the next frame');
  const { outcome, copies } = await publisher.publishJson(content, options);
  line.querySelector('small')!.textContent = `${content.kind}: ${outcome}, in ${copies.length} frames`;
}

// The caption of the moment is for those, too, who join later.
onSubmit('caption', (text) => void send({ kind: 'caption', text }, { retain: 'caption' }));
onSubmit('chat', (text) => void send({ kind: 'chat', user: 'studio', text }));
