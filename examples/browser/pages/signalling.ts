/** How the pages of one browser find each other; between machines a server would hand these on. */

/** What the pages tell each other; `viewer` says which one it is about. */
export type Signal = { readonly viewer: string } & (
  | { readonly kind: 'join' }
  | { readonly kind: 'publisher-is-there' }
  | {
      readonly kind: 'description';
      readonly from: 'publisher' | 'viewer';
      readonly description: RTCSessionDescriptionInit;
    }
  | {
      readonly kind: 'candidate';
      readonly from: 'publisher' | 'viewer';
      readonly candidate: RTCIceCandidateInit | null;
    }
);

const channel = new BroadcastChannel('h264-sei');

/** Tells all other pages. */
export function tell(signal: Signal): void {
  channel.postMessage(signal);
}

/** Listens to the other pages. */
export function onSignal(listener: (signal: Signal) => void): void {
  channel.addEventListener('message', ({ data }: MessageEvent<Signal>) => {
    listener(data);
  });
}

/** Tells the other side of a connection what it has to know of this one. */
export function tellCandidates(peer: RTCPeerConnection, viewer: string, from: 'publisher' | 'viewer'): void {
  peer.addEventListener('icecandidate', ({ candidate }) => {
    tell({ viewer, kind: 'candidate', from, candidate: candidate?.toJSON() ?? null });
  });
}
