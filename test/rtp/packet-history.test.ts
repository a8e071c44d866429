import { describe, expect, it } from 'vitest';
import { PacketHistory } from '../../src/rtp/packet-history.js';

const packet = (length: number, fill = 0) => new Uint8Array(length).fill(fill);

describe('the history', () => {
  it('copies packets and gives them their number', () => {
    const history = new PacketHistory(4, 1000);
    const data = packet(20, 7);
    history.add(0x1_0203, data);
    data.fill(0);
    const kept = history.get(0x1_0203)!;
    expect([...kept.subarray(0, 5)]).toEqual([7, 7, 2, 3, 7]);
    expect(kept.buffer.byteLength).toBe(20);
    expect(history.get(0x203)).toBeUndefined();
  });

  it('is bounded in packets', () => {
    const history = new PacketHistory(3, 1000);
    for (let i = 0; i < 10; i++) history.add(i, packet(12));
    expect([6, 7, 8, 9].map((i) => history.get(i) !== undefined)).toEqual([false, true, true, true]);
    expect(history.size).toBe(3);
  });

  it('is bounded in bytes', () => {
    const history = new PacketHistory(100, 100);
    for (let i = 0; i < 10; i++) history.add(i, packet(30));
    expect([history.size, history.bytes]).toEqual([3, 90]);
    history.add(10, packet(101));
    expect([history.size, history.get(10)]).toEqual([3, undefined]);
    history.add(11, packet(100));
    expect([history.size, history.bytes]).toEqual([1, 100]);
  });

  it('may hold nothing', () => {
    const history = new PacketHistory(0, 100);
    history.add(1, packet(12));
    expect(history.size).toBe(0);
  });
});
