/** What is there now, or comes later: events whose fields need no reading are executed without waiting. */
export type MaybePromise<Value> = Value | Promise<Value>;

export const isPromise = <Value>(value: MaybePromise<Value>): value is Promise<Value> =>
  value instanceof Promise;
