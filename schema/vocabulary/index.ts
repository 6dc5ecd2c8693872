export { type CompletedSdl, completeSdl } from './completion.ts';
export { type DescribedSubgraph, type DescribeOptions, describeSubgraph } from './describe.ts';
export { parseDuration } from './duration.ts';
export { defaultPageSize, maximumPageSize } from './page-size.ts';
