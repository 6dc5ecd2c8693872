/** Stock @apollo/gateway behind Apollo Server, as its documentation sets it up. */
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { serveMethods } from '../processes/script.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const methods = {
  /** Serves a supergraph; resolves with the port. */
  listen: async ({ supergraphSdl }: { readonly supergraphSdl: string }) => {
    const gateway = new ApolloGateway({ supergraphSdl, logger: silent });
    const server = new ApolloServer({ gateway, logger: silent });
    const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
    return Number(new URL(url).port);
  },
};

export type PeerMethods = typeof methods;
serveMethods(methods);
