import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { showProgress } from '../../src/cli/progress.js';

class Terminal extends PassThrough {
  constructor(readonly isTTY: boolean) {
    super();
  }
  columns = 80;
  cursorTo() {}
  clearLine() {}
  get text(): string {
    return (this.read() as Buffer | null)?.toString() ?? '';
  }
}

async function* chunks(count: number, milliseconds: number) {
  for (let i = 0; i < count; i++) {
    vi.advanceTimersByTime(milliseconds);
    yield await Promise.resolve(new Uint8Array(1_000_000));
  }
}

async function shown(terminal: Terminal, count: number, milliseconds: number): Promise<string> {
  let length = 0;
  for await (const chunk of showProgress(chunks(count, milliseconds), count * 1_000_000, terminal))
    length += chunk.length;
  expect(length).toBe(count * 1_000_000);
  return terminal.text;
}

describe('showProgress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('shows how far a long run is, on a terminal', async () => {
    expect(await shown(new Terminal(true), 16, 100)).toMatch(/\d+% \| \d+ of 16 MB/);
  });

  it('shows nothing for a short run, or where there is no terminal', async () => {
    expect(await shown(new Terminal(true), 100, 0)).toBe('');
    expect(await shown(new Terminal(false), 12, 100)).toBe('');
  });
});
