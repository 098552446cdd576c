import type { ModelPackage } from '@hagane/contract'

/** `serve.sh`: needs Node 24 and, but for an ONNX model, the Python of the lock; nothing else. */
export const startScript = `#!/bin/sh
# Serves this package at http://127.0.0.1:5001. Takes the flags of serve.mjs: ./serve.sh --help
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
node=\${NODE:-node}
major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || {
  echo "error: there is no Node here; install Node 24 or newer, or set NODE to one" >&2
  exit 1
}
if [ "$major" -lt 24 ]; then
  echo "error: Node 24 or newer is needed, this is $("$node" --version); set NODE to another one" >&2
  exit 1
fi
case "$1" in --help|-h) exec "$node" "$here/serve.mjs" --help ;; esac
exec "$node" "$here/serve.mjs" "$here" "$@"
`

/** An image that holds the package with its environment built; callers need the key that it is started with. */
export const dockerfileOf = ({ environment, model }: ModelPackage): string =>
  `${model.type === 'onnx' ? nodeAlone : withPython(environment?.python ?? '3.12')}WORKDIR /package
COPY . .
RUN ./serve.sh --prepare && useradd --create-home served
USER served
EXPOSE 5001
# docker run -e HAGANE_SERVE_KEY=… -p 5001:5001; add --no-key to answer everybody
ENTRYPOINT ["./serve.sh", "--host", "0.0.0.0", "--port", "5001"]
`

const nodeAlone = 'FROM node:24-slim\n'
const withPython = (version: string): string => `FROM node:24-slim AS node

FROM python:${version}-slim
# libgomp1: what gradient boosting and scikit-learn use for threads
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
COPY --from=node /usr/local/bin/node /usr/local/bin/node
ENV XDG_CACHE_HOME=/opt/hagane
`

export const readmeOf = ({
  model,
  environment,
  created_at,
  hagane_version,
}: ModelPackage): string => `# ${model.name}, version ${model.version}

Serves ${model.id} with the same ${model.type === 'onnx' ? 'ONNX runtime' : 'packages'} as where it was packaged.

\`\`\`sh
./serve.sh
curl -H 'content-type: application/json' -d @request.json http://127.0.0.1:5001/invocations
\`\`\`

Needed: Node 24 or newer${environment === undefined ? '' : `, Python ${environment.python.split('.').slice(0, 2).join('.')} and a package index for the first start`}. \`./serve.sh --help\` lists
the flags; \`hagane serve <this folder>\` is the same. Other machines are let in with \`--host 0.0.0.0\` and a key in
\`HAGANE_SERVE_KEY\`. As an image: \`docker build -t ${model.name.toLowerCase()} .\`

| what | which |
|---|---|
| model | ${model.id}, tree ${model.tree} |
${model.run_id === undefined ? '' : `| run | ${model.run_id} |\n`}${environment === undefined ? '' : `| environment | lock ${environment.lock_digest}${environment.id === undefined ? '' : ` of ${environment.id}`} |\n`}| made | ${created_at} by Hagane ${hagane_version} |

\`hagane-package.json\` has the SHA-256 of every file; a package that was changed is refused.
`
