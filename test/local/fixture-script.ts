/** Says who runs it and with what; waits for a signal when told to. */
interface Report {
  readonly version: string;
  readonly parameters: readonly string[];
}

const parameters = process.argv.slice(2);
console.log(JSON.stringify({ version: process.versions.node, parameters } satisfies Report));
if (parameters[0] === 'exit') process.exitCode = Number(parameters[1]);
if (parameters[0] === 'wait') {
  const alive = setInterval(() => undefined, 60_000);
  const signals: string[] = [];
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals.push(signal);
      console.log(signals.join(' '));
      if (signal === 'SIGTERM') clearInterval(alive);
      process.exitCode = 7;
    });
  }
}
if (parameters[0] === 'die') process.kill(process.pid, 'SIGKILL');
