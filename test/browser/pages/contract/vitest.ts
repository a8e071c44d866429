/** What the contract suite imports from `vitest`: its runner and its assertions, which run in a browser as they are. */
import {
  type ExpectStatic,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  addCustomEqualityTesters,
  chai,
} from '@vitest/expect';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
addCustomEqualityTesters([]);

/** With the matchers of vitest. */
export const expect = chai.expect as unknown as ExpectStatic;
