// ES modules see the very instance that `require` gives.
export * from './index.js';
