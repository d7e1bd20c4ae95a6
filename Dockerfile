# The embedded shape as an image. Not run where it was written: there was no container engine. See docs/operations.md.
FROM node:24 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The folders of the data and of the keys are two volumes, owned by who runs; the rest of the image is read only.
RUN mkdir -p /var/lib/sottovoce/data /var/lib/sottovoce/keys && chmod 700 /var/lib/sottovoce/* && chown -R node:node /var/lib/sottovoce
# By number, so that a host which demands that nobody is root can tell: it is the user `node`.
USER 1000:1000
ENV SOTTOVOCE_HOST=0.0.0.0 PORT=3000 SOTTOVOCE_DATA=/var/lib/sottovoce/data SOTTOVOCE_KEYS=/var/lib/sottovoce/keys
VOLUME ["/var/lib/sottovoce/data", "/var/lib/sottovoce/keys"]
EXPOSE 3000
# Liveness, not readiness: a server that catches up after a long stop must not be killed for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/main.js"]
