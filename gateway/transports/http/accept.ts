/** The stream that a client can take. */
export interface AcceptedStream {
  readonly format: 'SSE' | 'MULTIPART';
  /** It asks for a stream. Else it takes one as well as JSON, as urql does for every operation: queries stay JSON. */
  readonly only: boolean;
}

const json = [
  'application/json',
  'application/graphql-response+json',
  'application/graphql+json',
  'application/*',
  '*/*',
];

/**
 * Reads an Accept header: null without `text/event-stream` and `multipart/mixed; subscriptionSpec="1.0"`. Of both, the
 * first counts. `multipart/mixed` alone means @defer, which is not ours.
 */
export const acceptedStream = (accept = ''): AcceptedStream | null => {
  const ranges = accept.toLowerCase().split(',').map(readRange);
  const wanted = ranges.filter(({ parameters }) => !parameters.some((each) => /^q=0(\.0*)?$/.test(each)));
  for (const { type, parameters } of wanted) {
    if (type === 'multipart/mixed' && parameters.some((each) => /^subscriptionspec="?1\.0"?$/.test(each))) {
      return { format: 'MULTIPART', only: true };
    }
    if (type !== 'text/event-stream') continue;
    return { format: 'SSE', only: !wanted.some((other) => json.includes(other.type)) };
  }
  return null;
};

/** Only gzip is served; it is in every browser. */
export const acceptsGzip = (acceptEncoding: string | string[] | undefined): boolean =>
  String(acceptEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map(readRange)
    .some(({ type, parameters }) => type === 'gzip' && !parameters.some((each) => /^q=0(\.0*)?$/.test(each)));

const readRange = (range: string): { readonly type: string; readonly parameters: readonly string[] } => {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  return { type, parameters };
};
