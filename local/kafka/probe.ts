import { connect } from 'node:net';

export interface ClusterAnswer {
  readonly clusterId: string;
  /** Node ids of the brokers that take requests. */
  readonly brokers: readonly number[];
}

const metadataKey = 3;
const version = 2;
const largestAnswer = 1024 * 1024;

/**
 * Asks a broker for the cluster's metadata: a broker that answers it with at least one broker is ready for clients.
 * By hand (Metadata v2, KIP-4; unencrypted) because a client library would retry, log and keep connections.
 * Rejects when nothing listens, or nothing sensible comes within `timeoutMs`.
 */
export function askCluster(host: string, port: number, timeoutMs: number): Promise<ClusterAnswer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host, port }, () => socket.write(metadataRequest()));
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('the connection was closed without an answer')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4) return;
      const size = received.readInt32BE(0);
      // Anything else than Kafka, HTTP for one, reads as a size of gigabytes.
      if (size > largestAnswer) return fail(new Error('what listens there is not Kafka'));
      if (received.length < 4 + size) return;
      try {
        const answer = readMetadata(received);
        clearTimeout(timer);
        socket.destroy();
        resolve(answer);
      } catch (error) {
        fail(new Error('what it answers is not (yet) the metadata of a cluster', { cause: error }));
      }
    });
  });
}

/** Size, api key, version, correlation id, client id "probe", no topics. */
function metadataRequest(): Buffer {
  const clientId = Buffer.from('probe');
  const body = Buffer.alloc(14);
  body.writeInt16BE(metadataKey, 0);
  body.writeInt16BE(version, 2);
  body.writeInt32BE(1, 4);
  body.writeInt16BE(clientId.length, 8);
  const request = Buffer.concat([body.subarray(0, 10), clientId, body.subarray(10)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(request.length);
  return Buffer.concat([size, request]);
}

/** Size, correlation id, [node id, host, port, rack?], cluster id?, then what is not needed here. */
function readMetadata(answer: Buffer): ClusterAnswer {
  let at = 8;
  const int32 = (): number => {
    at += 4;
    return answer.readInt32BE(at - 4);
  };
  const text = (): string => {
    const length = Math.max(0, answer.readInt16BE(at));
    at += 2 + length;
    return answer.toString('utf8', at - length, at);
  };
  const brokers: number[] = [];
  for (let left = int32(); left > 0; left -= 1) {
    brokers.push(int32());
    text();
    int32();
    text();
  }
  const clusterId = text();
  if (brokers.length === 0 || clusterId === '') throw new Error('no broker takes requests yet');
  return { clusterId, brokers };
}
