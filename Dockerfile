# The gateway as a container: `npm run build`, then
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg SOURCE_DATE_EPOCH=0 --output type=image,name=NAME,push=true,rewrite-timestamp=true --provenance=mode=max .
# Nothing but Node.js and the bundle: no shell, no package manager, no root. The bundle has no native parts and is one for all architectures; its bill of materials
# is /gateway/sbom.cdx.json. Two builds give the same digest where BASE names its own: pass it as NAME@sha256:... in production. Without a container
# engine, `npm run image:rootfs` assembles the same file system, and `npm run image:check` tries it.
ARG BASE=gcr.io/distroless/nodejs22-debian12:nonroot
FROM ${BASE}
WORKDIR /gateway
COPY --chown=0:0 --chmod=0555 dist/container/ ./
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 8443
STOPSIGNAL SIGTERM
CMD ["--disable-proto=delete", "--max-http-header-size=16384", "index.js"]
