# Two images:
#   docker build --tag tributary .                                  the package; subgraphs are mounted or copied in
#   docker build --tag tributary-reference --target reference .     with the reference subgraphs and their data
#
# Both have `tributary` as entrypoint, listen on 4000, run as the user 1000 (node), and keep views in the volume /data.

FROM node:24.21.0-slim AS runtime
ENV NODE_ENV=production \
    TRIBUTARY_DATA=/data \
    TRIBUTARY_GATEWAY_HOST=0.0.0.0
COPY --chmod=0755 deploy/tributary /usr/local/bin/tributary
RUN install --directory --owner=1000 --group=1000 /data
WORKDIR /app
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
# Ready: a subgraph has caught up with its topics, a gateway has a graph to serve. Only the first five minutes are
# for catching up; the check itself takes a tenth of a second.
HEALTHCHECK --interval=5s --timeout=5s --start-period=5m --retries=6 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:4000/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tributary"]
CMD ["--help"]

# What runs needs, as the lockfile has it.
FROM node:24.21.0-slim AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
COPY local/node/package.json local/node/
RUN npm ci --omit=dev --ignore-scripts

# The package as npm would publish it.
FROM dependencies AS package
RUN npm ci --ignore-scripts
COPY . .
RUN npm pack --pack-destination /tmp \
 && tar --extract --file /tmp/tributary-graph-*.tgz --directory /tmp

# Sources run as they are: the reference subgraphs are documentation, and no part of the package.
FROM runtime AS reference
COPY --from=dependencies /app/node_modules node_modules/
COPY package.json tributary.yaml LICENSE NOTICE ./
COPY schema schema/
COPY subgraphs subgraphs/
COPY gateway gateway/
COPY client client/
COPY local local/
COPY console console/
COPY cli cli/
COPY data data/
ENV TRIBUTARY_MAIN=/app/cli/main.ts
USER 1000

# Last, because it is what `docker build` makes when no target is named. The package lies beside its dependencies as npm
# would lay it, so that resolvers in /app/<subgraph> can import tributary-graph.
FROM runtime AS tributary
COPY --from=dependencies /app/node_modules node_modules/
COPY --from=package /tmp/package node_modules/tributary-graph/
ENV TRIBUTARY_MAIN=/app/node_modules/tributary-graph/dist/cli/main.js
USER 1000
