import { describe, it } from 'vitest';

/** Something that a test needs and that is not on every machine. */
export interface Tool {
  /** What a report calls it, such as `ffmpeg`. */
  readonly name: string;
  /** Why it cannot be used here, or `undefined` when it can. */
  missing(): string | undefined;
  /** True for what is nice to have: its absence is told but never a failure. */
  readonly optional?: boolean;
}

/** True where a skipped test counts as a failed one: on the machines that promise to have every tool. */
export function failsOnSkip(): boolean {
  return process.env['H264_SEI_FAIL_ON_SKIP'] === '1';
}

/**
 * A `describe` whose tests need one or more tools. Where one is missing, the block holds a single test that says by
 * name what is missing and why: skipped, or failed where the environment variable `H264_SEI_FAIL_ON_SKIP` is `1`.
 *
 * @param tool what the tests need; all of them, if a list
 * @param name the name of the block
 * @param body declares the tests; not called where a tool is missing
 */
export function describeWith(tool: Tool | readonly Tool[], name: string, body: () => void): void {
  const tools = 'name' in tool ? [tool] : tool;
  const absent = tools.flatMap((each) => {
    const reason = each.missing();
    return reason === undefined ? [] : [{ ...each, reason }];
  });
  if (absent.length === 0) {
    describe(name, body);
    return;
  }
  const title = `needs ${absent.map((each) => `${each.name}: ${each.reason}`).join('; ')}`;
  describe(name, () => {
    if (failsOnSkip() && absent.some((each) => each.optional !== true)) {
      it(title, () => {
        throw new Error(`${title}, and H264_SEI_FAIL_ON_SKIP=1 allows no skipped test`);
      });
    } else {
      it.skip(title, () => {});
    }
  });
}
