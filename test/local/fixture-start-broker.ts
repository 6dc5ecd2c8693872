/** Starts a broker and stays, so that a test can kill its owner. */
import { startBroker } from '../../local/kafka/index.ts';

const [directory = ''] = process.argv.slice(2);
const { pid, port } = await startBroker({ directory });
console.log(JSON.stringify({ pid, port }));
setInterval(() => undefined, 60_000);
