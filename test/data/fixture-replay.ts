/**
 * The replay as a process of its own that a test can kill: `<brokers> <prefix>`. Topics carry the prefix, so that tests
 * share a broker. One pass at full speed; after each transaction a line with the number of records.
 */
import { eventTopics, topics } from '../../data/replay/outgoing-record.ts';
import { replay } from '../../data/replay/replay.ts';
import { Sender } from '../../data/replay/sender.ts';
import { weekBegin } from '../../data/replay/week.ts';

const [brokers = '', prefix = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const log = (line: string): void => console.log(line);
const speed = Number.POSITIVE_INFINITY;

const sender = await Sender.open({
  brokers: brokers.split(','),
  name: prefix,
  topics: Object.values(topics).map((topic) => `${prefix}.${topic}`),
  eventTopics: eventTopics.map((topic) => `${prefix}.${topic}`),
  positionTopic: `${prefix}.position`,
  speed,
  log,
  signal,
});
if (sender === null) throw new Error('nothing stops this replay but a kill');
const sent = await replay({
  speed,
  from: weekBegin,
  passes: 1,
  position: sender.position,
  log,
  signal,
  send: async (records, position) => {
    await sender.send(
      records.map((record) => ({ ...record, topic: `${prefix}.${record.topic}` })),
      position,
    );
    log(`sent ${records.length}`);
  },
});
await sender.close();
log(`ended ${sent}`);
