import type { IncomingHttpHeaders } from 'node:http';
import { type ErrorCode, errorMappings } from '../../../schema/errors.ts';

/**
 * Browsers belong to the gateway: any web page can reach a port on localhost (S29), and browsers alone send these
 * headers. Returns why a request is refused, or null.
 */
export const refuseBrowser = (headers: IncomingHttpHeaders): string | null =>
  headers.origin === undefined && headers['sec-fetch-site'] === undefined
    ? null
    : `A subgraph answers gateways, not browsers (origin ${headers.origin ?? 'unknown'}). Ask the gateway.`;

export const errorBody = (code: ErrorCode, message: string): string =>
  JSON.stringify({ errors: [{ message, extensions: { code } }] });

export const refusalBody = (message: string): string => errorBody('FORBIDDEN_ORIGIN', message);

export const refusalStatus = errorMappings.FORBIDDEN_ORIGIN.http;
