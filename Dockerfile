# The gateway as a container: `npm run build`, then `docker build --platform linux/arm64 -t mcp-gateway .`
# Nothing but Node.js and the bundle: no shell, no package manager, no root. Pin the base by its digest where images are built for production.
FROM gcr.io/distroless/nodejs22-debian12:nonroot
WORKDIR /gateway
COPY --chown=0:0 --chmod=0555 dist/container/ ./
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 8443
STOPSIGNAL SIGTERM
CMD ["--disable-proto=delete", "--max-http-header-size=16384", "index.js"]
