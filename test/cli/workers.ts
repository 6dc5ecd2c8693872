import { once } from 'node:events';
import { request } from 'node:http';
import type { startTributary } from './run.ts';

type Started = ReturnType<typeof startTributary>;

/** Resolves when stdout has the text so many times. Rejects when the command ends before. */
export const untilLogged = async ({ child, output, finished }: Started, text: string, times = 1) => {
  const ended = finished.then(({ code, stdout, stderr }) => {
    throw new Error(`ended with ${code} before it said "${text}":\n${stdout}\n${stderr}`);
  });
  ended.catch(() => undefined);
  while (output.stdout.split(text).length <= times) await Promise.race([once(child.stdout, 'data'), ended]);
};

/** Process of a worker as it was logged last. Throws when it was not: a pid of 0 would be all of the tests. */
export const pidOf = ({ output }: Started, worker: number): number => {
  const lines = [...output.stdout.matchAll(/"worker":(\d+),"pid":(\d+),"msg":"worker \d+ is ready"/g)];
  const pid = Number(lines.findLast(([, number]) => Number(number) === worker)?.[2]);
  if (!(pid > 1)) throw new Error(`worker ${worker} was not ready yet:\n${output.stdout}`);
  return pid;
};

/** Resolves when the workers were ready so many times. */
export const untilReady = async (started: Started, workers: readonly number[], times = 1): Promise<void> => {
  for (const worker of workers) await untilLogged(started, `"msg":"worker ${worker} is ready"`, times);
};

export interface Answer {
  readonly status: number | undefined;
  readonly body: {
    readonly worker: { readonly number: number; readonly of: number; readonly ready: number };
    readonly status: string;
    readonly data: Record<string, unknown>;
  };
}

/** Over a connection of its own, so that the next one goes to the next worker. A body makes it a POST. */
export const ask = async (url: string, body?: unknown): Promise<Answer> => {
  const method = body === undefined ? 'GET' : 'POST';
  const asked = request(url, { agent: false, method, headers: { 'content-type': 'application/json' } });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, body: JSON.parse(text) };
};

/** Asks until `holds`: what it asks about has no event to wait for. */
export const untilAnswer = async (url: string, holds: (answer: Answer) => boolean): Promise<Answer> => {
  for (;;) {
    const answer = await ask(url).catch(() => null);
    if (answer !== null && holds(answer)) return answer;
  }
};
