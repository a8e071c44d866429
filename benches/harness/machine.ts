/** On what, and with what, was measured. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { nativeKernels } from './sides.js';

/** The machine and the versions. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Running processes in the minute before: much more than 0 says that the times are those of a machine at work. */
  readonly load: number;
  readonly platform: string;
  readonly kernel: string;
  readonly node: string;
  readonly libc?: string;
  /** Instruction sets that the addon could use. */
  readonly instructionSets: readonly string[];
  /** Kernels of the addon, best first; empty without it. */
  readonly kernels: readonly string[];
  /** The commit of the repository, with `+` where files were changed. */
  readonly commit?: string;
}

const INSTRUCTION_SETS = ['sse2', 'avx2', 'avx512bw', 'avx512vl', 'avx512_vbmi2', 'asimd'];

function instructionSets(): string[] {
  const file = '/proc/cpuinfo';
  const info = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const flags = (/^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1] ?? '').split(' ');
  return INSTRUCTION_SETS.filter((name) => flags.includes(name));
}

function commit(): string | undefined {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', cwd: __dirname, stdio: 'pipe' });
    return `${git('rev-parse', '--short=12', 'HEAD').trim()}${git('status', '--porcelain').trim() === '' ? '' : '+'}`;
  } catch {
    return undefined;
  }
}

/** Describes this machine. */
export function machine(): Machine {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const glibc = header?.glibcVersionRuntime;
  const native = nativeKernels();
  const id = commit();
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0],
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
    node: process.version,
    ...(glibc !== undefined && { libc: `glibc ${glibc}` }),
    instructionSets: instructionSets(),
    kernels: 'reason' in native ? [] : native.kernels,
    ...(id !== undefined && { commit: id }),
  };
}
