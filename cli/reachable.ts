/** How this machine addresses a listener in a URL, `host:port`. One that listens everywhere is reached on loopback. */
export const reachable = (host: string, port: number): string => {
  if (host === '0.0.0.0' || host === '::') return `127.0.0.1:${port}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
};
