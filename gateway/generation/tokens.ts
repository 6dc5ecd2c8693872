import { type ASTNode, TokenKind } from 'graphql';

/** Tokens of what was parsed: the names, of which nodes are made, and the others, comments among them. None without locations. */
export function tokensIn({ loc }: ASTNode): { readonly names: number; readonly others: number } {
  let names = 0;
  let others = 0;
  for (let token = loc?.startToken ?? null; token !== null; token = token.next) {
    if (token.kind === TokenKind.NAME) names += 1;
    else others += 1;
    if (token === loc?.endToken) break;
  }
  return { names, others };
}
