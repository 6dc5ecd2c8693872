import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import type { Usage } from './usage.ts';

/** Counts what Apollo Server answers. A document that does not parse or validate uses nothing. */
export const usagePlugin = (usage: Usage): ApolloServerPlugin<BaseContext> => ({
  requestDidStart: async () => ({
    willSendResponse: async ({ schema, document, operation, response: { body } }) => {
      if (document === undefined || operation === undefined) return;
      const failed = body.kind === 'single' && (body.singleResult.errors?.length ?? 0) > 0;
      usage.record({ schema, document, operation }, failed);
    },
  }),
});
