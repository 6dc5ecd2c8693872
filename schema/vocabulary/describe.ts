import { print } from 'graphql';
import type { SubgraphDescription } from '../description.ts';
import { Mistakes } from '../mistakes/index.ts';
import type { SchemaSource } from '../source.ts';
import { checkApplications } from './applications.ts';
import { describeChanges } from './changes.ts';
import { type CompletedSdl, completeDocument } from './completion.ts';
import type { RuleContext } from './context.ts';
import { checkIndexes, withViewIndexes } from './indexing.ts';
import { modelOf } from './model.ts';
import { parseSources } from './parse-sources.ts';
import { describeProducers } from './producers.ts';
import { checkServed } from './served.ts';
import { describeStreams } from './streams.ts';
import { describeTopics } from './topics.ts';
import { checkFederation, checkGraphql } from './validity.ts';
import { describeViews } from './views.ts';

export interface DescribeOptions {
  /**
   * Coordinates that TypeScript resolves, such as `Mutation.delayFlight` or `Flight.__resolveReference`. Given, fields
   * that nothing serves are mistakes. Default: the code is not known, and any field may have a resolver.
   */
  readonly resolved?: Iterable<string>;
}

export interface DescribedSubgraph extends CompletedSdl {
  readonly description: SubgraphDescription;
}

/**
 * Reads what a subgraph's SDL says of Kafka. Throws a `SchemaInvalidError` (SCHEMA_INVALID) that lists all mistakes at
 * once, each with file, line and cure; syntax errors come alone, for nothing can be said of what does not parse.
 */
export const describeSubgraph = (
  sources: readonly SchemaSource[],
  options: DescribeOptions = {},
): DescribedSubgraph => {
  const mistakes = new Mistakes(sources);
  const parsed = parseSources(sources, mistakes);
  mistakes.throwIfAny();
  const document = completeDocument(parsed, mistakes);
  checkGraphql(document, mistakes);
  checkApplications(document, mistakes);
  const isGraphql = mistakes.count === 0;
  const resolved = options.resolved === undefined ? null : new Set(options.resolved);
  const description = describeModel({ model: modelOf(document), mistakes, resolved });
  if (isGraphql) checkFederation(document, mistakes);
  mistakes.throwIfAny();
  return { description, sdl: print(document), document };
};

const describeModel = (context: RuleContext): SubgraphDescription => {
  const declared = describeTopics(context);
  const changes = describeChanges(context, declared);
  const views = describeViews(context, declared);
  const topics = withViewIndexes(declared, views);
  checkIndexes(context, topics, views);
  checkServed(context);
  return {
    topics,
    views,
    streams: describeStreams(context, declared, changes),
    producers: describeProducers(context, declared),
    changes: [...changes.values()],
  };
};
