/** What an error of this library says of itself. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SeiError } from '../src/index.js';

describe('SeiError', () => {
  it('has an offset only where there is one', () => {
    expect(new SeiError('ERR_SEI_MALFORMED', 'no', { offset: 0 })).toHaveProperty('offset', 0);
    expect(new SeiError('ERR_SEI_QUEUE_FULL', 'full')).not.toHaveProperty('offset');
    expect(inspect(new SeiError('ERR_SEI_QUEUE_FULL', 'full'))).not.toContain('undefined');
  });
});
