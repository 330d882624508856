# The enclave's image: built from the lock file alone, run by a user without rights, nothing in it but what runs.
# For a build that others can repeat, pin the base by its digest as well: --build-arg NODE=node:26.10.0-slim@sha256:…
ARG NODE=node:26.10.0-slim

FROM ${NODE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY sdk/package.json sdk/
COPY test/package.json test/
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build
# Packages that only build and test go; those that stay are the ones of the lock file.
RUN rm -r test && npm pkg set 'workspaces=["sdk"]' --json && npm prune --omit=dev --ignore-scripts --offline
RUN rm node_modules/.package-lock.json && install -d -m 0700 /state /state/perf-agg

# Nothing is run to make this stage, and no shell is needed to run it.
FROM ${NODE}
ENV NODE_ENV=production ENCLAVE_HOST=0.0.0.0 ENCLAVE_PORT=3000 XDG_STATE_HOME=/state
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/bin bin
COPY --from=build /build/dist dist
COPY --from=build /build/man man
COPY --from=build /build/sdk/package.json /build/sdk/LICENSE sdk/
COPY --from=build /build/sdk/dist sdk/dist
COPY --from=build /build/node_modules node_modules
COPY --from=build --chown=10001:10001 /state /state
USER 10001:10001
VOLUME /state
EXPOSE 3000 5010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s CMD ["node", "/app/bin/perf-agg.js", "status"]
# The flag keeps a SIGUSR1 from opening a debugger. Where there is no hardware, this refuses to start.
ENTRYPOINT ["node", "--disable-sigusr1", "/app/bin/perf-agg.js"]
CMD ["serve"]
