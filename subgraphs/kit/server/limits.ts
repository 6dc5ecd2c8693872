/** Tokens of a document; a longer one is refused before it is parsed to its end. Gateways send a few hundred. */
export const maximumTokens = 10_000;
