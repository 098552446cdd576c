export interface Counts {
  events: number
  jobs: Record<string, number>
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const style = `:root{color-scheme:light dark;--ink:#1d2329;--paper:#fbfaf8;--line:#d9d5cd;--steel:#3f5b73}
@media(prefers-color-scheme:dark){:root{--ink:#e8e6e1;--paper:#16191c;--line:#343a40;--steel:#9dbbd4}}
body{font:16px/1.6 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:46rem;margin:4rem auto;padding:0 1.5rem}
h1{font-weight:600;letter-spacing:.02em}h1 small{font-weight:400;color:var(--steel);font-size:.6em}h2{font-size:1rem;color:var(--steel);margin-top:2.2rem}
pre{background:color-mix(in srgb,var(--steel) 9%,transparent);border-left:3px solid var(--steel);padding:.8rem 1rem;overflow-x:auto;font-size:.9rem}
table{border-collapse:collapse}td{padding:.2rem 1.6rem .2rem 0;border-bottom:1px solid var(--line)}a{color:var(--steel)}`

function rowsOf({ events, jobs }: Counts): string[][] {
  const statuses = Object.entries(jobs).map(([status, n]) => [`Jobs ${status}`, String(n)])
  return [['Events in the audit chain', String(events)], ...(statuses.length === 0 ? [['Jobs', 'none yet']] : statuses)]
}

/** The page at `/`: what runs here (for those who may know), what to type next, where the API is described. */
export function statusPage({
  version,
  url,
  counts,
}: {
  version: string
  url: string
  counts: Counts | undefined
}): string {
  const rows = counts === undefined ? [] : rowsOf(counts)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Hagane</title><style>${style}</style>
<h1>Hagane 鋼 <small>${escapeHtml(version)}</small></h1>
<p>This server is running at <code>${escapeHtml(url)}</code>.</p>
<table>${rows.map(([name, value]) => `<tr><td>${escapeHtml(name as string)}</td><td>${escapeHtml(value as string)}</td></tr>`).join('')}</table>
<h2>Log from any MLflow client</h2><pre>export MLFLOW_TRACKING_URI=${escapeHtml(url)}
python train.py</pre>
<h2>Run Azure ML YAML as it is</h2><pre>export HAGANE_URL=${escapeHtml(url)}
hagane job create -f job.yml --stream</pre>
<h2>Ask where a thing came from</h2><pre>hagane lineage show --model NAME:1
hagane audit verify</pre>
<p><a href="/openapi.json">OpenAPI description of this API</a> · <a href="/schemas">JSON Schemas of YAML files</a></p></html>`
}
