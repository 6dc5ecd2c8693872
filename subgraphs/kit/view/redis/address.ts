import { TributaryError } from '../../../../schema/errors.ts';

/** One server of an address, in ioredis' words. */
export interface RedisNode {
  readonly place: { readonly host: string; readonly port: number };
  readonly db: number;
  readonly access: {
    readonly username?: string;
    readonly password?: string;
    readonly tls?: Record<string, never>;
  };
}

/** The servers of an address, divided by commas. Throws CONFIGURATION_INVALID, without what a wrong address holds. */
export const readAddress = (url: string): readonly [RedisNode, ...RedisNode[]] => {
  const [first = '', ...others] = url.split(',');
  return [readNode(first), ...others.map(readNode)];
};

/** `new URL` would keep the password in its message. */
const readNode = (text: string): RedisNode => {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  const db = Number(url?.pathname.slice(1) ?? '');
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || !Number.isInteger(db)) {
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      'The address of Redis is not one. Write it as redis://127.0.0.1:6379/0, or rediss://user:password@host:6379 with TLS; several nodes of a cluster are separated by commas.',
    );
  }
  return {
    place: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 6379 : Number(url.port),
    },
    db,
    access: {
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  };
};
