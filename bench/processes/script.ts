import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What a process of the bench can be asked; parameters and answers are JSON. Each script says its own types, see `Script`. */
export type Methods = Readonly<Record<string, (parameter: never) => unknown>>;

/** A process of the bench that answers calls. */
export interface Script<M extends Methods> extends AsyncDisposable {
  readonly pid: number;
  call<Name extends keyof M & string>(
    name: Name,
    parameter: Parameters<M[Name]>[0],
  ): Promise<Awaited<ReturnType<M[Name]>>>;
}

interface Call {
  readonly number: number;
  readonly name: string;
  readonly parameter: unknown;
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Starts a script that calls `serveMethods`. It ends when it is disposed of, and with this process. */
export const startScript = async <M extends Methods>(
  file: URL,
  nodeOptions: readonly string[] = [],
): Promise<Script<M>> => {
  const child = fork(file, { execArgv: ['--disable-warning=ExperimentalWarning', ...nodeOptions] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  child.on('message', ({ number, value, error }: Answer) => {
    const call = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(`${file.pathname.split('/').at(-1)}: ${error}`));
  });
  const exited = once(child, 'exit');
  exited.then(([code, signal]) => {
    const why = new Error(`${file.pathname} ended with ${code ?? signal}`);
    for (const call of waiting.values()) call.reject(why);
  });
  const script: Script<M> = {
    pid: child.pid ?? 0,
    call: (name, parameter) => {
      const call = Promise.withResolvers<unknown>();
      const number = calls++;
      waiting.set(number, call);
      child.send({ number, name, parameter } satisfies Call);
      return call.promise as Promise<Awaited<ReturnType<M[typeof name]>>>;
    },
    async [Symbol.asyncDispose]() {
      // Which it ends by itself upon, in order: a profile is written at the end.
      child.disconnect();
      await exited;
    },
  };
  return script;
};

/** Answers the calls of the process that started this one, and ends with it. */
export const serveMethods = (methods: Methods): void => {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ number, name, parameter }: Call) => {
    const answer = (rest: Omit<Answer, 'number'>): void => void process.send?.({ number, ...rest });
    try {
      const method = methods[name];
      if (method === undefined) throw new Error(`there is no method ${name}`);
      answer({ value: await method(parameter as never) });
    } catch (error) {
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
};
