import type { IncomingHttpHeaders } from 'node:http';
import { requestIdHeader } from '../../schema/request-id.ts';

/** How long a browser may keep the answer to a preflight. */
const maximumAgeSeconds = 600;

/**
 * Headers by which a browser lets a page of another origin read an answer. For requests that `checkOrigin` has passed:
 * whoever may use the gateway may read what it says. No credentials: a gateway sets no cookies.
 */
export const corsHeaders = ({ origin }: IncomingHttpHeaders): Readonly<Record<string, string>> =>
  origin === undefined
    ? {}
    : {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': requestIdHeader,
        vary: 'origin',
      };

/** Further headers of the answer to a preflight. */
export const preflightHeaders = (headers: IncomingHttpHeaders): Readonly<Record<string, string>> => ({
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': headers['access-control-request-headers'] ?? 'content-type',
  'access-control-max-age': String(maximumAgeSeconds),
});
