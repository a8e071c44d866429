import { backendInfo } from '../src/index.js';

/**
 * Says once, before the first test, which backend the tests run on. Where the native one is expected
 * (H264_SEI_EXPECT_NATIVE=1, as in CI), a silent fallback ends the run.
 */
export default function announceBackend(): void {
  const { name, kernel, reason } = backendInfo();
  console.log(`backend: ${name}, kernel: ${kernel}${reason === undefined ? '' : ` (${reason})`}`);
  if (process.env['H264_SEI_EXPECT_NATIVE'] === '1' && name !== 'native') {
    throw new Error(
      `the native backend is expected, but the tests would run on ${name}: ${reason ?? 'no reason given'}`,
    );
  }
}
