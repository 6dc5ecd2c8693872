import type { Endpoint, EndpointSettings } from './endpoint.ts';
import { PlainEndpoint } from './plain-endpoint.ts';
import { UndiciEndpoint } from './undici-endpoint.ts';

/** Connects when it is first asked. Throws an Error for what is neither http nor https. */
export const openEndpoint = (url: URL, settings: EndpointSettings): Endpoint =>
  url.protocol === 'http:' ? new PlainEndpoint(url, settings) : new UndiciEndpoint(url, settings);
