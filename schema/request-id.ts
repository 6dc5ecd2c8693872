import { randomUUID } from 'node:crypto';

/** Header that carries the id of a request from the client through the gateway to the subgraphs, and back to the client. */
export const requestIdHeader = 'x-request-id';

/** Ids stand in headers and on log lines: printable ASCII without spaces, at most 128 characters. */
const acceptable = /^[\x21-\x7e]{1,128}$/;

/** The id that a request brought; a new one (UUID) when it brought none, several, or one that cannot be logged as it is. */
export const requestIdOf = (given: string | readonly string[] | undefined): string =>
  typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
