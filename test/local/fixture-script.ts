/** Does what its first argument says, then tells who runs it and with what. */
const parameters = process.argv.slice(2);
const [task, code] = parameters;

if (task === 'exit') process.exitCode = Number(code);
if (task === 'die') process.kill(process.pid, 'SIGKILL');
if (task === 'wait') {
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
// Last, because a test takes it as the sign that the handlers stand.
const { NODE_COMPILE_CACHE: compiled } = process.env;
console.log(JSON.stringify({ version: process.versions.node, parameters, compiled }));
