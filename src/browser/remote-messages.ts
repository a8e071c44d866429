/** What a worker receives comes to its page: the subscriber lives beside the transform, in the worker. */
import { isUint8Array } from '../codec/bytes.js';
import { invalidType } from '../errors.js';
import { ReceivedSeiMessage } from '../receive/received-message.js';
import type { MessageCallback } from '../receive/subscriber-options.js';
import { type SeiMessagePort, checkPort, listen, send } from './message-port.js';

/**
 * In the worker: hands on to the page what a subscriber receives.
 *
 * ```ts
 * const subscriber = new SeiSubscriber({ onMessage: forwardSeiMessages(self) });
 * onrtctransform = ({ transformer }) => pipeEncodedFrames(transformer, createSeiReceiverTransform({ subscriber }));
 * ```
 *
 * @param port the other side is the page's: `self` for the page that made the worker, or a MessagePort
 * @returns the callback for the subscriber; the page gets copies, the messages stay as they are
 * @throws `TypeError` for what is no port
 */
export function forwardSeiMessages(port: SeiMessagePort): MessageCallback {
  checkPort(port);
  return ({ uuid, payload, timestamp, frameTimestamp, messageId: id }) => {
    send(port, 'message', { uuid, payload, timestamp, frameTimestamp, id });
  };
}

/**
 * In the page: takes the messages that a worker hands on with {@link forwardSeiMessages}.
 *
 * @param port the Worker, or the other end of the MessagePort
 * @param onMessage takes each message, in order
 * @returns ends it
 * @throws `TypeError` for arguments of the wrong kind
 */
export function onSeiMessage(port: SeiMessagePort, onMessage: (message: ReceivedSeiMessage) => void): () => void {
  checkPort(port);
  if (typeof onMessage !== 'function') throw invalidType('onMessage', 'a function', onMessage);
  return listen(port, 'message', (content) => {
    if (isUint8Array(content.payload)) onMessage(new ReceivedSeiMessage(content));
  });
}
