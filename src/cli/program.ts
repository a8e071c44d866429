import { Command, CommanderError } from 'commander';
import '../backend/select.js';
import type { Context } from './context.js';
import { detectCommand } from './detect.js';
import { extractCommand } from './extract.js';
import { CliError, ExitCode, reasonOf } from './failure.js';
import { injectCommand } from './inject.js';
import { inspectCommand } from './inspect.js';
import { stripCommand } from './strip.js';
import { packageVersion } from './version.js';

const HELP = `
Input is an H.264 byte stream (Annex B), MP4, fragmented MP4, MOV, Matroska or
MPEG-TS, told by its content, and nothing is encoded again. Output is in the
same container, with all other tracks, times, edit lists and tags as they are.
If its extension says another one (.mp4, .mov, .mkv, .ts), the command refuses
and prints the ffmpeg line that converts. - is a pipe: byte streams and MPEG-TS
flow through, the others go into a temporary file first. An output file is there
as a whole or not at all.

Exit codes:
  0  done
  1  the input or the run failed; there is no output file, or the one that was there is unchanged
  2  the arguments are wrong
  3  inject: done, but the place of some messages lies past the end
  4  extract, inspect: the input ends before its container says; the output has all that is whole of it

Examples:
  $ h264-sei inject --message '{"title":"Concert"}' in.h264 out.h264
  $ h264-sei inject --messages cues.jsonl in.mp4 out.mp4
  $ h264-sei extract out.mp4
  $ h264-sei strip out.h264 | cmp - in.h264
  $ h264-sei help inject`;

function createProgram(context: Context): Command {
  const program = new Command('h264-sei')
    .description('Metadata inside H.264 video: SEI messages in, and out again.')
    .version(packageVersion())
    .addHelpText('after', HELP)
    .addCommand(injectCommand(context))
    .addCommand(extractCommand(context))
    .addCommand(inspectCommand(context))
    .addCommand(stripCommand(context))
    .addCommand(detectCommand(context));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  }
  return program;
}

/**
 * Runs the command.
 *
 * @param args the arguments behind the name of the command
 * @param context the streams of the process
 * @returns the exit code, a value of {@link ExitCode}; what failed has been told on stderr
 */
export async function runCli(args: readonly string[], context: Context): Promise<number> {
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    // commander has told it, and ends help and version that way as well.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    if (context.signal.aborted) return ExitCode.failed;
    context.stderr.write(`h264-sei: ${reasonOf(error)}\n`);
    return error instanceof CliError ? error.exitCode : ExitCode.failed;
  }
}
