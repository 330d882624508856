# The enclave's image: built from the lock file, run by a user without rights, nothing in it but what runs.
FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.base.json ./
COPY sdk/package.json sdk/
COPY test/package.json test/
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build
# What is shipped is what is packed: the two tarballs, installed without development packages.
RUN mkdir /packed \
 && npm pack --silent --ignore-scripts --pack-destination /packed \
 && npm pack --silent --ignore-scripts --pack-destination /packed --workspace sdk \
 && mkdir /app && cd /app \
 && npm init -y > /dev/null \
 && npm install --ignore-scripts --omit=dev /packed/*.tgz

FROM node:26-slim
ENV NODE_ENV=production ENCLAVE_HOST=0.0.0.0 ENCLAVE_PORT=3000 XDG_STATE_HOME=/state
COPY --from=build /app /app
RUN useradd --system --no-create-home --uid 10001 perf-agg \
 && install -d -o perf-agg -g perf-agg -m 0700 /state /state/perf-agg
USER 10001:10001
WORKDIR /app
VOLUME /state
EXPOSE 3000 5010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s CMD ["node", "/app/node_modules/perf-agg/bin/perf-agg.js", "status"]
# The flag keeps a SIGUSR1 from opening a debugger. Where there is no hardware, this refuses to start.
ENTRYPOINT ["node", "--disable-sigusr1", "/app/node_modules/perf-agg/bin/perf-agg.js"]
CMD ["serve"]
