import { findJava, findMaven } from '../../local/kafka/index.ts';
import { bad, type Check, good, messageOf, skipped } from './check.ts';

/** As local/bootstrap.mjs asks for it. */
const neededNode = [24, 6] as const;

export const nodeCheck: Check = {
  name: 'node',
  run: async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const enough = major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1]);
    return enough
      ? good(process.versions.node)
      : bad(
          process.versions.node,
          `Tributary runs on Node ${neededNode.join('.')} or later; npm ci brings it.`,
        );
  },
};

/** `needed`: false where Kafka is somebody else's, so that nothing of it runs here. */
export const toolChecks = (needed: boolean): readonly Check[] => [
  toolCheck('java', needed, findJava),
  toolCheck('maven', needed, findMaven),
];

const toolCheck = (name: string, needed: boolean, find: () => Promise<string>): Check => ({
  name,
  run: async () => {
    if (!needed) return skipped('not needed: the brokers are given');
    try {
      return good(`found: ${await find()}`);
    } catch (error) {
      return bad('is missing or too old', messageOf(error));
    }
  },
});
