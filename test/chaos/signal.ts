/**
 * Sends a signal to one process. Throws where there is none: a signal to process 0 reaches the whole process group, which holds the suite itself and
 * whoever started it; one to -1 or 1 reaches everybody or the system.
 */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || !Number.isInteger(pid) || pid <= 1) {
    throw new Error(`there is no process to send ${signal} to (its id is ${pid ?? "not known"})`);
  }
  process.kill(pid, signal);
}
