// Which room of src/ may import which: errors ← codec ← backend ← frame ← time, wire ← publish, receive ← patch ←
// streams ← files ← cli; frame ← containers ← files; patch ← integrations ← cli, browser. publish and receive know each
// other through wire only;
// rtp stands on codec and backend, and knows of publish and receive their types only.

/** What every room above codec and backend may import. */
const base = ['errors', 'options', 'disposal', 'diagnostics'];

/** What one end of a message may import. */
const end = [...base, 'codec', 'backend', 'frame', 'time', 'wire'];

const messages = [...end, 'publish', 'receive', 'patch'];

/** The rooms that each room may import from, besides itself. src/index.* and other entries at the top may import any but cli. */
const mayImport = {
  options: ['errors'],
  disposal: [],
  diagnostics: [],
  codec: ['errors'],
  backend: ['errors', 'codec'],
  frame: [...base, 'codec', 'backend'],
  time: base,
  wire: [...base, 'codec'],
  publish: end,
  receive: end,
  patch: [...end, 'publish', 'receive'],
  rtp: [...base, 'codec', 'backend'],
  streams: messages,
  containers: [...base, 'codec', 'frame'],
  files: [...messages, 'streams', 'containers'],
  integrations: [...messages, 'rtp'],
  browser: [...messages, 'rtp', 'streams', 'integrations', 'index'],
  cli: [...messages, 'rtp', 'streams', 'containers', 'files', 'integrations', 'index'],
};

const path = (room) => `^src/${room}(/|\\.)`;

const rooms = Object.entries(mayImport).map(([room, others]) => ({
  name: `${room}-imports`,
  comment: `src/${room} may import from ${others.join(', ')} only`,
  severity: 'error',
  from: { path: path(room) },
  to: {
    path: '^src/',
    pathNot: [room, ...others].map(path),
    ...(room === 'rtp' && { dependencyTypesNot: ['type-only'] }),
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'errors-imports',
      comment: 'src/errors.ts stands at the bottom',
      severity: 'error',
      from: { path: path('errors') },
      to: {},
    },
    {
      name: 'rtp-types-only-from-messages',
      comment: 'src/rtp may name the types of src/publish and src/receive, and of no other room above it',
      severity: 'error',
      from: { path: path('rtp') },
      to: {
        path: '^src/',
        pathNot: ['rtp', ...base, 'codec', 'backend', 'publish', 'receive'].map(path),
        dependencyTypes: ['type-only'],
      },
    },
    {
      name: 'codec-runs-anywhere',
      comment: 'src/codec runs in a browser: neither a module of Node.js nor a package',
      severity: 'error',
      from: { path: path('codec') },
      to: { pathNot: '^src/' },
    },
    {
      name: 'these-rooms-run-in-browsers',
      comment: 'these rooms run in a browser: they reach what Node.js adds through globalThis',
      severity: 'error',
      from: { path: '^src/(frame|time|wire|publish|receive|patch|containers|rtp|browser)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-one-file-of-streams-needs-node',
      comment: 'src/streams/node.ts is the shell for Node.js; all other files there run in a browser',
      severity: 'error',
      from: { path: '^src/streams/', pathNot: '^src/streams/(node|index)\\.' },
      to: { path: ['^node:', '^stream$', '^src/streams/node\\.ts$'] },
    },
    {
      name: 'files-run-in-browsers',
      comment: 'src/files runs in a browser: it asks for the file system of Node.js when a path comes, and not before',
      severity: 'error',
      from: { path: '^src/files/' },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-cli',
      comment: 'the command stands on the library, never the library on the command',
      severity: 'error',
      from: { path: '^src/', pathNot: path('cli') },
      to: { path: path('cli') },
    },
    {
      name: 'nothing-imports-browser',
      comment: 'src/browser is an entry of its own: nothing of the rest needs it',
      severity: 'error',
      from: { path: '^src/', pathNot: path('browser') },
      to: { path: path('browser') },
    },
    {
      name: 'only-select-names-the-native-backend',
      comment: 'src/backend/select.ts is the one place that names both backends',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/backend/select\\.ts$' },
      to: { path: '^src/backend/native\\.ts$' },
    },
    {
      name: 'only-backend-names-the-typescript-backend',
      comment: 'every other room calls the backend at work, whichever it is',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/backend/(select|current|auto)\\.ts$' },
      to: { path: '^src/backend/typescript\\.ts$' },
    },
    {
      name: 'work-on-bytes-goes-through-the-backend',
      comment: 'what the addon does as well is asked of the backend, which is the addon if native is forced',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(backend|codec)/' },
      to: {
        path: '^src/codec/(splice|locate|sei-extraction|sei-removal|nal-unit-bounds|emulation-prevention|start-code-scan|zero-pair-search)\\.ts$',
      },
    },
    {
      name: 'only-headers-are-walked-in-typescript',
      comment: 'RTP follows the sizes in a STAP-A, and inspection lists NAL units, one at a time',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(backend|codec|rtp)/|^src/cli/(inspect|html-report/frame-row)\\.ts$' },
      to: { path: '^src/codec/nal-unit-cursor\\.ts$' },
    },
    {
      name: 'only-native-loads-the-addon',
      comment: 'src/backend/native.ts is the one place that loads the addon',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/backend/native\\.ts$' },
      to: { path: 'node_modules/bindings/' },
    },
    {
      name: 'only-cli-needs-its-packages',
      comment: 'commander and cli-progress are for src/cli',
      severity: 'error',
      from: { path: '^src/', pathNot: path('cli') },
      to: { path: 'node_modules/(commander|cli-progress)/' },
    },
    {
      name: 'no-development-packages',
      comment: 'what is published imports nothing that is installed for development only',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-tests-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|benches|examples|scripts)/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
