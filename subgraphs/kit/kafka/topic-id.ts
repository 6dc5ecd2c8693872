/** A topic id as Kafka's own tools show it: 22 characters of base64url. The client library writes it with dashes, in hex. */
export const topicIdOf = (uuid: string): string =>
  Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');

/** The reverse, for requests. */
export const uuidOf = (topicId: string): string =>
  Buffer.from(topicId, 'base64url')
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
