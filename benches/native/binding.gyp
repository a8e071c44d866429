{
  'targets': [
    {
      'target_name': 'references',
      'sources': ['references.cc'],
      'defines': ['NAPI_VERSION=8'],
      # So that the compiler does not know what memchr and memcpy do, and calls those of the C library.
      'cflags': ['-O2', '-fno-builtin'],
      'cflags_cc': ['-std=c++17'],
    },
  ],
}
