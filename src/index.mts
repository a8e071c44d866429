// ES modules see the very instance that `require` gives: one set of classes, one set of global publishers and subscribers.
export * from './index.js';
