{
  'targets': [
    {
      'target_name': 'h264_sei',
      # Every .cc file of these two folders is part of the addon: a new file, such as a kernel, needs no line here.
      'sources': [
        'native/addon.cc',
        "<!@(node -p \"['codec','simd'].flatMap((d)=>fs.readdirSync('native/'+d).sort().filter((f)=>f.endsWith('.cc')).map((f)=>'native/'+d+'/'+f)).join(' ')\")",
      ],
      'include_dirs': ['native'],
      'defines': [
        'NAPI_VERSION=8',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
      ],
      'variables': {
        # A system header, so that the warnings are about our code only. Relative to build/, where the compiler runs.
        'node_addon_api': "<!(node -p \"require('node-addon-api').include_dir\")",
        'warnings': [
          '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Wsign-conversion', '-Wundef', '-Wcast-qual',
          '-Wnon-virtual-dtor', '-Woverloaded-virtual', '-Wimplicit-fallthrough',
        ],
      },
      # No -march and no -mavx2: a kernel switches its instruction set on for its own functions, the rest runs on any CPU.
      'cflags': ['-O3', '-fvisibility=hidden', '<@(warnings)'],
      'cflags_cc': [
        '-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility-inlines-hidden',
        '-isystem', '../<(node_addon_api)',
      ],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
        'CLANG_CXX_LIBRARY': 'libc++',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
        'GCC_ENABLE_CPP_RTTI': 'NO',
        'GCC_OPTIMIZATION_LEVEL': '3',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '11.0',
        'WARNING_CFLAGS': ['<@(warnings)'],
        'OTHER_CPLUSPLUSFLAGS': ['-isystem', '../<(node_addon_api)', '-fvisibility-inlines-hidden'],
      },
      'msvs_settings': {
        'VCCLCompilerTool': {
          'AdditionalOptions': ['/std:c++17', '/Zc:__cplusplus', '/external:W0', '/external:I../<(node_addon_api)'],
          'ExceptionHandling': 0,
          'Optimization': 2,
          'WarningLevel': 4,
        },
      },
      'conditions': [
        # Unused functions do not reach the binary, and a symbol that is missing fails the build instead of the load.
        ['OS=="linux"', {
          'cflags': ['-ffunction-sections', '-fdata-sections'],
          # Relative to build/, where the linker runs.
          'ldflags': ['-Wl,--gc-sections', '-Wl,-z,relro,-z,now', '-Wl,--version-script=../native/addon.map'],
        }],
      ],
    },
  ],
}
