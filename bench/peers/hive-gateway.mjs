// Plain JavaScript: its packages are installed when it is run, so the compiler need not find them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { ensureDependencies } from '../../local/dependencies.mjs';
import { serveMethods } from '../processes/script.ts';

serveMethods({
  /** Serves a supergraph; resolves with the port. The first time its packages are installed, about 60 MB. */
  listen: async ({ supergraphSdl }) => {
    await ensureDependencies(import.meta.dirname);
    const { createGatewayRuntime } = await import('@graphql-hive/gateway-runtime');
    const gateway = createGatewayRuntime({ supergraph: supergraphSdl, logging: false });
    const server = createServer({ keepAliveTimeout: 600_000 }, gateway);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },
});
