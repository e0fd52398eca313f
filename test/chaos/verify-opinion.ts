import { SpikewatchProcess, type StartOptions } from "../support/spikewatch-process.ts";

/** It cannot tell where retention has removed what it would have to recount. */
const CANNOT_TELL = "cannot tell: the topic holds no minute wholly any more";

/** What the program's own `spikewatch verify` objects to. */
export async function objectionsOf(
  argv: readonly string[],
  options: StartOptions,
): Promise<string[]> {
  const verify = await SpikewatchProcess.start(argv, options);
  const { code } = await verify.exited;
  const said = verify.stdout + verify.stderr;
  if (code === 0 || (code === 2 && said.includes(CANNOT_TELL))) return [];
  return [`verify ended with ${code ?? "?"}: ${said.slice(0, 1_500)}`];
}
