import type { IncomingHttpHeaders } from 'node:http';
import { TributaryError } from '../../schema/errors.ts';

export interface OriginPolicy {
  /** Origins of web pages that may use the gateway, such as `https://board.example`; `*` allows all. */
  readonly origins: readonly string[];
  /** Names under which the gateway may be addressed, without port; `*` allows all. */
  readonly hosts: readonly string[];
}

/**
 * Judges Origin and Host (S29): null, or FORBIDDEN_ORIGIN. Loopback is always allowed. A request without Origin comes from
 * no web page; its Host counts all the same, since a page can make its own name lead to 127.0.0.1 (DNS rebinding).
 */
export const checkOrigin = (
  headers: Pick<IncomingHttpHeaders, 'origin' | 'host'>,
  { origins, hosts }: OriginPolicy,
): TributaryError | null => {
  const host = hostName(`http://${headers.host ?? ''}`);
  if (host === null || !(isLoopback(host) || allows(hosts, host))) {
    return new TributaryError(
      'FORBIDDEN_ORIGIN',
      `The gateway is not to be addressed as "${shown(headers.host)}". If it is yours, add its name to gateway.hosts.`,
    );
  }
  const { origin } = headers;
  if (origin === undefined) return null;
  // A page that the gateway itself serves: the Host was judged above.
  if (sameHost(origin, headers.host)) return null;
  const from = hostName(origin);
  if ((from !== null && isLoopback(from)) || allows(origins, origin)) return null;
  return new TributaryError(
    'FORBIDDEN_ORIGIN',
    `Pages of "${shown(origin)}" may not use the gateway. If they are yours, add the origin to gateway.origins.`,
  );
};

const allows = (list: readonly string[], value: string): boolean =>
  list.some((entry) => entry === '*' || entry.toLowerCase() === value.toLowerCase());

const sameHost = (origin: string, host: string | undefined): boolean =>
  host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);

const hostName = (url: string): string | null => {
  try {
    const { hostname } = new URL(url);
    return hostname === '' ? null : hostname;
  } catch {
    return null;
  }
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** What a message repeats of a header. */
const shown = (header: string | undefined): string => (header ?? '').slice(0, 200);
