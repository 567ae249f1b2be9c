# The controller with git, OpenSSH and Ansible: docker build --tag trueup .

FROM debian:bookworm-slim AS base
# Ansible wants a UTF-8 locale.
ENV LANG=C.UTF-8

# Debian's Node is here for npm alone: npm brings the Node that trueup runs on, which wants libatomic.
FROM base AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates libatomic1 npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
COPY scripts/ensure-node.sh ./scripts/
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY src ./src
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/.cache

FROM base
# tini, since runs that are ended leave processes behind that somebody has to reap.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    ansible-core ca-certificates git libatomic1 openssh-client tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 trueup \
 && useradd --uid 10001 --gid trueup --home-dir /var/lib/trueup --create-home --shell /usr/sbin/nologin trueup
COPY --from=build /build/package.json /opt/trueup/
COPY --from=build /build/node_modules /opt/trueup/node_modules
COPY --from=build /build/dist /opt/trueup/dist
# What `trueup init` writes.
COPY examples /opt/trueup/examples
# What is young is kept small: the controller of 10,000 sites has a fifth less memory, and shorter pauses.
RUN printf '#!/bin/sh\nexec node --max-semi-space-size=8 --heap-growing-percent=50 /opt/trueup/dist/cli/main.js "$@"\n' > /usr/local/bin/trueup \
 && chmod 755 /usr/local/bin/trueup
ENV NODE_ENV=production PATH=/opt/trueup/node_modules/.bin:$PATH
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/trueup
VOLUME /var/lib/trueup
EXPOSE 7440
ENTRYPOINT ["tini", "--", "trueup"]
CMD ["controller", "--config", "/etc/trueup/trueup.yaml"]
