import { isUtf8 } from 'node:buffer';
import type { ReportLimits } from './limits.js';
import { Encoding } from './model.js';

/** Makes the content of messages, until the page has no room for more. */
export class PayloadContents {
  readonly #maxLength: number;
  #left: number;

  /** @param limits how long a payload may be, and all of them */
  constructor({ payload, payloads }: Pick<ReportLimits, 'payload' | 'payloads'>) {
    this.#maxLength = payload;
    this.#left = payloads;
  }

  /**
   * Writes a payload, or its beginning.
   *
   * @param payload only read
   * @returns a value of {@link Encoding} and the content, which is empty where the page is full
   */
  take(payload: Uint8Array): readonly [encoding: number, content: string] {
    if (this.#left <= 0) return [Encoding.base64, ''];
    const shown = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, this.#maxLength));
    const isText = isUtf8(payload);
    // As a stream, so that a character that is cut at the end is left out. A byte order mark is a character like others.
    const content = isText
      ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(shown, { stream: true })
      : shown.toString('base64');
    this.#left -= content.length;
    return [isText ? Encoding.text : Encoding.base64, content];
  }
}
