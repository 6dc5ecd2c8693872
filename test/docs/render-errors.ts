import { errorCodes, errorMappings } from '../../schema/index.ts';

const closeOf = (close: number): string => `${close}`;

/** docs/reference/errors.md, from the closed set. */
export const renderErrors = (): string => {
  const sections = errorCodes.map((code) => {
    const { http, close, retryable, cause, cure } = errorMappings[code];
    const again = retryable ? 'The same request may succeed later (`extensions.retryable`).' : '';
    return `## ${code}\n${[cause, `**Cure:** ${cure}`, again].filter((line) => line !== '').join('\n\n')}\n\nHTTP ${http}, websocket ${closeOf(close)}.\n`;
  });
  return [
    '# Errors',
    '<!-- Made from schema/errors.ts: npm test -- test/docs -u -->',
    'Every error has one of these codes in `extensions.code`; GraphQL’s own (`GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`) stand beside them. The HTTP status counts when the error ends a whole request, the websocket code when it ends a whole socket; an error of a field or an operation ends neither. An error that is not in this list is `INTERNAL`: clients see an id, and the log has the rest under it.',
    '',
    ...sections,
  ].join('\n');
};
