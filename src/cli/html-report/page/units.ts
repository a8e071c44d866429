/** Numbers as people read them. */

const NUMBER = new Intl.NumberFormat('en');

/** A whole number with its thousands apart. */
export function formatCount(count: number): string {
  return NUMBER.format(count);
}

/** A number with what it counts: `1 frame`, `2,000 frames`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Three digits at most: `1.23`, `12.3`, `123`. */
function threeDigits(value: number): string {
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(decimals)));
}

function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${threeDigits(value)} ${units[unit]}`;
}

/** Bytes in decimal units: `820 B`, `1.23 MB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB']);
}

/** Bits a second: `2.35 Mbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

/** A time or duration: `0:01.240`, `1:02:03.000`. */
export function formatTime(milliseconds: number): string {
  const sign = milliseconds < 0 ? '−' : '';
  const total = Math.round(Math.abs(milliseconds));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = `${two((total / 1000) % 60)}.${String(total % 1000).padStart(3, '0')}`;
  return `${sign}${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${seconds}`;
}

/** A share: `0.04 %`, `12.3 %`. */
export function formatShare(part: number, whole: number): string {
  return `${threeDigits(whole === 0 ? 0 : (100 * part) / whole)} %`;
}
