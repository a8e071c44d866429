import { defineConfig, globalIgnores } from 'eslint/config';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

/** What the doc-comment rule looks at, besides functions and classes: every other way to export a name. */
const documented = [
  'ExportNamedDeclaration > VariableDeclaration',
  'TSEnumDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'TSInterfaceDeclaration TSPropertySignature',
  'TSInterfaceDeclaration TSMethodSignature',
  'ClassBody > PropertyDefinition:not([override=true])',
];

/** What must be described in words: all of it, but a constructor, where the class and its parameters say enough. */
const described = [
  ...documented,
  'FunctionDeclaration',
  'ClassDeclaration',
  'MethodDefinition:not([kind="constructor"])',
];

export default defineConfig(
  globalIgnores(['build/', 'coverage/', 'dist/', 'prebuilds/', 'test/fixtures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,mts,cts}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // The package is CommonJS: `import x = require('x')` is how it takes in another such package.
      '@typescript-eslint/no-require-imports': ['error', { allowAsImport: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers read well in a message; anything else in a template is a mistake.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Arguments are checked at run time for callers without types, and an index may miss: the types say neither.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // It asks for `!`, which no-non-null-assertion forbids.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // An empty string, above all in an environment variable, is as good as none.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // Byte code walks by index, often in several arrays at once.
      '@typescript-eslint/prefer-for-of': 'off',
      // `using` closes a class where the project has the symbol: src/disposal.ts says it by merging, and defines it.
      '@typescript-eslint/no-unsafe-declaration-merging': 'off',
      eqeqeq: 'error',
      'no-implicit-coercion': 'error',
      'no-param-reassign': 'off',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,mts}'],
    plugins: { jsdoc },
    settings: { jsdoc: { mode: 'typescript' } },
    rules: {
      'no-console': 'error',
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          enableFixer: false,
          require: { ClassDeclaration: true, MethodDefinition: true },
          contexts: documented,
        },
      ],
      'jsdoc/check-alignment': 'error',
      'jsdoc/check-param-names': ['error', { checkDestructured: false, disableMissingParamChecks: true }],
      'jsdoc/check-tag-names': 'error',
      'jsdoc/no-types': 'error',
      'jsdoc/require-description': ['error', { contexts: described }],
    },
  },
  { files: ['src/cli/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/codec/**', 'src/rtp/**', 'src/errors.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'process', 'global', 'require', '__dirname', 'setImmediate', 'window', 'document'].map(
          (name) => ({
            name,
            message: 'the codec and the RTP part run in Node.js and in a browser',
          }),
        ),
      ],
    },
  },
  {
    files: ['test/**', 'benches/**', 'examples/**', 'scripts/**'],
    rules: {
      // A test says what it expects; that a value is there is part of it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
