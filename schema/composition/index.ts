export { type ComposableSubgraph, type Composition, type CompositionHint, compose } from './compose.ts';
