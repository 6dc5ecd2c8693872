/** A topic id as Kafka's own tools show it: 22 characters of base64url. The client library writes it with dashes, in hex. */
export const topicIdOf = (uuid: string): string =>
  Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
