import type { DocumentNode } from 'graphql';
import type { Weight } from '../execution/weight.ts';
import { tokensIn } from './tokens.ts';

/** Adds what a document is in memory: with its tokens, which are there as long as one of its nodes is. */
export function weighDocument(document: DocumentNode, weight: Weight): void {
  weight.add('operation');
  weight.add('character', document.loc?.source.body.length ?? 0);
  const { names, others } = tokensIn(document);
  weight.add('name', names);
  weight.add('token', others);
}
