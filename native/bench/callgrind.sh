#!/bin/sh
# Counts the instructions of each kernel function on 64 KiB of each input: a number that repeats exactly where times do
# not. Prints a Markdown table of instructions per byte. Needs valgrind, which knows no AVX-512, nor every encoding that
# GCC uses for AVX2: by $CXX, or clang++ where it is there.
set -eu
cd "$(dirname "$0")/.."
clip=$PWD/../test/fixtures/clips/1080p.h264
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
compiler=${CXX:-$(command -v clang++ || command -v clang++-14 || command -v c++)}
"$compiler" -std=c++17 -O3 -fno-exceptions -fno-rtti bench/kernels_bench.cc simd/*.cc -o "$folder/kernels_bench"
cd "$folder"
for kernel in avx2 sse2 scalar; do
  ./kernels_bench "$clip" call "$kernel" >"$kernel.names"
  # Counting is on within measured_call, and each time it returns a file of its own is written.
  valgrind --tool=callgrind --toggle-collect=measured_call --dump-after=measured_call \
    --callgrind-out-file="$kernel.out" ./kernels_bench "$clip" call "$kernel" >"$kernel.names" 2>"$kernel.log" ||
    { cat "$kernel.log" >&2; exit 1; }
  number=0
  while read -r name; do
    number=$((number + 1))
    printf '%s\t%s\t%s\n' "$kernel" "$(sed -n 's/^totals: //p' "$kernel.out.$number")" "$name"
  done <"$kernel.names"
done >counts
awk -F '\t' '
  !($3 in seen) { seen[$3] = 1; names[++rows] = $3 }
  { count[$1, $3] = $2 }
  END {
    print "| function, input | avx2 | sse2 | scalar |"
    print "| --- | --- | --- | --- |"
    for (i = 1; i <= rows; i++) {
      name = names[i]
      printf "| %s | %.3f | %.3f | %.3f |\n", name, count["avx2", name] / 65536, count["sse2", name] / 65536,
        count["scalar", name] / 65536
    }
  }' counts
