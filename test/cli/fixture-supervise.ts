/** A supervisor as a process of its own, for the tests to signal: two services, the first of which starts a child. */
import { Printer, startSupervisor } from '../../local/supervisor/index.ts';

const [file = '', ...flags] = process.argv.slice(2);
const printer = new Printer(process.stdout, { colour: false });
const program = (source: string): [string, ...string[]] => [process.execPath, '-e', source];
const idle = 'setInterval(() => undefined, 1000);';
const sayPid = 'console.log("pid", process.pid);';

const supervisor = await startSupervisor({ file, printer, graceMs: 500 });
supervisor.start({
  name: 'parent',
  command: program(`
    const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(sayPid + idle)}], { stdio: "inherit" });
    process.on("SIGTERM", () => { console.log("parent stops"); child.kill(); child.once("exit", () => process.exit(0)); });
    ${sayPid} ${idle}`),
});
supervisor.start({
  name: 'stubborn',
  command: program(
    `process.on("SIGTERM", () => ${flags.includes('--deaf') ? 'console.log("hears and stays")' : '{ console.log("stubborn stops"); process.exit(0); }'}); ${sayPid} ${idle}`,
  ),
});
process.on('SIGINT', async () => {
  await supervisor.stop();
  supervisor.release();
  process.exit(0);
});
