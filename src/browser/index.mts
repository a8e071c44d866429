// In the package this is the one file that scripts/build-browser.mjs makes of all that it names.
export * from './index.js';
