/** What the suite uses of Node.js, as browsers have it. */

/** `node:worker_threads` has a class that browsers have, too. */
export const { MessageChannel } = globalThis;

/** `node:vm`: another realm is another frame. */
export function runInNewContext(code: string, globals: object): unknown {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  return (Object.assign(frame.contentWindow!, globals) as unknown as { eval(code: string): unknown }).eval(code);
}
