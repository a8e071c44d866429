#!/bin/sh
# Builds and runs the tests of the native side, without Node.
#
#   run.sh            for this machine, with the address and undefined behavior checks, by $CXX, or by clang++ or
#                     g++, whichever is there
#   run.sh aarch64    for AArch64, with the undefined behavior sanitizer, by aarch64-linux-gnu-g++ and QEMU (the Debian
#                     packages g++-aarch64-linux-gnu and qemu-user-static)
#   run.sh memcheck   for this machine, in Valgrind's memcheck: the test of memory alone, on the kernels that Valgrind
#                     can run, which are those up to AVX2
set -eu
cd "$(dirname "$0")/.."
tests='kernels_test codec_test memory_test'
options=
compiler=${CXX:-$(command -v clang++ || command -v clang++-14 || command -v g++)}
case ${1-} in
  aarch64)
    compiler=aarch64-linux-gnu-g++
    checks='-fsanitize=undefined -fno-sanitize-recover=all'
    runner='qemu-aarch64-static -L /usr/aarch64-linux-gnu'
    ;;
  memcheck)
    # Valgrind does not read what Clang writes as DWARF 5.
    checks=-gdwarf-4
    # A vector that reaches past its block is an error too, where only a part of it is.
    runner='valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,possible'
    runner="$runner --partial-loads-ok=no --redzone-size=128 --track-origins=yes"
    tests=memory_test
    options=${2-600}
    ;;
  *)
    checks='-fsanitize=address,undefined -fno-sanitize-recover=all'
    # Older compilers' address checks crash now and then where the kernel spreads memory over more bits than they know.
    runner="setarch $(uname -m) -R"
    $runner true 2>/dev/null || runner=
    ;;
esac
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
flags="-std=c++17 -O1 -g -Wall -Wextra -pthread -fno-exceptions $checks"
"$compiler" $flags -c "$root"/codec/*.cc "$root"/simd/*.cc
for test in $tests; do
  "$compiler" $flags "$root/test/$test.cc" ./*.o -o "$test"
  $runner "./$test" $options
done
